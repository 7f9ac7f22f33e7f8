"""The protocol of a dock: a widget that is given results, and the parts of the window it may use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from PyQt6.QtGui import QAction

from app.core.frames import FrameResult

if TYPE_CHECKING:
    from app.pipeline import PipelineStatus
    from app.signals.history import History
    from app.ui.features.annotations.annotations import AnnotationControls
    from app.ui.features.outputs.outputs import OutputControls
    from app.ui.features.signals.signals import SignalControls
    from app.ui.features.sound.sound import SoundControls
    from app.ui.live.live_view import LiveView
    from app.ui.shell.controller import Controller
    from app.ui.shell.settings import Settings
    from extractor.types import NetworkSpec


class DockView(Protocol):
    """A QWidget with this method.

    It is called while the widget is to be seen, when something changed since the last call, and
    not more often than the spec's ``interval_s``; never otherwise.  ``result`` is what the picture
    shows (None: nothing), ``history`` the last minutes.  The widget keeps what it needs and
    repaints; it must be quick, for the network runs on the same machine.

    Colours come from ``app.ui.shell.theme`` at each paint, or again on ``QEvent.Type.PaletteChange``;
    sizes follow the font.  It has an accessible name, and what can be done in it can be done by key.
    """

    def show_result(self, result: FrameResult | None, history: History) -> None: ...


@dataclass(frozen=True, slots=True)
class DockContext:
    """The parts of the window that a dock may use besides results."""

    controller: Controller
    settings: Settings
    commands: Mapping[str, QAction]
    view: LiveView
    status: Callable[[], PipelineStatus | None]  # as last looked at, at most 0.2 s ago
    annotations: AnnotationControls
    outputs: OutputControls
    signals: SignalControls
    sound: SoundControls

    @property
    def network(self) -> NetworkSpec | None:
        """The report of the current weights; None while there are none."""
        status = self.status()
        return status.report.spec if status is not None and status.report is not None else None

    @property
    def keypoint_names(self) -> tuple[str, ...] | None:
        """None: the keypoints have no fixed meaning."""
        network = self.network
        return network.keypoint_names if network is not None else None
