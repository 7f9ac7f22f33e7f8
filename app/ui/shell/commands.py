"""Everything the windows can do, declared once.

Menus, keys (shortcuts), tool tips, the key dialog and ``docs/keys.md`` come from the rows of ``LIVE``, ``REVIEW`` and
``SESSIONS``; a window has a handler for each, by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QMainWindow, QMenu, QMenuBar, QWidget

from app.ui.docks.catalogue import DOCKS
from app.ui.shell import settings, theme
from app.ui.shell.settings import PRESET_TIPS, Setting, Settings
from app.ui.widgets.building import there
from app.ui.widgets.icons import icon
from app.ui.widgets.plain_text import unguessed


@dataclass(frozen=True, slots=True)
class Command:
    """A row.  ``section`` and ``text`` have the menu's mnemonic; ``tip`` is a sentence without its full stop."""

    name: str
    section: str  # its menu, and its heading among the keys
    text: str
    key: str
    tip: str
    icon: str = ""
    setting: Setting[bool] | None = None  # the switch of this setting
    checkable: bool = False
    separated: bool = False  # a line above it in the menu
    also: tuple[str, ...] = ()  # further keys
    standard: QKeySequence.StandardKey | None = None  # the system's own keys, where it has some
    together: str = ""  # rows with the same words are one line among the keys, with these words as its tip
    role: QAction.MenuRole = QAction.MenuRole.TextHeuristicRole


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A line of the key dialog and of the table in the documentation."""

    section: str
    keys: str
    tip: str


ANALYSE = "&Analyse"  # the review's menu that its exports stand before
ANNOTATION_KEYS = tuple("123456789")


def _switch(
    name: str, section: str, key: str, setting: Setting[bool], icon: str = "", separated: bool = False
) -> Command:
    """A setting that is on or off: its text and tip are the setting's."""
    return Command(name, section, setting.label, key, setting.tip, icon, setting, separated=separated)


def _filter(name: str, text: str, key: str, separated: bool = False) -> Command:
    tip = PRESET_TIPS[name]
    return Command(f"filter_{name}", "&Signals", f"Filter: {text}", key, f"Filter {name}: {tip[0].lower()}{tip[1:]}",
                   checkable=True, separated=separated)  # fmt: skip


OVERLAY: tuple[Command, ...] = (
    _switch("axes", "&View", "Alt+1", settings.SHOW_AXES, "axes", separated=True),
    _switch("keypoints", "&View", "Alt+2", settings.SHOW_KEYPOINTS, "keypoints"),
    _switch("box", "&View", "Alt+3", settings.SHOW_BOX, "box"),
    _switch("expression", "&View", "Alt+4", settings.SHOW_EXPRESSION, "expression"),
    _switch("label", "&View", "Alt+5", settings.SHOW_LABEL, "label"),
)

