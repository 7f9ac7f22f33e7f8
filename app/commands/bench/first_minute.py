"""``motionscope bench --first-minute``: what a newcomer sees, with an empty cache, second by second."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from app.commands.bench.live import run_in_window
from app.commands.bench.machine import process_age_s
from app.commands.bench.options import BenchOptions
from app.core.clock import now_s
from app.core.frames import FrameResult
from app.pipeline import Pipeline


@dataclass
class FirstMinute:
    """Results by the second, from the moment the window is made on; see ``Probe`` for ``attach`` and ``painted``."""

    seconds: float
    window_after_s: float = 0.0  # since the program began
    first_pose_s: float | None = None  # since the window
    results: Counter[int] = field(default_factory=Counter)
    painted_frames: Counter[int] = field(default_factory=Counter)
    engines: dict[int, str] = field(default_factory=dict)
    done: threading.Event = field(default_factory=threading.Event)
    _began_s: float = 0.0
    _pipeline: Pipeline | None = None

    def attach(self, pipeline: Pipeline) -> None:
        """Called once the source is chosen: the window is there."""
        if self._pipeline is None:
            self._began_s, self.window_after_s = now_s(), process_age_s(time.time())
            self._pipeline = pipeline
            pipeline.subscribe(self._measured)

    def painted(self, _: float) -> None:
        self.painted_frames[self._second] += 1

    @property
    def _second(self) -> int:
        return int(now_s() - self._began_s)

    def _measured(self, result: FrameResult) -> None:
        assert self._pipeline is not None
        status, second = self._pipeline.status(), self._second
        if second >= self.seconds:
            self.done.set()
            return
        if not result.faces:
            return
        if self.first_pose_s is None:
            self.first_pose_s = now_s() - self._began_s
        self.results[second] += 1
        if status.network is not None:
            preparing = f"; {status.engine_preparing}" if status.engine_preparing else ""
            self.engines[second] = f"{status.network.engine} {status.network.dtype}{preparing}"

    def as_table(self) -> str:
        """For a person."""
        pose = "none" if self.first_pose_s is None else f"{self.first_pose_s:.1f} s after the window"
        lines = [
            f"window     {self.window_after_s:.1f} s after the program began",
            f"first pose {pose}",
            "second  poses  painted  engine",
        ]
        for second in range(int(self.seconds)):
            counts = f"{second:6}  {self.results[second]:5}  {self.painted_frames[second]:7}"
            lines.append(f"{counts}  {self.engines.get(second, '')}".rstrip())
        return "\n".join(lines)


def first_minute(options: BenchOptions) -> FirstMinute:
    """Play the source in the window with an empty cache.  Raises UserError."""
    found = FirstMinute(options.seconds)
    before = os.environ.get("MOTIONSCOPE_CACHE")
    with tempfile.TemporaryDirectory(prefix="motionscope-first-", ignore_cleanup_errors=True) as folder:
        os.environ["MOTIONSCOPE_CACHE"] = folder
        try:
            run_in_window(options, found, None)
        finally:
            if before is None:
                del os.environ["MOTIONSCOPE_CACHE"]
            else:
                os.environ["MOTIONSCOPE_CACHE"] = before
    return found
