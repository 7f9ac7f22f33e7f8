"""The state and the figures of a recording."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.session.annotations import OpenInterval


@dataclass(frozen=True, slots=True)
class WriterStats:
    """How a recording stands; ``error`` and ``warning`` are one sentence each, or empty."""

    folder: Path
    seconds: float  # first to last frame
    frames: int  # in the video
    rows: int  # in the table; equal to ``frames`` when finished
    dropped: int  # captured, but the writer was behind
    bytes: int
    warning: str
    error: str
    finished: bool
    intervals: tuple[OpenInterval, ...] = ()  # annotations that have begun and not ended
    annotations: int = 0  # in events.csv
    pictures: bool = True  # False: numbers alone are recorded
    sound: bool = False  # a microphone is recorded, too
