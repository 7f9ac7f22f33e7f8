"""Between the window and the pipeline: what is chosen, what falls back, what is recorded.  No widgets."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject, pyqtSignal

from app.capture.source import DEMO, SourceInfo, SourceState
from app.core.camera_format import CameraRequest
from app.core.clock import now_s
from app.core.errors import UserError, unexpected
from app.ui.shell.messages import Message, Severity
from app.ui.widgets.background import Background, lazily
from app.ui.widgets.formatting import duration

if TYPE_CHECKING:
    from app.pipeline import Pipeline, PipelineStatus
    from app.session.stats import WriterStats
    from extractor.backends.base import BackendInfo

log = logging.getLogger(__name__)

RESOLVE = "resolve source"  # the work of looking for what was asked for
COMPLAINT_S = 20.0  # how long other weights' failure is shown while the ones before go on
CAMERA_LENT = "The camera is in the camera chooser."
RECORDING = "A recording runs: finish it (R), then choose another source."
RECORDING_NETWORK = "A recording runs: finish it (R), then choose other weights, another device or engine."
OTHERWISE = "The device and the engine are chosen automatically instead."
FREE_S = 20.0  # longer than a camera may take to open


@dataclass(frozen=True, slots=True)
class Network:
    """The weights, the device and the engine that are chosen."""

    weights: str = ""  # empty: those that come with the app
    device: str = "auto"
    engine: str = "auto"


class Controller(QObject):
    """Opens sources and networks without making the window wait."""

    noticed = pyqtSignal(object)  # Message, of passing interest
    source_changed = pyqtSignal(str)  # the spec that is being opened, or shown
    network_changed = pyqtSignal(object)  # Network, also when it went back to the one before
    weights_failed = pyqtSignal(str)  # these can't be used; the network before comes back
    sources_listed = pyqtSignal(object)  # tuple of SourceChoice
    devices_listed = pyqtSignal(object)  # tuple of (id, name)
    engine_found = pyqtSignal(object)  # BackendInfo: another engine runs the network now
    loaded = pyqtSignal()  # the pipeline is there
    recording_began = pyqtSignal()
    recorded = pyqtSignal(object)  # WriterStats: this recording has ended, or is about to be whole
    closed = pyqtSignal()

    def __init__(
        self, source: str, network: Network, parent: QObject | None = None, otherwise: Network | None = None
    ) -> None:
        """``otherwise``: the network to measure with where the first one can't be used."""
        super().__init__(parent)
        self.source = source  # as asked for: "auto" stays "auto"
        self.network = network
        self.note = ""  # what should be known of the present source
        self.source_error = ""  # why there is no source
        self.pipeline: Pipeline | None = None
        self._good_network: Network | None = None
        self._otherwise = otherwise  # None as soon as another has been chosen
        self.background = Background(self, self.complain)  # also for the window's other slow work
        self.resolving = False  # a source has been asked for and is being looked for
        self.shown_from_s = 0.0  # results of frames captured before this belong to another source
        self.running = True  # a source is open or being opened, as far as it has been asked for
        self._fell_back = False
        self._complaint: tuple[str, float] = ("", 0.0)
        self._followed: WriterStats | None = None  # of the recording that ran at the last look
        self._recording = False  # by the last look
        self.closing = False  # the window is about to end: nothing new is begun
        self._devices_asked = False
        self.camera_request = CameraRequest()  # what is asked of a camera that is opened
        self.lent = False  # somebody else has the camera: no source is opened before it comes back
        self._reopen = False  # then one is
        self._freeing = False  # the source's camera is being closed
        self._remarked: SourceInfo | None = None  # of this it was said that it is not what was asked for
        self._engine: BackendInfo | None = None

    # ------------------------------------------------------------------ start and end

    def start(self) -> None:
        """Load what is needed, then open the source; ``pipeline`` is there when ``source_changed`` comes."""
        self.background.run("load", partial(resolve_name, "app.pipeline:Pipeline"), self._loaded)

    def _loaded(self, make: Callable[..., Pipeline]) -> None:
        self.pipeline = make(self.network.weights or None, self.network.device, self.network.engine)
        self.pipeline.start()
        self.open_source(self.source)
        self.list_sources()
        self.loaded.emit()

    def close(self) -> None:
        """Finish the recording and end the threads, in the background; ``closed`` follows."""
        if self.closing:
            return
        self.closing = True
        pipeline = self.pipeline
        if pipeline is None:
            self.closed.emit()
            return
        self.background.run("close", pipeline.close, lambda _: self.closed.emit(), lambda _: self.closed.emit())

    def join(self, timeout_s: float = 2.0) -> None:
        """After ``closed``: no thread is left."""
        self.background.close(timeout_s)

    # ------------------------------------------------------------------ sources

    def open_source(self, spec: str, note: str = "") -> None:
        """``spec`` as on the command line; what goes wrong appears in ``source_error`` or in the status."""
        pipeline = self.pipeline
        if pipeline is None or self.closing or self.lent:
            self.source, self._reopen = spec, self.lent
            return
        self.source, self.source_error, self.note = spec, "", note
        self.running, self._fell_back = True, bool(note)
        self.resolving, self.shown_from_s = True, math.inf
        pipeline.set_source(None)  # what played before must not go on under the new name
        self.source_changed.emit(spec)

        def done(resolved: Any) -> None:
            self.resolving = False
            self.note = " ".join(filter(None, (note, resolved.note)))
            self.shown_from_s = now_s()
            pipeline.set_source(resolved.source)

        def failed(error: Exception) -> None:
            self.source_error = sentence(error)
            self.resolving = self.running = False

        resolve = lazily("app.capture.resolve:resolve_source", spec, camera_request=self.camera_request)
        self.background.run(RESOLVE, resolve, done, failed, latest=True)

    def choose_source(self, spec: str) -> None:
        """As a person asks for it: not during a recording, which would end with its source."""
        if self._recording:
            self.notify(RECORDING, Severity.WARNING)
        else:
            self.open_source(spec)

    def stop_source(self) -> None:
        self.background.forget(RESOLVE)
        self.resolving = self.running = self._reopen = False
        self.note = ""
        if self.pipeline is not None:
            self.pipeline.set_source(None)

    def toggle_source(self) -> None:
        if self.running:
            self.stop_source()
        else:
            self.open_source(self.source)

    def lend_camera(self) -> None:
        """Close a camera that is open, so that somebody else may open one; films and the demo go on.

        ``wait_camera_free`` tells when it is free.  Sources that are opened meanwhile wait for ``take_camera_back``.
        """
        self.lent, self._reopen, self._freeing = True, False, False
        info = self.pipeline.status().source_info if self.pipeline is not None else None
        if self.pipeline is None or not self.running or (info is not None and info.kind != "camera"):
            return
        self.background.forget(RESOLVE)
        self._reopen, self._freeing = True, True
        self.resolving, self.note, self.shown_from_s = False, CAMERA_LENT, math.inf
        self.pipeline.set_source(None)

    def wait_camera_free(self) -> None:
        """After ``lend_camera``; blocks, so not on the window's thread."""
        if self.pipeline is not None and self._freeing:
            self.pipeline.capture.wait_closed(FREE_S)

    def take_camera_back(self) -> None:
        """The camera is free again: open what was open before, or what was asked for meanwhile."""
        self.lent = False
        if self._reopen:
            self.open_source(self.source)

    def list_sources(self) -> None:
        """Look for cameras; ``sources_listed`` follows."""
        self.background.run("list cameras", lazily("app.capture.resolve:list_sources"), self.sources_listed.emit)

    # ------------------------------------------------------------------ network

    def set_network(self, network: Network) -> None:
        """Measure with this one; not during a recording, which would end: it says what measured its numbers."""
        if self._recording and network != self.network:
            self.notify(RECORDING_NETWORK, Severity.WARNING)
            self.network_changed.emit(self.network)
        elif self.pipeline is not None and network != self.network:
            self.network, self._otherwise = network, None
            self._complaint = ("", 0.0)
            self.pipeline.set_network(network.weights or None, network.device, network.engine)
            self.network_changed.emit(network)

    def compare_with(self, weights: str | None) -> None:
        """Let these weights, as in ``Network``, measure beside those in use, on the same device; None: no longer."""
        if self.pipeline is not None:
            asked = "default" if weights == "" else weights
            self.pipeline.compare_with(asked, self.network.device, self.network.engine)

    # ------------------------------------------------------------------ recording

    def start_recording(self, claim_folder: Callable[[], Path]) -> str:
        """Record from now on; where it can't be, why, in a sentence, which is shown, too."""
        if self.pipeline is None:
            return "The recording could not be started: the program is still starting."
        try:
            folder = self.pipeline.start_recording(claim_folder)
        except UserError as error:
            self.notify(str(error), Severity.ERROR)
            return str(error)
        stats = self.pipeline.status().recording
        self._recording = True
        self.recording_began.emit()
        what = "Recording numbers only, no picture," if stats is not None and not stats.pictures else "Recording"
        self.notify(f"{what} into {folder}", Severity.INFO)
        return ""

    # ------------------------------------------------------------------ the regular look

    def poll(self) -> PipelineStatus | None:
        """How things stand, after doing what must follow from it; None before the pipeline is there."""
        if self.pipeline is None:
            return None
        status = self.pipeline.status()
        if not self.closing:
            self._follow_source(status)
            status = self._follow_network(status)
            self._follow_recording(status)
        return self._without_old_complaint(status)

    def _remark(self, info: SourceInfo | None) -> None:
        """Say once what a camera granted in place of what somebody asked for."""
        if info is None or info is self._remarked or not info.asked:
            return
        self._remarked = info
        from app.capture.grants import granted_instead  # the camera has loaded OpenCV by now

        instead = granted_instead(info)
        if instead:
            log.warning("%s", instead)  # for whoever asked for it on the command line
            self.notify(instead, Severity.WARNING)

    def _follow_source(self, status: PipelineStatus) -> None:
        self._remark(status.source_info)
        state = status.source.state
        if state in (SourceState.FAILED, SourceState.ENDED) and self.running:
            if state is SourceState.FAILED and self.source == "auto" and not self._fell_back:
                # The window never stays empty on its own account: an unasked-for camera may fail.
                self.open_source(DEMO, f"{status.source.message} The built-in demo plays instead.")
                return
            if self.pipeline is not None and self.pipeline.status().source.state is state:
                self.running = False

    def _follow_network(self, status: PipelineStatus) -> PipelineStatus:
        """Do what must follow from the loading of a network; how things stand then."""
        if status.network_loading:
            return status
        if status.network is not None and status.network != self._engine:
            self._engine = status.network
            self.engine_found.emit(status.network)
        if not self._devices_asked:
            # Where there may be an accelerator torch is imported by now, elsewhere it is not asked.
            self._devices_asked = True
            self.background.run("list devices", lazily("extractor.backends:available_devices"), self._devices_listed)
        if not status.network_error:
            self._good_network = self.network
        elif self._good_network is not None and self.network != self._good_network:
            failed, self.network = self.network, self._good_network
            if failed.weights != self.network.weights:
                self.weights_failed.emit(failed.weights)
            self.network_changed.emit(self.network)
        elif self._otherwise and self._otherwise != self.network and not (self._good_network or self._recording):
            self.notify(f"{status.network_error} {OTHERWISE}", Severity.WARNING)
            self.set_network(self._otherwise)
            return replace(status, network_error="", network_loading=True)
        return status

    def _devices_listed(self, devices: Iterable[Any]) -> None:
        self.devices_listed.emit(tuple((device.id, device.name) for device in devices))

    def _follow_recording(self, status: PipelineStatus) -> None:
        stats = status.recording
        if self.pipeline is not None and stats is not None and status.recording_active and stats.error:
            self.pipeline.recorder.stop()  # it has ended by itself; its error stays in the status
        self._recording = status.recording_active
        busy = status.recording_active or status.recording_finishing
        before, self._followed = self._followed, stats if busy else None
        if before is None or stats is None:
            return
        if not busy and not stats.error:
            text = f"Saved {duration(stats.seconds)}, {stats.frames} frames, in {stats.folder}"
            self.notify(text, Severity.GOOD)
        if stats.folder != before.folder:
            self.recorded.emit(before)  # the next one has begun, or the rest goes to another folder
        if not busy:
            self.recorded.emit(stats)

    def _without_old_complaint(self, status: PipelineStatus) -> PipelineStatus:
        """Without a complaint about a network that was replaced by a working one a while ago."""
        error = status.network_error
        if error != self._complaint[0]:
            self._complaint = (error, now_s())
        if error and status.network is not None and now_s() - self._complaint[1] > COMPLAINT_S:
            return replace(status, network_error="")
        return status

    def notify(self, text: str, severity: Severity = Severity.INFO) -> None:
        self.noticed.emit(Message(text, severity))

    def complain(self, error: Exception) -> None:
        self.notify(sentence(error), Severity.ERROR)


def sentence(error: Exception) -> str:
    """The sentence for the person at the screen; an unexpected error goes to the log."""
    if isinstance(error, UserError):
        return str(error)
    log.error("unexpected error", exc_info=error)
    return unexpected("That failed")
