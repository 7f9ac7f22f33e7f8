"""What is known of one checkpoint, as rows of text that can be selected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from app.ui.features.weights.checkpoints import Fact, facts
from app.ui.shell import theme
from app.ui.widgets.building import gapped_grid, lay_out, paragraph
from app.ui.widgets.fields import Value, dim_label

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
        self.message = paragraph(name="State of the selected weights")
        self._rows = QWidget()
        self._layout = lay_out(QVBoxLayout(self), self.message, self._rows, margins=(0, 0, 0, 0))
        self.show_report(None)

    def show_report(self, known: LoadReport | str | None) -> None:
        """A report, why there is none, or None while it is being read."""
        if known is self._known:
            return
        self._known = known
        words = READING if known is None else known if isinstance(known, str) else ""
        self.message.setText(words)
        self.message.setVisible(bool(words))
        theme.set_tone(self.message, "error" if isinstance(known, str) else "")
        self.facts = facts(known) if known is not None and not isinstance(known, str) else []
        old, self._rows = self._rows, self._table()
        self._layout.replaceWidget(old, self._rows)
        old.hide()
        old.deleteLater()

    def as_text(self) -> str:
        """Tab-separated lines."""
        return "".join(f"{fact.name}\t{' '.join(fact.text.split())}\n" for fact in self.facts)

    def _table(self) -> QWidget:
        table = QWidget()
        grid = gapped_grid(8, 4, table)
        grid.setColumnStretch(1, 1)
        for row, fact in enumerate(self.facts):
            name = dim_label(fact.name)
            grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
            if fact.name in LONG:
                value = Value(fact.name)
                value.show_text(fact.text, fact.text)
                grid.addWidget(value, row, 1)
                continue
            label = paragraph(fact.text, fact.name)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setProperty("tone", "warning" if fact.doubtful else "")
            grid.addWidget(label, row, 1)
        return table
