"""The person's axes, from a shake of the head and a nod: the first turns about what is up, the second about the ears.

However a camera stands, a head that is shaken turns about one fixed line in its picture, and one that
nods about another.  From the camera's own axes these lines are off by its tilt.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.core.errors import UserError
from app.core.frames import Floats
from app.core.rotation import rotation_vector
from app.core.tilt import MEASURED, MOST_BEND_DEG, CameraTilt
from extractor.decode_arrays import angles_from_matrix

Vectors = NDArray[np.float64]

STEP_S = 0.15  # between the two poses of a step: shorter, and it is as small as the noise
LONGEST_STEP_S = 0.4  # over a gap the head may have turned about anything
ALONG_DEG = 12.0  # a step that lies so far off its axis counts half
LEAST_STEPS = 20
LEAST_SHAKE_DEG, LEAST_NOD_DEG = 15.0, 8.0  # from end to end
MOST_SKEW_DEG = 20.0  # that the axes may be off a right angle
FAR_OFF_DEG = 40.0  # a step that lies so far off both axes belongs to neither movement,
LEAST_SHARE = 0.75  # and so much of the motion must belong to one
MOST_STD_DEG = 5.0
BLOCKS = 6  # of each movement, left out in turn for the deviation
LEAST_TURN_DEG = 12.0  # to either side, or the bend is taken to be 0
FAR_PITCH_DEG = 1.5  # a pose whose pitch lies so far off the bend counts half
BENDS_DEG = 16.0  # how much people's bends differ,
CHANGING_DEG = 0.27  # and how far pitch is off from clip to clip of one person, on average over the shake

AGAIN = "so nothing was changed: try again, shake your head for two and a half seconds, then nod for as long."


class MotionWatch:
    """Keeps the poses of one face for a while; when it is another one, or time goes back, it begins anew."""

    def __init__(self, watch_s: float) -> None:
        self._watch_s = watch_s
        self.clear()

    def clear(self) -> None:
        """Forget all samples."""
        self._times_s: list[float] = []
        self._rotations: list[Floats] = []
        self.face_id: int | None = None

    def add(self, time_s: float, face_id: int, rotation: Floats, moved: NDArray[np.float64]) -> None:
        """A measured pose (3, 3); the expression doesn't matter."""
        if face_id != self.face_id or (self._times_s and time_s <= self._times_s[-1]):
            self.clear()
        self.face_id = face_id
        self._times_s.append(time_s)
        self._rotations.append(rotation)

    @property
    def progress(self) -> float:
        """The share of the time that it has been watched, 0 to 1."""
        if not self._times_s:
            return 0.0
        return min(1.0, (self._times_s[-1] - self._times_s[0]) / self._watch_s)

    @property
    def motion(self) -> tuple[Vectors, Vectors]:
        """Times (n,) in seconds, rotations (n, 3, 3)."""
        return np.array(self._times_s), np.array(self._rotations, np.float64)

    def __len__(self) -> int:
        return len(self._times_s)


