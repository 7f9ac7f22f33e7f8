"""The steps that the command line asks of the window: record, close, and with which exit code."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from app.capture.source import SourceState
from app.core.launch_options import LaunchOptions

if TYPE_CHECKING:
    from app.pipeline import PipelineStatus

GRACE_S = 60.0  # a window with --duration closes so long after it at the latest, whatever went wrong
NO_NETWORK = "Nothing was measured: the network was not loaded in time."


class Step(enum.Enum):
    """A step that the command line asks of the window."""

    NOTHING = "nothing"
    RECORD = "record"
    CLOSE = "close"


class Automation:
    """Looks at each status and says what is due; knows neither window nor clock."""

    def __init__(self, options: LaunchOptions, launched_s: float) -> None:
        self._options = options
        self._launched_s = launched_s
        self._recording_due = options.record is not None
        self._counting_since_s: float | None = None
        # Whoever asked for a network, or for a run without a person, must hear when nothing could be measured.
        self._network_needed = (
            options.weights is not None
            or options.engine is not None
            or options.record is not None
            or options.duration_s is not None
        )
        self.failures: list[str] = []  # sentences; any of them makes the exit code 1

    @property
    def exit_code(self) -> int:
        return 1 if self.failures else 0

    def advance(self, status: PipelineStatus | None, source_error: str, own_source: bool, at_s: float) -> Step:
        """The steps that are due now; RECORD comes once.  ``own_source``: still the one of the command line."""
        if status is not None:
            self._note_failures(status, source_error, own_source)
            if self._recording_due and status.streaming and status.captured and not status.network_loading:
                self._recording_due = False
                return Step.RECORD
            if self._counting_since_s is None and self._has_begun(status, source_error):
                self._counting_since_s = at_s
        duration = self._options.duration_s
        if duration is None:
            return Step.NOTHING
        begun = self._counting_since_s
        over = begun is not None and at_s >= begun + duration
        if not over and at_s >= self._launched_s + duration + GRACE_S:
            over = True
            if status is None or status.network_loading:
                self.fail(NO_NETWORK)
        return Step.CLOSE if over else Step.NOTHING

    def fail(self, sentence: str) -> None:
        """Something that was asked for failed, say this sentence; nothing where it is empty."""
        if sentence and sentence not in self.failures:
            self.failures.append(sentence)

    def finish(self, status: PipelineStatus | None) -> None:
        """The window is about to close, the recording is whole: take a last look."""
        if self._recording_due:
            self.fail("Nothing was recorded: there was no picture.")
        if status is not None:
            self.fail(status.trouble if status.failing else "")
            if status.recording is not None:
                self.fail(status.recording.error)

    def _has_begun(self, status: PipelineStatus, source_error: str) -> bool:
        hopeless = bool(source_error) or status.source.state is SourceState.FAILED
        if self._recording_due and not hopeless:
            return False
        network_failed = bool(status.network_error) and not status.network_loading and status.captured > 0
        return hopeless or network_failed or (status.network is not None and status.inferred > 0)

    def _note_failures(self, status: PipelineStatus, source_error: str, own_source: bool) -> None:
        if own_source and self._options.source != "auto":
            self.fail(source_error)
            if status.source.state is SourceState.FAILED:
                self.fail(status.source.message)
        if self._network_needed and status.network is None and not status.network_loading:
            self.fail(status.network_error)
        if status.recording is not None:
            self.fail(status.recording.error)
