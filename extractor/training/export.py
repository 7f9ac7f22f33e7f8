"""``python -m extractor.training.export``: from a training state to the safetensors file that the program loads."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from extractor.convert import DTYPES, save_weights
from extractor.decode import bins_to_degrees
from extractor.training.augment import PhotoFaults
from extractor.training.calibration import apply_temperatures, fit_temperatures
from extractor.training.errors import TrainingError
from extractor.training.evaluate import evaluate, load_for_training, predictions, table
from extractor.training.losses import decode_heads
from extractor.training.metrics import Metrics
from extractor.training.pool import HeadPool
from extractor.types import KEYPOINT_NAMES, POSE_HEADS, CropSpec, NetworkSpec
from extractor.weights import WeightsError

SURE_SHARE = 0.95  # of held-out heads have less spread in yaw than ``sure_std_deg``
LICENCE = "GPL-3.0-only"
TRAINING_DATA = (
    "Rendered heads only, no photograph of a person: MakeHuman base mesh, morphs and assets (CC0), ICT-FaceKit "
    "identity and expression modes (MIT), CC0 HDRIs; see the model card."
)


def export(
    checkpoint: Path, target: Path, heads: Path | None, *, size: int | None, dtype: str, history: Path | None = None
) -> Metrics | None:
    """Calibrate on ``heads`` (if given), measure there, and write ``target``; raises ``TrainingError``."""
    network, own_size = load_for_training(checkpoint)
    size = size or own_size
    metrics, temperatures, sure_std_deg = None, None, None
    if heads is not None:
        pool = HeadPool([heads], torch.device("cpu"), resident=False)
        # Under the faults of training, not the mild ones of the evaluation: on photographs errors are larger than on
        # clean renders, and temperatures fitted there made the network too sure of itself and its angles worse.
        # Textures are no camera's fault.
        answers, targets, _ = predictions(network, pool, size, PhotoFaults(texture=0.0))
        temperatures = fit_temperatures(decode_heads(answers).logits, targets.angles_deg)
        apply_temperatures(network, temperatures)
        spread = bins_to_degrees(decode_heads(answers).logits / temperatures[None, :, None])[1]
        sure_std_deg = round(float(spread[:, POSE_HEADS.index("yaw")].quantile(SURE_SHARE)), 2)
        metrics = evaluate(network, pool, size)
    further: dict[str, object] = {
        "training_data": TRAINING_DATA,
        "licence": LICENCE,
        "errors": {} if metrics is None else {"rendered_heldout": asdict(metrics)},
        "sure_std_deg": sure_std_deg,  # the app takes crops with more spread in yaw for no face, where in doubt
        "temperatures": None if temperatures is None else temperatures.tolist(),
        "source_sha256": hashlib.sha256(checkpoint.read_bytes()).hexdigest(),
    }
    if history is not None:
        further["recipe"] = json.loads(history.read_text(encoding="utf-8"))
    spec = NetworkSpec(
        network.backbone, network.num_kp, network.num_bins, CropSpec(input_size=size), tuple(KEYPOINT_NAMES)
    )
    try:
        save_weights(target, network.detector.state_dict(), spec, further, DTYPES[dtype])
    except WeightsError as error:
        raise TrainingError(str(error)) from error
    return metrics


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m extractor.training.export", description=__doc__.split(": ", 1)[1])
    parser.add_argument("checkpoint", type=Path, help="a training state (its averaged network is taken) or weights")
    parser.add_argument("target", type=Path, help="the safetensors file to write")
    parser.add_argument("--heads", type=Path, help="shards that no training has seen: calibrates and measures")
    parser.add_argument("--size", type=int, help="pixels of the input (default: the checkpoint's own)")
    parser.add_argument("--dtype", choices=DTYPES, default="fp16", help="how numbers are stored (default: fp16)")
    parser.add_argument("--recipe", type=Path, help="the run's settings.json, kept in the metadata")
    parser.add_argument("--force", action="store_true", help="overwrite the target where it exists")
    given = parser.parse_args(arguments)
    try:
        if given.target.exists() and not given.force:
            raise TrainingError(f"{given.target} exists already; --force overwrites it.")
        metrics = export(
            given.checkpoint, given.target, given.heads, size=given.size, dtype=given.dtype, history=given.recipe
        )
    except (TrainingError, OSError, ValueError) as error:
        print(f"export: {error}", file=sys.stderr)
        return 1
    if metrics is not None:
        print(table(metrics))
    print(f"{given.target}: {given.target.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
