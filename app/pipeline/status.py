"""How the pipeline stands, as one frozen record the window can poll."""

from __future__ import annotations

from dataclasses import dataclass

from app.capture.source import SourceInfo, SourceState, SourceStatus
from app.core.position import ASSUMED, FaceSize, FieldOfView
from app.outputs.base import OutputStatus
from app.pipeline.repair import REPLACE_AT
from app.pipeline.second_network import SecondStatus
from app.pipeline.signal_controller import Finished
from app.session.stats import WriterStats
from app.signals.calibration import UNCALIBRATED, CalibrationState
from app.signals.presets import DEFAULT_PRESET
from app.sound.capture import SoundStatus
from extractor.backends.base import BackendInfo
from extractor.report import LoadReport

UNTRAINED = "Pose heads untrained: these weights hold no head pose, so no angles are shown; choose other weights."


@dataclass(frozen=True, slots=True)
class PipelineStatus:
    """Rates are per second over the last two seconds, latencies over the last 120 results."""

    source: SourceStatus
    source_info: SourceInfo | None
    network: BackendInfo | None  # None while it loads, or when no weights could be loaded
    report: LoadReport | None
    network_loading: bool
    network_error: str  # one sentence; the network before it, if any, goes on
    capture_fps: float
    inference_fps: float
    latency_ms: float  # capture to result, median; NaN before the first
    latency_p95_ms: float
    captured: int  # frames of this source
    inferred: int
    skipped: int  # frames that a newer one replaced before the network was free
    lost: int  # frames that the source itself lost, by the gaps in their indices
    recording: WriterStats | None  # the running recording, or the last one
    recording_active: bool
    recording_finishing: bool
    filter_preset: str = DEFAULT_PRESET
    calibration: CalibrationState = UNCALIBRATED
    finished_wait: Finished | None = None  # the latest wait for a still head that ended by itself
    field_of_view: FieldOfView = ASSUMED
    face_size: FaceSize | None = None  # None: an adult's average
    max_faces: int = 1  # measured at most
    engine_preparing: str = ""  # how far the search for a faster engine is, while there is one
    outputs: tuple[OutputStatus, ...] = ()  # those that are switched on
    sound: SoundStatus | None = None  # None: no microphone is switched on
    second: SecondStatus | None = None  # None: no second network is asked for
    trouble: str = ""  # why frames aren't measured, or which other part fails, in one sentence
    failed_in_row: int = 0  # frames that the detector or the network failed on, up to now

    @property
    def streaming(self) -> bool:
        """Whether the source delivers frames."""
        return self.source.state is SourceState.STREAMING

    @property
    def failing(self) -> bool:
        """Whether nothing is measured although there is a network: not only a frame now and then."""
        return self.failed_in_row >= REPLACE_AT

    @property
    def problem(self) -> str:
        """The problem and the remedy, in words; empty while all is well."""
        recording = self.recording
        sentences = (
            recording.error if recording else "",
            recording.warning if recording and self.recording_active else "",  # what may cost data comes first,
            self.sound.problem if self.sound else "",  # as this
            self.trouble,
            self.network_error,
            self.second.error if self.second else "",
            self.source.message,
            "" if self.report is None or self.report.pose_trained else UNTRAINED,
            *(output.problem for output in self.outputs),
        )
        return next(filter(None, sentences), "")