LIVE: tuple[Command, ...] = (
    Command("open_file", "&File", "&Open video or image…", "Ctrl+O", "Open a video or an image"),
    Command("open_folder", "&File", "Open &folder of images…", "Ctrl+Shift+O", "Play a folder of images"),
    Command("open_session", "&File", "Re&view a recording…", "Ctrl+R", "Look at a recorded session again"),
    Command("sessions", "&File", "&All recordings…", "Ctrl+B",
            "List all recordings: search, rename, delete, export and measure them again"),
    Command("extract", "&File", "&Measure files…", "Ctrl+Shift+M", "Measure every frame of many videos and pictures"),
    Command("open_weights", "&File", "Open &weights…", "Ctrl+Shift+W", "Load a checkpoint", separated=True),
    Command(
        "recordings_folder", "&File", "&Recordings folder…", "Ctrl+Shift+R", "Choose where recordings go",
        separated=True,
    ),
    Command("show_recordings", "&File", "S&how recordings", "Ctrl+E", "Open the recordings folder"),
    _switch("share", "&File", "Ctrl+Shift+U", settings.SHARE),
    Command("recover", "&File", "Re&cover recordings", "Ctrl+Shift+E", "Put recordings in order that were cut off"),
    Command(
        "screenshot", "&File", "&Screenshot", "F12", "Save the window as a picture in the recordings folder",
        icon="screenshot", separated=True,
    ),
    Command("settings", "&File", "S&ettings…", "Ctrl+,", "See and change every setting on one page", separated=True,
            role=QAction.MenuRole.PreferencesRole),
    Command("reset_settings", "&File", "Reset settin&gs…", "Ctrl+Shift+Backspace",
            "Set every setting to what it was at first"),
    Command("copy_picture", "&File", "Copy &picture", "Ctrl+C", "Copy the picture with what is drawn over it",
            separated=True),
    Command("copy_numbers", "&File", "Copy &numbers", "Ctrl+Shift+C", "Copy all numbers, tab-separated"),
    Command("quit", "&File", "&Quit", "Ctrl+Q", "Finish the recording and close the window", separated=True,
            role=QAction.MenuRole.QuitRole),
    Command("run", "&Capture", "&Start", "P", "Start or stop the source", icon="start"),
    Command("record", "&Capture", "&Record", "R", "Start or finish a recording", icon="record", checkable=True),
    _switch("sound", "&Capture", "Shift+R", settings.SOUND),
    Command("demo", "&Capture", "Play the &demo", "Ctrl+D", "Play the built-in demo, whose true pose is known",
            separated=True),
    Command("next_face", "&Capture", "&Next face", ".", "Make the next face the one in the panels",
            separated=True),
    Command("more_faces", "&Capture", "Measure one &more face", "Ctrl++", "Measure up to one face more"),
    Command("fewer_faces", "&Capture", "Measure one &less face", "Ctrl+-", "Measure one face less"),
    Command("cameras", "&Capture", "Camera and &format…", "Ctrl+5",
            "Choose a camera by its preview, and a format that it grants", separated=True),
    Command("network_camera", "&Capture", "Network cam&era…", "Ctrl+Shift+N",
            "Connect to a camera on the network by its address"),
    Command("refresh", "&Capture", "Look for &cameras", "F5", "Look for cameras again"),
    Command("pick_source", "&Capture", "Choose s&ource", "Ctrl+1", "Choose what is measured", separated=True),
    Command("pick_weights", "&Capture", "Choose &weights", "Ctrl+2", "Choose the network's weights"),
    Command("pick_device", "&Capture", "Choose de&vice", "Ctrl+3", "Choose where the network runs"),
    Command("mirror", "&View", "&Mirror", "M", "Mirror the picture; the numbers never are", icon="mirror",
            checkable=True),
    *OVERLAY,
    _switch("truth", "&View", "Alt+6", settings.SHOW_TRUTH),
    Command("theme", "&View", "Light or &dark", "Ctrl+L", "Switch between light and dark", separated=True),
    Command("full_screen", "&View", "&Full screen", "F11", "Fill the screen", icon="full_screen",
            checkable=True, separated=True),
    Command("leave_full_screen", "&View", "&Leave full screen", "Esc", "Leave the full screen"),
    *(Command(dock.name, "&Panels", dock.text, dock.key, dock.tip, checkable=True) for dock in DOCKS),
    Command("next_panel", "&Panels", "Ne&xt panel", "Ctrl+F6", "Move the keyboard into the next panel",
            separated=True),
    Command("previous_panel", "&Panels", "Pre&vious panel", "Ctrl+Shift+F6",
            "Move the keyboard into the panel before"),
    Command("to_picture", "&Panels", "Back to the p&icture", "F4", "Move the keyboard back to the picture"),
    Command("float_panel", "&Panels", "Float or &dock", "Ctrl+F5",
            "Let the panel with the keyboard float, or dock it again", separated=True),
    Command("move_panel", "&Panels", "To the next &side", "Ctrl+F7",
            "Dock the panel with the keyboard at the next side of the picture"),
    Command("grow_panel", "&Panels", "&Larger", "Ctrl+F8", "Make the panel with the keyboard larger"),
    Command("shrink_panel", "&Panels", "Sm&aller", "Ctrl+Shift+F8", "Make the panel with the keyboard smaller"),
    Command("close_panel", "&Panels", "Clos&e", "Ctrl+F4", "Close the panel with the keyboard"),
    *(
        Command(f"marker_{key}", "&Markers", f"&{key}", key, f"Set marker {key}, or begin and end its interval",
                together="Set the marker of the key, or begin and end its interval")
        for key in ANNOTATION_KEYS
    ),
    Command("note", "&Markers", "&Note…", "N", "Write a note on this moment", separated=True),
    Command("recentre", "&Signals", "&Recentre", "C", "Recentre: look straight ahead and press"),
    Command("undo_recentre", "&Signals", "&Undo recentre", "Shift+C", "Show the angles as the camera sees them"),
    Command("recentre_still", "&Signals", "Recentre &automatically", "A",
            "Recentre by itself once the head has been still for two seconds"),
    Command("measure_tilt", "&Signals", "&Level the camera", "L",
            "Level the camera: shake your head, then nod, for two and a half seconds each"),
    Command("camera_tilt", "&Signals", "Camera t&ilt…", "Shift+L", "Say how the camera stands, or have it measured"),
    Command("field_of_view", "&Signals", "Field of &view and face size…", "Shift+V",
            "Say what angle the camera sees and how large your face is: the distance in centimetres depends on both"),
    Command("neutral", "&Signals", "&Neutral expression", "X",
            "Relax your face and hold still for a second: it is zero from then on", separated=True),
    Command("forget_neutral", "&Signals", "&Forget neutral expression", "Shift+X",
            "Show the expression as it is measured"),
    _filter("off", "&off", "F6", separated=True),
    _filter("research", "r&esearch", "F7"),
    _filter("gaming", "&gaming", "F8"),
    _filter("streaming", "&streaming", "F9"),
    _filter("custom", "&custom", "Ctrl+F9"),
    Command("opentrack", "&Signals", "Send to open&track", "T", "Send the head pose to opentrack", checkable=True,
            separated=True),
    Command("opentrack_address", "&Signals", "opentrack a&ddress…", "Shift+T", "Choose where opentrack listens"),
    Command("keys", "&Help", "&Keys", "?", "List the keys", icon="help"),
    Command("docs", "&Help", "&Documentation", "F1", "Read how everything works"),
    Command(
        "report", "&Help", "Copy a &report", "Ctrl+Shift+F1",
        "Copy versions, engine and platform for whoever looks into a fault; no faces, names or paths",
    ),
    Command("welcome", "&Help", "&Welcome page", "Ctrl+F1", "Camera, privacy and recentring on one page"),
    Command("about", "&Help", "&About Motionscope", "Shift+F1", "Version, licence and where things lie",
            role=QAction.MenuRole.AboutRole),
)  # fmt: skip

