"""Anything else that tells the pose of a head from a crop of a face, in the place of a network of ours.

An ``Estimator`` says what it is and estimates; ``EstimatorBackend`` makes a ``Backend`` of it, and wherever the
program takes one of those the estimator does its work: beside the network live, and in its place for files.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from extractor.backends.base import BackendInfo, LoadedBackend, require_crops
from extractor.decode_arrays import angles_from_matrix
from extractor.report import LoadReport, UnusableError, sha256_of
from extractor.types import POSE_HEADS, CropSpec, Floats, HostMotion, Motion, NetworkSpec


class EstimatorError(UnusableError):
    """An estimator that can't be used; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Name, input and outputs of an estimator."""

    name: str  # by which it is asked for, and its tables are called
    summary: str  # one line for a person: what it is, and what it does not measure
    engine: str  # what runs it, with its version
    model: Path  # the file that holds what it has learned; its SHA-256 says in recordings which one it was
    crop: CropSpec  # the square around a face that it wants
    num_kp: int = 0  # keypoints that it gives
    keypoint_names: tuple[str, ...] | None = None  # ``num_kp`` of them; None where they have no fixed meaning


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """Estimates for B crops; all numbers of a face are NaN where no pose was found."""

    rotation: Floats  # (B, 3, 3) head to camera, in the project's frame
    points: Floats | None = None  # (B, K, 2) crop coordinates, the crop's edges at -1 and +1; None where K is 0
    std_deg: Floats | None = None  # (B, 3) standard deviations of pitch, yaw, roll; None where it has none


class Estimator(Protocol):
    """Estimates poses from crops of faces.  One thread at a time may call it."""

    @property
    def capabilities(self) -> Capabilities:
        """Its name, input and outputs."""
        ...

    def estimate(self, crops: NDArray[np.uint8]) -> Estimates:
        """Estimate the pose in each crop.

        Args:
            crops: (B, S, S, 3), RGB, S being ``capabilities.crop.input_size``; B may be 0.

        Returns:
            As many estimates, in the same order.
        """
        ...

    def close(self) -> None:
        """Free what it holds; idempotent."""
        ...


class EstimatorBackend(LoadedBackend):
    """An estimator as a ``Backend``: neutral shape, expression, scale and translation are not known, so NaN."""

    def __init__(self, estimator: Estimator) -> None:
        """Take an estimator over, and close it in the end.

        Raises:
            EstimatorError: Its model can't be read.
        """
        about = estimator.capabilities
        self._estimator = estimator
        try:
            sha256 = sha256_of(about.model)
        except OSError as error:
            raise EstimatorError(f"The model of {about.name}, {about.model}, can't be read ({error}).") from error
        self.info = BackendInfo(about.engine, "cpu", platform.processor() or platform.machine(), "float32")
        self.report = LoadReport(
            path=about.model,
            sha256=sha256,
            layout="estimator",
            missing=(),
            unexpected=(),
            trained_heads=POSE_HEADS,
            spec=NetworkSpec(about.name, about.num_kp, 0, about.crop, about.keypoint_names),
            metadata={"description": about.summary},
        )

    def run(self, crops: NDArray[np.uint8]) -> HostMotion:
        """Measure crops, as ``Backend.run``.

        Args:
            crops: (B, S, S, 3) uint8 RGB, S the crop's ``input_size``.

        Returns:
            The motion; ``logits`` are (B, 3, 0), for there are no bins, and what the estimator does not tell is NaN.

        Raises:
            ValueError: The crops have another shape or type.
        """
        require_crops(crops, self.spec.crop.input_size)
        said, count, num_kp = self._estimator.estimate(crops), len(crops), self.spec.num_kp
        unknown = np.full(count, np.nan, np.float32)
        shape = np.full((count, num_kp, 3), np.nan, np.float32)
        driven = shape.copy()
        if said.points is not None:
            driven[..., :2] = said.points
        return Motion(
            angles_deg=np.asarray(angles_from_matrix(said.rotation), np.float32),
            std_deg=np.full((count, 3), np.nan, np.float32) if said.std_deg is None else said.std_deg,
            rotation=np.asarray(said.rotation, np.float32),
            kp=shape,
            exp=shape,
            scale=unknown,
            t=np.full((count, 3), np.nan, np.float32),
            driven=driven,
            exp_magnitude=unknown,
            brow_magnitude=unknown,
            eye_magnitude=unknown,
            mouth_magnitude=unknown,
            logits=np.empty((count, 3, 0), np.float32),
        )

    def close(self) -> None:
        """See ``Backend.close``."""
        self._estimator.close()
