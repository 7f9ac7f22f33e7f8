"""A session opened: fast, however long it is, and without changing anything in it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.core.errors import SessionError, os_errors_as
from app.core.frames import FaceResult
from app.core.quality import is_low
from app.core.tilt import levelled_deg
from app.session.analyses import Analysis, analysis_named
from app.session.annotations import Annotation, parse_annotations
from app.session.carried_names import SeenFaces, carried_over
from app.session.folders import ANNOTATIONS, AUDIO, FACES, FRAMES, MANIFEST, MOTION, SIGNALS, TRUTH, VIDEO
from app.session.identities import Identities, read_identities
from app.session.lazy_table import LazyTable, read_angles
from app.session.manifest import RECORDING, Manifest
from app.session.motion import MotionRecords, open_motion
from app.session.one_face import OneFace, frames_with
from app.session.pictures import CACHE_BYTES, PictureReader, open_pictures
from app.session.recorded_faces import motion_of, recorded_face
from app.session.recovery import is_unfinished
from app.session.signals import FILTERED
from app.session.table import Table
from extractor import files


class CutOffError(SessionError):
    """The recording was cut off; it can be recovered, and then opened."""


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """A session as it is on the disk; row k of ``table`` is frame k of ``video``; N rows."""

    folder: Path
    manifest: Manifest
    table: LazyTable
    faces: LazyTable | None  # the second and further faces
    truth: NDArray[np.float32] | None  # (N, 3) pitch, yaw, roll where the source knew them
    annotations: tuple[Annotation, ...]
    video: Path | None  # None where none was recorded, or the measured file is gone or another
    video_problem: str  # why there is none, one sentence; else empty
    analysis: Analysis | None  # whose the table is; None: the recorded one
    motion: MotionRecords | None
    problems: tuple[str, ...]  # a sentence for each line of a table, or table, that was left out
    unclear: str  # whose numbers in an analysis's table nobody knows, one sentence; else empty

    @classmethod
    def open(cls, folder: Path, table_name: str = "", *, lenient: bool = False) -> Session:
        """Raises CutOffError where recovery would help, and SessionError.

        ``table_name``: of an analysis, whose table stands for the recorded one and with which it was measured.
        ``lenient``: further faces that can't be read are left out, and said in ``problems``.
        """
        manifest = finished_manifest(folder)
        analysis = analysis_named(folder, table_name) if table_name else None
        place = folder
        if analysis is not None:
            place, manifest = analysis.folder, analysis.describe(manifest)
        table = LazyTable(place / FRAMES)
        problems = list(table.problems)
        faces = truth = motion = None
        try:
            if analysis is not None and len(table) != manifest.frames:
                raise SessionError(
                    f"The table {table.path} has {len(table)} rows for the session's {manifest.frames} frames."
                )
            faces = _further_faces(place / FACES, table)
        except SessionError as error:
            if analysis is not None or not lenient:
                table.close()
                raise
            problems.append(str(error))
        if faces is not None:
            problems += faces.problems
        try:
            truth = read_angles(folder / TRUTH, len(table))
        except SessionError as error:  # it only adds to what the table says
            problems.append(str(error))
        if (place / MOTION).exists():
            try:
                motion = open_motion(place / MOTION)
            except SessionError:
                motion = None  # as does this
        unclear = ""
        try:
            identities = read_identities(folder)
            if analysis is not None and identities.people:
                identities, unclear = _carried_over(folder, identities, analysis, table, faces)
            for person in identities.people:
                _refuse_together(table, faces, person.face_ids, identities)
            _identify(identities, table, faces)
        except SessionError as error:
            problems.append(str(error))
        parsed = parse_annotations(folder / ANNOTATIONS, table.timestamp_s)
        problems += parsed.problems
        video, problem = find_video(folder, manifest)
        manifest = manifest.naming(table.num_kp)
        return cls(
            folder,
            manifest,
            table,
            faces,
            truth,
            parsed.annotations,
            video,
            problem,
            analysis,
            motion,
            tuple(problems),
            unclear,
        )

    def __len__(self) -> int:
        return len(self.table)

    @property
    def times_s(self) -> NDArray[np.float64]:
        """(N,) when each frame was captured, from the first one."""
        return self.table.timestamp_s

    @property
    def low_quality(self) -> NDArray[np.bool_]:
        """(N,) frames whose pose is better left out, as far as that is known."""
        return is_low(self.table.quality, self.manifest.header.quality_threshold)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the pictures that the table's pixels refer to."""
        info, source = self.manifest.video, self.manifest.header.source
        if info is not None:
            return info.width, info.height
        return source.width or 640, source.height or 480

    @property
    def sound(self) -> Path | None:
        """The recorded sound, if there is any."""
        path = self.folder / AUDIO
        return path if path.is_file() else None

    @property
    def motion_path(self) -> Path:
        """The path of the network's raw outputs, if they were kept."""
        return (self.folder if self.analysis is None else self.analysis.folder) / MOTION

    def levelled_deg(self, table: Table | LazyTable) -> NDArray[np.float32]:
        """(M, 3) pitch, yaw, roll of a table of this session, as a level camera would have measured them."""
        return levelled_deg(table.angles_deg, self.manifest.header.camera_tilt)

    def open_pictures(self) -> PictureReader:
        """The pictures for looking at.  Raises SessionError when there are none."""
        return self.frames(CACHE_BYTES)

    def frames(self, cache_bytes: int = 0) -> PictureReader:
        """The pictures for working through, without a cache.  Raises SessionError when there are none."""
        if self.video is None:
            raise SessionError(self.video_problem)
        return open_pictures(self.video, self.manifest, self.times_s, cache_bytes)

    def frame_at(self, time_s: float) -> int:
        """The frame that is on the screen at a time: the last one captured by then."""
        after = int(np.searchsorted(self.times_s, time_s + 1e-9, side="right"))
        return min(max(after - 1, 0), len(self) - 1)

    def faces_of(self, frame: int) -> tuple[FaceResult, ...]:
        """The faces measured in a frame, the primary face first.  Raises SessionError."""
        names = self.manifest.header.keypoint_names
        motion = motion_of(self.motion, frame) if self.motion is not None and self.table.success[frame] else None
        found = [recorded_face(self.table.row(frame), 0, names, motion)]
        if self.faces is not None:
            rows = self.faces.rows(*self.faces.rows_of(frame))
            found += [recorded_face(rows, k, names) for k in range(len(rows))]
        return tuple(face for face in found if face is not None)

    def shown_deg(self) -> NDArray[np.float32] | None:
        """(N, 3) filtered pitch, yaw, roll as the window showed them live; None where nothing was shown.

        Raises SessionError.
        """
        return read_angles(self.folder / SIGNALS, len(self), FILTERED)

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

    @property
    def identities(self) -> Identities:
        """The people among the faces of the tables."""
        return self.table.identities

    def identify(self, identities: Identities) -> None:
        """Let the faces be called so from now on, here; nothing is written."""
        _identify(identities, self.table, self.faces)

    def refuse_together(self, numbers: Sequence[int]) -> None:
        """Raises SessionError where two of these people are in one frame, so that they can't be the same."""
        _refuse_together(self.table, self.faces, numbers, self.identities)

    def frames_of_people(self) -> dict[int, int]:
        """In how many frames each was measured, by the number."""
        ids = self.table.face_id if self.faces is None else np.append(self.table.face_id, self.faces.face_id)
        numbers, counts = np.unique(ids[ids >= 0], return_counts=True)
        return dict(zip(numbers.tolist(), counts.tolist(), strict=True))

    def frames_with(self, number: int) -> NDArray[np.bool_]:
        """(N,) the frames in which this person was measured."""
        return frames_with(number, self.table, self.faces)

    def one_face(self, number: int) -> OneFace:
        """The measurements of this person."""
        return OneFace.of(number, self.table, self.faces)

    def close(self) -> None:
        """Let go of the tables."""
        self.table.close()
        if self.faces is not None:
            self.faces.close()


