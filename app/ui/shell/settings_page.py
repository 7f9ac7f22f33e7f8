"""Every setting on one page, made from their declarations; what is changed here counts at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PyQt6.QtCore import QSignalBlocker, QSize
from PyQt6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.core.errors import UserError
from app.ui.shell import dialogs, theme
from app.ui.shell.keys_dialog import OF_SCREEN
from app.ui.shell.profiles import ProfileMenu
from app.ui.shell.settings import SCHEMA, Setting, Settings
from app.ui.widgets.building import (
    ScrollPanel,
    lay_out,
    named,
    paragraph,
    push_button,
    resize_within_screen,
    search_line,
)
from app.ui.widgets.fields import Section
from app.ui.widgets.pickers import ChoiceBox

LARGEST = QSize(640, 640)  # what it takes of a large screen
NOTHING_FOUND = "No setting has these words."


class SettingsDialog(QDialog):
    """Stays open beside the window; what is typed shows only the settings in which each word occurs."""

    def __init__(self, parent: QWidget, store: Settings, profiles: ProfileMenu) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self._profiles = profiles
        search = search_line("Search the settings", "Search for a setting", self._show_found)
        self._note = paragraph(name="Remark")
        self._note.hide()
        self._sections: dict[str, Section] = {}
        self._rows: list[_Row] = []
        for setting in SCHEMA:
            if setting.label:
                if setting.section not in self._sections:
                    self._sections[setting.section] = Section(setting.section)
                    self._sections[setting.section].rows.setColumnStretch(1, 1)
                self._rows.append(_Row(setting, store, self._sections[setting.section], self._show_note))
        widest = max(row.label.sizeHint().width() for row in self._rows if row.label is not None)
        for section in self._sections.values():  # the fields stand in one line down the whole page
            section.rows.setColumnMinimumWidth(0, widest)
        scroll = ScrollPanel("All settings")
        scroll.hold(*self._sections.values(), spacing=14, margins=(4, 4, 12, 4))
        reset = push_button("&Reset all…", "Set every setting to what it was at first", profiles.ask_reset)
        tip = "Bring back the settings that there were before they were reset"
        self._undo = push_button("&Undo the reset", tip, profiles.undo_reset)
        buttons = lay_out(QHBoxLayout(), reset, self._undo, (dialogs.close_button(self), 1))
        lay_out(QVBoxLayout(self), search, (scroll, 1), self._note, buttons)
        resize_within_screen(self, LARGEST, OF_SCREEN)
        store.watch(self, SCHEMA, self._offer_undo)
        self._offer_undo()
        search.setFocus()

    def _offer_undo(self) -> None:
        self._undo.setEnabled(self._profiles.can_undo_reset)

    def _show_found(self, text: str) -> None:
        words = text.casefold().split()
        for row in self._rows:
            row.show(all(word in row.words for word in words))
        found = {row.section for row in self._rows if row.shown}
        for section in self._sections.values():
            section.setVisible(section in found)
        self._show_note("" if found else NOTHING_FOUND)

    def _show_note(self, text: str, tone: str = "") -> None:
        self._note.setText(text)
        self._note.setVisible(bool(text))
        theme.set_tone(self._note, tone)


class _Row:
    """A setting's name and what it is changed with."""

    def __init__(
        self, setting: Setting[Any], store: Settings, section: Section, show_note: Callable[..., None]
    ) -> None:
        self.section = section
        self.shown = True
        self.label: QLabel | None = None  # a switch has its name beside it
        name = setting.label.replace("&", "")
        choices = " ".join(label for _, label in setting.choices)
        self.words = f"{setting.section} {name} {setting.tip} {choices}".casefold()
        self._setting, self._store, self._show_note = setting, store, show_note
        place = section.rows.rowCount()
        self._editor: QWidget
        self._show_value: Callable[[Any], object]
        self._make_editor(name)
        named(self._editor, name, f"{setting.tip}.")
        self._widgets = [self._editor]
        if isinstance(self._editor, QCheckBox):
            section.rows.addWidget(self._editor, place, 0, 1, 3)
        else:
            label = QLabel(name)
            label.setToolTip(f"{setting.tip}.")
            label.setBuddy(self._editor)
            section.rows.addWidget(label, place, 0)
            section.rows.addWidget(self._editor, place, 1, 1, 1 if setting.folder else 2)
            self.label = label
            self._widgets.append(label)
        if setting.folder:
            ask = lambda: dialogs.ask_folder(self._editor, name, store.get(setting), self._set)  # noqa: E731
            choose = push_button("Choose…", "", ask, f"Choose the {name.lower()}")
            section.rows.addWidget(choose, place, 2)
            self._widgets.append(choose)
        store.watch(self._editor, (setting,), self._refresh)
        self._refresh()

    def show(self, on: bool) -> None:
        self.shown = on
        for widget in self._widgets:
            widget.setVisible(on)

    def _make_editor(self, name: str) -> None:
        setting = self._setting
        if setting.kind is bool:
            box = QCheckBox(name)
            box.toggled.connect(self._set)
            self._editor, self._show_value = box, box.setChecked
        elif setting.choices:
            self._editor = choice = ChoiceBox(characters=12)
            for value, label in setting.choices:
                choice.add(label, value)
            choice.activated.connect(lambda _: self._set(choice.currentData()))
            self._show_value = choice.choose
        elif setting.limits is not None:
            spin = QSpinBox() if setting.kind is int else QDoubleSpinBox()
            spin.setRange(*map(setting.kind, setting.limits))
            spin.setSuffix(setting.unit)
            if isinstance(spin, QDoubleSpinBox):
                spin.setDecimals(0)
            spin.valueChanged.connect(self._set)
            self._editor, self._show_value = spin, spin.setValue
        else:
            line = QLineEdit()
            line.setPlaceholderText(setting.tip.partition("; empty: ")[2])
            line.editingFinished.connect(lambda: self._set(line.text()))
            self._editor, self._show_value = line, lambda text: _show_text(line, text)

    def _set(self, value: Any) -> None:
        if value == self._store.get(self._setting):
            self._refresh()
            return
        try:
            self._store.set(self._setting, value)
        except UserError as error:
            theme.set_tone(self._editor, "error")
            self._show_note(str(error), "error")

    def _refresh(self) -> None:
        theme.set_tone(self._editor, "")
        self._show_note("")
        blocked = QSignalBlocker(self._editor)
        self._show_value(self._store.get(self._setting))
        blocked.unblock()


def _show_text(line: QLineEdit, text: str) -> None:
    if line.text() != text:
        line.setText(text)
        line.setCursorPosition(0)
