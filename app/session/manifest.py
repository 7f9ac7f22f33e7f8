"""``session.json``: what was recorded, with what, when, and what is missing."""

from __future__ import annotations

import dataclasses
import datetime
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import app
from app.capture.source import SourceInfo
from app.core.clock import ClockPair, clock_pair
from app.core.errors import SessionError, os_errors_as
from app.core.position import FaceSize, FieldOfView
from app.core.records import Between, Count, Number, Side, build, read_record, write_record
from app.core.text import western
from app.core.tilt import CameraTilt
from app.session.folders import MANIFEST
from app.session.ownership import Owner as Owner
from extractor import files

SCHEMA = 1
MAX_DROP_PLACES = 2000

RECORDING, COMPLETE, STOPPED, RECOVERED = "recording", "complete", "stopped", "recovered"
"""The states: being written (or cut off); whole; ended early, ``ended_by`` says why; put in order after a crash."""

KeypointCount = Annotated[int, Between(0, 10_000)]
Quality = Annotated[float, Between(0, 1)]

CONVENTIONS = (
    "Camera frame: x right, y down, z away from the viewer. R = Rz(roll) Ry(yaw) Rx(pitch) maps head to camera, "
    "in degrees: pitch + looks down, yaw + turns the nose to the image's left, roll + is clockwise in the image.",
    "Signs and pixels refer to the picture as captured, never mirrored; pixel (0, 0) is the upper left one.",
    "camera_tilt: v_level = Rx(-pitch) Rz(roll) v_camera; pitch + looks down, roll + is clockwise seen from behind it; "
    "in level axes pitch is less by bend_deg * (1 - cos(yaw)). "
    "Angles in frames.csv and faces.csv are the camera's own; relative_* in signals.csv are in level axes.",
    "*_std_deg is the standard deviation of the 66 bins of 3 degrees behind each angle.",
    "tx, ty and scale are in crop coordinates, -1 to +1 over the square given to the network.",
    "x_cm, y_cm, z_cm: where the point is that the head turns about, in the camera's axes, by header.field_of_view "
    "(degrees between the picture's edges, or between its corners where diagonal) and header.face_size (where null, an "
    "adult's); *_std_cm: one standard deviation, of the field of view, of faces' sizes and of the network.",
    "quality is the probability that the pose is less than 10 degrees from the true one, as the weights' coefficients "
    "have it; empty where they hold none. Poses below header.quality_threshold are better left out.",
    "exp_magnitude is the root mean square over the keypoints of the expression's displacement.",
    "timestamp_s counts from the first frame on the monotonic clock at capture; first_frame_monotonic_s and the "
    "clock pairs relate it to UTC. The video's times are the same, rounded to the millisecond.",
    "audio.mka: sample n, of 48000 a second, was taken n / 48000 s after the first frame, to a few milliseconds.",
    "Row k of frames.csv (from 0) is frame k of the video and its primary face; further faces are in faces.csv.",
    "motion.bin: the network's raw outputs for the primary face of each frame with success 1; its first line is JSON.",
    "success 0 with empty numbers: missing says why. no_face: none was found, or the primary one was hidden; skipped: "
    "the network was busy with an earlier frame; failed: the detector or the network did; untrained: the weights hold "
    "no head pose; unknown: the row was lost in a crash; damaged: a part of the picture is lost in the video file.",
    "inferred 1: the detector and the network looked at the frame to the end, whatever they found.",
    "Dropped frames are in the video and the table not at all: drops.places says before which frame, how many and why.",
)


@dataclass(frozen=True, slots=True)
class MediaFile:
    """The file that was measured, where the session has no copy of it."""

    path: str
    size_bytes: Count
    modified_unix_s: Number

    @classmethod
    def of(cls, path: Path) -> MediaFile:
        """Raises SessionError."""
        with os_errors_as(SessionError, f"{path} can't be read"):
            stat = path.stat()
        return cls(os.path.abspath(path), stat.st_size, stat.st_mtime)  # noqa: PTH100


@dataclass(frozen=True, slots=True)
class SessionFields:
    """The fields that the experimenter fills in; they may change until the session ends."""

    participant: str = ""
    task: str = ""
    comment: str = ""
    consent: str = ""


@dataclass(frozen=True, slots=True)
class SessionHeader:
    """The facts known when a recording starts, and the experimenter's fields."""

    source: SourceInfo
    num_kp: KeypointCount  # 0: no network, so no keypoint columns
    weights_name: str = ""
    weights_sha256: str = ""
    weights_summary: str = ""
    pose_trained: bool = True
    engine: str = ""
    device: str = ""
    keypoint_names: tuple[str, ...] | None = None
    media: MediaFile | None = None
    participant: str = ""
    task: str = ""
    comment: str = ""
    consent: str = ""
    max_faces: Count = 1  # measured at most, where a file was measured
    pictures: bool = True  # False: numbers alone were to be recorded
    camera_tilt: CameraTilt | None = None  # as last known, for the whole session; the tables hold what was measured
    field_of_view: FieldOfView | None = None  # as last known; positions are by what was known then; None: not told
    face_size: FaceSize | None = None  # as last known, of everybody; None: an adult's average
    quality_threshold: Quality | None = None  # poses of less quality are better left out; None: nobody knows
    precision: str = ""  # in which the engine computed: float32, bfloat16, float16, int8; empty in older sessions

    @property
    def fields(self) -> SessionFields:
        """The fields that a person fills in."""
        return SessionFields(self.participant, self.task, self.comment, self.consent)

    def with_fields(self, fields: SessionFields) -> SessionHeader:
        """The same header with these fields."""
        return dataclasses.replace(self, **dataclasses.asdict(fields))


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """The recorded video.  An odd size is padded to the right and below by repeating the last pixels."""

    codec: str
    encoder: str
    width: Side  # of the captured frames, without padding
    height: Side
    padded_width: Side
    padded_height: Side


