"""Combo boxes that hold choices and, below a line, commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PyQt6.QtCore import QPointF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PyQt6.QtWidgets import QComboBox, QSizePolicy, QStyle, QStyleOptionComboBox, QStylePainter

from app.core.addresses import is_address, shown_address
from app.ui.shell import settings
from app.ui.widgets.building import named, there
from app.ui.widgets.formatting import own_weights
from extractor.backends.base import BackendInfo
from extractor.shipped import is_own

LEAST_CHARACTERS = 5


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a picker; ``command`` entries do something and leave the choice as it was."""

    label: str
    key: str
    tip: str = ""
    command: bool = False


class ChoiceBox(QComboBox):
    """A combo box that looks like one, with a list as wide as its longest line, however narrow the box is."""

    def __init__(self, name: str = "", tip: str = "", characters: int = 0) -> None:
        """``characters``: as wide as so many, instead of as its longest line."""
        super().__init__()
        named(self, name, tip)
        if characters:
            self.setMinimumContentsLength(characters)
            self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)

    def add(self, label: str, value: object, tip: str = "") -> None:
        self.addItem(label, value)
        self.setItemData(self.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)

    def choose(self, value: object) -> None:
        """The line of this value; one that was written elsewhere, on the command line say, joins the list."""
        if self.findData(value) < 0:
            self.addItem(str(value), value)
        self.setCurrentIndex(self.findData(value))

    def showPopup(self) -> None:
        lines = named(there(self.view()), self.accessibleName())
        lines.setMinimumWidth(lines.sizeHintForColumn(0) + there(lines.verticalScrollBar()).sizeHint().width())
        super().showPopup()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """What has no room ends in "…"; the style sheet's box has no arrow, without which nobody sees a list in it."""
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        style, part = there(self.style()), QStyle.SubControl.SC_ComboBoxEditField
        room = style.subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, self).width() - 2
        option.currentText = self.fontMetrics().elidedText(self.currentText(), Qt.TextElideMode.ElideRight, room)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.ButtonText), 1.5))
        x, y = self.width() - 14.0, self.height() / 2
        painter.drawPolyline(QPolygonF([QPointF(x - 4, y - 2), QPointF(x, y + 2), QPointF(x + 4, y - 2)]))
        painter.end()


class Picker(ChoiceBox):
    """Says what a person chose; what is shown as chosen is set from outside, when it is true."""

    chosen = pyqtSignal(str)
    commanded = pyqtSignal(str)

    def __init__(self, name: str, characters: int) -> None:
        super().__init__(name, characters=characters)
        self.entries: tuple[Entry | None, ...] = ()
        self.current = ""
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.activated.connect(self._activated)

    def minimumSizeHint(self) -> QSize:
        """In a narrow window the bar's buttons matter more than long names, which stand in the tool tip too."""
        whole = super().minimumSizeHint()
        return QSize(min(whole.width(), self.fontMetrics().averageCharWidth() * LEAST_CHARACTERS + 34), whole.height())

    def show_entries(self, entries: Sequence[Entry | None], current: str) -> None:
        """These lines (None: a separator), the choice ``current`` shown; nothing is emitted."""
        if tuple(entries) != self.entries:
            self.entries = tuple(entries)
            self.clear()
            for i, entry in enumerate(self.entries):
                if entry is None:
                    self.insertSeparator(i)
                    continue
                self.add(entry.label, entry.key, entry.tip or entry.label)
        self.show_current(current)

    def show_current(self, key: str) -> None:
        self.current = key
        choices = [entry.key if entry is not None and not entry.command else None for entry in self.entries]
        self.setCurrentIndex(choices.index(key) if key in choices else -1)
        tip = self.currentData(Qt.ItemDataRole.ToolTipRole)
        self.setAccessibleDescription(self.currentText())
        self.setToolTip(f"{self.accessibleName()}: {tip}" if tip else self.accessibleName())

    def show_choices(self) -> None:
        """Open the list, with the keyboard in it."""
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.showPopup()

    def _activated(self, index: int) -> None:
        entry = self.entries[index]
        if entry is None:
            return
        if entry.command:
            self.show_current(self.current)
            self.commanded.emit(entry.key)
        elif entry.key != self.current:
            self.show_current(entry.key)
            self.chosen.emit(entry.key)


def source_entries(choices: Sequence[tuple[str, str]], current: str) -> list[Entry | None]:
    """Cameras and the demo as found (spec, label), the opened path, and the commands."""
    entries: list[Entry | None] = [Entry(text, spec) for spec, text in choices]
    if current and current not in {spec for spec, _ in choices}:
        entries.append(Entry(path_label(current), current, shown_address(current)))
    return [
        *entries,
        None,
        Entry("Open video or image…", "open_file", command=True),
        Entry("Open folder of images…", "open_folder", command=True),
        Entry("Camera and format…", "cameras", command=True),
        Entry("Network camera…", "network_camera", command=True),
        Entry("Look for cameras again", "refresh", command=True),
    ]


OWN_TIPS = {"lite": "Smaller and faster weights", "tiny": "A larger network"}


def weights_entries(others: Sequence[str], recent: Sequence[str], current: str) -> list[Entry | None]:
    """The program's own weights (the default ones and ``others``), recent files, and the command to open one."""
    entries: list[Entry | None] = [Entry(own_weights(""), "", "The weights that come with Motionscope")]
    names = dict.fromkeys([*others, *([current] if current and is_own(current) else [])])
    entries += [Entry(own_weights(name), name, OWN_TIPS.get(name, "")) for name in names]
    files = [*recent, *([current] if not is_own(current) and current not in recent else [])]
    if files:
        entries.append(None)
    entries += [Entry(path_label(path), path, path) for path in files]
    return [*entries, None, Entry("Open weights…", "open_weights", command=True)]


def device_entries(
    devices: Sequence[tuple[str, str]], current: str, info: BackendInfo | None = None
) -> list[Entry | None]:
    """``auto``, and the devices there are (id, name); one that isn't there is shown while it is the choice.

    ``info``: what runs now, with what was measured.
    """
    tip = "The fastest device" + (f"\nNow the network {info.summary}" if info is not None else "")
    entries: list[Entry | None] = [Entry(dict(settings.DEVICE.choices)["auto"], "auto", tip)]
    entries += [Entry(device_label(identity), identity, f"Always on this device: {name}") for identity, name in devices]
    if current not in ("auto", *(identity for identity, _ in devices)):
        entries.append(Entry(device_label(current), current))
    return entries


def device_label(identity: str) -> str:
    """A device's id, such as ``cuda:0``, in words."""
    word = dict(settings.DEVICE.choices).get(identity.partition(":")[0])
    return f"{word} ({identity})" if word else identity


def path_label(path: str) -> str:
    """A file's or folder's own name, or what may be shown of an address."""
    return shown_address(path) if is_address(path) else Path(path).name or path