REVIEW: tuple[Command, ...] = (
    Command("open", "&Session", "&Open session…", "Ctrl+O", "Open another recorded session"),
    Command("show_folder", "&Session", "Show &folder", "Ctrl+E", "Show the session's files"),
    Command("screenshot", "&Session", "Sc&reenshot", "F12", "Save this window as a picture in the session's folder"),
    Command("delete_session", "&Session", "&Delete this session…", "Ctrl+Shift+Del",
            "Delete the session whole, with its analyses and exports", separated=True),
    Command("close", "&Session", "&Close", "Ctrl+W", "Close this window; changes are saved already", separated=True),
    Command("add", "&Markers", "&Add marker…", "M", "Add a marker here, or over the selection"),
    Command("edit", "&Markers", "&Edit marker…", "Return", "Change the chosen marker", also=("Enter",)),
    Command("delete", "&Markers", "&Delete marker", "Del", "Delete the chosen marker", also=("Backspace",)),
    Command("earlier", "&Markers", "Move a frame earl&ier", "Alt+Left", "Move the chosen marker one frame back"),
    Command("later", "&Markers", "Move a frame &later", "Alt+Right", "Move the chosen marker one frame on"),
    Command("undo", "&Markers", "&Undo", "Ctrl+Z", "Undo the last change of markers and faces", separated=True,
            standard=QKeySequence.StandardKey.Undo),
    Command("redo", "&Markers", "&Redo", "Ctrl+Shift+Z", "Do again what was undone",
            standard=QKeySequence.StandardKey.Redo),
    *(
        Command(f"marker_{key}", "&Markers", f"Marker {key}", key, f"Add the marker of key {key}", separated=key == "1",
                together="Add the marker of the key, as while recording")
        for key in ANNOTATION_KEYS
    ),
    Command("next_face", "&Faces", "Ne&xt face", ".", "Show the next face's curves and statistics"),
    Command("name_face", "&Faces", "&Name…", "N", "Name the selected face", separated=True),
    Command("merge_faces", "&Faces", "&Merge", "J", "Join the selected faces: they are one person"),
    Command("separate_face", "&Faces", "&Separate", "Shift+J", "Take faces apart that were merged"),
    Command("play", "&Play", "&Play", "Space", "Play or pause", icon="start"),
    Command("back", "&Play", "Frame &back", "Left", "One frame back", separated=True),
    Command("on", "&Play", "Frame &on", "Right", "One frame on"),
    Command("second_back", "&Play", "Second back", "Shift+Left", "One second back"),
    Command("second_on", "&Play", "Second on", "Shift+Right", "One second on"),
    Command("previous_marker", "&Play", "Pre&vious marker", "Ctrl+Left", "To the marker before"),
    Command("next_marker", "&Play", "&Next marker", "Ctrl+Right", "To the next marker"),
    Command("start", "&Play", "&Start", "Home", "To the first frame"),
    Command("end", "&Play", "&End", "End", "To the last frame"),
    Command("slower", "&Play", "S&lower", "[", "Play slower, down to a tenth", separated=True),
    Command("faster", "&Play", "&Faster", "]", "Play faster, up to four times"),
    _switch("sound", "&Play", "U", settings.REVIEW_SOUND),
    Command("loop", "&Play", "&Repeat the selection", "L", "Play the selection over and over", checkable=True),
    *OVERLAY,
    Command("truth", "&View", "Compared a&xes", "Alt+6", "Draw the axes of the other table, dashed",
            setting=settings.SHOW_TRUTH),
    Command("zoom_in", "&View", "Zoom &in", "+", "Zoom in around the cursor", separated=True,
            also=("=",)),
    Command("zoom_out", "&View", "Zoom &out", "-", "Zoom out"),
    Command("whole", "&View", "&Whole session", "0", "Show the whole session"),
    Command("zoom_selection", "&View", "Zoom to the &selection", "Z", "Show the selection alone"),
    Command("select_from", "&View", "Selection &from here", "I", "Let the selection begin here", separated=True),
    Command("select_to", "&View", "Selection &to here", "O", "Let the selection end here"),
    Command("select_marker", "&View", "Select the &marker's range", "S", "Select what the chosen marker covers"),
    Command("select_none", "&View", "Select &nothing", "Esc", "Forget the selection"),
    _switch("leave_out", "&View", "Q", settings.LEAVE_OUT_LOW_QUALITY),
    Command("copy", "&View", "&Copy statistics", "Ctrl+C", "Copy the statistics as text"),
    Command("side", "&View", "Markers and statistics", "F2", "Show or hide markers and statistics", checkable=True,
            separated=True),
    Command("reanalyse", ANALYSE, "&Measure again…", "Ctrl+M", "Measure every frame again into a new table"),
    Command("compare", ANALYSE, "&Compare with…", "Ctrl+K", "Choose a table to compare with"),
    Command("keys", "&Help", "&Keys", "?", "List the keys"),
)  # fmt: skip

