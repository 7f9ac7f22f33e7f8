"""The lines of the list: searched and sorted here, in one step, so that thousands of them cost milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt
from PyQt6.QtGui import QColor

from app.session.listing import SessionState, SessionSummary, matches
from app.ui.sessions.pictures import Thumbnails
from app.ui.shell import theme
from app.ui.widgets.formatting import NOTHING, duration, size


@dataclass(frozen=True, slots=True)
class Column:
    """What it is called, shows and is sorted by."""

    title: str
    tip: str
    text: Callable[[SessionSummary], str]
    key: Callable[[SessionSummary], Any]
    right: bool = False  # numbers


COLUMNS: tuple[Column, ...] = (
    Column("Recording", "The name of its folder", lambda s: s.name, lambda s: s.name.casefold()),
    Column("Date", "When it began", lambda s: s.started or NOTHING, lambda s: s.started_unix_s or 0.0),
    Column("Length", "From the first frame to the last", lambda s: duration(s.duration_s) if s.frames else NOTHING,
           lambda s: s.duration_s, right=True),
    Column("Participant", "As entered for the recording", lambda s: s.participant, lambda s: s.participant.casefold()),
    Column("Task", "As entered for the recording", lambda s: s.task, lambda s: s.task.casefold()),
    Column("Faces", "The share of frames in which a face was measured",
           lambda s: NOTHING if s.measured is None else f"{100 * s.measured:.0f} %",
           lambda s: -1.0 if s.measured is None else s.measured, right=True),
    Column("Size", "All files in its folder, analyses and exports too", lambda s: size(s.bytes), lambda s: s.bytes,
           right=True),
    Column("State", "Complete, being recorded, unfinished (it was cut off) or damaged", lambda s: s.state.value,
           lambda s: s.state.value),
)  # fmt: skip
DATE = 1
GAP = "\u2002"  # behind numbers, which else touch what stands in the next column
_ROOT = QModelIndex()

_COLOURS = {
    SessionState.RECORDING: theme.RECORD,
    SessionState.UNFINISHED: theme.WARNING,
    SessionState.DAMAGED: theme.ERROR,
}


class SessionModel(QAbstractTableModel):
    """Holds the sessions that were found; its rows are those that the search leaves, in the order of a column."""

    def __init__(self, thumbnails: Thumbnails, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self._all: dict[Path, SessionSummary] = {}
        self._shown: list[SessionSummary] = []
        self._rows: dict[Path, int] = {}
        self._search = ""
        self._column, self._order = DATE, Qt.SortOrder.DescendingOrder
        thumbnails.ready.connect(self._picture_ready)

    @property
    def sessions(self) -> Sequence[SessionSummary]:
        """Those that are shown, in their order."""
        return self._shown

    @property
    def count(self) -> int:
        """The number of all sessions, shown or not."""
        return len(self._all)

    def find(self, folder: Path) -> SessionSummary | None:
        return self._all.get(folder)

    def row_of(self, folder: Path) -> int:
        """-1 where it isn't shown."""
        return self._rows.get(folder, -1)

    def add(self, summaries: Collection[SessionSummary]) -> None:
        """New sessions, and new facts of those that are there."""
        for summary in summaries:
            before = self._all.get(summary.folder)
            if before is not None and before.state is not summary.state:  # by then its video is another one
                self._thumbnails.forget(summary.folder)
            self._all[summary.folder] = summary
        self._show()

    def remove(self, folders: Collection[Path]) -> None:
        if folders & self._all.keys():
            for folder in folders:
                self._all.pop(folder, None)
                self._thumbnails.forget(folder)
            self._show()

    def search(self, text: str) -> None:
        """Show only the sessions in whose name, participant, task or date each word occurs."""
        self._search = text
        self._show()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if 0 <= column < len(COLUMNS) and (column, order) != (self._column, self._order):
            self._column, self._order = column, order
            self._show()

    def _show(self) -> None:
        key = COLUMNS[self._column].key
        shown = [summary for summary in self._all.values() if matches(summary, self._search)]
        shown.sort(key=lambda summary: summary.name)
        shown.sort(key=key, reverse=self._order is Qt.SortOrder.DescendingOrder)
        if [summary.folder for summary in shown] == [summary.folder for summary in self._shown]:
            self._shown = shown
            if shown:
                self.dataChanged.emit(self.index(0, 0), self.index(len(shown) - 1, len(COLUMNS) - 1))
            return
        self.beginResetModel()
        self._shown = shown
        self._rows = {summary.folder: row for row, summary in enumerate(shown)}
        self.endResetModel()

    def _picture_ready(self, folder: Path) -> None:
        row = self.row_of(folder)
        if row >= 0:
            self.dataChanged.emit(self.index(row, 0), self.index(row, 0), [Qt.ItemDataRole.DecorationRole])

    def rowCount(self, parent: QModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: QModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        summary, column = self._shown[index.row()], COLUMNS[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return column.text(summary) + (GAP if column.right else "")
            case Qt.ItemDataRole.DecorationRole if index.column() == 0:
                return self._thumbnails.icon(summary.folder) or self._thumbnails.empty
            case Qt.ItemDataRole.ToolTipRole:
                return f"{summary.folder}\n{summary.remark}".strip()
            case Qt.ItemDataRole.TextAlignmentRole if column.right:
                return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            case Qt.ItemDataRole.ForegroundRole if column.title == "State" and summary.state in _COLOURS:
                return QColor(_COLOURS[summary.state])
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return COLUMNS[section].title + (GAP if COLUMNS[section].right else "")
            case Qt.ItemDataRole.ToolTipRole:
                return COLUMNS[section].tip
            case Qt.ItemDataRole.TextAlignmentRole if COLUMNS[section].right:
                return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None
