"""``annotated.mp4``: the recorded video with everything measured drawn into it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType

import av
import numpy as np
from av.container import OutputContainer

from app.core.containers import create_container
from app.core.drawing import draw_face, draw_notice
from app.core.errors import SessionError
from app.core.frames import Image
from app.core.sound import RATE
from app.core.tilt import CameraTilt, levelled_deg
from app.session.exporters.base import Exporter, Progress, faces_of_frames
from app.session.recorded_faces import recorded_face
from app.session.session import Session
from app.session.sound import LAYOUT, SoundReader
from app.session.table import MISSING_REASONS, Table
from app.session.video import X264, as_frame, padded, padded_size, ticks
from extractor import files
from extractor.types import Angles

TICKS_PER_S = 90_000  # MPEG's own clock: every frame within 6 microseconds of its time in the table
_LAST_S = 1 / 30  # how long a single frame is shown
# No B-frames: they would need an edit list, which some players and editors don't honour.
_OPTIONS = {"preset": "veryfast", "crf": "20", "bf": "0"}

BITS_A_SECOND = 128_000
# AAC's first packet holds no sound of ours but what the decoder needs before it.  Players leave it out only where the
# file says so in an edit list, which some don't honour; so the first 21 ms of sound are left out, and all times hold.
PRIMING = 1024


class AnnotatedVideo(Exporter):
    """H.264 in MP4, every frame at its own time, readable from its first bytes on, with the sound that was recorded.

    A frame without a pose says why.

    A size that H.264 can't hold is padded to the right and below by repeating the last pixels.
    """

    name = "mp4"
    label = "Annotated video"
    file = "annotated.mp4"

    def write(self, session: Session, folder: Path, progress: Progress) -> None:
        header = session.manifest.header
        faces, missing = faces_of_frames(session), iter(session.table.missing)

        def painted(image: Image) -> Image:
            reason = MISSING_REASONS[next(missing)]
            draw_faces(image, next(faces), header.keypoint_names, header.camera_tilt, session.identities.names)
            if reason:
                draw_notice(image, f"no pose: {reason.replace('_', ' ')}")
            return image

        write_video(session, folder / self.file, painted, progress, session.sound)


def write_video(
    session: Session,
    path: Path,
    painted: Callable[[Image], Image],
    progress: Progress,
    sound: Path | None = None,
) -> None:
    """The session's frames, one after the other, as ``painted`` makes them: (H, W, 3) BGR that it may change.

    ``sound``: what is heard with them.  Raises SessionError, OSError.
    """
    times = ticks(session.table.timestamp_s, TICKS_PER_S)
    with session.frames() as video:
        encoder: _Encoder | None = None
        try:
            for k, time in enumerate(times):
                image = painted(np.ascontiguousarray(video.image_at(k)))
                if encoder is None:
                    encoder = _Encoder(path, image.shape[1], image.shape[0], sound)
                if image.shape[1::-1] != encoder.size:
                    raise SessionError(f"The video of {session.folder} changes its size, which can't be exported.")
                after = int(times[k + 1] - time) if k + 1 < len(times) else 0
                encoder.encode(image, int(time), after)
                progress(k + 1, len(times))
            if encoder is None:
                raise SessionError(f"The session {session.folder} has no frames.")
        except av.FFmpegError as error:
            raise SessionError(f"{path.name} of {session.folder} can't be encoded: {error.strerror}.") from error
        finally:
            if encoder is not None:
                encoder.close()


def draw_faces(
    image: Image,
    faces: list[tuple[Table, int]],
    names: tuple[str, ...] | None,
    tilt: CameraTilt | None,
    labels: Mapping[int, str] = MappingProxyType({}),
) -> None:
    """Draw all faces measured in a frame into ``image``; the primary face is the first, so it is drawn last.

    Where ``tilt`` says how the camera stood, the written angles are what a level camera would have measured.
    ``labels``: the faces' names by their numbers.
    """
    for table, row in reversed(faces):
        face = recorded_face(table, row, names)
        if face is not None:
            shown = Angles(*levelled_deg(table.angles_deg[row][None], tilt)[0].tolist())
            draw_face(image, face, names, shown, labels.get(face.face_id, ""))


class _Encoder:
    """One MP4 file; the first frame's size is the video's."""

    def __init__(self, path: Path, width: int, height: int, sound: Path | None) -> None:
        self.size = (width, height)
        self._padded = padded_size(X264, width, height)
        self._shown = round(_LAST_S * TICKS_PER_S)
        self._durations: dict[int, int] = {}  # of the frames the encoder still holds, by their times
        files.create(path).close()  # FFmpeg, which opens it again to put the index first, would make it for all to read
        options = {"movflags": "+faststart", "video_track_timescale": str(TICKS_PER_S)}
        self._container = create_container(path, "mp4", options)
        self._stream = self._container.add_stream("libx264", rate=30, options=_OPTIONS)
        self._stream.width, self._stream.height = self._padded
        self._stream.pix_fmt = "yuv420p"
        context = self._stream.codec_context
        context.time_base = Fraction(1, TICKS_PER_S)
        # cv2 converts with BT.601 to video range; untagged, players would guess BT.709 from 720 lines on.
        context.colorspace, context.color_range = 6, 1  # AVCOL_SPC_SMPTE170M, AVCOL_RANGE_MPEG
        self._sound = Soundtrack(self._container, sound) if sound is not None else None

    def encode(self, image: Image, time: int, shown: int) -> None:
        """``shown``: ticks until the next frame; 0 for the last one, which stays as long as the one before."""
        frame = as_frame(padded(image, self._padded), X264.pixels)
        frame.pts = time
        frame.time_base = Fraction(1, TICKS_PER_S)
        self._shown = shown or self._shown
        self._durations[time] = self._shown
        self._mux(frame)
        if self._sound is not None:
            self._sound.write_until((time + self._shown) / TICKS_PER_S)

    def close(self) -> None:
        try:
            self._mux(None)
            if self._sound is not None:
                self._sound.close()
        finally:
            self._container.close()

    def _mux(self, frame: av.VideoFrame | None) -> None:
        for packet in self._stream.encode(frame):
            # The encoder says a thirtieth of a second for each, which counts for the last one.
            packet.duration = self._durations.pop(packet.pts or 0)
            self._container.mux_one(packet)


class Soundtrack:
    """The recorded sound as AAC, in step with the frames; to be made before anything is written into the container."""

    def __init__(self, container: OutputContainer, path: Path) -> None:
        """Raises SessionError, av.FFmpegError."""
        self._container = container
        self._reader = SoundReader(path)
        self._stream = container.add_stream("aac", rate=RATE, layout=LAYOUT, bit_rate=BITS_A_SECOND)
        self._blocks = self._reader.blocks()
        self._rest = np.zeros(0, np.int16)
        self._place = 0  # of the first sample of the rest

    def write_until(self, time_s: float) -> None:
        """All up to this time; raises av.FFmpegError."""
        end = round(time_s * RATE)
        while self._place + len(self._rest) < end:
            block = next(self._blocks, None)
            if block is None:
                end = self._place + len(self._rest)
                break
            self._rest = np.concatenate([self._rest, block[1]])
        take = max(0, end - self._place)
        samples, begin = self._rest[:take], self._place
        self._rest, self._place = self._rest[take:], begin + take
        samples, begin = samples[max(0, PRIMING - begin) :], max(begin, PRIMING)
        if len(samples):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples).reshape(1, -1), "s16", LAYOUT)
            frame.sample_rate, frame.pts, frame.time_base = RATE, begin, Fraction(1, RATE)
            self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Write what the encoder still holds.  Raises av.FFmpegError."""
        try:
            self._container.mux(self._stream.encode(None))
        finally:
            self._reader.close()