def finished_manifest(folder: Path) -> Manifest:
    """Read the manifest of a session that nobody writes any more.  Raises CutOffError, SessionError."""
    with os_errors_as(SessionError, f"{folder} can't be read"):
        if folder.is_file():
            raise SessionError(f"{folder} is a file; a recorded session is a folder with {MANIFEST} in it.")
    manifest = Manifest.read(folder)
    if is_unfinished(folder, manifest):
        raise CutOffError(f"{folder} can't be opened: it was cut off; motionscope recover puts it in order.")
    if manifest.state == RECORDING:
        recorded = manifest.header.media is None
        why = "it is still being recorded" if recorded else "its file was not measured to the end"
        raise SessionError(f"{folder} can't be opened: {why}.")
    return manifest


def _further_faces(path: Path, table: LazyTable) -> LazyTable | None:
    if not path.exists():
        return None
    faces = LazyTable(path, rows=False)
    if faces.num_kp != table.num_kp:
        faces.close()
        raise SessionError(f"{path} is damaged: its faces do not have as many keypoints as the faces of {FRAMES}.")
    return faces


def _carried_over(
    folder: Path, known: Identities, analysis: Analysis, table: LazyTable, faces: LazyTable | None
) -> tuple[Identities, str]:
    """The recorded people among the faces of an analysis, and a sentence about those who are unclear.

    Raises SessionError.
    """
    with contextlib.ExitStack() as stack:
        recorded = [LazyTable(folder / FRAMES)]
        stack.callback(recorded[0].close)
        further = _further_faces(folder / FACES, recorded[0])
        if further is not None:
            stack.callback(further.close)
            recorded.append(further)
        identities, unclear = carried_over(known, SeenFaces.of(*recorded), SeenFaces.of(table, faces))
    if not unclear:
        return identities, ""
    who = " and ".join(unclear)
    return identities, f"Which faces of the table {analysis.name} are {who} is not clear: these keep their numbers."


