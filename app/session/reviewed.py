"""A session opened for looking at it: fast, however long it is, and without changing anything in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.core.errors import SessionError
from app.core.frames import FaceResult
from app.session.events import Event, read_markers
from app.session.folders import EVENTS, FACES, FRAMES, MANIFEST, MOTION, TRUTH
from app.session.lazy_table import LazyTable, read_truth
from app.session.manifest import RECORDING, Manifest
from app.session.motion import MotionRecords, open_motion
from app.session.pictures import PictureReader, open_pictures
from app.session.reader import find_video
from app.session.recorded import motion_of, recorded_face
from app.session.recovery import is_unfinished


class CutOffError(SessionError):
    """The recording was cut off; it can be recovered, and then opened."""


@dataclass(frozen=True, slots=True, eq=False)
class ReviewedSession:
    """Row k of ``table`` is frame k of ``video``; N rows."""

    folder: Path
    manifest: Manifest
    table: LazyTable
    faces: LazyTable | None  # the second and further faces
    truth: NDArray[np.float32] | None  # (N, 3) pitch, yaw, roll where the source knew them
    motion: MotionRecords | None
    events: tuple[Event, ...]
    video: Path | None  # None where none was recorded, or the measured file is gone
    video_problem: str  # why there is none, one sentence; else empty
    problems: tuple[str, ...] = ()  # a sentence for each line of a table, or table, that was left out

    @classmethod
    def open(cls, folder: Path) -> ReviewedSession:
        """Raises CutOffError where recovery would help, and SessionError."""
        manifest = Manifest.read(_session_folder(folder))
        if is_unfinished(folder, manifest):
            raise CutOffError(f"The recording {folder.name} was cut off and must be recovered before it can be opened.")
        if manifest.state == RECORDING:
            why = (
                "it is still being recorded"
                if manifest.header.media is None
                else "its file was not measured to the end"
            )
            raise SessionError(f"{folder} can't be opened: {why}.")
        table = LazyTable(folder / FRAMES)
        if not len(table):
            table.close()
            raise SessionError(f"The session {folder} has no frames.")
        problems = list(table.problems)
        faces = truth = None
        try:
            if (folder / FACES).exists():
                faces = LazyTable(folder / FACES, rows=False)
                problems += faces.problems
                if faces.num_kp != table.num_kp:
                    raise SessionError(f"{folder / FACES} has not as many keypoints as {FRAMES} and was left out.")
        except SessionError as error:  # these two only add to what the table says
            problems.append(str(error))
            faces = None
        try:
            truth = read_truth(folder / TRUTH, len(table))
        except SessionError as error:
            problems.append(str(error))
        markers = read_markers(folder / EVENTS, table.timestamp_s)
        problems += markers.problems
        motion = None
        if (folder / MOTION).exists():
            try:
                motion = open_motion(folder / MOTION)
            except SessionError:
                motion = None  # it only adds to what the table says
        video, problem = find_video(folder, manifest)
        return cls(
            folder,
            manifest.naming(table.num_kp),
            table,
            faces,
            truth,
            motion,
            markers.events,
            video,
            problem,
            tuple(problems),
        )

    def __len__(self) -> int:
        return len(self.table)

    @property
    def times_s(self) -> NDArray[np.float64]:
        """(N,) when each frame was captured, from the first one."""
        return self.table.timestamp_s

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the pictures that the table's pixels refer to."""
        info, source = self.manifest.video, self.manifest.header.source
        if info is not None:
            return info.width, info.height
        return source.width or 640, source.height or 480

    def open_pictures(self) -> PictureReader:
        """The pictures.  Raises SessionError when there are none."""
        if self.video is None:
            raise SessionError(self.video_problem)
        return open_pictures(self.video, self.manifest, self.times_s)

    def frame_at(self, time_s: float) -> int:
        """The frame that is on the screen at a time: the last one captured by then."""
        after = int(np.searchsorted(self.times_s, time_s + 1e-9, side="right"))
        return min(max(after - 1, 0), len(self) - 1)

    def faces_of(self, frame: int) -> tuple[FaceResult, ...]:
        """What was measured in a frame, the primary face first.  Raises SessionError."""
        names = self.manifest.header.keypoint_names
        motion = motion_of(self.motion, frame) if self.motion is not None and self.table.success[frame] else None
        found = [recorded_face(self.table.row(frame), 0, names, motion)]
        if self.faces is not None:
            rows = self.faces.rows(*self.faces.rows_of(frame))
            found += [recorded_face(rows, k, names) for k in range(len(rows))]
        return tuple(face for face in found if face is not None)

    def open_table(self, path: Path) -> LazyTable:
        """Another table of the same frames, as an analysis has it.

        Raises SessionError, also when it doesn't have a row for each frame.
        """
        table = LazyTable(path)
        if len(table) != len(self):
            count = len(table)
            table.close()
            raise SessionError(f"The table {path} can't be compared: it has {count} rows for {len(self)} frames.")
        return table

    def close(self) -> None:
        """Let go of the files."""
        self.table.close()
        if self.faces is not None:
            self.faces.close()


def _session_folder(folder: Path) -> Path:
    if not folder.exists():
        raise SessionError(f"{folder} does not exist.")
    if not folder.is_dir():
        raise SessionError(f"{folder} is a file; a recorded session is a folder with {MANIFEST} in it.")
    return folder
