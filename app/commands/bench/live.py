"""Plays a source in real time through the real pipeline, without a window or in the real one."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from app.capture.resolve import resolve_source
from app.capture.source import SourceState
from app.commands.bench.options import BenchOptions
from app.commands.bench.probe import Probe
from app.core.clock import now_s
from app.core.errors import UserError
from app.core.launch_options import LaunchOptions
from app.pipeline import Pipeline, PipelineStatus
from app.session.folders import claim_folder

if TYPE_CHECKING:  # it imports Qt
    from app.ui.shell.window import MainWindow

POLL_S = 0.1
PATIENCE_S = 120.0  # for the first result, network included
CLOSING_S = 0.5  # the window closes so long after the measurement is over


class WindowProbe(Protocol):
    """What hears of every result and every paint of the window, and says when it has seen enough."""

    done: threading.Event

    def attach(self, pipeline: Pipeline) -> None:
        """Called with each pipeline that the window starts."""
        ...

    def painted(self, seconds: float, /) -> None:
        """Called after each painted frame."""
        ...


def run_headless(options: BenchOptions, probe: Probe, recording: Path | None) -> None:
    """Run until the probe is done or the source has ended.  Raises UserError when nothing can be measured."""
    source = resolve_source(options.source, camera_request=options.camera_request).source
    pipeline = Pipeline(options.weights, options.device, options.engine, options.faces)
    probe.attach(pipeline)
    pipeline.start()
    try:
        pipeline.set_source(source)
        started = now_s()
        while not probe.done.wait(POLL_S):
            status = pipeline.status()
            _raise_problems(status)
            if status.source.state is SourceState.ENDED and not status.network_loading:
                probe.finish()
                return
            if recording is not None and probe.has_results:
                folder, recording = recording, None
                pipeline.start_recording(lambda folder=folder: claim_folder(folder))  # type: ignore[misc]
            if not probe.has_results and now_s() - started > PATIENCE_S:
                raise UserError(f"There was no result after {PATIENCE_S:.0f} seconds.")
    finally:
        pipeline.close()


def _raise_problems(status: PipelineStatus) -> None:
    if status.network is None and not status.network_loading:
        raise UserError(status.network_error)
    if status.source.state is SourceState.FAILED:
        raise UserError(status.source.message)


def run_in_window(options: BenchOptions, probe: WindowProbe, recording: Path | None) -> None:
    """The same in the window, which closes by itself.  Raises UserError when it did not come to the end."""
    from app.ui.shell.application import run_window

    resolve_source(options.source)  # raises at once what the window would only show

    def prepare(window: MainWindow) -> None:
        def attach(_: str) -> None:
            if window.controller.pipeline is not None:
                probe.attach(window.controller.pipeline)

        window.controller.source_changed.connect(attach)
        window.view.painted.connect(probe.painted)

    launch = LaunchOptions(
        source=options.source,
        weights=options.weights or "",  # the weights that come with the app, not those last used
        device=options.device,
        engine=options.engine,
        record=recording,
        faces=options.faces,
        camera_format=options.camera_format,
        duration_s=options.warm_up_s + options.seconds + CLOSING_S,
    )
    if run_window(launch, prepare):
        raise UserError("The window could not do what was to be measured; the reason stands above.")
    if not probe.done.is_set():
        raise UserError("The window closed before the measurement was over.")
