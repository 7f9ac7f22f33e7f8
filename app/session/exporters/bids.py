"""``bids/``: a dataset of one recording as the Brain Imaging Data Structure's motion extension describes it.

Jeung et al. 2024, doi:10.1038/s41597-024-03559-8; the specification's page "Motion", and its schema.
"""

from __future__ import annotations

import csv
import datetime
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app import __version__
from app.core.errors import SessionError
from app.core.text import plain_letters
from app.core.tilt import CameraTilt, levelled_cm, levelled_deg
from app.session.exporters.base import Exporter, Progress
from app.session.manifest import Manifest
from app.session.session import Session
from app.session.table import Missing, Table
from extractor import files
from extractor.types import POSE_HEADS

BIDS_VERSION = "1.10.0"
TRACKING_SYSTEM = "motionscope"
MISSING = "n/a"

_ROWS = 4096  # formatted at once
_CAMERA, _PICTURE = "camera", "picture"
_PARTICIPANT, _TASK = "unknown", "recording"  # where the session doesn't say

_REFERENCE_FRAMES = {
    "Description": "The frame of reference in which a channel's values are given.",
    "Levels": {
        _CAMERA: {
            "Description": "The camera's, or a level camera's in its place, where the README states the tilt: x right, "
            "y down, z away from the camera. The head's own frame equals it when "
            "the face looks straight into the camera. x + looks down, y + turns the nose to the image's left, z + is "
            "clockwise in the image.",
            "SpatialAxes": "RDF",
            "RotationRule": "right-hand",
            "RotationOrder": "XYZ",
        },
        _PICTURE: {
            "Description": "Pixels of the recorded picture: x right, y down, from the upper left corner.",
            "SpatialAxes": "RD_",
            "RotationRule": MISSING,
            "RotationOrder": MISSING,
        },
    },
}

_EVENT_COLUMNS = {
    "onset": {"Description": "Seconds from the first frame.", "Units": "s"},
    "duration": {"Description": "Seconds; 0 for a point in time.", "Units": "s"},
    "trial_type": {"Description": "The marker's label."},
    "note": {"Description": "The marker's note."},
    "sample": {"Description": "The row of _motion.tsv, counted from 0, that was shown at the onset."},
}

_PARTICIPANT_COLUMNS = {
    "participant_id": {"Description": "The participant's code."},
    "consent": {"Description": "What the participant agreed to, in the experimenter's words."},
}

_COUNTED = ("ACCEL", "ANGACCEL", "GYRO", "JNTANG", "LATENCY", "MAGN", "MISC", "ORNT", "POS", "VEL")

_MISC = (
    ("pitch_std", "pitch_std_deg", "rad", "standard deviation of the head's rotation about x"),
    ("yaw_std", "yaw_std_deg", "rad", "standard deviation of the head's rotation about y"),
    ("roll_std", "roll_std_deg", "rad", "standard deviation of the head's rotation about z"),
    ("x_std", "x_std_cm", "m", "standard deviation of the head's x"),
    ("y_std", "y_std_cm", "m", "standard deviation of the head's y"),
    ("z_std", "z_std_cm", "m", "standard deviation of the head's z"),
    ("exp_magnitude", "exp_magnitude", MISSING, "root mean square over the keypoints of the expression's displacement"),
    ("scale", "scale", MISSING, "scale of the keypoints within the network's crop"),
    ("detection_score", "detection_score", MISSING, "score of the face detector, 0 to 1"),
    ("quality", "quality", MISSING, "probability that the pose is less than 10 degrees from the true one"),
)


@dataclass(frozen=True, slots=True)
class Channel:
    """One column of ``_motion.tsv`` and its row of ``_channels.tsv``."""

    name: str
    component: str
    type: str
    tracked_point: str
    units: str
    reference_frame: str
    description: str
    values: NDArray[np.float64]  # (N,); NaN where it is missing
    decimals: int


