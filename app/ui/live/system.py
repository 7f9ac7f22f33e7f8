"""How the machinery runs: source, rates, latency, network, recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QVBoxLayout, QWidget

from app.capture.source import SourceState
from app.ui.widgets.building import lay_out
from app.ui.widgets.fields import Section
from app.ui.widgets.formatting import NOTHING, duration, rate, size, unsigned
from app.ui.widgets.pickers import path_label

if TYPE_CHECKING:
    from app.pipeline import PipelineStatus


FINDING = "Looking for the fastest engine, once; it takes over by itself, though not during a recording."


class SystemPanel(QWidget):
    """Shows a ``PipelineStatus``; the display's own rate comes from the view."""

    def __init__(self) -> None:
        super().__init__()
        source = Section("Source")
        self._source = source.add_row("Name")
        self._format = source.add_row(
            "Picture",
            "Width, height, format and pictures a second, as the source really delivers them; a camera may "
            "give others than it was asked for",
        )
        rates = Section("Rates")
        self._capture = rates.add_row("Source")
        self._inference = rates.add_row("Inference")
        self._display = rates.add_row("Display")
        self._latency = rates.add_row(
            "Latency", "From capture to the last number: median, and what 95 of 100 stay below"
        )
        self._skipped = rates.add_row(
            "Left out",
            "Pictures that were not measured, because the computer was still busy with the one before. A recording has "
            "them in its video, and Measure again in its review measures them",
        )
        self._lost = rates.add_row("Never came", "Pictures that the camera or the file announced and did not deliver")
        network = Section("Network")
        self._weights = network.add_row("Weights")
        self._device = network.add_row("Device")
        self._engine = network.add_row("Engine")
        recording = Section("Recording")
        self._state = recording.add_row("State")
        self._frames = recording.add_row("Frames")
        self._folder = recording.add_row("Folder")
        lay_out(QVBoxLayout(self), source, rates, network, recording, spacing=9, margins=(0, 0, 0, 0))

    def show_status(self, status: PipelineStatus, display_fps: float, asked: str = "", problem: str = "") -> None:
        """``asked``: the source that was asked for, as on the command line; ``problem``: why it was not found."""
        info = status.source_info if not problem else None  # the pipeline still knows the source before it
        if status.source.state is SourceState.FAILED and info is None:
            problem = problem or status.source.message
        if problem:
            self._source.show_text(f"none: {path_label(asked)} failed", problem)
        else:
            self._source.show_text(info.name if info else NOTHING, info.name if info else "")
        picture = NOTHING
        if info:
            parts = [f"{info.width}×{info.height}", info.fourcc, f"{info.fps:g} fps" if info.fps else ""]
            picture = "  ".join(part for part in parts if part)
        self._format.show_text(picture)
        self._capture.show_text(rate(status.capture_fps))
        self._inference.show_text(rate(status.inference_fps))
        self._display.show_text(rate(display_fps))
        median, p95 = unsigned(status.latency_ms, 0, " ms"), unsigned(status.latency_p95_ms, 0, " ms")
        self._latency.show_text(median if median == NOTHING else f"{median}   95 %: {p95}")
        self._skipped.show_text(f"{status.skipped} of {_pictures(status.captured)}")
        self._lost.show_text(_pictures(status.lost))
        self._show_network(status)
        self._show_recording(status)

    def _show_network(self, status: PipelineStatus) -> None:
        report, network = status.report, status.network
        if report is None or network is None:
            waiting = "loading…" if status.network_loading else NOTHING
            for value in (self._weights, self._device, self._engine):
                value.show_text(waiting)
            return
        self._weights.show_text(report.path.name, f"{report.path}\n{report.summary}")
        self._device.show_text(f"{network.device}  {network.device_name}", network.device_name)
        engine = f"{network.engine}  {network.dtype}"
        if status.engine_preparing:
            self._engine.show_text(f"{engine}  …", f"{FINDING}\nNow: {status.engine_preparing}")
        else:
            self._engine.show_text(engine, network.summary)

    def _show_recording(self, status: PipelineStatus) -> None:
        stats = status.recording
        if stats is None:
            for value in (self._state, self._frames, self._folder):
                value.show_text(NOTHING)
            return
        if status.recording_active:
            state = "recording" if stats.pictures else "recording numbers only"
        elif stats.error:
            state = "failed"
        else:
            state = "saved" if stats.finished else "finishing…"
        self._state.show_text(f"{state}   {duration(stats.seconds)}   {size(stats.bytes)}")
        self._frames.show_text(f"{stats.frames}   {stats.dropped} dropped")
        self._folder.show_text(str(stats.folder), str(stats.folder))


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"