SESSIONS: tuple[Command, ...] = (
    Command("review", "&Recordings", "Re&view", "Return", "Look at the selected recording again", also=("Enter",)),
    Command("show_folder", "&Recordings", "S&how in folder", "Ctrl+E",
            "Show the selected recording's files in the file manager"),
    Command("rename", "&Recordings", "&Rename…", "F2", "Rename the selected recordings, also by a pattern",
            separated=True),
    Command("recover", "&Recordings", "Re&cover", "Ctrl+Shift+E", "Put selected recordings in order that were cut off"),
    Command("delete", "&Recordings", "&Delete…", "Del", "Delete the selected recordings whole, with their exports"),
    Command("export", "&Recordings", "&Export…", "Ctrl+Shift+X", "Export the selected recordings, one after the other",
            separated=True),
    Command("reanalyse", "&Recordings", "&Measure again…", "Ctrl+M",
            "Measure every frame of the selected recordings again"),
    Command("extract", "&Recordings", "Measure &files…", "Ctrl+Shift+M",
            "Measure every frame of many videos and pictures"),
    Command("close", "&Recordings", "C&lose", "Ctrl+W", "Close this window; what runs goes on", separated=True),
    Command("search", "&View", "&Search", "Ctrl+F", "Move the keyboard into the search"),
    Command("select_all", "&View", "Select &all", "Ctrl+A", "Select every recording that is shown"),
    Command("refresh", "&View", "&Read again", "F5", "Read all folders again"),
    Command("add_folder", "&View", "A&dd a folder…", "Ctrl+Shift+A", "List the recordings in another folder, too",
            separated=True),
    Command("keys", "&Help", "&Keys", "?", "List the keys"),
)  # fmt: skip