class BidsMotion(Exporter):
    """One participant's recording: the primary face's angles in radians, its keypoints in pixels, their times.

    The frames' times are the LATENCY channel, because a camera's rate varies.  Labels of participant
    and task keep the letters and digits that BIDS allows; where the session has none they are
    "unknown" and "recording".
    """

    name = "bids"
    label = "BIDS motion dataset"
    file = "bids"

    def write(self, session: Session, folder: Path, progress: Progress) -> None:
        if not len(session.table):  # BIDS forbids empty tables
            raise SessionError(f"The session {session.folder} has no frames.")
        header = session.manifest.header
        subject = f"sub-{bids_label(header.participant) or _PARTICIPANT}"
        task = bids_label(header.task) or _TASK
        root = folder / self.file
        motion = root / subject / "motion"
        files.make_folder(motion)
        stem = f"{subject}_task-{task}_tracksys-{TRACKING_SYSTEM}"
        channels = channels_of(session.table.whole, header.keypoint_names, header.camera_tilt)
        _write_motion(motion / f"{stem}_motion.tsv", channels, progress)
        _write_json(motion / f"{stem}_motion.json", _sidecar(session, channels, header.task or task))
        about = ("name", "component", "type", "tracked_point", "units", "reference_frame", "description")
        rows = ([getattr(channel, name) for name in about] for channel in channels)
        _write_tsv(motion / f"{stem}_channels.tsv", about, rows)
        _write_json(motion / f"{stem}_channels.json", {"reference_frame": _REFERENCE_FRAMES})
        events = motion / f"{stem}_events.tsv"
        _write_tsv(
            events,
            tuple(_EVENT_COLUMNS),
            (
                (f"{e.onset_s:.6f}", f"{e.duration_s:.6f}", e.label, e.note, e.frame)
                for e in sorted(session.annotations, key=lambda annotation: annotation.onset_s)
            ),
        )
        _write_json(events.with_suffix(".json"), _EVENT_COLUMNS)
        recorded = (f"motion/{stem}_motion.tsv", first_frame_utc(session.manifest))
        _write_tsv(root / subject / f"{subject}_scans.tsv", ("filename", "acq_time"), [recorded])
        _write_tsv(root / "participants.tsv", tuple(_PARTICIPANT_COLUMNS), [(subject, header.consent)])
        _write_json(root / "participants.json", _PARTICIPANT_COLUMNS)
        _write_dataset(root, session)


def bids_label(text: str) -> str:
    """``text`` as a label of BIDS: letters and digits of ASCII, an "ö" as "o"."""
    return re.sub("[^0-9a-zA-Z]", "", plain_letters(text))


