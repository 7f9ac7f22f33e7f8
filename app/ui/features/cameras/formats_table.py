"""The formats of a camera, one a row, with the rate of those that were looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QSignalBlocker, QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from app.ui.shell import theme
from app.ui.widgets.building import there
from app.ui.widgets.formatting import unsigned
from app.ui.widgets.tables import set_up

if TYPE_CHECKING:
    from app.capture.grants import Grant
    from app.core.camera_format import CameraFormat

HEADINGS = ("Size", "Rate", "Pixels", "Measured")
TIPS = (
    "Pixels of the pictures",
    "Frames a second as the driver says",
    "How the pictures come over the cable: MJPG is compressed, YUYV is not",
    "Frames a second as they came, over a second; of the formats that were looked at",
)
ROWS = 9
SLOW = 0.8  # of the rate that the driver says
SLOW_TIP = "Slower than the driver says: more light helps a camera that exposes longer, another plug a busy cable."


@dataclass(frozen=True, slots=True)
class FormatRow:
    """A format, and frames a second as they came, None where it was not looked at."""

    format: CameraFormat
    measured_fps: float | None


class FormatsTable(QTableWidget):
    """The largest first."""

    chosen = pyqtSignal(object)  # CameraFormat, by a person
    rows: tuple[FormatRow, ...] = ()  # Qt tells of a change of palette already while it makes the table

    def __init__(self) -> None:
        super().__init__(0, len(HEADINGS))
        set_up(self, "Formats of the camera", (False, True, True, True), lines=1.5)
        self.setToolTip("Select a format to see it in the preview; Enter uses it")
        self.setHorizontalHeaderLabels(HEADINGS)
        for column, tip in enumerate(TIPS):
            there(self.horizontalHeaderItem(column)).setToolTip(tip)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        columns = there(self.horizontalHeader())
        columns.setDefaultAlignment(Qt.AlignmentFlag.AlignCenter)
        columns.setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
        columns.resizeSection(0, self.fontMetrics().horizontalAdvance("0000 × 0000") + 26)
        self.itemSelectionChanged.connect(self._selected)

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        height = there(self.horizontalHeader()).sizeHint().height() + ROWS * round(metrics.height() * 1.5) + 4
        return QSize(metrics.averageCharWidth() * 52, height)

    def minimumSizeHint(self) -> QSize:
        whole = self.sizeHint()
        return QSize(self.fontMetrics().averageCharWidth() * 46, whole.height() // 2)

    def show_formats(self, listed: Sequence[CameraFormat], grants: Sequence[Grant]) -> None:
        """What may be asked for and what was granted; what is selected stays so."""
        from app.capture.grants import same_format  # OpenCV, which the preview has loaded by now

        measured = {grant.format: grant.measured_fps for grant in grants}
        forms = [*measured, *(form for form in listed if not any(same_format(form, known) for known in measured))]
        ordered = tuple(FormatRow(form, measured.get(form)) for form in sorted(forms, key=_rank))
        if ordered == self.rows:
            return
        selected = self.current
        self.rows = ordered
        with QSignalBlocker(self):
            self.setRowCount(len(ordered))
            self._fill_all()
        self.select(selected)

    def select(self, form: CameraFormat | None) -> None:
        """Show this one as selected where it is there, else none.  Nothing is emitted."""
        with QSignalBlocker(self):
            self.clearSelection()
            for row, item in enumerate(self.rows):
                if item.format == form:
                    self.selectRow(row)

    @property
    def current(self) -> CameraFormat | None:
        rows = there(self.selectionModel()).selectedRows()
        return self.rows[rows[0].row()].format if rows else None

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self._fill_all()

    def _selected(self) -> None:
        if self.current is not None:
            self.chosen.emit(self.current)

    def _fill_all(self) -> None:
        for row, item in enumerate(self.rows):
            self._fill(row, item.format, item.measured_fps)

    def _fill(self, row: int, form: CameraFormat, measured_fps: float | None) -> None:
        slow = measured_fps is not None and measured_fps < SLOW * form.fps
        texts = (
            f"{form.width} × {form.height}",
            f"{form.fps:.4g}",
            form.fourcc,
            "" if measured_fps is None else unsigned(measured_fps, 1) + (" !" if slow else ""),
        )
        for column, text in enumerate(texts):
            item = QTableWidgetItem(text)
            item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
            item.setToolTip(SLOW_TIP if slow and column == 3 else f"Ask for it as {form}")
            if slow and column == 3:
                item.setForeground(theme.WARNING)
            self.setItem(row, column, item)


def _rank(form: CameraFormat) -> tuple[float, ...]:
    return (-form.width * form.height, -form.width, -form.fps, form.fourcc != "MJPG")
