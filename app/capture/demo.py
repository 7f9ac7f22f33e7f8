"""The built-in demo: a rendered head whose true pose is known in every frame."""

from __future__ import annotations

import bisect
import csv
import dataclasses
import math
from pathlib import Path

from app.capture.pacing import Pacer
from app.capture.source import DEMO, SourceInfo, SourceStatus
from app.capture.video import VideoSource
from app.core.errors import SourceError
from app.core.frames import Frame
from extractor.shipped import shipped_file
from extractor.types import Angles

VIDEO = "demo.mp4"
TRUTH = "demo.csv"
NEAR_S = 0.005  # a time in the table and in the video are the same when they differ by less


def find_asset(name: str) -> Path:
    """A file of the demo's.  Raises SourceError."""
    if (path := shipped_file("assets", name)) is not None:
        return path
    raise SourceError(f"The built-in demo can't be played: {name} did not come with this copy of the program.")


class TruthTable:
    """``frame,timestamp_s,pitch_deg,yaw_deg,roll_deg``: the true pose at each presentation time."""

    def __init__(self, path: Path) -> None:
        rows: list[tuple[float, Angles]] = []
        try:
            with path.open(newline="", encoding="utf-8") as file:
                for row in csv.DictReader(file):
                    names = ("timestamp_s", "pitch_deg", "yaw_deg", "roll_deg")
                    time_s, *angles = (float(row[name]) for name in names)
                    if not all(map(math.isfinite, (time_s, *angles))):
                        raise ValueError(row)
                    rows.append((time_s, Angles(*angles)))
        except (OSError, KeyError, TypeError, ValueError):
            raise SourceError(f"The built-in demo can't be played: its table {path} can't be read.") from None
        rows.sort()
        self._times = [time_s for time_s, _ in rows]
        self._angles = [angles for _, angles in rows]

    def at(self, media_s: float) -> Angles | None:
        """The pose of the frame shown at ``media_s``; None where the table has none."""
        i = bisect.bisect_left(self._times, media_s - NEAR_S)
        return self._angles[i] if i < len(self._times) and self._times[i] <= media_s + NEAR_S else None

    def __len__(self) -> int:
        return len(self._times)


class DemoSource:
    """``assets/demo.mp4`` in a loop, with ``Frame.truth`` from ``assets/demo.csv``.

    Its end joins its beginning, so the times go on: the head remains one face, and its curves have no gap.
    """

    def __init__(self, *, paced: bool = True, loop: bool = True, pacer: Pacer | None = None) -> None:
        self._video = VideoSource(find_asset(VIDEO), paced=paced, loop=loop, pacer=pacer)
        self._truth = TruthTable(find_asset(TRUTH))
        self._last_s = self._before_s = 0.0

    def open(self) -> SourceInfo:
        self._video.open()
        self._last_s = self._before_s = 0.0
        info = self.info
        assert info is not None
        return info

    def read(self, timeout_s: float) -> Frame | None:
        frame = self._video.read(timeout_s)
        if frame is None or frame.media_s is None:
            return frame
        info = self._video.info
        if frame.media_s < self._last_s and info is not None:
            self._before_s += self._last_s + 1 / info.fps
        self._last_s = frame.media_s
        return dataclasses.replace(frame, media_s=self._before_s + frame.media_s, truth=self._truth.at(frame.media_s))

    @property
    def info(self) -> SourceInfo | None:
        info = self._video.info
        return info and dataclasses.replace(info, kind=DEMO, name="Built-in demo")

    @property
    def status(self) -> SourceStatus:
        return self._video.status

    def close(self) -> None:
        self._video.close()
