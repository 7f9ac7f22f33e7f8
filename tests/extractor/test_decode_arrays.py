"""The two decoders give the same numbers."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from extractor import KEYPOINT_NAMES
from extractor.decode import decode
from extractor.decode_arrays import decode_arrays
from extractor.types import Motion, head_widths


def some_heads(batch: int, num_kp: int, sharpness: float, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    widths = head_widths(num_kp, 66)
    return {name: (rng.normal(size=(batch, width)) * sharpness).astype(np.float32) for name, width in widths.items()}


@given(st.integers(0, 4), st.sampled_from([21, 24]), st.floats(0.1, 60), st.integers(0, 1000))
def test_both_decoders_agree(batch: int, num_kp: int, sharpness: float, seed: int) -> None:
    heads = some_heads(batch, num_kp, sharpness, seed)
    names = KEYPOINT_NAMES if num_kp == 24 else None
    found = decode_arrays(heads, names)
    expected = decode({name: torch.from_numpy(values) for name, values in heads.items()}, names)
    assert len(found) == batch
    for f in fields(Motion):
        ours, theirs = getattr(found, f.name), getattr(expected, f.name).numpy()
        assert ours.dtype == np.float32, f.name
        assert ours.shape == theirs.shape, f.name
        largest = 1 + float(np.nan_to_num(np.abs(theirs)).max(initial=0))
        np.testing.assert_allclose(ours, theirs, atol=2e-5 * largest, err_msg=f.name)


def test_wrong_heads_are_refused() -> None:
    heads = some_heads(2, 24, 1.0, 0)
    with pytest.raises(ValueError, match="lack yaw"):
        decode_arrays({name: values for name, values in heads.items() if name != "yaw"})
    with pytest.raises(ValueError, match="head t has the shape"):
        decode_arrays({**heads, "t": heads["t"][:, :2]})
    with pytest.raises(ValueError, match="21 keypoint names for 24"):
        decode_arrays(heads, KEYPOINT_NAMES[:21])
