"""Errors on labelled photographs: of answers that are known, and of a whole command."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from extractor.decode import angles_from_matrix, rotation_matrix
from extractor.decode_arrays import angles_from_matrix as angles
from extractor.model import MotionExtractor
from extractor.training import evaluate, evaluate_photographs
from extractor.training.geometry import Array, rotation
from extractor.training.learning.photo_pool import PhotoPool
from extractor.training.measuring.face_signals import correlations, face_signals, in_head_frame
from extractor.training.measuring.metrics import geodesic_deg
from extractor.training.measuring.photo_evaluation import (
    PhotoAnswers,
    ask,
    everybody,
    figures,
    markdown,
    without_offset,
)
from extractor.types import CropSpec

COUNT = 60  # of the shard "photos"


def said_to_be(pool: PhotoPool, turn: torch.Tensor, std_deg: float = 2.0) -> PhotoAnswers:
    """Answers that are the labels turned in the head frame by (3, 3) or (n, 3, 3)."""
    truth, people = pool.targets.rotation, everybody(pool)
    signals = face_signals(in_head_frame(people.mesh, truth.numpy()))
    return PhotoAnswers(
        angles_deg=angles_from_matrix(truth @ turn), std_deg=torch.full((len(pool), 3), std_deg),
        rotation=truth @ turn, points=pool.targets.points, signals=signals, true_angles_deg=pool.targets.angles_deg,
        true_rotation=truth, true_points=pool.targets.points, true_signals=signals,
        logits=torch.zeros(len(truth), 3, 66),
    )  # fmt: skip


def test_a_constant_turn_is_an_error_and_then_an_offset(photos: Path) -> None:
    pool = PhotoPool([photos], sure_deg=float("inf"))
    found = figures(said_to_be(pool, rotation_matrix(torch.tensor([[3.0, 0.0, 0.0]]))[0]), everybody(pool))
    assert found.all.faces == COUNT  # also those whose estimators disagree
    assert found.all.geodesic_deg == pytest.approx(3, abs=1e-3)
    assert found.all.geodesic_without_offset_deg == pytest.approx(0, abs=0.01)
    assert found.all.slope == pytest.approx((1, 1, 1), abs=0.05)
    assert found.spread_ratio[0] == pytest.approx(1.5, rel=0.05)


def test_nods_of_two_thirds_have_a_slope_of_two_thirds(photos: Path) -> None:
    pool = PhotoPool([photos], sure_deg=float("inf"))
    plain = said_to_be(pool, torch.eye(3))
    angles_deg = plain.true_angles_deg * torch.tensor([2 / 3, 1.0, 1.0])
    found = figures(
        PhotoAnswers(
            **{
                **{name: getattr(plain, name) for name in PhotoAnswers.__slots__},
                "angles_deg": angles_deg,
                "rotation": rotation_matrix(angles_deg),
            }
        ),
        everybody(pool),
    )
    assert found.all.slope == pytest.approx((2 / 3, 1, 1), abs=1e-3)
    assert found.all.mae_deg[1:] == pytest.approx((0, 0), abs=1e-3)


def test_groups_are_told_apart_and_the_worst_compared_with_the_best(photos: Path) -> None:
    pool = PhotoPool([photos], sure_deg=float("inf"))
    people = everybody(pool)
    assert people.kinds["group"][:4] == ["", "A", "B", ""]
    off = torch.tensor([[4.0 if name == "B" else 2.0, 0.0, 0.0] for name in people.kinds["group"]])
    found = figures(said_to_be(pool, rotation_matrix(off)), people)
    assert found.groups["group"]["A"].geodesic_deg == pytest.approx(2, abs=1e-3)
    assert found.groups["group"]["B"].faces == 20
    assert found.group_ratio == pytest.approx(2, abs=1e-3)
    assert 1 < found.chance_ratio < 1.5
    assert found.chance_share < 0.01
    assert found.equal_pose_ratio == pytest.approx(2, abs=1e-3)
    assert set(found.groups["sex"]) == {"male", "female"}
    assert {name: errors.faces for name, errors in found.groups["glasses"].items()} == {"without": 20, "with": 20}
    assert "age" not in found.groups  # nobody's is known
    assert "| group | B | 20 | 4.00°" in markdown(found)


def test_where_no_group_is_known_none_are_compared(photos: Path) -> None:
    pool = PhotoPool([photos], sure_deg=float("inf"))
    people = everybody(pool)
    said = said_to_be(pool, rotation_matrix(torch.tensor([[3.0, 0.0, 0.0]]))[0])
    assert "Worst over best group: 1.00" in markdown(figures(said, people))
    unknown = replace(people, kinds={**people.kinds, "group": [""] * COUNT})
    text = markdown(figures(said, unknown))
    assert "group" not in text
    assert "nan" not in text


def test_a_group_that_turns_its_heads_further_is_no_worse_at_equal_poses(photos: Path) -> None:
    pool = PhotoPool([photos], sure_deg=float("inf"))
    plain, people = said_to_be(pool, torch.eye(3)), everybody(pool)
    yaw_deg = plain.true_angles_deg[:, 1].abs()
    turned = ["B" if yaw > yaw_deg.median() else "A" for yaw in yaw_deg]
    off = torch.zeros(len(yaw_deg), 3)
    off[:, 0] = 2 + yaw_deg / 10
    found = figures(said_to_be(pool, rotation_matrix(off)), replace(people, kinds={**people.kinds, "group": turned}))
    assert found.group_ratio > 1.2
    assert found.equal_pose_ratio == pytest.approx(1, abs=0.01)


def test_the_offset_is_one_turn_for_all() -> None:
    truth = rotation_matrix(torch.rand(50, 3) * 60 - 30)
    noise = rotation_matrix(torch.randn(50, 3))
    said = truth @ noise @ rotation_matrix(torch.tensor([[5.0, -2.0, 1.0]]))[0]
    left = geodesic_deg(without_offset(said, truth), truth).mean()
    assert left < geodesic_deg(said, truth).mean() - 2
    assert torch.allclose(torch.det(without_offset(said, truth)), torch.ones(50), atol=1e-5)


def face(open_by: float, lips: float, brow: float) -> Array:
    """A hand-made face in the head frame, eye corners 2 apart."""
    from extractor.types import KEYPOINT_NAMES

    points = dict.fromkeys(KEYPOINT_NAMES, (0.0, 0.0, 0.0))
    for side, x in (("l", 1.0), ("r", -1.0)):
        points[f"eye_outer_{side}"], points[f"eye_inner_{side}"] = (x, 0.0, 0.1), (0.4 * x, 0.0, 0.0)
        points[f"lid_up_{side}"] = (0.7 * x, -open_by, -0.05)
        points[f"lid_low_{side}"] = (0.7 * x, 0.0, -0.05)
        points[f"brow_mid_{side}"] = (0.7 * x, -brow, -0.1)
    points["lip_low"] = (0.0, lips, 0.0)
    return np.array([points[name] for name in KEYPOINT_NAMES])


def test_signals_are_lengths_by_the_distance_of_the_eyes_whatever_the_pose() -> None:
    turns = np.stack([rotation(20, -30, 15), np.eye(3)])
    camera = 3.0 * face(0.2, 0.5, 0.6) @ turns.transpose(0, 2, 1)
    assert face_signals(in_head_frame(camera, turns)) == pytest.approx(np.tile([0.1, 0.25, 0.3], (2, 1)))
    assert face_signals(camera)[1] == pytest.approx([0.1, 0.25, 0.3])
    assert face_signals(camera)[0, 1] != pytest.approx(0.25, rel=0.02)  # in the picture a nod shortens


def test_what_does_not_move_has_no_correlation() -> None:
    moving = np.linspace(0, 1, 20)
    true = np.stack([moving, np.full(20, 0.3), -moving], axis=1)
    said = np.stack([moving**1.1, moving, moving], axis=1)
    found = correlations(said, true)
    assert set(found) == {"eyes", "brows"}
    assert found["eyes"] > 0.99
    assert found["brows"] < -0.99
    said[5] = np.nan
    assert correlations(said, true)["eyes"] > 0.99


def test_answers_lie_where_the_crop_was_cut(photos: Path) -> None:
    """A network that says the middle of its crop says the place above the box's centre."""
    network = MotionExtractor(backbone="atto").eval()
    with torch.no_grad():
        for name in ("exp", "kp", "t"):
            network.detector.head(name).weight.zero_()
            network.detector.head(name).bias.zero_()
    pool = PhotoPool([photos], sure_deg=float("inf"))
    spec = CropSpec(2.0, 0.1, 32)
    found = ask(network, pool, everybody(pool), spec)
    assert found.points.shape == (COUNT, 24, 2)
    assert torch.allclose(found.points, torch.tensor([0.0, -0.074]).expand(COUNT, 24, 2), atol=1e-5)
    assert np.allclose(angles(found.true_rotation.numpy()), found.true_angles_deg.numpy(), atol=1e-3)


def test_the_command_takes_training_states_and_writes_json(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state, out = tmp_path / "state.pth", tmp_path / "o.json"
    network = MotionExtractor(backbone="atto")
    torch.save(
        {"model": network.detector.state_dict(), "backbone": "atto", "num_kp": 24, "num_bins": 66, "input_size": 32},
        state,
    )
    assert evaluate_photographs.main([str(state), "--photos", str(photos), "--json", str(out)]) == 0
    assert "webcam range" in capsys.readouterr().out
    found = json.loads(out.read_text(), parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert found["photographs"]["all"]["faces"] == COUNT
    assert evaluate_photographs.main([str(state), "--photos", str(tmp_path / "none.npz")]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "no labelled photographs" in line
    assert evaluate.main([str(state), "--heads", str(photos.parent)]) == 1
    assert "evaluate_photographs measures on those" in capsys.readouterr().err
