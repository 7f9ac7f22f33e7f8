"""All numbers as a table that can be searched, selected and copied while it runs."""

from __future__ import annotations

from typing import Any

from PyQt6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QSortFilterProxyModel, Qt
from PyQt6.QtGui import QKeyEvent, QKeySequence
from PyQt6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QVBoxLayout, QWidget

from app.core.frames import FrameResult
from app.signals.history import History
from app.ui.docks.base import DockContext
from app.ui.live.numbers_table import HEADINGS, NumberRow, as_text, number_rows
from app.ui.shell import theme
from app.ui.widgets.building import copy_text, lay_out, paragraph, search_line, there
from app.ui.widgets.tables import set_up

TIPS = (
    "As the columns of a recording are called, where there is such a column",
    "Filtered and recentred, as on the screen",
    "As the network gave it, as recorded",
    "face: units of the neutral keypoints; crop: half a side of the network's input",
)


class NumbersModel(QAbstractTableModel):
    """Rows of ``number_rows``; it keeps its rows, and so their selection, while their names stay the same."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[NumberRow] = []

    def show_rows(self, rows: list[NumberRow]) -> None:
        if [row.name for row in rows] != [row.name for row in self._rows]:
            self.beginResetModel()
            self._rows = rows
            self.endResetModel()
            return
        self._rows = rows
        if rows:
            self.dataChanged.emit(self.index(0, 1), self.index(len(rows) - 1, 2), [Qt.ItemDataRole.DisplayRole])

    def row(self, i: int) -> NumberRow:
        return self._rows[i]

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008  (Qt's own default)
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(HEADINGS)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            row = self._rows[index.row()]
            return (row.name, row.shown, row.measured, row.unit)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == 0:
            return self._rows[index.row()].name  # a long one is shortened
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if index.column() in (1, 2) else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return HEADINGS[section].capitalize()
            if role == Qt.ItemDataRole.ToolTipRole:
                return TIPS[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                side = Qt.AlignmentFlag.AlignRight if section in (1, 2) else Qt.AlignmentFlag.AlignLeft
                return side | Qt.AlignmentFlag.AlignVCenter
        return None


class _Table(QTableView):
    """Copies what is selected; the window's own Ctrl+C copies the picture."""

    def event(self, event: QEvent | None) -> bool:
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and event.matches(QKeySequence.StandardKey.Copy)
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selected()
            return
        super().keyPressEvent(event)

    def copy_selected(self) -> None:
        """The selected rows, tab-separated; all that are listed where none is."""
        model = self.model()
        assert isinstance(model, QSortFilterProxyModel)
        source = model.sourceModel()
        assert isinstance(source, NumbersModel)
        chosen = sorted(index.row() for index in there(self.selectionModel()).selectedRows()) or range(model.rowCount())
        rows = [source.row(model.mapToSource(model.index(row, 0)).row()) for row in chosen]
        copy_text(as_text(rows))


class Table(QWidget):
    """A dock: a search line above the table."""

    def __init__(self, context: DockContext) -> None:
        super().__init__()
        self.setAccessibleName("All numbers")
        self._context = context
        self.model = NumbersModel()
        self._proxy = QSortFilterProxyModel(self)
        self._proxy.setSourceModel(self.model)
        self._proxy.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._proxy.setFilterKeyColumn(0)
        words = "Find a number, as yaw or lip"
        self.search = search_line("Find a number", words, self._proxy.setFilterFixedString)
        self.table = _Table()
        self.table.setModel(self._proxy)
        self.table.setFont(theme.tabular(self.font()))
        set_up(self.table, "Numbers, as shown and as measured", (True, False, False, False))
        self.table.setToolTip("Ctrl+C copies the selected rows, Ctrl+Shift+C every number, tab-separated")
        self.table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.table.setAlternatingRowColors(True)
        self._size_columns()
        self.setFocusProxy(self.search)
        self._empty = paragraph("No numbers yet: no source is open.", dim=True)
        lay_out(QVBoxLayout(self), self.search, self._empty, (self.table, 1), spacing=6, margins=(6, 6, 6, 6))

    def show_result(self, result: FrameResult | None, history: History) -> None:
        self._empty.setVisible(result is None)
        self.model.show_rows(number_rows(result, self._context.keypoint_names) if result is not None else [])

    def _size_columns(self) -> None:
        """Fixed by the widest text there is, so that nothing moves while numbers change."""
        metrics = self.table.fontMetrics()
        across, down = there(self.table.horizontalHeader()), there(self.table.verticalHeader())
        down.setDefaultSectionSize(metrics.height() + 4)
        down.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        across.setMinimumSectionSize(metrics.horizontalAdvance("−000.0") + 8)
        for column, widest in ((1, "−0000.00"), (2, "Measured"), (3, "crop")):
            across.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            across.resizeSection(column, metrics.horizontalAdvance(widest) + 14)