@dataclass(frozen=True, slots=True)
class SoundInfo:
    """The recorded sound."""

    device: str  # the microphone
    device_rate: Count  # samples a second as it gave them; the file has 48000


@dataclass(frozen=True, slots=True)
class Fitted:
    """From this frame on the source gave another size, which was fitted into the video.

    Recorded pixels = ``scale`` times captured pixels plus the offset; the table's are recorded pixels.
    """

    frame: Count
    width: Side  # as captured
    height: Side
    scale: Number
    offset_x: Side
    offset_y: Side


@dataclass(frozen=True, slots=True)
class Drop:
    """Frames missing in the recording just before frame ``frame``."""

    frame: Count
    count: Count
    why: str  # "writer" was too slow, "source" lost them, "clock" did not move on


@dataclass(frozen=True, slots=True)
class Drops:
    """All of them by kind, and where they fell (the first 2000 places)."""

    writer: Count = 0
    source: Count = 0
    clock: Count = 0
    places: tuple[Drop, ...] = ()

    def noted(self, frame: int, count: int, why: str) -> Drops:
        """The same with ``count`` more of the kind ``why``, missing just before frame ``frame``."""
        places = self.places
        if places and places[-1].frame == frame and places[-1].why == why:
            places = (*places[:-1], dataclasses.replace(places[-1], count=places[-1].count + count))
        elif len(places) < MAX_DROP_PLACES:
            places = (*places, Drop(frame, count, why))
        total = {why: getattr(self, why) + count}
        return dataclasses.replace(self, places=places, **total)


@dataclass(frozen=True, slots=True)
class MissingRows:
    """How many rows have no pose, by the reason in ``frames.csv``."""

    no_face: Count = 0
    skipped: Count = 0
    failed: Count = 0
    untrained: Count = 0
    unknown: Count = 0
    damaged: Count = 0


@dataclass(frozen=True, slots=True)
class Manifest:
    """The whole of ``session.json``; a new one is made for every change."""

    header: SessionHeader
    state: str = RECORDING
    ended_by: str = ""  # one sentence where it didn't end as wished
    app_version: str = app.__version__
    # At start, each minute, at end.
    clocks: Annotated[tuple[ClockPair, ...], Between(1)] = field(default_factory=lambda: (clock_pair(),))
    first_frame_monotonic_s: Annotated[float, Between(-1e10, 1e10)] | None = None
    duration_s: Number = 0.0  # first to last frame
    frames: Count = 0  # of the video, or measured where there is none
    inferred: Count = 0  # rows that got a result, with or without a face
    missing: MissingRows = MissingRows()
    drops: Drops = Drops()
    video: VideoInfo | None = None
    sound: SoundInfo | None = None
    fitted: tuple[Fitted, ...] = ()
    owner: Owner | None = None  # while it is being written

    @property
    def started_utc(self) -> str:
        """The time of the first frame, ISO 8601 in UTC."""
        started = datetime.datetime.fromtimestamp(self.clocks[0].unix_s, datetime.timezone.utc)
        return started.isoformat(timespec="milliseconds")

    def naming(self, num_kp: int) -> Manifest:
        """The same with names for so many keypoints or without any: a name without its keypoint says nothing."""
        names = self.header.keypoint_names
        if names is None or len(names) == num_kp:
            return self
        return dataclasses.replace(self, header=dataclasses.replace(self.header, keypoint_names=None))

    def write(self, folder: Path) -> None:
        """Replace ``session.json`` in one step.  Raises OSError."""
        values = {"schema": SCHEMA, "started_utc": self.started_utc, **dataclasses.asdict(self)}
        values["conventions"] = CONVENTIONS
        write_record(folder / MANIFEST, values)

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Raises SessionError when there is none, or one this version can't read."""

        def parse(values: Any) -> Manifest:
            _normalise_texts(values.get("header"))
            return build(cls, values)

        try:
            return read_record(folder / MANIFEST, SCHEMA, parse)
        except FileNotFoundError as error:
            why = f"is not a recorded session: it has no {MANIFEST}" if folder.exists() else "does not exist"
            raise SessionError(f"{folder} {why}.") from error


def _normalise_texts(header: object) -> None:
    """Texts as a person may have typed or saved them: a number without quotation marks, another encoding."""
    if not isinstance(header, dict):
        return
    for name in SessionFields.__slots__:
        value = header.get(name, "")
        if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)):
            header[name] = "" if value is None else str(value)
        elif isinstance(value, str):
            header[name] = western(value)
    media = header.get("media")
    if isinstance(media, dict) and isinstance(path := media.get("path"), str) and western(path) != path:
        media["path"] = western(path) if files.is_there(Path(western(path))) else path  # a name may be no UTF-8
