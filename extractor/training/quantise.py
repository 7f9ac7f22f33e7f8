"""``python -m extractor.training.quantise``: which layers may compute in 8-bit integers, decided by measuring.

A quarter of the heads calibrates: each layer gets the limits that round what goes into it with the
least squared error.  The others judge: the mean absolute error of pitch, yaw and roll in the webcam's
range, rounded and not, on the engine that will run it.  While rounding costs more than is allowed,
the layer that alone costs most is left as it is.  The recipe goes into the weights' metadata
(``extractor.quantisation``), so that it travels with them; no head is needed to use it.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from extractor import onnx_graph
from extractor.backends.runtimes import OnnxRunner
from extractor.convert import DTYPES, save_weights
from extractor.decode_arrays import decode_arrays
from extractor.export import parameters_of
from extractor.model import MotionExtractor
from extractor.quantisation import KEY, Recipe
from extractor.report import LoadReport, WeightsError
from extractor.training.command import command, parser_of
from extractor.training.errors import TrainingError
from extractor.training.evaluate import MILD, load_for_training
from extractor.training.learning.batches import fixed_batch
from extractor.training.learning.pool import HeadPool
from extractor.training.measuring.metrics import WEBCAM_DEG
from extractor.types import HEADS, CropSpec, Floats

LARGEST_COST_DEG = 0.15
CALIBRATES = 4  # every so many-th head
MOST_CALIBRATING = 256
BATCH = 32
SAMPLES = 4096  # of a layer's input in a batch
TAILS = (0.0, 1e-5, 1e-4, 3e-4, 1e-3)  # shares cut off at either end, tried one after the other
DATA = "rendered_heldout"

LARGEST_MOVE_DEG = 0.35
"""Mean change of an angle by rounding; ``extractor.agreement`` refuses int8 beyond 0.5."""

Crops = NDArray[np.uint8]


@dataclasses.dataclass(frozen=True, slots=True)
class Judgement:
    """Mean absolute error of the three angles in degrees, webcam range: as it is, and rounded."""

    heads: int
    exact_deg: float
    rounded_deg: float
    moved_deg: float  # how far rounding moves an angle, mean of the absolute values

    @property
    def cost_deg(self) -> float:
        return self.rounded_deg - self.exact_deg

    def within(self, most_deg: float) -> bool:
        """Whether rounding costs no more than that and moves the angles little: a lucky error is none to rely on."""
        return self.cost_deg <= most_deg and self.moved_deg <= LARGEST_MOVE_DEG


class Quantiser:
    """Measures recipes for one network."""

    def __init__(self, network: MotionExtractor, pool: HeadPool) -> None:
        """Raises ``EngineError`` where nothing is installed that runs ONNX."""
        assert network.report is not None
        self._parameters = parameters_of(network)
        self._report = network.report
        crops, angles = _crops(pool, network.report.spec.crop)
        calibrates = np.arange(len(crops)) % CALIBRATES == 0
        webcam = (np.abs(angles) <= np.array(WEBCAM_DEG)).all(axis=1)
        self._calibrating = crops[calibrates][:MOST_CALIBRATING]
        self._judging, self._truth = crops[~calibrates & webcam], angles[~calibrates & webcam]
        if not len(self._judging):
            raise TrainingError("There are too few heads in the webcam's range to judge by.")
        self._exact = self._angles(None)

    def limits(self) -> dict[str, tuple[float, float]]:
        """For each quantisable layer those that round its input best."""
        taps = onnx_graph.build(self._parameters, self._report, taps=True)
        names = onnx_graph.quantisable(self._parameters)
        runner, generator = OnnxRunner(taps, names), np.random.default_rng(0)
        seen: dict[str, list[Floats]] = {name: [] for name in names}
        for start in range(0, len(self._calibrating), BATCH):
            for name, values in runner.run(self._calibrating[start : start + BATCH]).items():
                flat = values.reshape(-1)
                chosen = generator.integers(0, len(flat), SAMPLES)
                seen[name].append(np.concatenate([flat[chosen], [flat.min(), flat.max()]]))
        return {name: best_limits(np.concatenate(parts)) for name, parts in seen.items()}

    def judge(self, recipe: Recipe) -> Judgement:
        rounded = self._angles(recipe)
        return Judgement(
            len(self._truth),
            float(np.abs(self._exact - self._truth).mean()),
            float(np.abs(rounded - self._truth).mean()),
            float(np.abs(rounded - self._exact).mean()),
        )

    def choose(self, most_deg: float, report: Callable[[str], None]) -> tuple[Recipe | None, Judgement]:
        """The recipe with the most layers that is ``within(most_deg)``; None where none does."""
        limits = self.limits()
        recipe = Recipe(limits, (), {})
        judgement = self.judge(recipe)
        report(f"{len(limits)} layers rounded: {_summary(judgement)}")
        if not judgement.within(most_deg):
            alone = {
                name: self.judge(Recipe({name: pair}, (), {})).moved_deg
                for name, pair in tqdm(limits.items(), desc="layers one by one", file=sys.stderr)
            }
            order = sorted(alone, key=alone.__getitem__, reverse=True)
            for count in range(1, len(order) + 1):
                kept = tuple(order[:count])
                rounded = {name: pair for name, pair in limits.items() if name not in kept}
                if not rounded:
                    return None, judgement
                recipe = Recipe(rounded, kept, {})
                judgement = self.judge(recipe)
                report(f"without {kept[-1]}: {_summary(judgement)}")
                if judgement.within(most_deg):
                    break
        return dataclasses.replace(recipe, cost_deg={DATA: round(judgement.cost_deg, 4)}), judgement

    def _angles(self, recipe: Recipe | None) -> Floats:
        """(n, 3) of the judging heads."""
        runner = OnnxRunner(onnx_graph.build(self._parameters, self._report, recipe), HEADS)
        batches = (self._judging[start : start + BATCH] for start in range(0, len(self._judging), BATCH))
        return np.concatenate([decode_arrays(runner.run(batch)).angles_deg for batch in batches])


def best_limits(values: Floats) -> tuple[float, float]:
    """Limits: of the symmetric cuts of ``TAILS`` the one that rounds to 256 steps with the least squared error."""
    best, least = (0.0, 1e-6), np.inf
    for tail in TAILS:
        low, high = (float(limit) for limit in np.quantile(values, (tail, 1 - tail)))
        low, high = min(low, 0.0), max(high, 0.0)
        step = max(high - low, 1e-12) / 255
        rounded = np.round((np.clip(values, low, high) - low) / step) * step + low
        error = float(np.square(values - rounded).mean())
        if error < least and low < high:
            best, least = (low, high), error
    return best


def quantise(
    source: Path, target: Path, heads: Path, most_deg: float, report: Callable[[str], None]
) -> tuple[Recipe | None, Judgement]:
    """Decide for the weights and write them to ``target`` with the recipe, or without one where none is good enough.

    Raises ``TrainingError`` and ``EngineError``.
    """
    network, _ = load_for_training(source)
    assert network.report is not None
    recipe, judgement = Quantiser(network, HeadPool([heads], torch.device("cpu"), resident=False)).choose(
        most_deg, report
    )
    write_recipe(network, network.report, target, recipe)
    return recipe, judgement


def write_recipe(network: MotionExtractor, report: LoadReport, target: Path, recipe: Recipe | None) -> None:
    """The same weights with the recipe in their metadata.  Raises ``TrainingError``."""
    if report.layout != "project":
        raise TrainingError(f"{report.path} has no metadata for a recipe: python -m extractor.convert makes them.")
    further = {key: value for key, value in report.metadata.items() if key != KEY}
    if recipe is not None:
        further[KEY] = recipe.to_json()
    half = all(torch.equal(tensor, tensor.half().float()) for tensor in network.detector.state_dict().values())
    try:
        dtype = DTYPES["fp16" if half else "fp32"]
        save_weights(target, network.detector.state_dict(), report.spec, further, dtype)
    except (WeightsError, OSError) as error:
        raise TrainingError(str(error)) from error


def _crops(pool: HeadPool, spec: CropSpec) -> tuple[Crops, Floats]:
    """(n, S, S, 3) as the app would cut them, with an ordinary webcam's faults, and the true angles (n, 3)."""
    crops, angles = [], []
    for start in range(0, len(pool), BATCH):
        rows = torch.arange(start, min(start + BATCH, len(pool)))
        batch = fixed_batch(pool, rows, spec, seed=start, faults=MILD)
        crops.append(batch.crops.clamp(0, 1).mul(255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy())
        angles.append(batch.targets.angles_deg.numpy())
    return np.ascontiguousarray(np.concatenate(crops)), np.concatenate(angles)


def _summary(judgement: Judgement) -> str:
    return (
        f"mean absolute error {judgement.exact_deg:.3f} -> {judgement.rounded_deg:.3f} degrees, "
        f"cost {judgement.cost_deg:+.3f}, angles moved by {judgement.moved_deg:.3f}"
    )


@command
def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = parser_of(__file__, __doc__.split("\n\n")[0])
    parser.add_argument("weights", type=Path, help="the project's safetensors")
    parser.add_argument("--heads", type=Path, required=True, help="folder of shards that no training has seen")
    parser.add_argument("--out", type=Path, help="write here rather than into the weights themselves")
    parser.add_argument("--most", type=float, default=LARGEST_COST_DEG, metavar="DEG", help="the largest cost allowed")
    given = parser.parse_args(arguments)
    recipe, judgement = quantise(given.weights, given.out or given.weights, given.heads, given.most, print)
    if recipe is None:
        print(f"No layer may be rounded: {_summary(judgement)}; the weights are without a recipe.")
    else:
        print(f"{given.out or given.weights}: {len(recipe.limits)} layers rounded, {len(recipe.kept)} kept.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
