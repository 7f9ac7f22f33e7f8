"""The settings of the window.  Each setting is declared once, here.

What is restored, kept, put into profiles, reset, overruled by the command line and shown on the settings page
follows from its row; whoever uses a setting asks ``Settings`` for it and ``watch``es it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from PyQt6.QtCore import QByteArray, QObject, QSettings, QStandardPaths, pyqtSignal

from app.core.errors import UserError
from app.core.launch_options import LaunchOptions
from app.core.limits import MOST_FACES
from app.outputs.catalogue import OUTPUTS
from app.session.codecs import CODECS, H264
from app.session.naming import DEFAULT_NAME, folder_name
from app.signals.presets import CUSTOM, CUSTOM_TIP, DEFAULT_PRESET, PRESETS, custom_from, custom_text, preset_named
from extractor import files
from extractor.backends.engines import engine_label, installed_engines

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Setting(Generic[T]):
    """A row: what is remembered under ``key``, and what it may be."""

    key: str
    kind: type[T]  # to read it as: an INI file holds the word 'false', which is true
    default: T
    label: str = ""  # as a menu writes it; without it the setting has no place on the settings page
    tip: str = ""  # a sentence without its full stop
    section: str = ""  # of the settings page
    choices: tuple[tuple[T, str], ...] = ()  # values and what people read for them; with ``check`` there may be others
    limits: tuple[float, float] | None = None  # the least and the greatest number
    unit: str = ""  # after a number
    check: Callable[[T], T] | None = None  # brings a value into its usual form; raises UserError
    folder: bool = False  # it is the path of one
    option: str = ""  # the field of LaunchOptions that counts instead, for one run
    in_profiles: bool = True  # not what belongs to the person and the screen instead of what is done

    def usual(self, value: Any) -> T:
        """``value`` in its usual form, a number within the limits.  Raises UserError where it makes no sense."""
        if self.kind is float and isinstance(value, int):
            value = float(value)
        if not isinstance(value, self.kind) or (isinstance(value, float) and not math.isfinite(value)):
            raise UserError(f"{value!r} is no value for {self.key}.")
        if self.limits is not None:
            low, high = self.limits
            number: Any = value
            value = type(number)(min(max(number, low), high))
        known: T = value
        if self.check is not None:
            return self.check(known)
        if self.choices and known not in dict(self.choices):
            raise UserError(f"{known!r} is none of {', '.join(str(choice) for choice, _ in self.choices)}.")
        return known


def _name_pattern(text: str) -> str:
    pattern = text.strip() or DEFAULT_NAME
    folder_name(pattern, "participant", "task")
    return pattern


def _custom_filter(text: str) -> str:
    try:
        return custom_text(custom_from(text))
    except ValueError as error:
        raise UserError(f"{error}.") from error


def span_text(seconds: float) -> str:
    """A span of time in seconds or minutes."""
    return f"{seconds:g} s" if seconds < 60 else f"{seconds / 60:g} min"


PICTURE, NETWORK, RECORDING, SIGNALS, PLOTS, REVIEW, SENDING = (
    "Picture and window", "Faces and network", "Recordings", "Filter and signals", "Plots", "Review", "Outputs",
)  # fmt: skip
PRESET_TIPS = {preset.name: preset.tip for preset in PRESETS} | {CUSTOM: CUSTOM_TIP}

THEME = Setting(
    "window/theme", str, "system", "Theme", "Light or dark; the system's own until one is chosen", PICTURE,
    choices=(("system", "As the system"), ("dark", "Dark"), ("light", "Light")),
)  # fmt: skip
MIRROR_CAMERA = Setting("view/mirror_camera", bool, True, "Mirror cameras",
                        "Draw a camera's picture as a mirror shows it; the numbers never are", PICTURE,
                        option="mirror")  # fmt: skip
MIRROR_OTHER = Setting("view/mirror_other", bool, False, "Mirror films and the demo",
                       "Draw other pictures mirrored; the numbers never are", PICTURE, option="mirror")  # fmt: skip
SHOW_AXES = Setting("overlay/axes", bool, True, "Pose &axes", "Draw the pose axes at the nose", PICTURE)
SHOW_KEYPOINTS = Setting("overlay/keypoints", bool, True, "&Keypoints", "Draw the keypoints", PICTURE)
SHOW_BOX = Setting("overlay/box", bool, True, "Face &box", "Draw the face box", PICTURE)
SHOW_EXPRESSION = Setting("overlay/expression", bool, True, "&Expression bars", "Draw the expression bars", PICTURE)
SHOW_LABEL = Setting("overlay/label", bool, True, "An&gles at the face", "Write the angles at the face", PICTURE)
SHOW_TRUTH = Setting("overlay/truth", bool, True, "&True axes of the demo",
                     "Draw the demo's true axes as dashed lines", PICTURE)  # fmt: skip
FACES = Setting("faces/limit", int, 1, "Faces measured at most", "Each costs as much time as the first", NETWORK,
                limits=(1, MOST_FACES), option="faces")  # fmt: skip
WEIGHTS = Setting("network/weights", str, "", "Weights",
                  "The path of a checkpoint, or lite or tiny; empty: those that come with Motionscope", NETWORK,
                  option="weights")  # fmt: skip
DEVICE = Setting(
    "network/device", str, "auto", "Device", "Where the network runs", NETWORK,
    choices=(("auto", "Automatic"), ("cpu", "Processor"), ("cuda", "Graphics card"), ("mps", "Graphics (Apple)"),
             ("xpu", "Graphics (Intel)")),
    check=str.strip, option="device",
)  # fmt: skip
ENGINE = Setting(
    "network/engine", str, "auto", "Engine", "The program that computes the network; automatic: the fastest", NETWORK,
    choices=(("auto", "Automatic"), *((name, engine_label(name)) for name in installed_engines())),
    check=str.strip, option="engine",
)  # fmt: skip
RECORDINGS = Setting("recording/folder", str, "", "Recordings folder",
                     "Where recordings go; empty: where the system keeps videos", RECORDING, folder=True)  # fmt: skip
RECORDING_NAME = Setting(
    "recording/name", str, DEFAULT_NAME, "Name",
    "How the folder of a recording is called; {participant}, {task}, {date} and {time} are replaced", RECORDING,
    check=_name_pattern, option="name",
)  # fmt: skip
CODEC = Setting("recording/codec", str, H264, "Video",
                "How pictures are recorded, or that none are, from the next recording on", RECORDING,
                choices=tuple(CODECS.items()), option="codec")  # fmt: skip
TASK = Setting("recording/task", str, "", "Task", "What the participant does; remembered for the next start", RECORDING)
SOUND = Setting("recording/sound", bool, False, "Record so&und",
                "Record a microphone, too, in a file of its own (audio.mka); off until you switch it on", RECORDING,
                option="record_sound", in_profiles=False)  # fmt: skip
MICROPHONE = Setting("recording/microphone", str, "", "Microphone",
                     "Which one gives the sound: its name or a part of it; empty: the system's usual one", RECORDING,
                     check=str.strip, option="microphone", in_profiles=False)  # fmt: skip
SHARE = Setting("recording/share", bool, False, "Other &users may read recordings",
                "Let other users of this computer read new recordings and exports", RECORDING,
                option="share")  # fmt: skip
FILTER = Setting("signals/filter", str, DEFAULT_PRESET, "Filter", "How much the numbers shown and sent are steadied",
                 SIGNALS, choices=tuple((name, f"{name.capitalize()}: {tip[0].lower()}{tip[1:]}")
                                        for name, tip in PRESET_TIPS.items()))  # fmt: skip
FILTER_CUSTOM = Setting("signals/filter_custom", str, custom_text(preset_named("research")), check=_custom_filter)
ATTENTION_CONE = Setting("signals/attention_cone_deg", float, 20.0, "Attention cone, half angle",
                         "Attention is inside while the face points no farther from straight ahead", SIGNALS,
                         limits=(5.0, 60.0), unit="°")  # fmt: skip
PLOT_SPAN = Setting("plots/span_s", int, 10, "Time span", "How many seconds the plots show", PLOTS,
                    choices=tuple((seconds, span_text(seconds)) for seconds in (5, 10, 30, 60, 120, 300)))  # fmt: skip
PLOT_RAW = Setting("plots/raw", bool, False, "Raw curves", "Draw what was measured, before the filter, as a thin line",
                   PLOTS)  # fmt: skip
REVIEW_SOUND = Setting("review/sound", bool, True, "So&und", "Hear the recorded sound, at normal speed",
                       REVIEW)  # fmt: skip
LEAVE_OUT_LOW_QUALITY = Setting("review/leave_out_low_quality", bool, False, "&Leave out low quality",
                                "Leave frames of low quality out of the statistics", REVIEW)  # fmt: skip
PLOT_SIGNALS = Setting("plots/signals", str, "yaw,pitch,roll,expression")
OUTPUT_TARGETS = {
    spec.name: Setting(
        f"outputs/{spec.name}", str, spec.default, f"{spec.title}: {spec.target_name.lower()}", spec.hint, SENDING,
        choices=tuple((target, label) for label, target in spec.choices), check=spec.parse,
    )
    for spec in OUTPUTS
}  # fmt: skip
OUTPUTS_AT_START = {
    spec.name: Setting(f"outputs/{spec.name}_at_start", bool, False, f"{spec.title} also at start",
                       "Switch it on by itself whenever Motionscope starts", SENDING)
    for spec in OUTPUTS
}  # fmt: skip

# What is changed in its own place only.
RECENT_WEIGHTS = Setting("network/recent_weights", list, [], in_profiles=False)
KNOWN_WEIGHTS = Setting("network/known_weights", list, [], in_profiles=False)  # files added in the weights manager
WELCOMED = Setting("window/welcomed", bool, False, in_profiles=False)  # the page of the first start has been seen
CAMERAS = Setting("camera/chosen", str, "", in_profiles=False)  # JSON: name, path, format of each; the latest first
CAMERA_TILTS = Setting("camera/tilts", str, "", in_profiles=False)  # JSON: how each camera stands, by its name
FIELDS_OF_VIEW = Setting(
    "camera/fields_of_view", str, "", in_profiles=False
)  # JSON: what each camera sees, by its name
FACE_SIZES = Setting("camera/face_sizes", str, "", in_profiles=False)  # JSON: of who sits before it, by its name
RECENT_FILES = Setting("files/recent", list, [], in_profiles=False)  # videos, folders, sessions; the latest first
ANNOTATIONS = Setting("recording/markers", str, "")  # JSON: label and whether it is an interval, of the keys 1 to 9
SESSION_FOLDERS = Setting("sessions/folders", list, [], in_profiles=False)  # listed beside that for recordings
EXTRACT_PATHS = Setting("extract/paths", list, [], in_profiles=False)  # files and folders measured last
EXTRACT_OUT = Setting("extract/out", str, "", in_profiles=False)
GEOMETRY = Setting("window/geometry", QByteArray, QByteArray(), in_profiles=False)
REVIEW_GEOMETRY = Setting("review/geometry", QByteArray, QByteArray(), in_profiles=False)
SESSIONS_GEOMETRY = Setting("sessions/geometry", QByteArray, QByteArray(), in_profiles=False)
LAYOUT = Setting("window/layout", QByteArray, QByteArray())

SCHEMA: tuple[Setting[Any], ...] = (
    *(value for value in tuple(globals().values()) if isinstance(value, Setting)),
    *(setting for spec in OUTPUTS for setting in (OUTPUT_TARGETS[spec.name], OUTPUTS_AT_START[spec.name])),
)

LAYOUT_VERSION = 2  # of docks and toolbars; a saved layout of another version is ignored


class Settings(QObject):
    """The settings in a QSettings store, always as the type their record names."""

    replaced = pyqtSignal()  # all are about to be other ones: a reset, or a profile
    changed = pyqtSignal(object)  # keys of those that were set

    def __init__(self, path: Path | None = None) -> None:
        """In the user's own place, or in the INI file ``path``."""
        super().__init__()
        self._asked: dict[str, Any] = {}  # by the command line, by option or key
        if path is None:
            self._store = QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "motionscope", "motionscope")
        else:
            self._store = QSettings(str(path), QSettings.Format.IniFormat)

    @property
    def path(self) -> str:
        return self._store.fileName()

    def get(self, setting: Setting[T]) -> T:
        """The value of the command line, else the remembered one."""
        asked: T | None = self._asked.get(setting.option or setting.key)
        return self.remembered(setting) if asked is None else asked

    def remembered(self, setting: Setting[T]) -> T:
        """The stored value, or the default where there is none or it makes no sense."""
        try:
            value = self._store.value(setting.key, setting.default, type=setting.kind)
            return setting.usual(value)
        except (TypeError, UserError):  # PyQt's answer to a hand-edited file, and ours
            return setting.default

    def set(self, setting: Setting[T], value: T) -> None:
        """Remember it, and tell whoever watches it.  Raises UserError where it makes no sense."""
        self.update({setting: value})

    def update(self, values: Mapping[Setting[Any], Any]) -> None:
        """Set several at once: whoever watches some of them is told once.  Raises UserError before anything is set."""
        usual = {setting: setting.usual(value) for setting, value in values.items()}
        for setting, value in usual.items():
            self._asked.pop(setting.option or setting.key, None)
            self._store.setValue(setting.key, value)
        self.changed.emit(frozenset(setting.key for setting in values))

    def watch(self, owner: QObject, settings: Iterable[Setting[Any]], call: Callable[[], object]) -> None:
        """Call whenever one of these was set, as long as there is ``owner``."""
        self.changed.connect(_Watch(owner, settings, call).notify)

    def ask(self, options: LaunchOptions) -> None:
        """Set a value of the command line: it counts in this run, until it is set otherwise or all are replaced."""
        asked = {option: getattr(options, option) for option in {setting.option for setting in SCHEMA} - {""}}
        asked |= {OUTPUT_TARGETS[name].key: target for name, target in options.outputs}
        self._asked = {name: value for name, value in asked.items() if value is not None}

    def is_asked(self, setting: Setting[Any]) -> bool:
        """Whether the command line's value counts."""
        return (setting.option or setting.key) in self._asked

    def use_all(self, values: Mapping[Setting[Any], Any]) -> None:
        """Set all of these; what the command line asked for counts no longer."""
        self._asked = {}
        self.replaced.emit()
        self.update(values)

    def reset(self) -> None:
        self._store.clear()
        self._asked = {}
        self.replaced.emit()
        self.changed.emit(frozenset(setting.key for setting in SCHEMA))

    def save(self) -> bool:
        """Onto the disk; False when it refuses."""
        self._store.sync()
        return self._store.status() is QSettings.Status.NoError


