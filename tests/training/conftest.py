"""Heads made of numbers for fast tests, and the real asset pack where it is at hand."""

from __future__ import annotations

import importlib.util
import os
import tarfile
from pathlib import Path

import pytest

# The training extra is not part of an ordinary installation.
if any(importlib.util.find_spec(name) is None for name in ("moderngl", "scipy", "PIL")):
    collect_ignore_glob = ["test_*.py"]
else:
    import numpy as np
    import torch

    from extractor.training.face_frame import MEAN_FACE
    from extractor.training.geometry import rotation
    from extractor.training.learning.pool import HeadPool
    from extractor.training.rendering.head_model import HeadModel
    from extractor.training.rendering.pack import Pack
    from extractor.training.shards import Heads, write_arrays, write_shard

    def make_heads(count: int, seed: int = 0) -> Heads:
        """Heads whose points are exactly a parallel projection; poses up to 60 degrees."""
        rng = np.random.default_rng(seed)
        neutral = MEAN_FACE + rng.normal(0, 0.03, (count, 24, 3))
        deformed = neutral + rng.normal(0, 0.03, (count, 24, 3)) * rng.random((count, 1, 1))
        turns = np.stack([rotation(*rng.uniform(-60, 60, 3)) for _ in range(count)])
        scale, t = rng.uniform(0.5, 0.7, (count, 1, 1)), rng.normal(0, 0.05, (count, 1, 2))
        points = scale * (deformed @ turns.transpose(0, 2, 1))[..., :2] + t
        return Heads(
            rotation=turns.astype(np.float32),
            neutral=neutral.astype(np.float32),
            deformed=deformed.astype(np.float32),
            points=points.astype(np.float32),
            visible=np.ones((count, 24), np.uint8),
            tone=(np.arange(count) % 3).astype(np.int8),
            person=np.arange(count) // 2,
            glasses=(np.arange(count) % 2).astype(np.int8),
            box=np.full((count, 3), np.nan, np.float32),
        )

    @pytest.fixture
    def heads() -> Heads:
        return make_heads(12)

    @pytest.fixture
    def shard_folder(tmp_path: Path) -> Path:
        """Two small shards whose pictures show where the keypoints are."""
        for number in range(2):
            heads = make_heads(8, seed=number)
            rng = np.random.default_rng(number)
            pictures = []
            for points in heads.points:
                picture = rng.integers(60, 90, (64, 64, 3), dtype=np.uint8)
                for x, y in ((points + 1) * 32).astype(int).clip(1, 62):
                    picture[y - 1 : y + 2, x - 1 : x + 2] = 250
                pictures.append(picture)
            write_shard(tmp_path / "heads" / f"heads-{number}.npz", pictures, heads)
        return tmp_path / "heads"

    @pytest.fixture
    def pool(shard_folder: Path) -> HeadPool:
        return HeadPool([shard_folder], torch.device("cpu"))

    @pytest.fixture
    def photos(tmp_path: Path) -> Path:
        """A shard of faces that are nothing but their keypoints; every other belongs to another group."""
        count = 60
        rng = np.random.default_rng(0)
        turns = np.stack([rotation(*rng.uniform(-35, 35, 3)) for _ in range(count)])
        space = 0.5 * (MEAN_FACE - MEAN_FACE.mean(0)) @ turns.transpose(0, 2, 1)
        pictures = [rng.integers(0, 255, (64, 64, 3), dtype=np.uint8) for _ in range(count)]
        labels = {
            "rotation": turns.astype(np.float32),
            "disagreement_deg": np.linspace(0, 30, count).astype(np.float32),
            "points": space[..., :2].astype(np.float32),
            "depth": space[..., 2].astype(np.float32),
            "box": np.tile(np.array([0.0, 0.0, 0.74], np.float32), (count, 1)),
            "source": np.zeros(count, np.int64),
            "female": np.arange(count) % 2,
            "age": np.full(count, -1),
            "group": np.arange(count) % 3 - 1,
            "glasses": np.arange(count) % 3 - 1,
            "picture": np.arange(count),
            "groups": np.array(["A", "B"]),
            "ages": np.array(["20-29"]),
        }
        write_arrays(tmp_path / "photos.npz", pictures, labels)
        return tmp_path / "photos.npz"

    @pytest.fixture(scope="session")
    def pack_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
        """The unpacked asset pack: named by MOTIONSCOPE_PACK, or an archive beside the checkout."""
        if named := os.environ.get("MOTIONSCOPE_PACK"):
            return Path(named)
        archive = Path(__file__).resolve().parents[3] / "shared" / "synthetic" / "pack.tar.xz"
        if not archive.is_file():
            pytest.skip("no asset pack: set MOTIONSCOPE_PACK to its folder")
        folder = tmp_path_factory.mktemp("assets")
        with tarfile.open(archive) as content:
            if hasattr(tarfile, "data_filter"):
                content.extractall(folder, filter="data")
            else:
                content.extractall(folder)
        return folder / "pack"

    @pytest.fixture(scope="module")
    def model(pack_folder: Path) -> HeadModel:
        return HeadModel(Pack.open(pack_folder))