LIVE_MOUSE = (KeyLine("Mouse", "Click on a face", "Make it the one in the panels"),)

REVIEW_MOUSE = tuple(
    KeyLine("Mouse, in the timeline", what, tip)
    for what, tip in (
        ("Drag", "Scrub"),
        ("Shift+drag", "Select a range"),
        ("Wheel", "Zoom"),
        ("Shift+wheel, middle button", "Move the view"),
        ("Drag a marker, or its end", "Move it, make it longer"),
        ("Double-click", "Add or change a marker"),
    )
)


def build_actions(
    parent: QWidget, commands: Sequence[Command], slots: Mapping[str, Callable[..., object]], store: Settings
) -> dict[str, QAction]:
    """A QAction for each row: a setting's switch, or connected to the slot of its name.

    What can be checked calls its slot with the new state.
    """
    actions = {}
    for command in commands:
        action = QAction(command.text, parent)
        action.setObjectName(command.name)
        action.setShortcuts(bindings(command))
        describe(action, command.tip)
        action.setCheckable(command.checkable or command.setting is not None)
        action.setMenuRole(command.role)
        action.setIconVisibleInMenu(False)  # in the menu a tick says what is on
        if command.icon:
            action.setIcon(icon(command.icon, theme.RECORD if command.icon == "record" else theme.TEXT))
        if command.setting is not None:
            _bind(action, command.setting, store)
        elif action.isCheckable():
            action.triggered.connect(lambda checked, slot=slots[command.name]: slot(checked))
        else:
            action.triggered.connect(lambda checked, slot=slots[command.name]: slot())
        parent.addAction(action)
        actions[command.name] = action
    return actions


def _bind(action: QAction, setting: Setting[bool], store: Settings) -> None:
    action.triggered.connect(lambda checked: store.set(setting, checked))
    store.watch(action, (setting,), lambda: action.setChecked(store.get(setting)))
    action.setChecked(store.get(setting))


def bindings(command: Command) -> list[QKeySequence]:
    """Its keys on this system, the first one before the others."""
    standard = QKeySequence.keyBindings(command.standard) if command.standard is not None else []
    return standard or [QKeySequence(key) for key in (command.key, *command.also)]


def describe(action: QAction, tip: str) -> None:
    """The tool tip with the key in it, and the same words for a screen reader."""
    action.setToolTip(f"{tip} ({native(action.shortcut())})")
    action.setWhatsThis(unguessed(tip))


def fill_menus(bar: QMenuBar, commands: Sequence[Command], actions: Mapping[str, QAction]) -> dict[str, QMenu]:
    """The menus, by their section, in the order of the rows."""
    menus: dict[str, QMenu] = {}
    for command in commands:
        if command.section not in menus:
            menus[command.section] = there(bar.addMenu(command.section))
        elif command.separated:
            menus[command.section].addSeparator()
        menus[command.section].addAction(actions[command.name])
    return menus


def menu_with(window: QMainWindow, action: QAction) -> QMenu:
    """The window's menu that holds this action."""
    menus: list[QMenu] = [there(entry.menu()) for entry in there(window.menuBar()).actions()]
    return next(menu for menu in menus if action in menu.actions())


def add_entry(menu: QMenu, text: str, do: Callable[[], object], tip: str = "") -> QAction:
    """An entry that is made while the menu opens."""
    action = there(menu.addAction(text))
    action.setToolTip(tip or action.toolTip())
    action.triggered.connect(lambda _: do())
    return action


def native(key: QKeySequence) -> str:
    """As the system writes it: Ctrl+Q, ⌘Q."""
    return key.toString(QKeySequence.SequenceFormat.NativeText)


def keys_here(command: Command) -> str:
    """As they are on this system; of the system's own keys the first."""
    return ", ".join(map(native, bindings(command)[: 1 + len(command.also)]))


def key_lines(commands: Sequence[Command], keys: Callable[[Command], str] = keys_here) -> list[KeyLine]:
    """Every row's keys and tip in the order of the rows; rows that belong together are one line."""
    lines = []
    for (section, together), group in groupby(commands, lambda row: (row.section, row.together)):
        rows, heading = [*group], section.replace("&", "")
        if together:
            lines.append(KeyLine(heading, f"{keys(rows[0])} to {keys(rows[-1])}", together))
        else:
            lines += [KeyLine(heading, keys(row), row.tip) for row in rows]
    return lines
