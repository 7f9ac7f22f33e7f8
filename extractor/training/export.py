"""``python -m extractor.training.export``: from a training state to the safetensors file that the program loads."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import torch

from extractor.convert import DTYPES, save_weights
from extractor.decode import bins_to_degrees
from extractor.report import WeightsError
from extractor.training.command import command, parser_of
from extractor.training.errors import TrainingError
from extractor.training.evaluate import evaluate, load_for_training, predictions, table
from extractor.training.learning.augment import PhotoFaults
from extractor.training.learning.calibration import (
    apply_gain,
    apply_temperatures,
    fit_temperatures,
    held_out_spread_ratio,
)
from extractor.training.learning.losses import decode_heads
from extractor.training.learning.photo_pool import PhotoPool
from extractor.training.learning.pool import HeadPool
from extractor.training.measuring.film_evaluation import evaluate_films, for_metadata
from extractor.training.measuring.metrics import Metrics
from extractor.training.measuring.photo_evaluation import ask, everybody, figures
from extractor.types import KEYPOINT_NAMES, POSE_HEADS, NetworkSpec

SURE_SHARE = 0.95
"""So many held-out heads with all faults have less spread in yaw than ``sure_std_deg``."""

SURE_SHARE_OF_PHOTOGRAPHS = 0.99
"""And so many photographs: all of them are faces that people want measured."""

LICENCE = "GPL-3.0-only"
SHIPPED_DATA = (
    "Rendered heads: MakeHuman base mesh, morphs and assets (CC0), ICT-FaceKit identity and expression modes (MIT), "
    "CC0 HDRIs. Photographs of adults: FairFace (Karkkainen and Joo 2021, CC BY 4.0), Face Research Lab London Set "
    "(DeBruine and Jones 2017, CC BY 4.0), AI-made portraits (CC0), labelled by opentrack's network, 3DDFA_V2 and "
    "MediaPipe FaceMesh; see the model card."
)


def export(
    checkpoint: Path,
    target: Path,
    heads: Path | None,
    *,
    size: int | None,
    dtype: str,
    history: Path | None = None,
    photos: Sequence[Path] = (),
    films: Sequence[Path] = (),
    mesh_cache: Path | None = None,
    pitch_gain: float = 1.0,
    training_data: str = SHIPPED_DATA,
) -> Metrics | None:
    """Calibrate, measure, and write ``target``; raises ``TrainingError``.

    Temperatures are fitted on the ``photos`` as before a webcam, without photographs on ``heads``.
    """
    network, crop = load_for_training(checkpoint)
    crop = replace(crop, input_size=size or crop.input_size)
    spec = NetworkSpec(network.backbone, network.num_kp, network.num_bins, crop, tuple(KEYPOINT_NAMES))
    metrics, temperatures = None, None
    errors: dict[str, object] = {}
    sure_deg: list[float] = []
    if pitch_gain != 1:
        apply_gain(network, "pitch", pitch_gain)
    if photos:
        pictures = PhotoPool(photos, sure_deg=float("inf"))
        people = everybody(pictures)
        said = ask(network, pictures, people, spec.crop)
        near = said.take(said.webcam)  # where the deviation is told to people; a profile's roll says little
        temperatures = fit_temperatures(near.logits, near.true_angles_deg)
        spread_ratio = held_out_spread_ratio(near.logits, near.true_angles_deg)
        apply_temperatures(network, temperatures)
        said = ask(network, pictures, people, spec.crop)
        sure_deg.append(float(said.std_deg[:, POSE_HEADS.index("yaw")].quantile(SURE_SHARE_OF_PHOTOGRAPHS)))
        found = figures(said, people)
        errors["photographs"] = {
            "webcam_geodesic_deg": round(found.webcam.geodesic_deg, 3),
            "geodesic_deg": round(found.all.geodesic_deg, 3),
            "slope": [round(value, 3) for value in found.webcam.slope],
            "spread_ratio": [round(value, 3) for value in spread_ratio.tolist()],
        }
    if heads is not None:
        pool = HeadPool([heads], torch.device("cpu"), resident=False)
        # Under the faults of training, not the mild ones of the evaluation: on photographs errors are larger than on
        # clean renders, and temperatures fitted there made the network too sure of itself and its angles worse.
        # Textures are no camera's fault.
        answers, targets, _ = predictions(network, pool, crop, PhotoFaults(texture=0.0))
        logits = decode_heads(answers).logits
        if temperatures is None:
            temperatures = fit_temperatures(logits, targets.angles_deg)
            apply_temperatures(network, temperatures)
            logits = logits / temperatures[None, :, None]
        sure_deg.append(float(bins_to_degrees(logits)[1][:, POSE_HEADS.index("yaw")].quantile(SURE_SHARE)))
        metrics = evaluate(network, pool, crop)
        errors["rendered_heldout"] = asdict(metrics)
    if films:
        errors["real_clips"] = for_metadata(evaluate_films(network, films, spec.crop, mesh_cache))
    further: dict[str, object] = {
        "training_data": training_data,
        "licence": LICENCE,
        "errors": errors,
        "sure_std_deg": round(max(sure_deg), 2)
        if sure_deg
        else None,  # the app takes crops with more spread in yaw for no face, where in doubt
        "pitch_gain": pitch_gain,
        "temperatures": None if temperatures is None else temperatures.tolist(),
        "source_sha256": hashlib.sha256(checkpoint.read_bytes()).hexdigest(),
    }
    if history is not None:
        further["recipe"] = json.loads(history.read_text(encoding="utf-8"))
    try:
        save_weights(target, network.detector.state_dict(), spec, further, DTYPES[dtype])
    except WeightsError as error:
        raise TrainingError(str(error)) from error
    return metrics


@command
def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = parser_of(__file__, __doc__)
    parser.add_argument("checkpoint", type=Path, help="a training state (its averaged network is taken) or weights")
    parser.add_argument("target", type=Path, help="the safetensors file to write")
    parser.add_argument("--heads", type=Path, help="shards that no training has seen: calibrates and measures")
    parser.add_argument(
        "--photos", type=Path, nargs="+", default=[], help="labelled photographs that no training has seen: the same"
    )
    parser.add_argument("--clips", type=Path, nargs="+", default=[], help="films of one person each: measures")
    parser.add_argument("--mesh-cache", type=Path, metavar="FILE.npz", help="keep there what the mesh says of films")
    parser.add_argument(
        "--pitch-gain", type=float, default=1.0,
        help="the pitch times this, where its slope on photographs is below 1 (default: 1)",
    )  # fmt: skip
    parser.add_argument("--size", type=int, help="pixels of the input (default: the checkpoint's own)")
    parser.add_argument("--dtype", choices=DTYPES, default="fp16", help="how numbers are stored (default: fp16)")
    parser.add_argument("--recipe", type=Path, help="the run's settings.json, kept in the metadata")
    parser.add_argument(
        "--training-data", default=SHIPPED_DATA, metavar="TEXT",
        help="what the weights learned from, for the metadata (default: what the shipped ones learned from)",
    )  # fmt: skip
    parser.add_argument("--force", action="store_true", help="overwrite the target where it exists")
    given = parser.parse_args(arguments)
    if given.target.exists() and not given.force:
        raise TrainingError(f"{given.target} exists already; --force overwrites it.")
    metrics = export(
        given.checkpoint,
        given.target,
        given.heads,
        size=given.size,
        dtype=given.dtype,
        history=given.recipe,
        photos=given.photos,
        films=given.clips,
        mesh_cache=given.mesh_cache,
        pitch_gain=given.pitch_gain,
        training_data=given.training_data,
    )
    if metrics is not None:
        print(table(metrics))
    print(f"{given.target}: {given.target.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
