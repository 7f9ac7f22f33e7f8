"""The files that the results of a video go to, one frame after the other: tables and raw outputs."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from app.core.frames import FrameResult
from app.session.folders import FACES, FRAMES, MOTION
from app.session.motion import MotionEncoder
from app.session.offline import PartFile, TableWriter

if TYPE_CHECKING:
    from typing_extensions import Self


class ResultTables:
    """``frames.csv``, ``faces.csv`` and ``motion.bin`` in a folder, under temporary names until ``close``.

    Every method raises SessionError when the disk doesn't play along.
    """

    def __init__(self, folder: Path, num_kp: int) -> None:
        self._folder = folder
        self._num_kp = num_kp
        self._frames = TableWriter(folder / FRAMES, "frame", num_kp)
        self._faces: TableWriter | None = None
        self._motion: PartFile | None = None
        self._encoder = MotionEncoder()

    @property
    def rows(self) -> int:
        """How many frames were written."""
        return self._frames.rows

    def write(self, result: FrameResult, timestamp_s: float) -> None:
        """The next frame's result, ``timestamp_s`` from the video's start."""
        number = self._frames.rows
        self._frames.write(result, number, timestamp_s)
        for face in result.faces[1:]:
            if self._faces is None:
                self._faces = TableWriter(self._folder / FACES, "frame", self._num_kp)
            self._faces.write_face(face, number, timestamp_s, result.latency_ms)
        motion = self._encoder.encode(number, result.faces[0]) if result.faces else b""
        if motion:
            if self._motion is None:
                self._motion = PartFile(self._folder / MOTION)
            self._motion.append(motion)

    def close(self) -> None:
        """Give the files their names."""
        for file in self._files():
            file.close()

    def discard(self) -> None:
        """Remove the unfinished files; raises nothing."""
        for file in self._files():
            file.discard()

    def _files(self) -> list[PartFile]:
        return [file for file in (self._frames, self._faces, self._motion) if file is not None]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self.discard()
