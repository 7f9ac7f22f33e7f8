"""How good a frame is: the probability, 0 to 1, that the measured pose is less than ten degrees from the true one.

Four things are known without the truth: the spread of the network's bins, the detector's score, the size of the
face in the frame and the sharpness of the crop.  A logistic model of them is fitted to labelled photographs, and to
the same photographs blurred, darkened, made small, compressed and covered, by ``python -m tests.tools.fit_quality``.
The coefficients fit one network, so they travel in its weights' metadata under ``quality``; where weights bring
none, the quality is not known (NaN).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from extractor.types import Angles
from extractor.values import is_number

WITHIN_DEG = 10.0
"""Angle of the rotation between the measured and the true pose, below which a pose counts as right."""

MOST_PIXELS = 128.0
"""A face that is larger is not seen better: crops have hardly more pixels."""

LEAST_STD_DEG, MOST_STD_DEG = 1.0, 30.0
"""Spreads outside are taken for these."""

LEAST_SHARPNESS, MOST_SHARPNESS = 1.0, 1000.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """The inputs of the quality model."""

    std: Angles
    score: float  # the detector's, 0 to 1; 0 where it has lost the face
    size_px: float  # longer side of the face box, in the frame
    sharpness: float  # see ``app.faces.crop.sharpness_of``

    def features(self) -> tuple[float, float, float, float]:
        """As the model takes them: octaves of spread, score, octaves of size, decades of sharpness."""
        spread = math.sqrt(sum(std**2 for std in self.std) / 3)
        return (
            math.log2(_within(spread, LEAST_STD_DEG, MOST_STD_DEG)),
            _within(self.score, 0.0, 1.0),
            math.log2(_within(self.size_px, 1.0, MOST_PIXELS)),
            math.log10(_within(self.sharpness, LEAST_SHARPNESS, MOST_SHARPNESS)),
        )


@dataclass(frozen=True, slots=True)
class QualityModel:
    """Coefficients of the logistic model, in the order of ``Evidence.features``, and the recommended threshold."""

    bias: float
    spread: float  # 0 or less: more spread is never better; the others are 0 or more
    score: float
    size: float
    sharpness: float
    threshold: float  # poses below are better left out

    @classmethod
    def of(cls, metadata: Mapping[str, object]) -> QualityModel | None:
        """A checkpoint's model, by its metadata; None where they hold none, or none that makes sense."""
        given = metadata.get("quality")
        if not isinstance(given, Mapping):
            return None
        values = [given.get(name) for name in cls.__slots__]
        if not all(is_number(value) and abs(value) < 1e6 for value in values):
            return None
        model = cls(*(float(value) for value in values))  # type: ignore[arg-type]
        signs = model.spread <= 0 <= min(model.score, model.size, model.sharpness)
        return model if signs and 0 < model.threshold < 1 else None

    def to_json(self) -> dict[str, float]:
        """The value of ``quality`` in the metadata, which ``of`` reads."""
        return {name: round(value, 4) for name, value in asdict(self).items()}

    def quality(self, evidence: Evidence) -> float:
        """Returns 0 to 1; NaN where a spread is not a number."""
        coefficients = (self.spread, self.score, self.size, self.sharpness)
        z = self.bias + sum(a * x for a, x in zip(coefficients, evidence.features(), strict=True))
        return 1 / (1 + math.exp(-_within(z, -50.0, 50.0)))


def threshold_of(metadata: Mapping[str, object]) -> float | None:
    """Below which quality poses of these weights are better left out; None where nobody knows."""
    model = QualityModel.of(metadata)
    return None if model is None else model.threshold


def is_low(quality: NDArray[np.floating[Any]], threshold: float | None) -> NDArray[np.bool_]:
    """Which of these, (N,), are below the threshold; none where either is not known."""
    return np.asarray(quality < (math.nan if threshold is None else threshold), bool)


def _within(value: float, low: float, high: float) -> float:
    """NaN stays NaN."""
    return value if math.isnan(value) else min(max(value, low), high)
