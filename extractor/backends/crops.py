"""What every engine asks of its crops and of its weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from extractor.report import LoadReport, WeightsError
from extractor.types import NUM_BINS


def require_crops(crops: NDArray[np.uint8], side: int) -> None:
    """Raise ValueError unless the crops are uint8 of shape (B, side, side, 3)."""
    if crops.dtype != np.uint8 or crops.ndim != 4 or crops.shape[1:] != (side, side, 3):
        raise ValueError(f"Crops must be uint8 of shape (B, {side}, {side}, 3), not {crops.dtype} {crops.shape}.")


def require_decodable(report: LoadReport) -> None:
    """Raise ``WeightsError`` unless degrees are defined for the network's bins."""
    if report.spec.num_bins != NUM_BINS:
        reason = f"its pose heads have {report.spec.num_bins} bins, and degrees are defined for {NUM_BINS}"
        raise WeightsError.of(report.path, reason)
