"""The annotations as a table, and the dialog in which one is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PyQt6.QtCore import QModelIndex, QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtGui import QAction, QColor
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLineEdit,
    QTableWidget,
    QVBoxLayout,
    QWidget,
)

from app.session.annotations import Annotation
from app.ui.review.annotations import Annotations
from app.ui.shell.dialogs import AskingDialog
from app.ui.widgets.building import lay_out, named, number_box, paragraph, there
from app.ui.widgets.formatting import NOTHING, clock
from app.ui.widgets.pickers import ChoiceBox
from app.ui.widgets.tables import dot, fill, heading_row, set_up

COLUMNS = ("Time", "Length", "Label", "Note")
LEAST_ROWS = 4  # that have room without scrolling, if there are so many


class AnnotationList(QWidget):
    """Emits what the user wants; the window does it."""

    chosen = pyqtSignal(int)
    opened = pyqtSignal(int)

    def __init__(self, actions: dict[str, QAction]) -> None:
        super().__init__()
        self.table = QTableWidget(0, len(COLUMNS))
        self.table.setHorizontalHeaderLabels(COLUMNS)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._row_height = set_up(self.table, "Markers", (False, False, True, True))
        self._empty = paragraph("None yet. M adds one, at the cursor or over the selection.", dim=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        buttons = {"Add": actions["add"], "Edit": actions["edit"], "Delete": actions["delete"]}
        parts = (heading_row("Markers", buttons), (self._empty, 1), (self.table, 1))
        lay_out(QVBoxLayout(self), *parts, spacing=4, margins=(8, 6, 8, 4))
        self.table.currentCellChanged.connect(self._current_changed)
        self.table.clicked.connect(lambda index: self.chosen.emit(index.row()))
        self.table.doubleClicked.connect(lambda index: self.opened.emit(index.row()))
        self.show_annotations((), -1, {})

    def show_annotations(self, annotations: Annotations, chosen: int, colours: Mapping[str, QColor]) -> None:
        with QSignalBlocker(self.table):
            self.table.setRowCount(len(annotations))
        for row, annotation in enumerate(annotations):
            lasts = f"{annotation.duration_s:.2f} s" if annotation.duration_s > 0 else NOTHING
            fill(self.table, row, (clock(annotation.onset_s, 2), lasts, annotation.label, annotation.note), number=1)
            mark = dot(colours[annotation.label])
            there(self.table.item(row, 2)).setData(Qt.ItemDataRole.DecorationRole, mark)
        self._empty.setVisible(not annotations)
        self.table.setVisible(bool(annotations))
        header = there(self.table.horizontalHeader()).sizeHint().height() + 2 * self.table.frameWidth()
        self.table.setMinimumHeight(header + min(len(annotations), LEAST_ROWS) * self._row_height)
        most = header + max(len(annotations), LEAST_ROWS) * self._row_height
        self.setMaximumHeight(most + 3 * self.fontMetrics().lineSpacing())  # below the heading and its buttons
        self.choose(chosen)

    def choose(self, number: int) -> None:
        with QSignalBlocker(self.table):
            if number < 0:
                self.table.clearSelection()
                self.table.setCurrentIndex(QModelIndex())
            else:
                self.table.selectRow(number)
                self.table.scrollToItem(self.table.item(number, 0))

    def _current_changed(self, row: int, column: int, row_before: int) -> None:
        if row not in (-1, row_before):
            self.chosen.emit(row)


class AnnotationDialog(AskingDialog):
    """Label, note, onset and length of one annotation; ``done_with`` gets them when it is accepted."""

    def __init__(
        self,
        parent: QWidget,
        title: str,
        annotation: Annotation,
        total_s: float,
        labels: list[str],
        done_with: Callable[[float, float, str, str], object],
    ) -> None:
        super().__init__(parent, title, QDialogButtonBox.StandardButton.Ok)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.label = ChoiceBox("Label")
        self.label.setEditable(True)
        self.label.addItems(labels)
        self.label.setCurrentText(annotation.label)
        self.note = named(QLineEdit(annotation.note), "Note")
        self.onset = _seconds(annotation.onset_s, total_s, "Time")
        self.duration = _seconds(annotation.duration_s, total_s, "Length")
        self.duration.setSpecialValueText("a point")
        form = QFormLayout()
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        form.addRow("&Label", self.label)
        form.addRow("&Note", self.note)
        form.addRow("&Time", self.onset)
        form.addRow("L&ength", self.duration)
        self.hold(form, spacing=12)
        self.setMinimumWidth(340)
        self.label.setFocus()
        there(self.label.lineEdit()).selectAll()
        self.accepted.connect(lambda: done_with(*self.values()))

    def values(self) -> tuple[float, float, str, str]:
        return self.onset.value(), self.duration.value(), self.label.currentText().strip(), self.note.text().strip()


def _seconds(value: float, most: float, name: str) -> QDoubleSpinBox:
    box = number_box(name, 0.0, max(most, value), " s", 3)
    box.setSingleStep(0.1)
    box.setValue(value)
    return box
