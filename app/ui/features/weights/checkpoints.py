"""Which checkpoints are known, and what is to be said of one.  No widgets."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.faces.estimators import describe, estimator_names, is_estimator
from app.ui.widgets.formatting import estimator_label, own_weights
from extractor.shipped import alternatives, is_own
from extractor.types import BIN_DEGREES, HEADS, POSE_HEADS

if TYPE_CHECKING:
    from extractor.report import LoadReport

LONGEST = 2000  # characters of a text in a file that anybody may have made
DEEPEST = 2  # mappings within mappings that get lines of their own
UNSTATED = "not stated in the file"
LAYOUTS = {
    "project": "Motionscope's own",
    "liveportrait": "LivePortrait's motion extractor",
    "model": "{'model': …} as saved while training",
    "backbone": "ConvNeXtV2 as published, backbone only",
    "estimator": "another estimator",
}
ABBREVIATIONS = {"mae": "mean absolute error", "geodesic": "angle of the rotation between", "std": "SD", "deg": "(°)"}
BY_AXIS = ("mae_deg", "jitter_deg", "spread_ratio")  # endings of what has a number for each axis


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One that can be chosen; ``key`` as in ``Network.weights``: empty, a name such as ``"lite"``, or a path."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A line about a checkpoint; ``doubtful`` ones are coloured."""

    name: str
    text: str
    doubtful: bool = False


def checkpoints(remembered: Sequence[str], in_use: str) -> list[Checkpoint]:
    """Those that come with the app, other estimators, then files, each once.

    Nothing is looked up on a disk that may hang.
    """
    own = dict.fromkeys(["", *alternatives(), *([in_use] if is_own(in_use) else [])])
    paths = dict.fromkeys(path for path in [*remembered, in_use] if not (is_own(path) or is_estimator(path)))
    return [
        *(Checkpoint(name, own_weights(name)) for name in own),
        *(Checkpoint(name, estimator_label(name)) for name in estimator_names()),
        *(Checkpoint(path, Path(path).name or path) for path in paths),
    ]


def read_report(key: str) -> LoadReport:
    """What the checkpoint holds.  Reads all of it: not on the window's thread.  Raises ``WeightsError``."""
    return describe(key or None)


def facts(report: LoadReport) -> list[Fact]:
    """Everything known of it, in the order in which it is shown."""
    spec, said = report.spec, report.metadata
    named = "named" if spec.keypoint_names else "without names"
    keypoints = Fact("Keypoints", f"{spec.num_kp}, {named}" if spec.num_kp else "none")
    picture = (
        Fact("Input", f"{spec.crop.input_size} × {spec.crop.input_size} pixels"),
        Fact("Crop", f"{spec.crop.side:g} face boxes wide, {spec.crop.up:g} above the box's centre"),
    )
    file = (Fact("Layout", LAYOUTS[report.layout]), Fact("SHA-256", report.sha256), Fact("File", str(report.path)))
    if report.layout == "estimator":
        return [Fact("What it is", report.summary), keypoints, *picture, *file]
    missing = [head for head in HEADS if head not in report.trained_heads]
    unable = "" if report.pose_trained else "; it measures no head pose"
    rows = [
        Fact("Architecture", f"ConvNeXtV2 {spec.backbone}"),
        Fact("Trained heads", ", ".join(report.trained_heads) or "none", not report.trained_heads),
        Fact("Missing heads", f"{', '.join(missing) or 'none'}{unable}", bool(missing)),
        keypoints,
        Fact("Bins", f"{spec.num_bins} of {BIN_DEGREES:g}° an axis"),
        *picture,
    ]
    if spec.keypoint_names:
        rows.append(Fact("Keypoint names", ", ".join(spec.keypoint_names)))
    rows += [
        Fact(name, _text(said.get(key)) or UNSTATED)
        for name, key in (("Training data", "training_data"), ("Errors measured", "errors"), ("Licence", "licence"))
    ]
    rows += [
        Fact(name, text)
        for name, key in (("Training", "training"), ("Description", "description"))
        if (text := _text(said.get(key)))
    ]
    if report.unexpected:
        rows.append(Fact("Ignored", f"{len(report.unexpected)} entries, such as {report.unexpected[0][:80]}", True))
    return [*rows, *file]


def _text(value: object) -> str:
    """A JSON value of any kind in words, each entry of a mapping on a line of its own, whatever it holds further in."""
    text = "\n".join(_lines(value, 0))
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _lines(value: object, depth: int) -> Iterator[str]:
    if not isinstance(value, Mapping) or depth >= DEEPEST:
        yield _flat(value)
        return
    for key, inner in value.items():
        if isinstance(inner, Mapping) and depth + 1 < DEEPEST:
            yield f"{_name(key)}:"
            yield from _lines(inner, depth + 1)
        else:
            yield f"{_name(key)}: {_flat(inner, _axes(key, inner))}"


def _name(key: object) -> str:
    return " ".join(ABBREVIATIONS.get(word, word) for word in str(key).split("_"))


def _axes(key: object, value: object) -> Sequence[str]:
    by_axis = str(key).endswith(BY_AXIS) and isinstance(value, Sequence) and len(value) == len(POSE_HEADS)
    return POSE_HEADS if by_axis else ()


def _flat(value: object, names: Sequence[str] = ()) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{_name(key)} {_flat(inner)}" for key, inner in value.items())
    if isinstance(value, (list, tuple)):
        labels = [f"{name} " for name in names] or [""] * len(value)
        return ", ".join(label + _flat(inner) for label, inner in zip(labels, value, strict=True))
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.3g}"
    return "" if value is None else str(value)
