"""The list on the screen: a line for each session, as high as its picture."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from PyQt6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QSize, Qt
from PyQt6.QtGui import QFocusEvent, QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import QAbstractItemView, QStyledItemDelegate, QStyleOptionViewItem, QTreeView

from app.session.listing import SessionSummary
from app.ui.sessions.model import COLUMNS, DATE, SessionModel
from app.ui.sessions.pictures import SIZE
from app.ui.shell import theme
from app.ui.widgets.building import there

_WIDEST = ("", "0000-00-00 00:00", "0:00:00", "Participant", "Task name", "100 %", "000.0 MB", "unfinished")
"""A text for each column that should have room; the first one gets the rest."""


class SessionList(QTreeView):
    """Keeps what is selected, and where it stands, when lines come, go or change their order."""

    def __init__(self, model: SessionModel) -> None:
        super().__init__()
        self._sessions = model
        self._kept: tuple[set[Path], Path | None, int] = (set(), None, 0)
        self._awaited: set[Path] = set()
        self._empty = ""
        self.setAccessibleName("Recordings")
        self.setModel(model)
        self.setItemDelegate(_TallLines(self))
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setIconSize(SIZE)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSortingEnabled(True)
        self.sortByColumn(DATE, Qt.SortOrder.DescendingOrder)
        header = there(self.header())
        header.setStretchLastSection(False)
        header.sectionResized.connect(lambda column, *_: self._give_rest() if column else None)
        for column, text in enumerate(_WIDEST):
            if column:
                wide = max(self.fontMetrics().horizontalAdvance(words) for words in (text, COLUMNS[column].title))
                self.setColumnWidth(column, wide + 14)
        model.modelAboutToBeReset.connect(self._keep)
        model.modelReset.connect(self._restore)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._give_rest()

    def _give_rest(self) -> None:
        """The room that the other columns leave to the first one; where that is too little, the list scrolls."""
        others = sum(self.columnWidth(column) for column in range(1, len(COLUMNS)))
        least = SIZE.width() + self.fontMetrics().horizontalAdvance("0000-00-00_00-00-00") + 20
        self.setColumnWidth(0, max(least, there(self.viewport()).width() - others))

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        """The line that the keys begin at is selected: the only line of a list they could not select."""
        super().focusInEvent(event)
        chosen, current = there(self.selectionModel()), self.currentIndex()
        by_key = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)
        if there(event).reason() in by_key and current.isValid() and not chosen.hasSelection():
            select, rows = QItemSelectionModel.SelectionFlag.Select, QItemSelectionModel.SelectionFlag.Rows
            chosen.select(current, select | rows)

    @property
    def chosen(self) -> tuple[SessionSummary, ...]:
        """The selected sessions, in the order of the list."""
        chosen = there(self.selectionModel()).selection()
        # selectedRows() would take a second for thousands.
        ranges = [chosen[k] for k in range(len(chosen))]
        rows = sorted({row for lines in ranges for row in range(lines.top(), lines.bottom() + 1)})
        return tuple(self._sessions.sessions[row] for row in rows)

    def choose(self, folders: set[Path]) -> None:
        chosen = QItemSelection()
        rows = sorted(row for row in map(self._sessions.row_of, folders) if row >= 0)
        for begin, end in _runs(rows):
            chosen.select(self._sessions.index(begin, 0), self._sessions.index(end, len(COLUMNS) - 1))
        there(self.selectionModel()).select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def choose_when_listed(self, folders: Collection[Path]) -> None:
        """Select these as soon as all of them are in the list: new names of those that were selected."""
        self._awaited = set(folders)

    def _keep(self) -> None:
        current = self.currentIndex()
        folder = self._sessions.sessions[current.row()].folder if current.isValid() else None
        self._kept = ({session.folder for session in self.chosen}, folder, there(self.verticalScrollBar()).value())

    def _restore(self) -> None:
        folders, current, scrolled = self._kept
        if self._awaited and all(self._sessions.row_of(folder) >= 0 for folder in self._awaited):
            folders, self._awaited = self._awaited, set()
            current = min(folders, key=self._sessions.row_of)
        row = self._sessions.row_of(current) if current is not None else -1
        if row >= 0:
            keep = QItemSelectionModel.SelectionFlag.NoUpdate
            there(self.selectionModel()).setCurrentIndex(self._sessions.index(row, 0), keep)
        self.choose(folders)
        self.executeDelayedItemsLayout()  # now, for the bar's range
        there(self.verticalScrollBar()).setValue(scrolled)

    def show_empty(self, text: str) -> None:
        """What stands in the list where it has no lines."""
        if text != self._empty:
            self._empty = text
            self.setAccessibleDescription(text)
            there(self.viewport()).update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        super().paintEvent(event)
        port = there(self.viewport())
        if self._empty and not self._sessions.rowCount():
            painter = QPainter(port)
            painter.setPen(theme.DIM)
            area = port.rect().adjusted(24, 24, -24, -24)
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._empty)
            painter.end()


class _TallLines(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        hint = super().sizeHint(option, index)
        return QSize(hint.width(), max(hint.height(), SIZE.height() + 6))


def _runs(rows: list[int]) -> list[tuple[int, int]]:
    """First and last of each run of numbers without a gap."""
    runs: list[tuple[int, int]] = []
    for row in rows:
        if runs and runs[-1][1] == row - 1:
            runs[-1] = (runs[-1][0], row)
        else:
            runs.append((row, row))
    return runs