@dataclass(frozen=True, slots=True, eq=False)
class _Movement:
    """The steps of one of the two movements."""

    steps: Vectors  # (n, 3) axis times angle in radians, camera axes
    ends: NDArray[np.intp]  # (n, 2) the poses before and after each

    @property
    def axis(self) -> Vectors:
        """(3,), a unit vector."""
        return _principal_axis(self.steps)

    def where(self, kept: NDArray[np.bool_]) -> _Movement:
        """The steps (n,) that are ``kept``."""
        return _Movement(self.steps[kept], self.ends[kept])

    def without(self, block: int) -> _Movement:
        """All but one of ``BLOCKS`` blocks."""
        return self.where(np.arange(len(self.steps)) * BLOCKS // len(self.steps) != block)


def estimate_tilt(times_s: NDArray[np.floating[Any]], rotations: NDArray[np.floating[Any]]) -> CameraTilt:
    """The camera's tilt from a shake of the head and a nod, in either order.

    The steps between poses ``STEP_S`` apart are divided between two lines through the origin, each
    the principal axis of its steps (robust: iteratively reweighted by the angle off the line).  The
    one nearer to the head's own vertical is the shake's.  Both are made orthogonal by turning
    each by half of what is missing.  What the network then still says of pitch in the shake is the bend.

    Args:
        times_s: (n,) increasing.
        rotations: (n, 3, 3) measured, head to camera.

    Returns:
        The tilt with the standard deviation of the vertical (jackknife over blocks of both movements).

    Raises:
        UserError: where the movements are too small, too few or too mixed, or their axes not near a right angle.
    """
    r = np.asarray(rotations, np.float64)
    steps = _steps(np.asarray(times_s, np.float64), r)
    if len(steps.ends) < LEAST_STEPS:
        raise UserError(f"The head was seen too seldom, {AGAIN}")
    steps = steps.where(steps.steps.any(axis=1))  # a frozen picture repeats its pose to the last digit
    if len(steps.ends) < LEAST_STEPS:
        raise UserError(f"The head did not move, {AGAIN}")
    mean = r.mean(axis=0)  # its columns are near the head's axes, if shorter
    shake, nod, share = _divided(steps, mean)
    if min(len(shake.steps), len(nod.steps)) < BLOCKS:
        raise UserError(f"Only one movement was large enough, {AGAIN}")
    for movement, name, least in ((shake, "shake", LEAST_SHAKE_DEG), (nod, "nod", LEAST_NOD_DEG)):
        size = _size_deg(r, movement.axis)
        if size < least:
            raise UserError(f"The {name} was too small ({size:.0f} degrees from end to end), {AGAIN}")
    off = 90 - float(np.rad2deg(np.arccos(min(1.0, abs(float(shake.axis @ nod.axis))))))
    if off > MOST_SKEW_DEG or share < LEAST_SHARE:
        raise UserError(f"Shake and nod were too mixed to tell up from right, {AGAIN}")
    up = _vertical(shake, nod, mean)
    others = [_vertical(shake.without(k), nod, mean) for k in range(BLOCKS)]
    others += [_vertical(shake, nod.without(k), mean) for k in range(BLOCKS)]
    variance = (BLOCKS - 1) / BLOCKS * sum(float(np.square(other - up).sum()) for other in others)
    std_deg = float(np.rad2deg(np.sqrt(variance)))
    if std_deg > MOST_STD_DEG:
        raise UserError(f"Shake and nod were too uneven, {AGAIN}")
    tilt = CameraTilt.of_vertical(up, MEASURED, round(std_deg, 3))
    return replace(tilt, bend_deg=_bend_deg(tilt.levelled(r[np.unique(shake.ends)])))


def _bend_deg(shaken: Vectors) -> float:
    """The factor by which 1 - cos(yaw) adds to pitch in the shake's poses (n, 3, 3) before a level camera.

    Ridge regression, so that what little a small shake tells is held back; robust: iteratively
    reweighted (Cauchy's weights).
    """
    pitch, yaw, _ = angles_from_matrix(shaken).T
    low, high = np.percentile(yaw, (2.5, 97.5))
    if min(-low, high) < LEAST_TURN_DEG:
        return 0.0
    turned, bend, weights = 1 - np.cos(np.deg2rad(yaw)), 0.0, np.ones(len(yaw))
    for _ in range(10):
        off, far = turned - np.average(turned, weights=weights), pitch - np.average(pitch, weights=weights)
        held = len(yaw) * (CHANGING_DEG / BENDS_DEG) ** 2
        bend = float((weights * off * far).sum() / ((weights * off**2).sum() + held))
        weights = 1 / (1 + np.square((far - bend * off) / FAR_PITCH_DEG))
    return round(float(np.clip(bend, -MOST_BEND_DEG, MOST_BEND_DEG)), 3)


def _steps(times_s: Vectors, rotations: Vectors) -> _Movement:
    """From each pose to the first one at least ``STEP_S`` later."""
    later = np.searchsorted(times_s, times_s + STEP_S)
    pairs = [
        (i, j) for i, j in enumerate(later) if j < len(times_s) and times_s[j] - times_s[i] <= LONGEST_STEP_S
    ]  # fmt: skip
    vectors = [rotation_vector(rotations[j] @ rotations[i].T) for i, j in pairs]
    return _Movement(np.array(vectors).reshape(-1, 3), np.array(pairs, np.intp).reshape(-1, 2))


def _divided(steps: _Movement, mean: Vectors) -> tuple[_Movement, _Movement, float]:
    """Shake and nod by k-lines, begun with the head's own axes, and the share of the motion that belongs to either.

    Steps in which hardly anything moved say nothing, and a wild pose counts as no more than a large step.
    """
    sizes = np.linalg.norm(steps.steps, axis=1)
    usual = np.percentile(sizes, 90)
    keep = sizes >= 0.2 * usual
    moving, ends = steps.steps[keep] * np.minimum(1.0, 1.2 * usual / sizes[keep])[:, None], steps.ends[keep]
    axes = np.stack([mean[:, 1], mean[:, 0]])
    nearest = np.full(len(moving), -1)
    for _ in range(20):
        along = np.abs(moving @ axes.T)
        before, nearest = nearest, along.argmax(axis=1)
        if np.array_equal(before, nearest):
            break
        axes = np.stack([_principal_axis(moving[nearest == k]) if (nearest == k).any() else axes[k] for k in (0, 1)])
    sizes = np.linalg.norm(moving, axis=1)
    clear = along.max(axis=1) >= np.cos(np.deg2rad(FAR_OFF_DEG)) * sizes
    shake, nod = (_Movement(moving, ends).where(clear & (nearest == k)) for k in (0, 1))
    return shake, nod, float(sizes[clear].sum() / sizes.sum())


def _principal_axis(steps: Vectors) -> Vectors:
    """(3,): the line nearest to (n, 3) steps, of which those far off it count less (Cauchy's weights)."""
    weights = np.ones(len(steps))
    axis = np.zeros(3)
    for _ in range(10):
        axis = np.asarray(np.linalg.eigh((steps * weights[:, None]).T @ steps)[1][:, 2])
        along = steps @ axis
        off = np.arctan2(np.linalg.norm(steps - along[:, None] * axis, axis=1), np.abs(along))
        weights = 1 / (1 + np.square(off / np.deg2rad(ALONG_DEG)))
    return axis


def _vertical(shake: _Movement, nod: _Movement, mean: Vectors) -> Vectors:
    """(3,): what is up, at a right angle to the axis of the nod."""
    down, right = shake.axis, nod.axis
    down, right = down * np.sign(down @ mean[:, 1]), right * np.sign(right @ mean[:, 0])
    # Of two unit vectors, sum and difference are at right angles: theirs are the diagonals of the square sought.
    sides = [(down + right) / np.linalg.norm(down + right), (down - right) / np.linalg.norm(down - right)]
    return np.asarray(-(sides[0] + sides[1]) / np.sqrt(2))


def _size_deg(rotations: Vectors, axis: Vectors) -> float:
    """How far the head turned about ``axis``, from end to end, without the last percents."""
    middle = rotations[len(rotations) // 2]
    turned = np.array([rotation_vector(r @ middle.T) for r in rotations]) @ axis
    low, high = np.percentile(turned, (2.5, 97.5))
    return float(np.rad2deg(high - low))
