"""What the face does: weights of the expression morphs.

Lids move by MakeHuman's units, everything else by ICT-FaceKit's shapes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from extractor.training.geometry import Array
from extractor.training.rendering.head_model import HeadModel

SPEECH = (
    "mouthFunnel", "mouthPucker", "mouthStretch", "mouthLowerDown", "mouthUpperUp", "mouthRollLower", "mouthPress",
    "mouthShrugUpper", "mouthShrugLower", "mouthFrown",
)  # fmt: skip
UPPER = ("browDown", "browInnerUp", "browOuterUp", "noseSneer", "cheekRaiser")


@dataclass(frozen=True, eq=False)
class Expression:
    weights: Array  # (M,) of the model's morphs
    lids: float  # mean closure


class ExpressionWeights:
    """Morph weights by the units' names; ``name`` without ``_L`` or ``_R`` moves both sides."""

    def __init__(self, model: HeadModel) -> None:
        self._model = model
        self.weights = np.zeros(len(model.targets), np.float32)

    def put(self, name: str, left: float, right: float | None = None) -> None:
        """Set an ICT unit; the stronger of two settings stays."""
        units = self._model.ict_units
        sides: tuple[tuple[str, float], ...]
        if f"{name}_L" in units:
            sides = ((f"{name}_L", left), (f"{name}_R", left if right is None else right))
        else:
            sides = ((name, left),)
        for unit, x in sides:
            self.weights[units[unit]] = max(self.weights[units[unit]], float(np.clip(x, 0, 1.1)))

    def lids(self, unit: str, left: float, right: float) -> None:
        """Set ``closure``, ``opened-up`` or ``slit`` of the lids."""
        self.weights[self._model.units[f"eye-left-{unit}"]] = left
        self.weights[self._model.units[f"eye-right-{unit}"]] = right


def sample_expression(model: HeadModel, rng: np.random.Generator) -> Expression:
    """Neutral, smile, grin, laugh, speech, a few arbitrary units, or a wide-open mouth; brows and lids on top."""
    e = ExpressionWeights(model)

    def put(name: str, x: float) -> None:
        # No face moves both sides alike.
        e.put(name, x * (1 + rng.normal(0, 0.12)), x * (1 + rng.normal(0, 0.12)))

    kinds = {"neutral": 0.16, "smile": 0.18, "grin": 0.1, "laugh": 0.08, "speech": 0.23, "units": 0.18, "shout": 0.07}
    kind = rng.choice(list(kinds), p=list(kinds.values()))
    if kind == "smile":
        x = rng.beta(1.8, 1.5)
        put("mouthSmile", x)
        put("cheekSquint", x * rng.uniform(0.2, 1))
        put("mouthDimple", x * rng.uniform(0, 0.5))
        if rng.random() < 0.6:
            put("mouthUpperUp", x * rng.uniform(0.1, 0.5))
            put("mouthLowerDown", x * rng.uniform(0, 0.5))
            put("jawOpen", x * rng.beta(1, 3) * 0.6)
    elif kind == "grin":
        # All teeth are shown, the jaw stays shut and the skin about mouth, nose and eyes is drawn up.
        put("mouthSmile", rng.uniform(0.4, 1.05))
        put("mouthStretch", rng.beta(1, 1.2))
        put("mouthUpperUp", rng.uniform(0.3, 1))
        put("mouthLowerDown", rng.uniform(0.3, 1))
        put("cheekSquint", rng.uniform(0, 1))
        put("cheekRaiser", rng.uniform(0, 1))
        put("noseSneer", rng.beta(1, 1.5))
        put("jawOpen", rng.beta(1, 4) * 0.3)
    elif kind == "laugh":
        x = rng.uniform(0.6, 1.05)
        put("mouthSmile", x)
        put("jawOpen", rng.uniform(0.15, 0.7))
        put("mouthUpperUp", rng.uniform(0.1, 0.6))
        put("mouthLowerDown", rng.uniform(0, 0.5))
        put("cheekSquint", rng.uniform(0.3, 1))
        put("cheekRaiser", rng.uniform(0, 0.8))
        put("noseSneer", rng.beta(1, 3))
    elif kind == "speech":
        put("jawOpen", rng.beta(1.3, 3.0))
        for _ in range(rng.integers(1, 3)):
            put(SPEECH[rng.integers(len(SPEECH))], rng.beta(1, 2))
    elif kind == "units":
        names = sorted({n.removesuffix("_L").removesuffix("_R") for n in model.ict_units} - {"mouthClose", "jawOpen"})
        for _ in range(rng.integers(1, 4)):
            put(names[rng.integers(len(names))], rng.beta(1.3, 1.8))
    elif kind == "shout":
        put("jawOpen", rng.uniform(0.55, 1.05))
        put("browInnerUp", rng.random())
        put("browOuterUp", rng.random())
    for name in UPPER:
        if rng.random() < 0.18:
            put(name, rng.beta(1, 1.6))
    left, right = _lids(e, rng)
    return Expression(e.weights, (left + right) / 2)


def _lids(e: ExpressionWeights, rng: np.random.Generator) -> tuple[float, float]:
    """Closed, winking, half closed, wide open or resting."""
    left = right = 0.0
    u = rng.random()
    if u < 0.1:
        left, right = ((1.0, 1.0), (1.0, 0.0), (0.0, 1.0))[rng.choice(3, p=[0.76, 0.12, 0.12])]
    elif u < 0.55:
        left = right = float(rng.beta(1, 4) * 0.6)
    elif u < 0.65:
        x = float(rng.beta(1, 1.5))
        e.lids("opened-up", x, x)
    e.lids("closure", left, right)
    if rng.random() < 0.15:
        x = float(rng.beta(1, 2) * 0.8)
        e.lids("slit", x, x)
    return left, right
