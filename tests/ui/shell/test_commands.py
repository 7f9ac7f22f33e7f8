"""Every action has a key, a tool tip that names it, a place in a menu, and can be reached without a mouse."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest
from PyQt6.QtGui import QKeySequence
from PyQt6.QtWidgets import QAbstractButton, QComboBox

from app.ui.shell.commands import LIVE, REVIEW, SESSIONS
from app.ui.shell.theme import palette
from tests.ui.find import find

UI = Path(__file__).resolve().parents[3] / "app" / "ui"


def test_every_action_has_a_key_and_says_it_in_its_tool_tip(idle_window):
    for spec in LIVE:
        action = idle_window.commands[spec.name]
        key = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        assert key, spec.name
        # Of a marker key the user's own label says more than the table can.
        tip = "Mark “marker " + key + "”" if spec.name.startswith("marker_") else spec.tip
        assert action.toolTip() == f"{tip} ({key})"


@pytest.mark.parametrize("commands", [LIVE, REVIEW, SESSIONS], ids=["live", "review", "sessions"])
def test_no_letter_of_a_menu_is_given_twice(commands):
    for section in {row.section for row in commands}:
        letters = Counter(
            row.text[row.text.index("&") + 1].lower() for row in commands if row.section == section and "&" in row.text
        )
        assert [letter for letter, count in letters.items() if count > 1] == [], section


@pytest.mark.parametrize("commands", [LIVE, REVIEW, SESSIONS], ids=["live", "review", "sessions"])
def test_every_row_has_a_name_and_a_key_of_its_own(commands):
    names = [row.name for row in commands]
    keys = [key for row in commands for key in (row.key, *row.also)]
    assert len(set(names)) == len(names)
    assert len(set(keys)) == len(keys)
    assert all(row.tip and not row.tip.endswith(".") for row in commands)


def test_keys_that_the_window_names_are_declared():
    """In notices, tool tips of other widgets and pages; a letter only where it stands alone in brackets."""
    named = re.compile(r"\b(?:Ctrl|Shift|Alt)\+(?:\w+\+)*(?:\w+|\+|-)|(?<=\()(?:F\d+|[A-Z])(?=\))")
    declared = {key for row in (*LIVE, *REVIEW, *SESSIONS) for key in (row.key, *row.also)}
    for path in sorted(set(UI.rglob("*.py")) - {UI / "shell" / "commands.py"}):
        texts = [node.value for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                 if isinstance(node, ast.Constant) and isinstance(node.value, str)]  # fmt: skip
        assert {key for text in texts for key in named.findall(text)} <= declared, path.name


def test_every_action_is_in_a_menu(idle_window):
    in_menus = {action.objectName() for menu in idle_window.menuBar().actions() for action in menu.menu().actions()}
    assert {spec.name for spec in LIVE} <= in_menus


def test_tab_goes_through_the_toolbar_from_left_to_right(idle_window, qtbot):
    idle_window.resize(1280, 720)
    mirror = find(idle_window.toolbar, "Mirror", QAbstractButton)
    qtbot.waitUntil(mirror.isVisible, timeout=20_000)  # nothing is in the menu of what has no room
    idle_window.toolbar.source.setFocus()
    places, widget = [], idle_window.toolbar.source
    for _ in range(12):
        places.append(widget.mapTo(idle_window, widget.rect().center()).x())
        widget = widget.nextInFocusChain()
        while not (
            isinstance(widget, QAbstractButton | QComboBox)
            and widget.isVisible()
            and widget.parent() is idle_window.toolbar
        ):
            widget = widget.nextInFocusChain()
    ordered = places[: places.index(max(places)) + 1]
    assert ordered == sorted(ordered)
    assert len(ordered) >= 8


@pytest.mark.parametrize("role", ["Text", "WindowText", "ButtonText", "ToolTipText"])
def test_text_can_be_read_on_its_ground(role):
    """At least 7 to 1, as WCAG asks for enhanced contrast."""

    def luminance(colour):
        parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.getRgbF()[:3]]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    colours = palette()
    ground = {"Text": "Base", "WindowText": "Window", "ButtonText": "Button", "ToolTipText": "ToolTipBase"}[role]
    roles = colours.ColorRole
    bright, dark = luminance(colours.color(roles[role])), luminance(colours.color(roles[ground]))
    assert (bright + 0.05) / (dark + 0.05) > 7
