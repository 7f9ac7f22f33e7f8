"""Opens a recorded session: manifest, table, markers, and any frame of its video."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from app.core.errors import SessionError
from app.core.frames import Image
from app.session.analyses import Analysis, analysis_named
from app.session.events import Event, read_markers
from app.session.folders import EVENTS, FACES, FRAMES, MOTION, VIDEO
from app.session.manifest import RECORDING, Manifest
from app.session.pictures import PictureReader, open_pictures
from app.session.recovery import is_unfinished, recover
from app.session.saved_table import read_table
from app.session.table import Table


@dataclass(frozen=True, slots=True)
class Session:
    """A session as it is on the disk; row k of ``table`` is frame k of ``video``."""

    folder: Path
    manifest: Manifest
    table: Table
    faces: Table | None  # the second and further faces
    events: tuple[Event, ...]
    video: Path | None  # None where no video was recorded, or the measured file is gone or another
    video_problem: str = ""  # why there is none, one sentence; else empty
    analysis: Analysis | None = None  # whose the table is; None: the recorded one
    problems: tuple[str, ...] = ()  # a sentence for each line of a table that wasn't clear and was left out

    @classmethod
    def open(cls, folder: Path, table_name: str = "") -> Session:
        """Read a session; one that was cut off is recovered first.  Raises SessionError.

        ``table_name``: of an analysis, whose table stands for the recorded one and with which it was measured.
        """
        manifest = Manifest.read(folder)
        if is_unfinished(folder, manifest):
            recover(folder)
            manifest = Manifest.read(folder)
        if manifest.state == RECORDING:
            why = (
                "it is still being recorded"
                if manifest.header.media is None
                else "its file was not measured to the end"
            )
            raise SessionError(f"{folder} can't be opened: {why}.")
        analysis = analysis_named(folder, table_name) if table_name else None
        place = folder
        if analysis is not None:
            place, manifest = analysis.folder, analysis.describe(manifest)
        table = read_table(place / FRAMES, every_frame=True)
        if analysis is not None and len(table) != manifest.frames:
            raise SessionError(
                f"The table {place / FRAMES} has {len(table)} rows for the session's {manifest.frames} frames."
            )
        faces = read_table(place / FACES) if (place / FACES).exists() else None
        if faces is not None and faces.num_kp != table.num_kp:
            raise SessionError(
                f"{place / FACES} is damaged: its faces have not as many keypoints as those of {FRAMES}."
            )
        video, problem = find_video(folder, manifest)
        markers = read_markers(folder / EVENTS, table.timestamp_s)
        problems = (*table.problems, *(faces.problems if faces is not None else ()), *markers.problems)
        return cls(
            folder, manifest.naming(table.num_kp), table, faces, markers.events, video, problem, analysis, problems
        )

    @property
    def motion_path(self) -> Path:
        """Where the network's raw outputs are, if they were kept."""
        return (self.folder if self.analysis is None else self.analysis.folder) / MOTION

    def frames(self) -> VideoFrames:
        """The pictures.  Raises SessionError when there are none."""
        if self.video is None:
            raise SessionError(self.video_problem)
        return VideoFrames(open_pictures(self.video, self.manifest, self.table.timestamp_s, cache_bytes=0))


def find_video(folder: Path, manifest: Manifest) -> tuple[Path | None, str]:
    """Of a session: recorded in its folder, or the file that was measured; otherwise None and why, one sentence."""
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
        if place.is_file() and place.stat().st_size == media.size_bytes:
            return place, ""
    why = "has changed since it was measured" if video.is_file() else "is not there any more"
    return None, f"The measured video {video} {why}."


class VideoFrames:
    """Every frame of a session's video by its number, each exactly; not thread-safe."""

    def __init__(self, reader: PictureReader) -> None:
        self._reader = reader

    def __len__(self) -> int:
        return len(self._reader)

    def frame_at(self, number: int) -> Image:
        """(H, W, 3) BGR of the frame.  Raises IndexError, and SessionError when it can't be decoded."""
        picture = self._reader.frame_at(number)
        if picture is None or not picture.exact:
            raise SessionError(f"Frame {number} of the video is missing or can't be decoded.")
        return picture.image

    def close(self) -> None:
        self._reader.close()

    def __enter__(self) -> VideoFrames:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
