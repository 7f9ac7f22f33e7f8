"""``motion_template.pkl``: the motion as LivePortrait and its kin take it instead of a driving video.

LivePortrait's ``make_motion_template`` has the same keys and shapes.  Its own networks take only
the motion of its own weights, with 21 keypoints; the format itself holds any number.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.core.errors import SessionError
from app.session.exporters.base import Exporter, Progress
from app.session.motion import open_motion
from app.session.session import Session
from app.session.table import lacking_poses
from extractor import files

_PROTOCOL = 4  # Python 3.4 on
_EVERY = 1000


class LivePortraitTemplate(Exporter):
    """A pickle of plain NumPy arrays; this app writes pickles but never reads them.

    A template has one rate and no gaps: it is sampled at the session's mean rate, in whole frames a
    second, and holds the last motion where none was measured.  ``R`` is the transpose of the
    project's, because LivePortrait multiplies row vectors.  The openness of eyes and lips is
    LivePortrait's ratio of distances, (1, 2) subject's right eye first and (1, 1); it is NaN where
    the keypoints have no names.
    """

    name = "liveportrait"
    label = "LivePortrait motion template"
    file = "motion_template.pkl"

    def remark(self, session: Session) -> str:
        what = lacking_poses(session.table.missing)
        return f"{what}; the template holds the motion measured before them." if what else ""

    def write(self, session: Session, folder: Path, progress: Progress) -> None:
        times = session.table.timestamp_s
        records = open_motion(session.motion_path).below(len(times))
        if not len(records):
            raise SessionError(f"The session {session.folder} has no measured face.")
        rate, chosen = sample(times, records["frame"].astype(np.int64))
        names = session.manifest.header.keypoint_names
        eyes: list[NDArray[np.float32]] = []
        lips: list[NDArray[np.float32]] = []

        def motion() -> Iterator[dict[str, NDArray[np.float32]]]:
            for i, k in enumerate(chosen):
                item = motion_of(records[k])
                eyes.append(eye_ratios(item["x_s"][0], names))
                lips.append(lip_ratio(item["x_s"][0], names))
                if i % _EVERY == 0:
                    progress(i, len(chosen))
                yield item

        # The order matters: the small lists are complete once the large one has been written.
        template = {
            "n_frames": len(chosen),
            "output_fps": rate,
            "motion": _Streamed(motion()),
            "c_eyes_lst": eyes,
            "c_lip_lst": lips,
        }
        with files.create(folder / self.file) as file:
            pickler = pickle.Pickler(file, _PROTOCOL)
            pickler.fast = True  # it remembers nothing it has written: hours of motion need no memory
            pickler.dump(template)
        progress(len(chosen), len(chosen))


class _Streamed:
    """Pickled as the list of what the iterator gives, taken one by one."""

    def __init__(self, items: Iterator[object]) -> None:
        self._items = items

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (), None, self._items


def sample(timestamps_s: NDArray[np.float64], frames: NDArray[np.int64]) -> tuple[int, NDArray[np.int64]]:
    """The rate in whole frames a second, and for each instant of it the index into ``frames`` to show.

    ``timestamps_s``: (N,) of all frames; ``frames``: (M,) those measured, M at least 1.
    """
    span_s = float(timestamps_s[-1] - timestamps_s[0])
    rate = max(1, round((len(timestamps_s) - 1) / span_s)) if span_s > 0 else 1
    instants = timestamps_s[0] + np.arange(round(span_s * rate) + 1) / rate
    # Half a period ahead: then the frame that is nearest is taken and not the one before it.
    latest = np.searchsorted(timestamps_s[frames], instants + 0.5 / rate, side="right") - 1
    return rate, np.maximum(latest, 0)


def motion_of(record: Any) -> dict[str, NDArray[np.float32]]:
    """One item of ``motion``: each array with a batch of 1 before its own shape."""
    scale, t = np.float32(record["scale"]), np.array(record["t"], np.float32)
    rotation = np.array(record["rotation"].T, np.float32)
    kp, exp = np.array(record["kp"], np.float32), np.array(record["exp"], np.float32)
    driven = scale * (kp @ rotation + exp) + np.array((t[0], t[1], 0), np.float32)
    values = {"scale": scale.reshape(1), "R": rotation, "exp": exp, "t": t, "kp": kp, "x_s": driven}
    return {name: np.ascontiguousarray(value[None], np.float32) for name, value in values.items()}


def eye_ratios(points: NDArray[np.float32], names: tuple[str, ...] | None) -> NDArray[np.float32]:
    """(1, 2) height over width of the subject's right and left eye; ``points`` (K, 3)."""
    sides = [_ratio(points, names, f"lid_up_{s}", f"lid_low_{s}", f"eye_inner_{s}", f"eye_outer_{s}") for s in "rl"]
    return np.array([sides], np.float32)


def lip_ratio(points: NDArray[np.float32], names: tuple[str, ...] | None) -> NDArray[np.float32]:
    """(1, 1) height over width of the mouth."""
    return np.array([[_ratio(points, names, "lip_up", "lip_low", "mouth_l", "mouth_r")]], np.float32)


def _ratio(points: NDArray[np.float32], names: tuple[str, ...] | None, *four: str) -> float:
    """Distance of the first two divided by the distance of the others, in the picture; NaN where one has no name."""
    if names is None or len(names) != len(points) or not set(four) <= set(names):
        return float("nan")
    a, b, c, d = (points[names.index(name), :2] for name in four)
    return float(np.hypot(*(a - b)) / (np.hypot(*(c - d)) + 1e-6))  # LivePortrait's own guard against 0
