"""Joins results to video frames, and decides when a row is final."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from app.core.frames import FaceResult, Frame, FrameResult, ShownFace
from app.session.table import Missing


@dataclass(slots=True)
class PendingRow:
    """A frame of the video on its way to becoming a row; it doesn't hold the picture."""

    number: int
    source_index: int
    captured_s: float
    accepted_s: float
    timestamp_s: float
    inferred: bool = False  # the network's part looked at it to the end
    failed: bool = False  # it could not
    damaged: bool = False  # a part of the picture is lost in its file
    primary: FaceResult | None = None
    others: tuple[FaceResult, ...] = ()
    latency_ms: float = 0.0
    chained: bool = False  # whether a signal chain has seen it
    shown: ShownFace | None = None  # the primary face after the signal chain
    recentred: bool = False

    @property
    def missing(self) -> Missing:
        """The reason why the row has no primary face, where it has none."""
        return Missing.of(damaged=self.damaged, failed=self.failed, inferred=self.inferred)


class PendingRows:
    """Rows in the order of their frames; not thread-safe.

    Results come in order, so one for a frame settles every frame before it: those were never
    inferred.  A row nobody settles is given up after ``patience_s``.
    """

    PATIENCE_S = 1.0
    LONGEST_PATIENCE_S = 10.0

    def __init__(self) -> None:
        self._pending: deque[PendingRow] = deque()
        self._settled_s = float("-inf")  # capture time of the latest result
        self.patience_s = self.PATIENCE_S

    def expect(self, number: int, frame: Frame, timestamp_s: float, now_s: float) -> None:
        """Add the row of a captured frame; its result may come later."""
        self._pending.append(
            PendingRow(number, frame.index, frame.captured_s, now_s, timestamp_s, damaged=frame.damaged)
        )

    def resolve(self, result: FrameResult) -> None:
        """Note a result; of a frame that isn't in the video it only settles the frames before it."""
        frame = result.frame
        self._settled_s = max(self._settled_s, frame.captured_s)
        # A network slower than a second a frame must still get its rows.
        self.patience_s = min(self.LONGEST_PATIENCE_S, max(self.PATIENCE_S, 2e-3 * result.latency_ms))
        for row in self._pending:
            if row.captured_s == frame.captured_s and row.source_index == frame.index:
                row.inferred = not (result.failed or frame.damaged)
                row.failed, row.latency_ms = result.failed, result.latency_ms
                row.primary, row.others = result.primary, result.others
                row.chained = result.signals is not None
                row.shown = result.shown_primary if row.chained else None
                row.recentred = result.reference is not None
            if row.captured_s >= frame.captured_s:
                return

    def pop_final(self, below: int, now_s: float) -> list[PendingRow]:
        """Remove and return the rows that won't change any more, of frames numbered less than ``below``."""
        final = []
        while self._pending and self._pending[0].number < below:
            row = self._pending[0]
            if row.captured_s > self._settled_s and now_s - row.accepted_s < self.patience_s:
                break
            final.append(self._pending.popleft())
        return final

    def waiting(self, below: int) -> bool:
        """Whether a row of the frames numbered less than ``below`` may still get its result."""
        return any(row.number < below and row.captured_s > self._settled_s for row in self._pending)
