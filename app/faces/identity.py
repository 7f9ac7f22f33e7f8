"""Tells people apart by the neutral shape that the network sees, remembered while the person is there.

Nothing of this is written anywhere, and it tells the few people in one picture apart, no more:
the shapes of five people differ by 0.005 to 0.023 (root mean square over the unit shape's
coordinates), while one person's shape varies by 0.005 to 0.009 from frame to frame and pose to
pose.  One look decides rightly in 95 of 100 cases between two of them (two sets of small weights
measured); a longer one hardly does better, for the errors go with the pose.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.core.frames import Floats

Shape = NDArray[np.float64]

REMEMBERED = 60  # looks over which the mean runs, so that a slow change of light or pose is followed
KNOWN = 10  # looks after which a mean is good enough to tell how far single looks lie from it
SHAPE_STD = 0.0065  # of one person's shape, until it has been measured with the weights that run
PRIOR_LOOKS = 200  # how many looks that first value is worth
MOST = 9.0  # a shape alone never says more: a grimace must not outweigh a clear motion


def shape_of(kp: Floats) -> Shape | None:
    """The (K, 3) neutral keypoints as one vector, centred and of unit size; None where there is no such shape."""
    points = np.asarray(kp, np.float64)
    if not np.isfinite(points).all():
        return None
    points = points - points.mean(axis=0)
    size = float(np.sqrt((points**2).sum(axis=1).mean()))
    if size <= 0:
        return None
    return np.asarray((points / size).ravel(), np.float64)


class ShapeVariance:
    """How much one person's shape varies from look to look with the weights that run, measured as it goes."""

    def __init__(self) -> None:
        self._sum = PRIOR_LOOKS * SHAPE_STD**2
        self._looks = float(PRIOR_LOOKS)

    def add(self, squared: float) -> None:
        """A mean squared difference between a shape and its person's mean."""
        # No more than thrice what is usual: the look may have been at somebody else.
        self._sum += min(squared, 9 * self.variance)
        self._looks += 1
        if self._looks > 10 * PRIOR_LOOKS:
            self._sum, self._looks = self._sum / 2, self._looks / 2

    @property
    def variance(self) -> float:
        """The mean squared difference of one person's shape from its mean."""
        return self._sum / self._looks


class ShapeMemory:
    """The running mean of one person's shape."""

    def __init__(self) -> None:
        self._mean: Shape | None = None
        self._looks = 0

    @property
    def known(self) -> bool:
        """Whether there is anything to compare with."""
        return self._looks >= KNOWN

    def shape_distance(self, shape: Shape, variance: ShapeVariance) -> float:
        """How little ``shape`` resembles this person's: about 1 for their own, 0 to ``MOST``."""
        if self._mean is None or self._mean.shape != shape.shape:  # other weights have other keypoints
            return 1.0
        return min(float(((shape - self._mean) ** 2).mean()) / variance.variance, MOST)

    def learn(self, shape: Shape, variance: ShapeVariance) -> None:
        """Add a look to the mean, and its distance from the mean to ``variance``."""
        if self._mean is None or self._mean.shape != shape.shape:
            self._mean, self._looks = shape.copy(), 1
            return
        if self.known:
            variance.add(float(((shape - self._mean) ** 2).mean()))
        self._looks = min(self._looks + 1, REMEMBERED)
        self._mean = self._mean + (shape - self._mean) / self._looks
