"""The report of a checkpoint, without its numbers: path, content, input format.  No torch.

An engine that has its network in the cache starts from this alone.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from extractor.types import HEADS, POSE_HEADS, CropSpec, NetworkSpec

Layout = Literal["project", "liveportrait", "model", "backbone", "estimator"]


class UnusableError(ValueError):
    """Weights, an engine, a device or an estimator that can't be used; the message is one sentence for a person."""


class WeightsError(UnusableError):
    """Weights that can't be used; the message is one sentence that names the file and the reason."""

    @classmethod
    def of(cls, path: str | PathLike[str], reason: str) -> WeightsError:
        """An error about one file.

        Args:
            path: Of the file.
            reason: A clause without its full stop.

        Returns:
            The error, to be raised.
        """
        return cls(f"The weights {path} can't be used: {reason}.")


@dataclass(frozen=True, slots=True)
class LoadReport:
    """The content of a checkpoint file and the part of it that was loaded; parameter names are the detector's."""

    path: Path
    sha256: str  # of the file, in hexadecimal
    layout: Layout
    missing: tuple[str, ...]  # parameters that the file lacks: they keep their initial values
    unexpected: tuple[str, ...]  # entries, as named in the file, that the network has no place for
    trained_heads: tuple[str, ...]  # the heads found in the file, in the order of HEADS
    spec: NetworkSpec
    metadata: Mapping[str, object] = field(hash=False)  # the file's further metadata; JSON values

    @property
    def pose_trained(self) -> bool:
        """Whether the pose heads were trained, so that pitch, yaw and roll are valid."""
        return all(name in self.trained_heads for name in POSE_HEADS)

    @property
    def name(self) -> str:
        """The name of tables made with these weights."""
        return self.spec.backbone if self.layout == "estimator" else self.path.stem

    @property
    def summary(self) -> str:
        """One line for a person, without the file's name."""
        spec = self.spec
        if self.layout == "estimator":
            return str(self.metadata.get("description", spec.backbone))
        points = f"{spec.num_kp} {'named' if spec.keypoint_names else 'unnamed'} keypoints"
        untrained = [name for name in HEADS if name not in self.trained_heads]
        if not self.pose_trained:
            heads = "pose heads untrained"
        elif untrained:
            heads = f"untrained: {', '.join(untrained)}"
        else:
            heads = "all heads trained"
        parts = [f"ConvNeXtV2 {spec.backbone}", points, f"{spec.num_bins} bins", f"{spec.crop.input_size} px", heads]
        if self.unexpected:
            parts.append(f"{len(self.unexpected)} entries ignored")
        return ", ".join(parts)

    def to_json(self) -> dict[str, Any]:
        """Write the report as JSON values.

        Returns:
            A dict from which ``from_json`` makes an equal report.
        """
        return {**dataclasses.asdict(self), "path": str(self.path), "metadata": dict(self.metadata)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any], path: Path) -> LoadReport:
        """Read what ``to_json`` wrote.

        Args:
            values: What it wrote.
            path: Where the same file lies now.

        Returns:
            The report.

        Raises:
            KeyError, TypeError, ValueError: ``values`` were not written by ``to_json``.
        """
        spec = dict(values["spec"])
        names = spec["keypoint_names"]
        spec["keypoint_names"] = None if names is None else tuple(names)
        lists = {name: tuple(values[name]) for name in ("missing", "unexpected", "trained_heads")}
        spec["crop"] = CropSpec(**spec["crop"])
        return cls(**{**values, **lists, "path": path, "spec": NetworkSpec(**spec)})


def sha256_of(path: Path) -> str:
    """The SHA-256 of the file's bytes, in hexadecimal.  Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
