"""Everything the window can do, as one table: text, key, tool tip, menu."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QMenuBar, QWidget

from app.signals.presets import PRESETS
from app.ui import settings, theme
from app.ui.docks.catalogue import DOCKS
from app.ui.icons import icon
from app.ui.plain_text import unguessed
from app.ui.settings import Setting


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """``text`` has the menu's mnemonic; ``tip`` is a sentence without its full stop; the key is added to it."""

    name: str
    menu: str
    text: str
    key: str
    tip: str
    icon: str = ""
    setting: Setting[Any] | None = None  # a switch, remembered here
    checkable: bool = False
    separated: bool = False  # a line above it in the menu


PRESET_TIPS = {preset.name: f"Filter {preset.name}: {preset.tip[0].lower()}{preset.tip[1:]}" for preset in PRESETS}

ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("open_file", "&File", "&Open video or image…", "Ctrl+O", "Open a video or an image"),
    ActionSpec("open_folder", "&File", "Open &folder of images…", "Ctrl+Shift+O", "Play a folder of images"),
    ActionSpec("open_session", "&File", "Re&view a recording…", "Ctrl+R", "Look at a recorded session again"),
    ActionSpec("open_weights", "&File", "Open &weights…", "Ctrl+Shift+W", "Load a checkpoint", separated=True),
    ActionSpec(
        "recordings_folder", "&File", "&Recordings folder…", "Ctrl+Shift+R", "Choose where recordings go",
        separated=True,
    ),
    ActionSpec("show_recordings", "&File", "S&how recordings", "Ctrl+E", "Open the recordings folder"),
    ActionSpec("share", "&File", "Other &users may read recordings", "Ctrl+Shift+U",
               "Let other users of this computer read new recordings and exports", checkable=True),
    ActionSpec("recover", "&File", "Re&cover recordings", "Ctrl+Shift+E", "Put recordings in order that were cut off"),
    ActionSpec(
        "screenshot", "&File", "&Screenshot", "F12", "Save the window as a picture in the recordings folder",
        icon="screenshot", separated=True,
    ),
    ActionSpec("copy_picture", "&File", "Copy &picture", "Ctrl+C", "Copy the picture with what is drawn over it",
               separated=True),
    ActionSpec("copy_numbers", "&File", "Copy &numbers", "Ctrl+Shift+C", "Copy all numbers, tab-separated"),
    ActionSpec("quit", "&File", "&Quit", "Ctrl+Q", "Finish the recording and close the window", separated=True),
    ActionSpec("run", "&Capture", "&Start", "P", "Start or stop the source", icon="start"),
    ActionSpec("record", "&Capture", "&Record", "R", "Start or finish a recording", icon="record", checkable=True),
    ActionSpec("demo", "&Capture", "Play the &demo", "Ctrl+D", "Play the built-in demo, whose true pose is known",
               separated=True),
    ActionSpec("next_face", "&Capture", "&Next face", ".", "Make the next face the one in the panels",
               separated=True),
    ActionSpec("more_faces", "&Capture", "Measure one &more face", "Ctrl++", "Measure up to one face more"),
    ActionSpec("fewer_faces", "&Capture", "Measure one &less face", "Ctrl+-", "Measure one face less"),
    ActionSpec("cameras", "&Capture", "Camera and &format…", "Ctrl+5",
               "Choose a camera by its preview, and a format that it grants", separated=True),
    ActionSpec("refresh", "&Capture", "Look for &cameras", "F5", "Look for cameras again"),
    ActionSpec("pick_source", "&Capture", "Choose s&ource", "Ctrl+1", "Choose what is measured", separated=True),
    ActionSpec("pick_weights", "&Capture", "Choose &weights", "Ctrl+2", "Choose the network's weights"),
    ActionSpec("pick_device", "&Capture", "Choose de&vice", "Ctrl+3", "Choose where the network runs"),
    ActionSpec("mirror", "&View", "&Mirror", "M", "Mirror the picture; the numbers never are", icon="mirror",
               checkable=True),
    ActionSpec("axes", "&View", "Pose &axes", "Alt+1", "Draw the pose axes at the nose", icon="axes",
               setting=settings.SHOW_AXES, separated=True),
    ActionSpec("keypoints", "&View", "&Keypoints", "Alt+2", "Draw the keypoints", icon="keypoints",
               setting=settings.SHOW_KEYPOINTS),
    ActionSpec("box", "&View", "Face &box", "Alt+3", "Draw the face box", icon="box", setting=settings.SHOW_BOX),
    ActionSpec("expression", "&View", "&Expression bars", "Alt+4", "Draw the expression bars", icon="expression",
               setting=settings.SHOW_EXPRESSION),
    ActionSpec("label", "&View", "An&gles at the face", "Alt+5", "Write the angles at the face", icon="label",
               setting=settings.SHOW_LABEL),
    ActionSpec("truth", "&View", "&True axes of the demo", "Alt+6", "Draw the demo's true axes as dashed lines",
               setting=settings.SHOW_TRUTH),
    ActionSpec("theme", "&View", "Light or &dark", "Ctrl+L", "Switch between light and dark", separated=True),
    ActionSpec("full_screen", "&View", "&Full screen", "F11", "Fill the screen", icon="full_screen",
               checkable=True, separated=True),
    ActionSpec("leave_full_screen", "&View", "&Leave full screen", "Esc", "Leave the full screen"),
    ActionSpec("reset_settings", "&View", "&Reset settings", "Ctrl+Shift+Backspace", "Forget all settings",
               separated=True),
    ActionSpec("numbers", "&Panels", "&Numbers", "F2", "Show or hide the numbers", checkable=True),
    *(ActionSpec(dock.name, "&Panels", dock.text, dock.key, dock.tip, checkable=True) for dock in DOCKS),
    ActionSpec("next_panel", "&Panels", "Ne&xt panel", "Ctrl+F6", "Move the keyboard into the next panel",
               separated=True),
    ActionSpec("previous_panel", "&Panels", "Pre&vious panel", "Ctrl+Shift+F6",
               "Move the keyboard into the panel before"),
    ActionSpec("to_picture", "&Panels", "Back to the p&icture", "F4", "Move the keyboard back to the picture"),
    ActionSpec("float_panel", "&Panels", "Float or &dock", "Ctrl+F5",
               "Let the panel with the keyboard float, or dock it again", separated=True),
    ActionSpec("move_panel", "&Panels", "To the next &side", "Ctrl+F7",
               "Dock the panel with the keyboard at the next side of the picture"),
    ActionSpec("grow_panel", "&Panels", "&Larger", "Ctrl+F8", "Make the panel with the keyboard larger"),
    ActionSpec("shrink_panel", "&Panels", "Sm&aller", "Ctrl+Shift+F8", "Make the panel with the keyboard smaller"),
    ActionSpec("close_panel", "&Panels", "Clos&e", "Ctrl+F4", "Close the panel with the keyboard"),
    *(
        ActionSpec(f"marker_{key}", "&Markers", f"&{key}", key, f"Set marker {key}, or begin and end its interval")
        for key in "123456789"
    ),
    ActionSpec("note", "&Markers", "&Note…", "N", "Write a note on this moment", separated=True),
    ActionSpec("recentre", "&Signals", "&Recentre", "C", "Recentre: look straight ahead and press"),
    ActionSpec("undo_recentre", "&Signals", "&Undo recentre", "Shift+C", "Show the angles as the camera sees them"),
    ActionSpec("recentre_still", "&Signals", "Recentre &automatically", "A",
               "Recentre by itself once the head has been still for two seconds"),
    ActionSpec("neutral", "&Signals", "&Neutral expression", "X",
               "Relax your face and hold still for a second: it is zero from then on", separated=True),
    ActionSpec("forget_neutral", "&Signals", "&Forget neutral expression", "Shift+X",
               "Show the expression as it is measured"),
    ActionSpec("filter_off", "&Signals", "Filter: &off", "F6", PRESET_TIPS["off"], checkable=True,
               separated=True),
    ActionSpec("filter_research", "&Signals", "Filter: r&esearch", "F7", PRESET_TIPS["research"], checkable=True),
    ActionSpec("filter_gaming", "&Signals", "Filter: &gaming", "F8", PRESET_TIPS["gaming"], checkable=True),
    ActionSpec("filter_streaming", "&Signals", "Filter: &streaming", "F9", PRESET_TIPS["streaming"], checkable=True),
    ActionSpec("filter_custom", "&Signals", "Filter: &custom", "Ctrl+F9", "Filter custom: the cutoffs you have set",
               checkable=True),
    ActionSpec("opentrack", "&Signals", "Send to open&track", "T", "Send the head pose to opentrack", checkable=True,
               separated=True),
    ActionSpec("opentrack_address", "&Signals", "opentrack a&ddress…", "Shift+T", "Choose where opentrack listens"),
    ActionSpec("keys", "&Help", "&Keys", "?", "List the keys", icon="help"),
    ActionSpec("welcome", "&Help", "&Welcome page", "Ctrl+F1", "Camera, privacy and recentring on one page"),
    ActionSpec("about", "&Help", "&About Motionscope", "Shift+F1", "Version, licence and where things lie"),
)  # fmt: skip


