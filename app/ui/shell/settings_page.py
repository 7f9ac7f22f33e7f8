"""Every setting on one page, made from their declarations; what is changed here counts at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PyQt6.QtCore import QSize
from PyQt6.QtWidgets import (
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from app.ui.shell import dialogs, theme
from app.ui.shell.keys_dialog import OF_SCREEN
from app.ui.shell.profiles import ProfileMenu
from app.ui.shell.setting_editor import SettingEditor
from app.ui.shell.settings import SCHEMA, Setting, Settings
from app.ui.widgets.building import (
    ScrollPanel,
    lay_out,
    paragraph,
    push_button,
    resize_within_screen,
    search_line,
)
from app.ui.widgets.fields import Section

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
                self._rows.append(_Row(setting, store, self._sections[setting.section], self._show_problem))
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

    def _show_problem(self, problem: str) -> None:
        self._show_note(problem, "error" if problem else "")

    def _show_note(self, text: str, tone: str = "") -> None:
        self._note.setText(text)
        self._note.setVisible(bool(text))
        theme.set_tone(self._note, tone)


class _Row:
    """A setting's name and what it is changed with."""

    def __init__(
        self, setting: Setting[Any], store: Settings, section: Section, show_problem: Callable[[str], object]
    ) -> None:
        self.section = section
        self.shown = True
        self.label: QLabel | None = None  # a switch has its name beside it
        name = setting.label.replace("&", "")
        choices = " ".join(label for _, label in setting.choices)
        self.words = f"{setting.section} {name} {setting.tip} {choices}".casefold()
        place = section.rows.rowCount()
        editor = SettingEditor(setting, store)
        editor.problem.connect(show_problem)
        widget = editor.widget
        self._widgets = [widget]
        if isinstance(widget, QCheckBox):
            section.rows.addWidget(widget, place, 0, 1, 3)
        else:
            label = QLabel(name)
            label.setToolTip(f"{setting.tip}.")
            label.setBuddy(widget)
            section.rows.addWidget(label, place, 0)
            section.rows.addWidget(widget, place, 1, 1, 1 if setting.folder else 2)
            self.label = label
            self._widgets.append(label)
        if setting.folder:
            ask = lambda: dialogs.ask_folder(widget, name, store.get(setting), editor.set)  # noqa: E731
            choose = push_button("Choose…", "", ask, f"Choose the {name.lower()}")
            section.rows.addWidget(choose, place, 2)
            self._widgets.append(choose)

    def show(self, on: bool) -> None:
        self.shown = on
        for widget in self._widgets:
            widget.setVisible(on)
