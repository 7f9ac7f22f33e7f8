from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from extractor.training.errors import TrainingError
from extractor.training.learning.pool import HeadPool, siblings
from extractor.training.shards import Heads, Shard, find_shards, write_shard


def smooth_pictures(count: int) -> list[np.ndarray]:
    ramp = np.linspace(0, 255, 48).astype(np.uint8)
    return [
        np.stack([np.tile(ramp, (48, 1)), np.tile(ramp[:, None], (1, 48)), np.full((48, 48), 10 * i)], -1).astype(
            np.uint8
        )
        for i in range(count)
    ]


def test_a_shard_comes_back(tmp_path: Path, heads: Heads) -> None:
    pictures = smooth_pictures(len(heads))
    write_shard(tmp_path / "a.npz", pictures, heads)
    shard = Shard(tmp_path / "a.npz")
    assert len(shard) == 12
    for i in (0, 7, 11):
        assert np.abs(shard.image(i).astype(int) - pictures[i]).mean() < 3
    assert np.array_equal(shard.heads.points, heads.points)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.jpegs", "a.npz"]  # nothing partial stays


def test_what_can_not_be_read_is_named(tmp_path: Path, heads: Heads) -> None:
    with pytest.raises(TrainingError, match="no rendered heads"):
        find_shards(tmp_path)
    write_shard(tmp_path / "a.npz", smooth_pictures(len(heads)), heads)
    whole = (tmp_path / "a.jpegs").read_bytes()
    (tmp_path / "a.jpegs").write_bytes(whole[:-100])
    with pytest.raises(TrainingError, match="cut short"):
        Shard(tmp_path / "a.npz")
    (tmp_path / "a.npz").write_bytes(b"nonsense")
    with pytest.raises(TrainingError, match=r"a\.npz"):
        Shard(tmp_path / "a.npz")


@pytest.mark.parametrize("resident", [False, True])
def test_a_pool_takes_in_new_shards(shard_folder: Path, heads: Heads, resident: bool) -> None:
    pool = HeadPool([shard_folder], torch.device("cpu"), resident=resident, limit=100)
    assert len(pool) == 16
    assert pool.refresh() == 0
    write_shard(shard_folder / "later.npz", [np.full((64, 64, 3), 7, np.uint8)] * len(heads), heads)
    assert pool.refresh() == 12
    pictures = pool.images(torch.tensor([0, 8, 20]))
    assert pictures.shape == (3, 3, 64, 64)
    assert pictures.dtype == torch.uint8
    assert pictures[2].float().mean().item() == pytest.approx(7, abs=1)
    assert len(pool.targets) == 28


@pytest.mark.parametrize("resident", [False, True])
def test_at_the_limit_new_shards_replace_the_oldest(shard_folder: Path, resident: bool) -> None:
    pool = HeadPool([shard_folder], torch.device("cpu"), resident=resident, limit=16)
    before = pool.heads.points[:8].copy()
    write_shard(
        shard_folder / "later.npz", [np.full((64, 64, 3), 7, np.uint8)] * 8, Shard(shard_folder / "heads-1.npz").heads
    )
    assert pool.refresh() == 8
    assert len(pool) == 16
    assert pool.names == ["later.npz", "heads-1.npz"]
    assert pool.images(torch.tensor([3])).float().mean().item() == pytest.approx(7, abs=1)
    assert not np.array_equal(pool.heads.points[:8], before)
    assert pool.refresh() == 0


def test_pictures_of_smaller_shards_are_enlarged(shard_folder: Path, heads: Heads) -> None:
    pictures = [np.full((128, 128, 3), 9, np.uint8)] * len(heads)
    write_shard(shard_folder / "later.npz", pictures, heads)
    pool = HeadPool([shard_folder], torch.device("cpu"))
    small, mixed = pool.images(torch.tensor([0, 8])), pool.images(torch.tensor([0, 20]))
    assert small.shape == (2, 3, 64, 64)
    assert mixed.shape == (2, 3, 128, 128)
    assert mixed.dtype == torch.uint8
    half = torch.nn.functional.avg_pool2d(mixed[:1].float(), 2)
    assert (half - small[0].float()).abs().mean() < 8  # the same picture, though it is grainy
    assert mixed[1].float().mean().item() == pytest.approx(9, abs=1)


def test_siblings_are_neighbours_of_the_same_person_in_one_shard() -> None:
    person = np.array([0, 0, 1, 2, 2, 2, 3])  # a new shard begins at index 2 and at 6
    assert siblings(person, np.array([0, 2, 6, 7])).tolist() == [1, 0, 2, 4, 5, 4, 6]
    same_number = np.array([5, 5])
    assert siblings(same_number, np.array([0, 1, 2])).tolist() == [0, 1]
