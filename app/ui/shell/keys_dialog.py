"""The keys of a window, menu by menu, in a list that a line of text narrows."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from PyQt6.QtCore import QSize
from PyQt6.QtWidgets import QDialog, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from app.ui.shell.commands import KeyLine
from app.ui.shell.dialogs import close_button
from app.ui.widgets.building import lay_out, named, resize_within_screen, search_line, there

LEAST_WIDTH, HEIGHT = 760, 640  # what it takes of a large screen
OF_SCREEN = 0.9  # and of a small one


class KeysDialog(QDialog):
    """Stays open beside its window; what is typed shows only the lines in which each word occurs."""

    def __init__(self, parent: QWidget, lines: Iterable[KeyLine]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        search = search_line("Search the keys", "Search for a key or for what it does", self._show_found)
        self._list = named(QTreeWidget(), "All keys")
        self._list.setColumnCount(2)
        self._list.setHeaderLabels(["Key", "What it does"])
        self._list.setRootIsDecorated(False)
        self._list.setItemsExpandable(False)
        for section, rows in groupby(lines, lambda line: line.section):
            heading = QTreeWidgetItem(self._list, [section])
            font = heading.font(0)
            font.setBold(True)
            heading.setFont(0, font)
            heading.setFirstColumnSpanned(True)
            for row in rows:
                QTreeWidgetItem(heading, [row.keys, row.tip]).setToolTip(1, row.tip)  # shortened on a small screen
        self._list.expandAll()
        self._list.resizeColumnToContents(0)
        lay_out(QVBoxLayout(self), search, self._list, close_button(self))
        margins = self.sizeHint().width() - self._list.sizeHint().width()
        bar = there(self._list.verticalScrollBar()).sizeHint().width()
        width = self._list.columnWidth(0) + self._list.sizeHintForColumn(1) + bar + margins
        resize_within_screen(self, QSize(max(width, LEAST_WIDTH), HEIGHT), OF_SCREEN)
        search.setFocus()

    def _show_found(self, text: str) -> None:
        words = text.casefold().split()
        for i in range(self._list.topLevelItemCount()):
            heading = there(self._list.topLevelItem(i))
            rows = [there(heading.child(k)) for k in range(heading.childCount())]
            for row in rows:
                content = f"{heading.text(0)} {row.text(0)} {row.text(1)}".casefold()
                row.setHidden(not all(word in content for word in words))
            heading.setHidden(all(row.isHidden() for row in rows))


def show_keys(window: QWidget, lines: Iterable[KeyLine]) -> None:
    """Show them beside their window, once."""
    dialog = window.findChild(KeysDialog) or KeysDialog(window, lines)
    dialog.show()
    dialog.raise_()
