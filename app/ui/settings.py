"""What the window remembers: each setting is declared once, here, and read and written through one class."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from PyQt6.QtCore import QByteArray, QSettings, QStandardPaths

from app.outputs.catalogue import OUTPUTS
from app.session.naming import DEFAULT_NAME
from app.signals.presets import DEFAULT_PRESET, custom_text, preset_named

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """A key, the type to read it as (an INI file holds the word 'false', which is true), and its default."""

    key: str
    kind: type[T]
    default: T
    in_profiles: bool = True  # not what belongs to the person and the screen instead of what is done


MIRROR_CAMERA = Setting("view/mirror_camera", bool, True)
MIRROR_OTHER = Setting("view/mirror_other", bool, False)
SHOW_AXES = Setting("overlay/axes", bool, True)
SHOW_KEYPOINTS = Setting("overlay/keypoints", bool, True)
SHOW_BOX = Setting("overlay/box", bool, True)
SHOW_EXPRESSION = Setting("overlay/expression", bool, True)
SHOW_LABEL = Setting("overlay/label", bool, True)
SHOW_TRUTH = Setting("overlay/truth", bool, True)
DEVICE = Setting("network/device", str, "auto")
WEIGHTS = Setting("network/weights", str, "")  # empty: those that come with the app
RECENT_WEIGHTS = Setting("network/recent_weights", list, [], in_profiles=False)
KNOWN_WEIGHTS = Setting("network/known_weights", list, [], in_profiles=False)  # files added in the weights manager
WELCOMED = Setting("window/welcomed", bool, False, in_profiles=False)  # the page of the first start has been seen
CAMERAS = Setting("camera/chosen", str, "", in_profiles=False)  # JSON: name, path, format of each; the latest first
CAMERA_TILTS = Setting("camera/tilts", str, "", in_profiles=False)  # JSON: how each camera stands, by its name
RECENT_FILES = Setting("files/recent", list, [], in_profiles=False)  # videos, folders, sessions; the latest first
ANNOTATIONS = Setting("recording/markers", str, "")  # JSON: label and whether it is an interval, of the keys 1 to 9
TASK = Setting("recording/task", str, "")
RECORDING_NAME = Setting("recording/name", str, DEFAULT_NAME)  # a pattern
CODEC = Setting("recording/codec", str, "h264")
SHARE = Setting("recording/share", bool, False)  # other users of this computer may read recordings
RECORDINGS = Setting("recording/folder", str, "")  # empty: the system's place for videos
SESSION_FOLDERS = Setting("sessions/folders", list, [], in_profiles=False)  # listed beside that for recordings
FILTER = Setting("signals/filter", str, DEFAULT_PRESET)
FILTER_CUSTOM = Setting("signals/filter_custom", str, custom_text(preset_named("research")))
ATTENTION_CONE = Setting("signals/attention_cone_deg", float, 20.0)  # half angle
OUTPUT_TARGETS = {spec.name: Setting(f"outputs/{spec.name}", str, spec.default) for spec in OUTPUTS}
OUTPUTS_AT_START = {spec.name: Setting(f"outputs/{spec.name}_at_start", bool, False) for spec in OUTPUTS}
PLOT_SIGNALS = Setting("plots/signals", str, "yaw,pitch,roll,expression")
PLOT_SPAN = Setting("plots/span_s", int, 10)
PLOT_RAW = Setting("plots/raw", bool, False)
FACES = Setting("faces/limit", int, 1)  # measured at most
THEME = Setting("window/theme", str, "system")  # system, dark, light
GEOMETRY = Setting("window/geometry", QByteArray, QByteArray(), in_profiles=False)
REVIEW_GEOMETRY = Setting("review/geometry", QByteArray, QByteArray(), in_profiles=False)
LEAVE_OUT_LOW_QUALITY = Setting("review/leave_out_low_quality", bool, False)  # of the statistics
LAYOUT = Setting("window/layout", QByteArray, QByteArray())

SCHEMA: tuple[Setting[Any], ...] = (
    *(value for value in tuple(globals().values()) if isinstance(value, Setting)),
    *OUTPUT_TARGETS.values(),
    *OUTPUTS_AT_START.values(),
)

LAYOUT_VERSION = 2  # of docks and toolbars; a saved layout of another version is ignored


class Settings:
    """The settings in a QSettings store, always as the type their record names."""

    def __init__(self, path: Path | None = None) -> None:
        """In the user's own place, or in the INI file ``path``."""
        if path is None:
            self._store = QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "motionscope", "motionscope")
        else:
            self._store = QSettings(str(path), QSettings.Format.IniFormat)

    @property
    def path(self) -> str:
        """The file they lie in."""
        return self._store.fileName()

    def get(self, setting: Setting[T]) -> T:
        """The stored value, or the default where there is none or it can't be read as its type."""
        try:
            value = self._store.value(setting.key, setting.default, type=setting.kind)
        except TypeError:  # PyQt's answer to a hand-edited file
            return setting.default
        return value if isinstance(value, setting.kind) else setting.default

    def set(self, setting: Setting[T], value: T) -> None:
        self._store.setValue(setting.key, value)

    def reset(self) -> None:
        """Forget everything."""
        self._store.clear()

    def save(self) -> bool:
        """Onto the disk; False when it refuses."""
        self._store.sync()
        return self._store.status() is QSettings.Status.NoError


def recordings_folder(store: Settings) -> Path:
    """Where recordings go: as chosen, or a folder of our own where the system keeps videos."""
    chosen = store.get(RECORDINGS)
    if chosen:
        return Path(chosen)
    movies = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.MoviesLocation)
    return Path(movies or Path.home()) / "Motionscope"


def session_folders(store: Settings) -> list[Path]:
    """Where sessions are looked for: where recordings go, and the folders that were added to the list."""
    return list(dict.fromkeys([recordings_folder(store), *(Path(str(path)) for path in store.get(SESSION_FOLDERS))]))
