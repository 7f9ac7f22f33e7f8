"""How the picture is drawn: the overlay's switches and the mirror, as they are set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QAction

from app.ui.live.live_view import LiveView
from app.ui.live.overlay import OverlayStyle
from app.ui.shell import settings
from app.ui.shell.settings import Setting, Settings

if TYPE_CHECKING:
    from app.pipeline import PipelineStatus

OVERLAY = {
    "axes": settings.SHOW_AXES,
    "keypoints": settings.SHOW_KEYPOINTS,
    "box": settings.SHOW_BOX,
    "expression": settings.SHOW_EXPRESSION,
    "label": settings.SHOW_LABEL,
    "truth": settings.SHOW_TRUTH,
}


def overlay_style(
    store: Settings, names: tuple[str, ...] | None, face_names: Mapping[int, str] = MappingProxyType({})
) -> OverlayStyle:
    """As it is set; ``names``: the keypoints', ``face_names``: by the faces' numbers."""
    switches: dict[str, Any] = {part: store.get(setting) for part, setting in OVERLAY.items()}
    return replace(OverlayStyle(keypoint_names=names, face_names=tuple(face_names.items())), **switches)


class Drawing(QObject):
    """Keeps the live view and the mirror's switch in step with the settings."""

    def __init__(self, view: LiveView, mirror: QAction, store: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self._view = view
        self._mirror = mirror
        self._settings = store
        self._kind = ""  # of the source
        self._names: tuple[str, ...] | None = None
        store.watch(self, (*OVERLAY.values(), settings.MIRROR_CAMERA, settings.MIRROR_OTHER), self._apply)
        self._apply()

    def show_status(self, status: PipelineStatus) -> None:
        """Another source may be mirrored otherwise, another network may name its keypoints."""
        kind = status.source_info.kind if status.source_info is not None else self._kind
        names = status.report.spec.keypoint_names if status.report is not None else None
        if (kind, names) != (self._kind, self._names):
            self._kind, self._names = kind, names
            self._apply()

    def mirror(self, on: bool) -> None:
        self._settings.set(self._mirror_setting(), on)

    def _mirror_setting(self) -> Setting[bool]:
        """Cameras and everything else are remembered apart: a camera is a mirror, a film is not."""
        return settings.MIRROR_CAMERA if self._kind == "camera" else settings.MIRROR_OTHER

    def _apply(self) -> None:
        mirrored = self._settings.get(self._mirror_setting())
        self._mirror.setChecked(mirrored)
        self._view.set_mirrored(mirrored)
        self._view.set_style(overlay_style(self._settings, self._names))
