"""The keys of a window, menu by menu, in a list that a line of text narrows."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from PyQt6.QtCore import QSize
from PyQt6.QtWidgets import QDialog, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from app.ui.shell.commands import KeyLine
from app.ui.shell.dialogs import close_button

LARGEST = QSize(760, 640)  # what it takes of a large screen
OF_SCREEN = 0.9  # and of a small one


class KeysDialog(QDialog):
    """Stays open beside its window; what is typed shows only the lines in which each word occurs."""

    def __init__(self, parent: QWidget, lines: Iterable[KeyLine]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        self._search = QLineEdit()
        self._search.setAccessibleName("Search the keys")
        self._search.setPlaceholderText("Search for a key or for what it does")
        self._search.setClearButtonEnabled(True)
        self._search.textChanged.connect(self._show_found)
        self._list = QTreeWidget()
        self._list.setAccessibleName("All keys")
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
                QTreeWidgetItem(heading, [row.keys, row.tip])
        self._list.expandAll()
        for column in range(2):
            self._list.resizeColumnToContents(column)
        layout = QVBoxLayout(self)
        for widget in (self._search, self._list, close_button(self)):
            layout.addWidget(widget)
        screen = parent.screen()
        assert screen is not None
        self.resize(LARGEST.boundedTo(screen.availableGeometry().size() * OF_SCREEN))
        self._search.setFocus()

    def _show_found(self, text: str) -> None:
        words = text.casefold().split()
        for i in range(self._list.topLevelItemCount()):
            heading = self._list.topLevelItem(i)
            assert heading is not None
            rows = [row for k in range(heading.childCount()) if (row := heading.child(k)) is not None]
            for row in rows:
                content = f"{heading.text(0)} {row.text(0)} {row.text(1)}".casefold()
                row.setHidden(not all(word in content for word in words))
            heading.setHidden(all(row.isHidden() for row in rows))
