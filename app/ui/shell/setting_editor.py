"""The editor of a setting, made from its declaration: on the settings page and in panels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PyQt6.QtCore import QObject, QSignalBlocker, pyqtSignal
from PyQt6.QtWidgets import QCheckBox, QDoubleSpinBox, QLineEdit, QSpinBox, QWidget

from app.core.errors import UserError
from app.ui.shell import theme
from app.ui.shell.settings import Setting, Settings
from app.ui.widgets.building import named
from app.ui.widgets.pickers import ChoiceBox


class SettingEditor(QObject):
    """``widget`` shows the setting and changes it at once; it also keeps this object alive.

    What makes no sense stays in the widget to be corrected, and its tool tip says in red why.
    """

    problem = pyqtSignal(str)  # why what was entered is not kept; empty: it is

    def __init__(
        self,
        setting: Setting[Any],
        store: Settings,
        name: str = "",
        tip: str = "",
        *,
        text: str = "",
        tips: Mapping[Any, str] | None = None,
    ) -> None:
        """``name`` and ``tip``: where they are not the setting's own.

        ``text``: of a switch, where it is not the name.  ``tips``: of the setting's choices, by their values.
        """
        super().__init__()
        name = name or setting.label.replace("&", "")
        self._setting, self._store, self._tip = setting, store, tip or f"{setting.tip}."
        self.widget: QWidget
        self._show: Callable[[Any], object]
        self._make(text or name, tips or {})
        self.setParent(named(self.widget, name, self._tip))
        store.watch(self.widget, (setting,), self.refresh)
        self.refresh()

    def _make(self, text: str, tips: Mapping[Any, str]) -> None:
        setting = self._setting
        if setting.kind is bool:
            box = QCheckBox(text)
            box.toggled.connect(self.set)
            self.widget, self._show = box, box.setChecked
        elif setting.choices:
            choice = ChoiceBox(characters=12)
            for value, label in setting.choices:
                choice.add(label, value, tips.get(value, ""))
            choice.activated.connect(lambda _: self.set(choice.currentData()))
            self.widget, self._show = choice, choice.choose
        elif setting.limits is not None:
            spin = QSpinBox() if setting.kind is int else QDoubleSpinBox()
            spin.setRange(*map(setting.kind, setting.limits))
            spin.setSuffix(setting.unit)
            if isinstance(spin, QDoubleSpinBox):
                spin.setDecimals(0)
            spin.valueChanged.connect(self.set)
            self.widget, self._show = spin, spin.setValue
        else:
            line = QLineEdit()
            line.setPlaceholderText(setting.tip.partition("; empty: ")[2])
            line.editingFinished.connect(lambda: self.set(line.text()))
            self.widget, self._show = line, lambda value: show_text(line, value)

    def set(self, value: Any) -> None:
        """The entered value."""
        if value == self._store.get(self._setting):
            self.refresh()
            return
        try:
            self._store.set(self._setting, value)
        except UserError as error:
            self._show_problem(str(error))

    def refresh(self) -> None:
        self._show_problem("")
        with QSignalBlocker(self.widget):
            self._show(self._store.get(self._setting))

    def _show_problem(self, problem: str) -> None:
        theme.set_tone(self.widget, "error" if problem else "")
        self.widget.setToolTip(problem or self._tip)
        self.widget.setAccessibleDescription(problem)
        self.problem.emit(problem)


def show_text(line: QLineEdit, text: str) -> None:
    """From its beginning; what is being typed stays as it is where it is the same."""
    if line.text() != text:
        line.setText(text)
        line.setCursorPosition(0)
