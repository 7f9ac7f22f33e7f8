"""Everything the review window can do, as one table: text, key, tool tip, menu."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QMenuBar, QWidget

from app.ui import settings, theme
from app.ui.actions import ActionSpec, describe
from app.ui.icons import icon
from app.ui.markers import KEYS

FILE, EDIT, PLAY, VIEW, EXPORT, ANALYSE, HELP = (
    "&Session", "&Markers", "&Play", "&View", "&Export", "&Analyse", "&Help",
)  # fmt: skip

ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("open", FILE, "&Open session…", "Ctrl+O", "Open another recorded session"),
    ActionSpec("show_folder", FILE, "Show &folder", "Ctrl+E", "Show the session's files"),
    ActionSpec("screenshot", FILE, "S&creenshot", "F12", "Save this window as a picture in the session's folder"),
    ActionSpec("delete_session", FILE, "&Delete this session…", "Ctrl+Shift+Del",
               "Delete the session whole, with its analyses and exports", separated=True),
    ActionSpec("close", FILE, "&Close", "Ctrl+W", "Close this window; changes are saved already", separated=True),
    ActionSpec("add", EDIT, "&Add marker…", "M", "Add a marker here, or over the selection"),
    ActionSpec("edit", EDIT, "&Edit marker…", "Return", "Change the chosen marker"),
    ActionSpec("delete", EDIT, "&Delete marker", "Del", "Delete the chosen marker"),
    ActionSpec("earlier", EDIT, "Move a frame ea&rlier", "Alt+Left", "Move the chosen marker one frame back"),
    ActionSpec("later", EDIT, "Move a frame &later", "Alt+Right", "Move the chosen marker one frame on"),
    ActionSpec("undo", EDIT, "&Undo", "Ctrl+Z", "Undo the last change of the markers", separated=True),
    ActionSpec("redo", EDIT, "&Redo", "Ctrl+Shift+Z", "Do again what was undone"),
    *(
        ActionSpec(f"marker_{key}", EDIT, f"Marker {key}", key, f"Add the marker of key {key}", separated=key == "1")
        for key in KEYS
    ),
    ActionSpec("play", PLAY, "&Play", "Space", "Play or pause", icon="start"),
    ActionSpec("back", PLAY, "Frame &back", "Left", "One frame back", separated=True),
    ActionSpec("on", PLAY, "Frame &on", "Right", "One frame on"),
    ActionSpec("second_back", PLAY, "Second back", "Shift+Left", "One second back"),
    ActionSpec("second_on", PLAY, "Second on", "Shift+Right", "One second on"),
    ActionSpec("previous_marker", PLAY, "Pre&vious marker", "Ctrl+Left", "To the marker before"),
    ActionSpec("next_marker", PLAY, "&Next marker", "Ctrl+Right", "To the next marker"),
    ActionSpec("start", PLAY, "&Start", "Home", "To the first frame"),
    ActionSpec("end", PLAY, "&End", "End", "To the last frame"),
    ActionSpec("slower", PLAY, "S&lower", "[", "Play slower, down to a tenth", separated=True),
    ActionSpec("faster", PLAY, "&Faster", "]", "Play faster, up to four times"),
    ActionSpec("loop", PLAY, "&Repeat the selection", "L", "Play the selection over and over", checkable=True),
    ActionSpec("axes", VIEW, "Pose &axes", "Alt+1", "Draw the pose axes at the nose", setting=settings.SHOW_AXES),
    ActionSpec("keypoints", VIEW, "&Keypoints", "Alt+2", "Draw the keypoints", setting=settings.SHOW_KEYPOINTS),
    ActionSpec("box", VIEW, "Face &box", "Alt+3", "Draw the face box", setting=settings.SHOW_BOX),
    ActionSpec("expression", VIEW, "&Expression bars", "Alt+4", "Draw the expression bars",
               setting=settings.SHOW_EXPRESSION),
    ActionSpec("label", VIEW, "An&gles at the face", "Alt+5", "Write the angles at the face",
               setting=settings.SHOW_LABEL),
    ActionSpec("truth", VIEW, "Compared a&xes", "Alt+6", "Draw the axes of the other table, dashed",
               setting=settings.SHOW_TRUTH),
    ActionSpec("zoom_in", VIEW, "Zoom &in", "+", "Zoom in around the cursor", separated=True),
    ActionSpec("zoom_out", VIEW, "Zoom &out", "-", "Zoom out"),
    ActionSpec("whole", VIEW, "&Whole session", "0", "Show the whole session"),
    ActionSpec("zoom_selection", VIEW, "Zoom to the &selection", "Z", "Show the selection alone"),
    ActionSpec("select_from", VIEW, "Selection &from here", "I", "Let the selection begin here", separated=True),
    ActionSpec("select_to", VIEW, "Selection &to here", "O", "Let the selection end here"),
    ActionSpec("select_marker", VIEW, "Select the &marker's range", "S", "Select what the chosen marker covers"),
    ActionSpec("select_none", VIEW, "Select &nothing", "Esc", "Forget the selection"),
    ActionSpec("copy", VIEW, "&Copy statistics", "Ctrl+C", "Copy the statistics as text"),
    ActionSpec("side", VIEW, "Markers and statistics", "F2", "Show or hide markers and statistics", checkable=True,
               separated=True),
    ActionSpec("reanalyse", ANALYSE, "&Measure again…", "Ctrl+M", "Measure every frame again into a new table"),
    ActionSpec("compare", ANALYSE, "&Compare with…", "Ctrl+K", "Choose a table to compare with"),
    ActionSpec("keys", HELP, "&Keys", "?", "List the keys"),
)  # fmt: skip


def build_actions(parent: QWidget, slots: Mapping[str, Callable[..., object]]) -> dict[str, QAction]:
    """A QAction for each row, connected to the slot of its name; switches call it with their new state."""
    actions = {}
    for spec in ACTIONS:
        action = QAction(spec.text, parent)
        action.setObjectName(spec.name)
        keys = {"undo": QKeySequence.StandardKey.Undo, "redo": QKeySequence.StandardKey.Redo}
        if spec.name in keys:
            action.setShortcuts(QKeySequence.keyBindings(keys[spec.name]) or [QKeySequence(spec.key)])
        elif spec.name in ("edit", "delete", "zoom_in"):
            also = {"edit": "Enter", "delete": "Backspace", "zoom_in": "="}
            action.setShortcuts([QKeySequence(spec.key), QKeySequence(also[spec.name])])
        else:
            action.setShortcut(QKeySequence(spec.key))
        describe(action, spec.tip)
        action.setCheckable(spec.checkable or spec.setting is not None)
        if spec.icon:
            action.setIcon(icon(spec.icon, theme.TEXT))
        action.setIconVisibleInMenu(False)
        slot = slots[spec.name]
        if action.isCheckable():
            action.triggered.connect(lambda checked, slot=slot: slot(checked))
        else:
            action.triggered.connect(lambda checked, slot=slot: slot())
        parent.addAction(action)
        actions[spec.name] = action
    return actions


def fill_menus(bar: QMenuBar, actions: Mapping[str, QAction], exports: list[QAction]) -> None:
    """The menus in the order of the table; ``exports`` are a menu of their own."""
    menus = {}
    for spec in ACTIONS:
        if spec.menu == ANALYSE and EXPORT not in menus:
            menu = bar.addMenu(EXPORT)
            assert menu is not None
            menus[EXPORT] = menu
            for action in exports:
                if action.isCheckable():  # not one of the formats
                    menu.addSeparator()
                menu.addAction(action)
        if spec.menu not in menus:
            menu = bar.addMenu(spec.menu)
            assert menu is not None
            menus[spec.menu] = menu
        elif spec.separated:
            menus[spec.menu].addSeparator()
        menus[spec.menu].addAction(actions[spec.name])