class _Watch(QObject):
    """Ends with its owner."""

    def __init__(self, owner: QObject, settings: Iterable[Setting[Any]], call: Callable[[], object]) -> None:
        super().__init__(owner)
        self._keys = {setting.key for setting in settings}
        self._call = call

    def notify(self, keys: frozenset[str]) -> None:
        if not self._keys.isdisjoint(keys):
            self._call()


def share_files(asked: bool | None) -> None:
    """Let other users read what a command writes, or not: as it was told, else as the window's switch was left."""
    files.share(Settings().get(SHARE) if asked is None else asked)


def recordings_folder(store: Settings) -> Path:
    """The folder of recordings: as chosen, or a folder of our own where the system keeps videos."""
    chosen = store.get(RECORDINGS)
    if chosen:
        return Path(chosen)
    movies = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.MoviesLocation)
    return Path(movies or Path.home()) / "Motionscope"


def session_folders(store: Settings) -> list[Path]:
    """The folders searched for sessions: the folder of recordings, and the folders that were added to the list."""
    return list(dict.fromkeys([recordings_folder(store), *(Path(str(path)) for path in store.get(SESSION_FOLDERS))]))


def add_session_folder(store: Settings, folder: Path) -> None:
    """Look for sessions in this one, too; one that lies in a listed folder is listed already."""
    if not any(folder.is_relative_to(root) for root in session_folders(store)):
        store.set(SESSION_FOLDERS, [*store.get(SESSION_FOLDERS), str(folder)])
