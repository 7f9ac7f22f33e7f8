"""The faces of a session as a table: their numbers, names, and in how many frames they were measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QItemSelectionModel, QLocale, Qt, pyqtSignal
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QTableWidget, QVBoxLayout, QWidget

from app.ui.features.faces.colours import face_colour
from app.ui.widgets.building import lay_out, there
from app.ui.widgets.tables import dot, fill, heading_row, set_up

COLUMNS = ("Face", "Name", "Frames")
EACH = "first face of each frame"
LEAST_ROWS = 2  # that have room without scrolling


@dataclass(frozen=True, slots=True)
class FaceLine:
    """A line of the table of faces."""

    number: int
    face_ids: tuple[int, ...]  # as recorded
    name: str
    frames: int


class FacesPanel(QWidget):
    """The first line stands for the first face of each frame; of no use where only one face was ever measured."""

    several = pyqtSignal(bool)  # more than one face was measured
    selected = pyqtSignal()  # ``numbers`` changed
    opened = pyqtSignal()  # the selected line is to be edited

    def __init__(self, actions: dict[str, QAction]) -> None:
        super().__init__()
        self._lines: Sequence[FaceLine] = ()
        self.has_several = False  # more than one face was measured
        self.table = table = QTableWidget(0, len(COLUMNS))
        table.setHorizontalHeaderLabels(COLUMNS)
        table.setToolTip("The selected face's curves and statistics are shown; Ctrl and click select several")
        self._row_height = set_up(table, "Faces", (False, True, False))
        table.itemSelectionChanged.connect(self.selected.emit)
        table.doubleClicked.connect(lambda _: self.opened.emit())
        names = {"Name": "name_face", "Merge": "merge_faces", "Separate": "separate_face"}
        heading = heading_row("Faces", {text: actions[name] for text, name in names.items()})
        layout = lay_out(QVBoxLayout(self), heading, (table, 1), spacing=4, margins=(8, 6, 8, 4))
        layout.setSizeConstraint(QVBoxLayout.SizeConstraint.SetMinAndMaxSize)

    @property
    def numbers(self) -> list[int]:
        """The selected faces' numbers, increasing."""
        rows = sorted(index.row() for index in there(self.table.selectionModel()).selectedRows())
        return [self._lines[row - 1].number for row in rows if row]

    @property
    def followed(self) -> int | None:
        """The face whose curves are shown; None: each frame's first face."""
        numbers = self.numbers
        return numbers[0] if len(numbers) == 1 else None

    def show_faces(self, lines: Sequence[FaceLine]) -> None:
        """What is selected stays so, as far as it is still there."""
        chosen = set(self.numbers)
        self._lines = lines
        table = self.table
        table.blockSignals(True)
        table.setRowCount(len(lines) + 1)
        fill(table, 0, ("", EACH, ""), number=2)
        for row, line in enumerate(lines, 1):
            ids, frames = ", ".join(map(str, line.face_ids)), QLocale.c().toString(line.frames)
            fill(table, row, (ids, line.name, frames), number=2)
            there(table.item(row, 0)).setData(Qt.ItemDataRole.DecorationRole, dot(face_colour(line.number)))
        table.clearSelection()
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        for row in [row for row, line in enumerate(lines, 1) if line.number in chosen] or [0]:
            table.setCurrentCell(row, 0, flags)
        table.blockSignals(False)
        self.has_several = sum(len(line.face_ids) for line in lines) > 1
        self.several.emit(self.has_several)
        frame = there(table.horizontalHeader()).sizeHint().height() + 2 * table.frameWidth()
        table.setMinimumHeight(LEAST_ROWS * self._row_height + frame)
        table.setMaximumHeight((len(lines) + 1) * self._row_height + frame)

    def choose_next(self) -> None:
        """Select the line after the selected one, after the last one the first."""
        self.table.selectRow((self.table.currentRow() + 1) % max(self.table.rowCount(), 1))
