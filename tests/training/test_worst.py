from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from extractor import MotionExtractor
from extractor.decode import angles_from_matrix
from extractor.training import worst
from extractor.training.learning.photo_pool import PhotoPool
from extractor.training.learning.pool import HeadPool
from extractor.training.measuring.metrics import WEBCAM_DEG, geodesic_deg
from extractor.types import CropSpec


def test_the_worst_come_first_and_what_was_said_is_so_far_off(pool: HeadPool) -> None:
    torch.manual_seed(0)
    shown = worst.heads_shown(MotionExtractor(backbone="atto").eval(), pool, CropSpec(input_size=32), 4)
    assert shown.errors_deg.tolist() == sorted(shown.errors_deg.tolist(), reverse=True)
    assert (angles_from_matrix(shown.true).abs() <= torch.tensor(WEBCAM_DEG)).all()
    assert torch.allclose(geodesic_deg(shown.said, shown.true), shown.errors_deg, atol=0.1)
    picture = worst.sheet(shown, columns=3)
    assert picture.size == (3 * worst.SIDE, 2 * worst.SIDE)
    colours = {colour for _, colour in picture.getcolors(1 << 20) or []}
    assert set(worst.AXES) <= colours


def test_the_command_writes_the_picture(shard_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights = tmp_path / "w.pth"
    network = MotionExtractor(backbone="atto")
    torch.save({"model": network.detector.state_dict(), "backbone": "atto", "input_size": 32}, weights)
    out = tmp_path / "worst.jpg"
    assert worst.main([str(weights), "--heads", str(shard_folder), "--out", str(out), "--count", "3"]) == 0
    with Image.open(out) as picture:
        assert picture.size[1] == worst.SIDE
    assert worst.main([str(weights), "--heads", str(tmp_path / "none"), "--out", str(out)]) == 1
    assert "no rendered heads" in capsys.readouterr().err


def test_photographs_are_drawn_with_both_sets_of_keypoints(photos: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network, pool = MotionExtractor(backbone="atto").eval(), PhotoPool([photos], sure_deg=float("inf"))
    spec = CropSpec(input_size=32)
    shown = worst.photographs_shown(network, pool, spec, 5)
    assert shown.errors_deg.tolist() == sorted(shown.errors_deg.tolist(), reverse=True)
    assert torch.allclose(geodesic_deg(shown.said, shown.true), shown.errors_deg, atol=0.1)
    colours = {colour for _, colour in worst.sheet(shown).getcolors(1 << 20) or []}
    assert {*worst.AXES, worst.SAID_POINT} <= colours
    weights, out = tmp_path / "w.pth", tmp_path / "worst.png"
    torch.save({"model": network.detector.state_dict(), "backbone": "atto", "input_size": 32}, weights)
    assert worst.main([str(weights), "--photos", str(photos), "--out", str(out), "--count", "3"]) == 0
    with Image.open(out) as picture:
        assert picture.size[1] == worst.SIDE
