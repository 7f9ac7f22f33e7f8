"""The key dialog of either window: every key is listed, can be searched, and is seen on a small screen."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QFont
from PyQt6.QtWidgets import QApplication, QDialogButtonBox, QLineEdit, QTreeWidget, QTreeWidgetItem, QWidget

from app.ui.shell.commands import LIVE, LIVE_MOUSE, REVIEW, REVIEW_MOUSE, SESSIONS, bindings, key_lines, native
from app.ui.shell.keys_dialog import KeysDialog
from tests.ui.find import find

WINDOWS = {"live": (LIVE, LIVE_MOUSE), "review": (REVIEW, REVIEW_MOUSE)}


@pytest.fixture(params=WINDOWS)
def lines(request, qapp):
    commands, mouse = WINDOWS[request.param]
    return [*key_lines(commands), *mouse]


@pytest.fixture
def parent(qapp):
    return QWidget()


@pytest.fixture
def dialog(parent, lines, qtbot):
    dialog = KeysDialog(parent, lines)
    qtbot.addWidget(dialog)
    with qtbot.waitActive(dialog, timeout=20_000):
        dialog.show()
        dialog.activateWindow()
    return dialog


def keys_of(dialog: KeysDialog) -> QTreeWidget:
    return find(dialog, "All keys", QTreeWidget)


def search(dialog: KeysDialog) -> QLineEdit:
    return find(dialog, "Search the keys", QLineEdit)


def rows(dialog: KeysDialog) -> list[tuple[QTreeWidgetItem, QTreeWidgetItem]]:
    """Heading and line of each key that is shown."""
    keys = keys_of(dialog)
    headings = [keys.topLevelItem(i) for i in range(keys.topLevelItemCount())]
    lines = [(heading, heading.child(k)) for heading in headings for k in range(heading.childCount())]
    return [(heading, line) for heading, line in lines if not heading.isHidden() and not line.isHidden()]


@pytest.mark.parametrize("commands", [LIVE, REVIEW, SESSIONS], ids=["live", "review", "sessions"])
def test_every_action_is_a_line_with_its_keys(commands, qapp):
    lines = {line.tip: line.keys for line in key_lines(commands)}
    for row in commands:
        if row.together:
            assert lines[row.together] == "1 to 9"
        else:
            assert lines[row.tip].split(", ")[0] == native(bindings(row)[0])


def test_all_lines_stand_under_their_headings(dialog, lines):
    shown = [(heading.text(0), line.text(0), line.text(1)) for heading, line in rows(dialog)]
    assert shown == [(line.section, line.keys, line.tip) for line in lines]


def test_what_is_typed_narrows_the_list(dialog, lines, qtbot):
    assert search(dialog).hasFocus()
    qtbot.keyClicks(search(dialog), "MARKER the")
    tips = {line.text(1) for _, line in rows(dialog)}
    assert tips
    assert len(tips) < len(lines)
    for heading, line in rows(dialog):
        content = f"{heading.text(0)} {line.text(0)} {line.text(1)}".lower()
        assert "marker" in content
        assert "the" in content
    search(dialog).setText("no such key")
    assert rows(dialog) == []
    search(dialog).clear()
    assert len(rows(dialog)) == len(lines)


def test_a_key_is_found_by_its_name(dialog, qtbot):
    qtbot.keyClicks(search(dialog), "F12")
    assert [line.text(0) for _, line in rows(dialog)] == ["F12"]


def test_enter_leaves_it_open_and_escape_closes_it(dialog, qtbot):
    qtbot.keyClick(search(dialog), Qt.Key.Key_Return)
    assert dialog.isVisible()
    qtbot.keyClick(search(dialog), Qt.Key.Key_Escape)
    assert not dialog.isVisible()


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_it_fits_a_small_screen_and_scrolls(parent, lines, qtbot, scale):
    before = QApplication.font()
    larger = QFont(before)
    larger.setPointSizeF(before.pointSizeF() * scale)
    QApplication.setFont(larger)
    try:
        dialog = KeysDialog(parent, lines)
        qtbot.addWidget(dialog)
        with qtbot.waitExposed(dialog):
            dialog.show()
        room = dialog.screen().availableGeometry()
        assert dialog.width() <= min(room.width(), 1280 * 0.94)
        assert dialog.height() <= min(room.height(), 720 * 0.94)
        keys = keys_of(dialog)
        last = rows(dialog)[-1][1]
        keys.scrollToItem(last)
        assert keys.viewport().rect().contains(keys.visualItemRect(last).center())
        assert dialog.findChild(QDialogButtonBox).geometry().bottom() <= dialog.height()
        widest = max(keys.fontMetrics().horizontalAdvance(line.text(0)) for _, line in rows(dialog))
        assert keys.columnWidth(0) >= widest
        assert keys.horizontalScrollBar().maximum() == 0  # what has no room is shortened, and its tool tip tells it
        assert all(line.toolTip(1) == line.text(1) for _, line in rows(dialog))
    finally:
        QApplication.setFont(before)