def _identify(identities: Identities, *tables: LazyTable | None) -> None:
    for table in tables:
        if table is not None:
            table.identify(identities)


def _refuse_together(table: LazyTable, faces: LazyTable | None, numbers: Sequence[int], identities: Identities) -> None:
    met: dict[int, NDArray[np.bool_]] = {}
    for number in numbers:
        there = frames_with(number, table, faces)
        for other, seen in met.items():
            if (there & seen).any():
                frame = int(np.argmax(there & seen))
                raise SessionError(
                    f"They are not merged: {identities.label(other)} and {identities.label(number)} are both in "
                    f"frame {frame}, at {table.timestamp_s[frame]:.2f} s."
                )
        met[number] = there


def find_video(folder: Path, manifest: Manifest) -> tuple[Path | None, str]:
    """The video in a session's folder, or the file that was measured; otherwise None and why, one sentence."""
    media = manifest.header.media
    if media is None:
        if (folder / VIDEO).is_file():
            return folder / VIDEO, ""
        if not manifest.header.pictures:
            return None, f"The session {folder} has no video: numbers alone were recorded."
        if manifest.video is None:
            return None, f"The session {folder} has no video: none was recorded, or nothing of it could be read."
        return None, f"{VIDEO} is missing in {folder}."
    video = Path(media.path)
    # A session that was moved together with its video is still whole.
    for place in (video, folder / video.name, folder.parent / video.name):
        if files.is_there(place) and place.is_file() and place.stat().st_size == media.size_bytes:
            return place, ""
    why = "has changed since it was measured" if files.is_there(video) else "is not there any more"
    return None, f"The measured video {video} {why}."
