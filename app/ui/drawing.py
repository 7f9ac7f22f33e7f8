"""How the picture is drawn: the overlay's switches and the mirror, as asked, remembered and shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PyQt6.QtGui import QAction

from app.ui import settings
from app.ui.commands import LIVE
from app.ui.live_view import LiveView
from app.ui.overlay import OverlayStyle
from app.ui.settings import Setting, Settings

if TYPE_CHECKING:
    from app.pipeline import PipelineStatus


class Drawing:
    """Keeps the live view, its switches and their settings in step."""

    def __init__(
        self, view: LiveView, commands: Mapping[str, QAction], store: Settings, mirror_asked: bool | None
    ) -> None:
        self._view = view
        self._commands = commands
        self._settings = store
        self._mirror_asked = mirror_asked  # for this run only, until the switch is used
        self._kind = ""  # of the source
        self._names: tuple[str, ...] | None = None
        self.restore()

    def show_status(self, status: PipelineStatus) -> None:
        """Another source may be mirrored otherwise, another network may name its keypoints."""
        kind = status.source_info.kind if status.source_info is not None else self._kind
        names = status.report.spec.keypoint_names if status.report is not None else None
        if (kind, names) != (self._kind, self._names):
            self._kind, self._names = kind, names
            self._apply()

    def switch(self, setting: Setting[bool], on: bool) -> None:
        self._settings.set(setting, on)
        self._apply()

    def mirror(self, on: bool) -> None:
        self._mirror_asked = None
        self._settings.set(self._mirror_setting(), on)
        self._apply()

    def restore(self) -> None:
        """Switches as they are remembered."""
        for spec in LIVE:
            if spec.setting is not None:
                self._commands[spec.name].setChecked(self._settings.get(spec.setting))
        self._apply()

    def reset(self) -> None:
        """After the settings have been forgotten."""
        self._mirror_asked = None
        self.restore()

    def _mirror_setting(self) -> Setting[bool]:
        """Cameras and everything else are remembered apart: a camera is a mirror, a film is not."""
        return settings.MIRROR_CAMERA if self._kind == "camera" else settings.MIRROR_OTHER

    def _apply(self) -> None:
        def on(name: str) -> bool:
            return self._commands[name].isChecked()

        stored = self._settings.get(self._mirror_setting())
        self._commands["mirror"].setChecked(stored if self._mirror_asked is None else self._mirror_asked)
        self._view.set_mirrored(on("mirror"))
        self._view.set_style(
            OverlayStyle(
                axes=on("axes"),
                keypoints=on("keypoints"),
                box=on("box"),
                expression=on("expression"),
                label=on("label"),
                truth=on("truth"),
                keypoint_names=self._names,
            )
        )
