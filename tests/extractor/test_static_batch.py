"""Buffers that never move: the same steps as a CUDA graph, without one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from extractor.agreement import check_faces
from extractor.backends.static_batch import LARGEST_BATCH, StaticBatch, batch_sizes
from extractor.backends.torch_backend import TorchBackend
from extractor.shipped import find_weights


def test_sizes_are_few_and_reach_the_largest() -> None:
    sizes = list(batch_sizes())
    assert sizes[0] == 1
    assert sizes[-1] == LARGEST_BATCH
    assert len(sizes) <= 8


def test_results_are_the_caller_s_own_and_what_fills_a_batch_up_is_left_out() -> None:
    def mean_colour(pixels: torch.Tensor) -> torch.Tensor:
        return pixels.float().mean(dim=(1, 2))

    batch = StaticBatch(mean_colour, (4, 2, 2, 3), 3, torch.device("cpu"))
    crops = np.arange(3 * 12, dtype=np.uint8).reshape(3, 2, 2, 3)
    first = batch.run(crops)
    assert first.shape == (3, 3)
    kept = first.copy()
    np.testing.assert_allclose(first, crops.reshape(3, 4, 3).mean(axis=1))
    batch.run(crops[:1] * 0)
    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize("count", [0, 1, 3, LARGEST_BATCH + 3])
def test_any_number_of_crops(count: int) -> None:
    backend = TorchBackend(find_weights("lite"), "cpu")
    faces = check_faces(backend.spec.crop.input_size)
    crops = faces[np.arange(count) % len(faces)]
    expected = backend.run(crops)
    backend._graphs = True
    found = backend.run(crops)
    assert len(found) == count
    np.testing.assert_allclose(found.angles_deg, expected.angles_deg, atol=1e-2)
    assert set(backend._batches) <= set(batch_sizes())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_graph_gives_the_numbers_of_the_cpu() -> None:
    reference, backend = TorchBackend(find_weights(), "cpu"), TorchBackend(find_weights(), "cuda")
    crops = check_faces(reference.spec.crop.input_size)
    expected = reference.run(crops)
    for _ in range(3):  # replays
        np.testing.assert_allclose(backend.run(crops).driven, expected.driven, atol=0.05)
    assert all(batch._graph is not None for batch in backend._batches.values())
    backend.close()
