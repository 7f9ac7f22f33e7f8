"""Where errors lie: groups against hand-made answers."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from extractor.decode import rotation_matrix
from extractor.model import MotionExtractor
from extractor.training.learning.augment import PhotoFaults
from extractor.training.learning.pool import HeadPool
from extractor.training.learning.targets import Targets
from extractor.training.measuring.breakdown import NONE, Answers, answers, by_head, main, markdown
from extractor.types import CropSpec


def hand_made(angles: list[tuple[float, float, float]], errors: list[float]) -> Answers:
    n = len(angles)
    truth = Targets(
        rotation=rotation_matrix(torch.tensor(angles)),
        kp=torch.zeros(n, 24, 3),
        moved=torch.zeros(n, 24, 3),
        points=torch.zeros(n, 24, 2),
        scale=torch.ones(n),
        t=torch.zeros(n, 2),
        visible=torch.ones(n, 24),
        tone=torch.arange(n) % 3,
        glasses=torch.arange(n) % 2,
        shape_known=torch.ones(n),
        points_trust=torch.ones(n),
    )
    signed = torch.zeros(n, 3)
    signed[:, 0] = torch.tensor(errors)
    return Answers(signed[:, 0].abs(), signed, truth, torch.linspace(0, 1, n))


SMALL = CropSpec(input_size=32)


def test_groups_hold_the_heads_of_their_kind_and_their_mean_errors() -> None:
    found = hand_made([(-40, 0, 0), (-40, 5, 0), (0, 20, 0), (35, -50, 0), (0, 80, 0)], [4, 8, 1, -6, 20])
    groups = {(group.kind, group.name): group for group in by_head(found)}
    below = groups["pitch", "below -30°"]
    assert (below.heads, below.geodesic_deg, below.signed_deg[0]) == (2, 6.0, 6.0)
    assert groups["pitch", "above 30°"].signed_deg[0] == -6.0
    assert groups["|yaw|", "above 60°"].heads == 1  # beyond the webcam's range, and in its own row only
    assert sum(group.heads for (kind, _), group in groups.items() if kind == "pitch") == 4
    assert sum(group.heads for (kind, _), group in groups.items() if kind == "skin tone") == 4
    assert groups["hidden keypoints", "0 to 10 %"].heads == 4
    assert groups["glasses", "with"].heads == 2
    table = markdown(list(groups.values()))
    assert "| pitch | below -30° | 2 | 6.0° | +6.0, +0.0, +0.0 |" in table
    assert "nan" not in table  # empty groups have no row


def test_no_fault_means_none() -> None:
    chances = [getattr(NONE, name) for name in PhotoFaults.__dataclass_fields__ if name != "strength"]
    assert chances == [0.0] * len(chances)


def test_a_moved_crop_moves_what_is_seen(pool: HeadPool) -> None:
    network = MotionExtractor(backbone="femto").eval()
    plain = answers(network, pool, SMALL, NONE)
    moved = answers(network, pool, SMALL, NONE, box=(1.0, 0.1, 0.0, 0.0))
    turned = answers(network, pool, SMALL, NONE, box=(1.0, 0.0, 0.0, 10.0))
    torch.testing.assert_close(moved.truth.angles_deg, plain.truth.angles_deg)
    # A crop whose centre lies a tenth of its side further right shows the head that much further left.
    shift = moved.truth.points[..., 0] - plain.truth.points[..., 0]
    torch.testing.assert_close(shift, torch.full_like(shift, -0.2), atol=1e-4, rtol=0)
    assert not torch.allclose(turned.truth.angles_deg, plain.truth.angles_deg)


def test_a_missing_folder_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.pth"), "--heads", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("breakdown: ")
    assert said.count("\n") == 1


def test_crops_by_the_detector_are_cut_where_it_saw_the_face(pool: HeadPool) -> None:
    network = MotionExtractor(backbone="atto").eval()
    pool.boxes = torch.full((len(pool), 3), float("nan"))
    expected, without = answers(network, pool, SMALL, NONE), answers(network, pool, SMALL, NONE, by_detector=True)
    assert torch.equal(expected.truth.t, without.truth.t), "no box, no change"
    pool.boxes = torch.tensor([[0.2, 0.1, 1.0]]).repeat(len(pool), 1)
    found = answers(network, pool, SMALL, NONE, by_detector=True)
    half = pool.targets.scale / found.truth.scale
    assert torch.allclose(half, torch.full_like(half, 2.15 / 2), rtol=0.15)
    narrow = answers(network, pool, CropSpec(side=1.5, input_size=32), NONE, by_detector=True)
    torch.testing.assert_close(narrow.truth.scale, found.truth.scale * 2.15 / 1.5)
