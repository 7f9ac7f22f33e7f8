"""Photographs beside rendered heads: their labels, what surrounds them, and what the loss asks of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from extractor.face_mesh import ESTIMATOR_PITCH_DEG
from extractor.model import MotionExtractor
from extractor.training.errors import TrainingError
from extractor.training.face_frame import MEAN_FACE
from extractor.training.geometry import rotation
from extractor.training.learning.augment import PhotoFaults, cut
from extractor.training.learning.batches import Batches
from extractor.training.learning.framing import ROLL_SPREAD_DEG
from extractor.training.learning.losses import LOWER_LIDS, MOVING, UPPER_LIDS, LossWeights, losses
from extractor.training.learning.photo_pool import (
    GROUPS_MORE_OFTEN,
    SIDE_SPREAD,
    TIGHT,
    PhotoPool,
    draw_weights,
    photographed,
    targets_of,
)
from extractor.training.learning.pool import HeadPool
from extractor.training.learning.schedule import Phase, RunSettings
from extractor.training.learning.surroundings import soft_edges, surrounded
from extractor.training.learning.targets import Targets
from extractor.training.learning.trainer import Trainer
from extractor.training.measuring.metrics import geodesic_deg
from extractor.training.shards import Heads, write_shard
from extractor.types import KEYPOINT_NAMES
from tests.training.conftest import make_heads
from tests.training.perfect import perfect_outputs

SETTINGS = RunSettings(samples=400, phases=(Phase(0.0, 32, 12),), warmup=0, learning_rate=2e-4)
INSIDE = slice(18, 46)  # of 64 pixels


def write_photographs(path: Path, heads: Heads, sources: list[int]) -> Path:
    """Heads as photographs: tight ones with a plain colour around them, as the estimators would label them."""
    rng = np.random.default_rng(3)
    pictures = []
    for source in sources:
        picture = (
            np.full((64, 64, 3), 90, np.uint8) if source == 0 else rng.integers(0, 255, (64, 64, 3), dtype=np.uint8)
        )
        picture[INSIDE, INSIDE] = rng.integers(0, 255, (28, 28, 3))
        pictures.append(picture)
    write_shard(path, pictures, heads)
    with np.load(path) as file:
        offsets = file["offsets"]
    n = len(heads)
    np.savez(
        path,
        offsets=offsets,
        rotation=heads.rotation @ rotation(-ESTIMATOR_PITCH_DEG, 0, 0).astype(np.float32),
        points=heads.points,
        box=np.full((n, 3), np.nan, np.float32),
        disagreement_deg=np.where(np.arange(n) == n - 1, 11.0, 3.0),
        source=np.array(sources),
    )
    return path


@pytest.fixture
def photos(tmp_path: Path) -> PhotoPool:
    return PhotoPool([write_photographs(tmp_path / "photos" / "a.npz", make_heads(9, seed=4), [0] * 6 + [1] * 3)])


def test_labels_are_in_the_projects_frame_and_doubtful_ones_are_left_out(photos: PhotoPool) -> None:
    assert len(photos) == 8
    truth = torch.from_numpy(make_heads(9, seed=4).rotation[:8])
    assert float(geodesic_deg(photos.targets.rotation, truth).max()) < 0.01
    assert photos.image(7).shape == (64, 64, 3)
    assert not photos.targets.shape_known.any()


def test_what_was_photographed_is_found(photos: PhotoPool) -> None:
    rows = torch.arange(8)
    found = photos.contents(rows, photos.images(rows))
    true = torch.tensor([2 * edge / 64 - 1 for edge in (18, 18, 46, 46)])
    assert float((found[:6] - true).abs().max()) < 0.12
    assert found[6:].tolist() == [[-1, -1, 1, 1]] * 2
    assert photographed(photos.image(7)) is None


def test_edges_are_soft_and_outside_is_covered(photos: PhotoPool) -> None:
    rows = torch.arange(6)
    framing = photos.framing(rows, torch.Generator().manual_seed(2))
    cover = soft_edges(photos.contents(rows, photos.images(rows)), framing, 64, torch.Generator().manual_seed(1))
    assert cover.shape == (6, 1, 64, 64)
    assert float(cover.amin()) == 0
    assert float(cover.amax((1, 2, 3)).min()) == 1


def test_rare_poses_are_drawn_more_often(tmp_path: Path) -> None:
    heads = make_heads(200, seed=1)
    turns = np.stack([rotation(0, 60 if i < 10 else 0, 0) for i in range(200)]).astype(np.float32)
    path = write_photographs(tmp_path / "b.npz", replace(heads, rotation=turns), [0] * 200)
    pool = PhotoPool([path])
    drawn = pool.draw(4000, torch.Generator().manual_seed(0))
    assert float((drawn < 10).float().mean()) > 0.08  # they are 5 of 100


def test_closed_eyes_open_mouths_and_whole_heads_are_drawn_more_often() -> None:
    usual = 0.4 * MEAN_FACE[:, :2]
    closed, shouting = usual.copy(), usual.copy()
    closed[UPPER_LIDS] = closed[LOWER_LIDS]
    shouting[KEYPOINT_NAMES.index("lip_low"), 1] += 0.2
    points = np.stack([usual, closed, shouting, usual]).astype(np.float32)
    targets = targets_of(np.tile(np.eye(3, dtype=np.float32), (4, 1, 1)), points)
    weights = draw_weights(targets, torch.tensor([TIGHT, TIGHT, TIGHT, TIGHT + 1]))
    assert (weights / weights[0]).tolist() == pytest.approx([1, 5, 3, 4])


def test_crops_are_rolled_mirrored_and_cut_by_late_boxes_too(photos: PhotoPool) -> None:
    framing = photos.framing(torch.zeros(4000, dtype=torch.long), torch.Generator().manual_seed(0))
    assert float((framing.roll_deg.abs() > 2.5 * ROLL_SPREAD_DEG).float().mean()) > 0.02
    assert float(framing.mirrored.float().mean()) == pytest.approx(0.5, abs=0.05)
    spread = (framing.half / framing.half.median()).log().abs()
    assert float((spread > 2.7 * SIDE_SPREAD).float().mean()) > 0.01  # late ones; others stay within 2.5


def test_what_surrounds_a_tight_face_is_replaced_and_no_more(pool: HeadPool, photos: PhotoPool) -> None:
    generator = torch.Generator().manual_seed(0)
    for row, tight in ((0, True), (7, False)):
        rows = torch.full((200,), row)
        framing = photos.framing(rows, generator)
        before = cut(photos.images(rows), framing, 32)
        apart = (surrounded(photos, pool, rows, framing, 32, generator) - before).abs().amax(1)
        changed = float((apart.amax((1, 2)) > 0.05).float().mean())
        assert 0.4 < changed < 0.7 if tight else changed == 0
        assert float(apart[:, 15:17, 15:17].max()) < 1e-3  # the face


def test_groups_with_larger_errors_are_drawn_more_often(tmp_path: Path) -> None:
    path = write_photographs(tmp_path / "g.npz", make_heads(4), [0] * 4)
    before = PhotoPool([path], sure_deg=np.inf).weights
    with np.load(path) as file:
        known = dict(file)
    np.savez(path, **known, group=np.array([-1, 0, 1, 1]), groups=np.array(["White", "Black"]))
    after = PhotoPool([path], sure_deg=np.inf).weights
    share = GROUPS_MORE_OFTEN["Black"]
    assert torch.allclose(after / before, torch.tensor([1.0, 1.0, share, share], dtype=torch.float64))


def test_far_points_of_profiles_count_less() -> None:
    heads = make_heads(2)
    turns = np.stack([rotation(0, 0, 0), rotation(0, 70, 0)]).astype(np.float32)
    targets = targets_of(turns, heads.points[:2])
    assert targets.points_trust.tolist() == pytest.approx([1.0, 1 / 6], abs=0.01)
    assert targets.visible[0].all()
    assert 8 <= int(targets.visible[1].sum()) <= 16


def test_photographs_of_which_none_is_sure_are_one_sentence(tmp_path: Path) -> None:
    path = write_photographs(tmp_path / "d.npz", make_heads(4), [0] * 4)
    with pytest.raises(TrainingError, match=r"None of the photographs in .*d\.npz has a label"):
        PhotoPool([path], sure_deg=1)


@pytest.mark.parametrize("damage", ["cut", "labels", "missing"])
def test_damaged_shards_are_named(tmp_path: Path, damage: str) -> None:
    path = write_photographs(tmp_path / "c.npz", make_heads(4), [0] * 4)
    if damage == "cut":
        jpegs = path.with_suffix(".jpegs")
        jpegs.write_bytes(jpegs.read_bytes()[:50])
    elif damage == "labels":
        path.write_bytes(b"no archive")
    else:
        path.with_suffix(".jpegs").unlink()
    with pytest.raises(TrainingError, match=r"c\.npz"):
        PhotoPool([path])


def test_a_batch_mixes_both_and_is_the_same_in_another_process(pool: HeadPool, photos: PhotoPool) -> None:
    batches = Batches(pool, photos, replace(SETTINGS, photographs=0.5))
    here = [batches.make(step, 12 * step) for step in (4, 5)]
    assert here[0].targets.shape_known.tolist() == [1.0] * 5 + [0.0] * 6 + [1.0]
    assert here[0].twins == 1
    stream = batches.stream(4, 48, workers=1)
    there = [next(stream), next(stream)]
    for a, b in zip(here, there, strict=True):
        assert torch.equal(a.crops, b.crops)
        assert torch.equal(a.targets.points, b.targets.points)


def photograph_of(heads: Heads) -> Targets:
    return targets_of(heads.rotation @ rotation(-ESTIMATOR_PITCH_DEG, 0, 0).astype(np.float32), heads.points)


@given(st.integers(0, 50))
def test_what_a_photograph_does_not_know_costs_nothing(seed: int) -> None:
    heads = make_heads(4, seed)
    out = perfect_outputs(Targets.of(heads))
    _, terms = losses(out, photograph_of(heads), LossWeights(), 2.0)
    assert max(float(terms[name]) for name in ("kp", "exp", "magnitude", "eyes", "scale", "t")) == 0
    assert float(terms["rotation"]) < 0.01
    assert float(terms["points"]) < 1e-3
    assert float(terms["gaps"]) < 1e-3


def test_guessed_points_and_gaps_of_rendered_heads_cost_nothing() -> None:
    heads = make_heads(4)
    out, aims = perfect_outputs(Targets.of(heads)), photograph_of(heads)
    moved = aims.points + 0.1 * torch.rand(aims.points.shape, generator=torch.Generator().manual_seed(0))

    def cost(targets: Targets) -> tuple[float, float]:
        terms = losses(out, replace(targets, points=moved), LossWeights(), 2.0)[1]
        return float(terms["points"]), float(terms["gaps"])

    assert min(cost(replace(aims, points_trust=torch.ones(4)))) > 0
    assert cost(replace(aims, points_trust=torch.zeros(4))) == (0, 0)
    points, gaps = cost(Targets.of(heads))
    assert points > 0 == gaps


def test_a_closed_eye_moves_the_expression_and_not_the_neutral_shape() -> None:
    heads = make_heads(4)
    out = {name: head.clone().requires_grad_() for name, head in perfect_outputs(Targets.of(heads)).items()}
    aims = photograph_of(heads)
    lids = aims.points.clone()
    lids[:, 7:9] += 0.05  # the upper ones
    only = LossWeights(**{name: 0.0 for name in LossWeights.__dataclass_fields__ if name != "gaps"})
    loss, _ = losses(out, replace(aims, points=lids), only, 2.0)
    loss.backward()
    assert float(out["exp"].grad.abs().sum()) > 0
    assert all(out[name].grad is None or not out[name].grad.any() for name in ("kp", "scale", "t", "pitch"))


def test_a_photograph_does_not_close_the_neutral_face() -> None:
    heads = make_heads(4)
    out = {name: head.clone().requires_grad_() for name, head in perfect_outputs(Targets.of(heads)).items()}
    points = Targets.of(heads).points.clone()
    points[:, MOVING] += 0.05
    only = LossWeights(**{name: 0.0 for name in LossWeights.__dataclass_fields__ if name not in ("points", "hidden")})
    loss, _ = losses(out, replace(photograph_of(heads), points=points), only, 2.0)
    loss.backward()
    taught = out["kp"].grad.view(4, -1, 3).abs().sum((0, 2)) > 0
    assert not taught[MOVING].any()
    assert out["exp"].grad.view(4, -1, 3)[:, MOVING].any()


def test_the_neutral_eyes_of_photographs_are_those_of_the_mean_face() -> None:
    heads = make_heads(4)
    out = perfect_outputs(Targets.of(heads))
    kp = out["kp"].view(4, -1, 3)
    kp[:] = torch.as_tensor(MEAN_FACE, dtype=torch.float32)
    assert float(losses(out, photograph_of(heads), LossWeights(), 2.0)[1]["neutral"]) < 1e-6
    kp[:, UPPER_LIDS, 1] += 0.05
    assert float(losses(out, photograph_of(heads), LossWeights(), 2.0)[1]["neutral"]) == pytest.approx(0.05, rel=1e-3)
    assert float(losses(out, Targets.of(heads), LossWeights(), 2.0)[1]["neutral"]) == 0


def test_a_run_learns_from_both_and_goes_on(pool: HeadPool, photos: PhotoPool, tmp_path: Path) -> None:
    def run() -> Trainer:
        torch.manual_seed(0)
        settings = replace(SETTINGS, photographs=0.5, photo_faults=PhotoFaults(strength=0.5))
        return Trainer(MotionExtractor(backbone="atto"), pool, settings, photos=photos)

    straight = run()
    terms = [straight.step() for _ in range(3)]
    assert {"photo_pitch", "mae_pitch", "gaps"} <= set(terms[-1])
    first = run()
    first.step()
    first.save(tmp_path / "state.pth")
    second = run()
    second.load(tmp_path / "state.pth")
    second.step()
    second.step()
    ours, theirs = straight.network.state_dict(), second.network.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