def build_actions(parent: QWidget, slots: Mapping[str, Callable[..., object]]) -> dict[str, QAction]:
    """A QAction for each row, connected to the slot of its name; switches call it with their new state."""
    actions = {}
    for spec in ACTIONS:
        action = QAction(spec.text, parent)
        action.setObjectName(spec.name)
        action.setShortcut(QKeySequence(spec.key))
        describe(action, spec.tip)
        action.setCheckable(spec.checkable or spec.setting is not None)
        action.setIconVisibleInMenu(False)  # in the menu a tick says what is on
        slot = slots[spec.name]
        if action.isCheckable():
            action.triggered.connect(lambda checked, slot=slot: slot(checked))
        else:
            action.triggered.connect(lambda checked, slot=slot: slot())
        parent.addAction(action)
        actions[spec.name] = action
    draw_icons(actions)
    actions["leave_full_screen"].setEnabled(False)
    actions["quit"].setMenuRole(QAction.MenuRole.QuitRole)
    actions["about"].setMenuRole(QAction.MenuRole.AboutRole)
    return actions


def draw_icons(actions: Mapping[str, QAction]) -> None:
    """In the theme's colours, which may have changed."""
    for spec in ACTIONS:
        if spec.icon:
            actions[spec.name].setIcon(icon(spec.icon, theme.RECORD if spec.name == "record" else theme.TEXT))


def describe(action: QAction, tip: str) -> None:
    """The tool tip with the key in it, and the same words for a screen reader."""
    key = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    action.setToolTip(f"{tip} ({key})")
    action.setStatusTip("")
    action.setWhatsThis(unguessed(tip))


def fill_menus(bar: QMenuBar, actions: Mapping[str, QAction]) -> None:
    """The menus in the order of the table."""
    menus = {}
    for spec in ACTIONS:
        if spec.menu not in menus:
            menu = bar.addMenu(spec.menu)
            assert menu is not None
            menus[spec.menu] = menu
        elif spec.separated:
            menus[spec.menu].addSeparator()
        menus[spec.menu].addAction(actions[spec.name])
