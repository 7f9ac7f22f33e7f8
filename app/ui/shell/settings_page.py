"""Every setting on one page, made from their declarations; what is changed here counts at once."""

from __future__ import annotations

from typing import Any

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtWidgets import QCheckBox, QDialog, QFormLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.ui.shell import dialogs
from app.ui.shell.keys_dialog import OF_SCREEN
from app.ui.shell.profiles import ProfileMenu
from app.ui.shell.setting_editor import SettingEditor
from app.ui.shell.settings import SCHEMA, Setting, Settings
from app.ui.widgets.building import (
    ScrollPanel,
    add_row,
    heading,
    lay_out,
    push_button,
    resize_within_screen,
    search_line,
)
from app.ui.widgets.fields import Note

LARGEST = QSize(640, 640)  # what it takes of a large screen
NOTHING_FOUND = "No setting has these words."


class SettingsDialog(QDialog):
    """Stays open beside the window; what is typed shows only the settings in which each word occurs."""

    def __init__(self, parent: QWidget, store: Settings, profiles: ProfileMenu) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self._profiles = profiles
        self._store = store
        search = search_line("Search the settings", "Search for a setting", self._show_found)
        self._note = Note("Remark")
        self._headings: dict[str, QLabel] = {}  # by section
        self._rows: list[tuple[int, str, str]] = []  # the form's row, section, words
        self._form = QFormLayout()
        self._form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.setVerticalSpacing(3)
        for setting in SCHEMA:
            if setting.label:
                self._add(setting)
        scroll = ScrollPanel("All settings")
        scroll.hold(self._form, spacing=0, margins=(4, 4, 12, 4))
        reset = push_button("&Reset all…", "Set every setting to what it was at first", profiles.ask_reset)
        tip = "Bring back the settings that there were before they were reset"
        self._undo = push_button("&Undo the reset", tip, profiles.undo_reset)
        buttons = lay_out(QHBoxLayout(), reset, self._undo, (dialogs.close_button(self), 1))
        lay_out(QVBoxLayout(self), search, (scroll, 1), self._note, buttons)
        resize_within_screen(self, LARGEST, OF_SCREEN)
        store.watch(self, SCHEMA, self._offer_undo)
        self._offer_undo()
        search.setFocus()

    def _add(self, setting: Setting[Any]) -> None:
        """A setting's name and what it is changed with, below the ones before."""
        if setting.section not in self._headings:
            self._headings[setting.section] = head = heading(setting.section)
            head.setContentsMargins(0, 12 if self._rows else 0, 0, 0)
            self._form.addRow(head)
        name = setting.label.replace("&", "")
        editor = SettingEditor(setting, self._store)
        editor.problem.connect(lambda problem: self._note.show_text(problem, "error"))
        fields = [editor.widget]
        if setting.folder:
            ask = lambda: dialogs.ask_folder(self, name, self._store.get(setting), editor.set)  # noqa: E731
            fields.append(push_button("Choose…", "", ask, f"Choose the {name.lower()}"))
        if isinstance(editor.widget, QCheckBox):  # it has its name beside it
            self._form.addRow(editor.widget)
        else:
            add_row(self._form, name, *fields, tip=f"{setting.tip}.")
        choices = " ".join(label for _, label in setting.choices)
        words = f"{setting.section} {name} {setting.tip} {choices}".casefold()
        self._rows.append((self._form.rowCount() - 1, setting.section, words))

    def _offer_undo(self) -> None:
        self._undo.setEnabled(self._profiles.can_undo_reset)

    def _show_found(self, text: str) -> None:
        wanted, found = text.casefold().split(), set()
        for row, section, words in self._rows:
            shown = all(word in words for word in wanted)
            self._form.setRowVisible(row, shown)
            found |= {section} if shown else set()
        for section, head in self._headings.items():
            self._form.setRowVisible(head, section in found)
        self._note.show_text("" if found else NOTHING_FOUND)