def first_frame_utc(manifest: Manifest) -> str:
    """The time of the first frame, as BIDS writes times; the recording's start where that isn't known."""
    clock = manifest.clocks[0]
    unix_s = clock.unix_s
    if manifest.first_frame_monotonic_s is not None:
        unix_s += manifest.first_frame_monotonic_s - clock.monotonic_s
    moment = datetime.datetime.fromtimestamp(unix_s, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def channels_of(table: Table, keypoint_names: tuple[str, ...] | None, tilt: CameraTilt | None = None) -> list[Channel]:
    """The channels in the order of the columns; angles as a level camera would have measured them."""
    number = (table.timestamp_s, 6)
    channels = [Channel("latency", MISSING, "LATENCY", MISSING, "s", MISSING, "seconds from the first frame", *number)]
    radians = np.deg2rad(levelled_deg(table.angles_deg, tilt), dtype=np.float64)
    for axis, angle, column in zip("xyz", POSE_HEADS, radians.T, strict=True):
        text = f"the head's {angle}"
        channels.append(Channel(f"head_{angle}", axis, "ORNT", "head", "rad", _CAMERA, text, column, 6))
    positions_m = levelled_cm(table.position[:, :3], tilt).T.astype(np.float64) / 100
    for axis, column in zip("xyz", positions_m, strict=True):
        channels.append(Channel(f"head_{axis}", axis, "POS", "head", "m", _CAMERA, "the head's position", column, 4))
    for k in range(table.num_kp):
        point = f"kp_{k}" if keypoint_names is None else keypoint_names[k]
        for i, axis in enumerate("xy"):
            values = table.keypoints[:, k, i].astype(np.float64)
            text = "position in the picture"
            channels.append(Channel(f"{point}_{axis}", axis, "POS", point, "pixel", _PICTURE, text, values, 3))
    for name, column_name, units, text in _MISC:
        values = table.column(column_name).astype(np.float64)
        values = np.deg2rad(values) if units == "rad" else values / 100 if units == "m" else values
        channels.append(Channel(name, MISSING, "MISC", "head", units, MISSING, text, values, 6))
    text = "why there is no pose: " + ", ".join(f"{why:d} {why.word or 'there is one'}" for why in Missing)
    values = table.missing.astype(np.float64)
    channels.append(Channel("missing", MISSING, "MISC", "head", MISSING, MISSING, text, values, 0))
    return channels


def _write_motion(path: Path, channels: Sequence[Channel], progress: Progress) -> None:
    rows = len(channels[0].values)
    template = "\t".join(f"%.{channel.decimals}f" for channel in channels) + "\n"
    with files.create_text(path) as file:
        for start in range(0, rows, _ROWS):
            piece = np.stack([channel.values[start : start + _ROWS] for channel in channels], axis=-1)
            lines = "".join([template % tuple(row) for row in piece.tolist()])
            file.write(lines.replace("nan", MISSING))
            progress(min(start + _ROWS, rows), rows)


def _sidecar(session: Session, channels: Sequence[Channel], task: str) -> dict[str, Any]:
    header, times = session.manifest.header, session.table.timestamp_s
    counts = Counter(channel.type for channel in channels)
    effective = (len(times) - 1) / float(times[-1] - times[0]) if len(times) and times[-1] > times[0] else None
    return {
        "TaskName": task,
        "SamplingFrequency": header.source.fps or effective or MISSING,
        **({} if effective is None else {"SamplingFrequencyEffective": effective}),
        "TrackingSystemName": TRACKING_SYSTEM,
        "Manufacturer": "Motionscope",
        "ManufacturersModelName": header.weights_name or MISSING,
        "SoftwareVersions": session.manifest.app_version,
        "DeviceSerialNumber": header.weights_sha256 or MISSING,
        "MissingValues": MISSING,
        "TrackedPointsCount": 1 + session.table.num_kp,
        "MotionChannelCount": len(channels),
        **{f"{kind}ChannelCount": counts[kind] for kind in _COUNTED},
    }


def _write_dataset(root: Path, session: Session) -> None:
    header = session.manifest.header
    _write_json(
        root / "dataset_description.json",
        {
            "Name": session.folder.name or "Motionscope recording",
            "BIDSVersion": BIDS_VERSION,
            "DatasetType": "raw",
            "GeneratedBy": [{"Name": "Motionscope", "Version": __version__}],
        },
    )
    lines = [
        "Head pose and facial keypoints, measured in a camera's video by Motionscope.",
        "",
        f"Source: {header.source.kind}, {header.source.name}",
        f"Network: {header.weights_summary or header.weights_name or 'none'}",
        *_told_tilt(header.camera_tilt),
        *(f"Face {number}: {name}" for number, name in session.identities.names.items()),
        *(line for line in session.manifest.header.comment.splitlines()),
    ]
    files.write_whole(root / "README", ("\n".join(lines) + "\n").encode("utf-8", "replace"))


def _told_tilt(tilt: CameraTilt | None) -> list[str]:
    if tilt is None:
        return []
    bend = f", less {tilt.bend_deg:g} degrees times 1 - cos(yaw) of pitch" if tilt.bend_deg else ""
    return [
        f"Camera tilt ({tilt.found}): pitch {tilt.pitch_deg:g}, roll {tilt.roll_deg:g} degrees; "
        f"the head's angles are as a level camera would measure them{bend}."
    ]


def _write_json(path: Path, values: dict[str, Any]) -> None:
    files.write_whole(path, (json.dumps(values, indent=2, ensure_ascii=True) + "\n").encode())


def _write_tsv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with files.create_text(path, errors="replace") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_tsv_field(value) for value in row] for row in rows)


def _tsv_field(value: object) -> str:
    """BIDS knows no quotes and no empty fields."""
    return " ".join(str(value).split()).replace('"', "'") or MISSING
