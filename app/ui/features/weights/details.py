"""What is known of one checkpoint, as rows of text that can be selected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFormLayout, QVBoxLayout, QWidget

from app.ui.features.weights.checkpoints import Fact, facts
from app.ui.widgets.building import lay_out
from app.ui.widgets.fields import Note, Value, dim_label

if TYPE_CHECKING:
    from extractor.report import LoadReport

READING = "reading…"
LONG = ("SHA-256", "File")  # can't be broken into lines: shortened in the middle, whole in the tool tip


class Details(QWidget):
    """Made anew when the checkpoint changes, which is seldom."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Details")
        self._known: LoadReport | str | None = ""
        self.facts: list[Fact] = []
        self.message = Note("State of the selected weights")
        self._form = QFormLayout()
        self._form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.setVerticalSpacing(4)
        lay_out(QVBoxLayout(self), self.message, self._form, margins=(0, 0, 0, 0))
        self.show_report(None)

    def show_report(self, known: LoadReport | str | None) -> None:
        """A report, why there is none, or None while it is being read."""
        if known is self._known:
            return
        self._known = known
        words = READING if known is None else known if isinstance(known, str) else ""
        self.message.show_text(words, "error" if isinstance(known, str) else "")
        self.facts = facts(known) if known is not None and not isinstance(known, str) else []
        while self._form.rowCount():
            self._form.removeRow(0)
        for fact in self.facts:
            value = Value(fact.name) if fact.name in LONG else Note(fact.name)
            if isinstance(value, Value):
                value.show_text(fact.text, fact.text)
            else:
                value.show_text(fact.text, "warning" if fact.doubtful else "")
            name = dim_label(fact.name)
            name.setAlignment(Qt.AlignmentFlag.AlignTop)
            self._form.addRow(name, value)

    def as_text(self) -> str:
        """Tab-separated lines."""
        return "".join(f"{fact.name}\t{' '.join(fact.text.split())}\n" for fact in self.facts)
