from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from extractor.training.demo import SECONDS, perform, write_table
from extractor.training.rendering.performance import FPS


def test_the_head_goes_through_the_webcam_range_and_comes_back() -> None:
    p = perform()
    assert len(p) == FPS * SECONDS
    assert (np.abs(p.angles_deg).max(0) > [20, 38, 20]).all()
    assert (np.abs(p.angles_deg).max(0) < [26, 46, 26]).all()
    assert np.abs(p.angles_deg[0]).max() == 0
    # The step from the last frame to the first is no larger than those between neighbours.
    assert np.abs(p.angles_deg[-1]).max() < 1
    assert np.abs(np.diff(p.angles_deg, axis=0)).max() < 4


def test_it_talks_and_blinks() -> None:
    p = perform()
    assert p.jaw.max() > 0.5
    assert (np.diff((p.lids > 0.5).astype(int)) == 1).sum() == 9
    assert p.lids[0] < 0.05


def test_the_table_is_the_contracts(tmp_path: Path) -> None:
    write_table(tmp_path / "demo.csv", perform().angles_deg)
    with (tmp_path / "demo.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["frame", "timestamp_s", "pitch_deg", "yaw_deg", "roll_deg"]
    assert len(rows) == 360
    assert float(rows[45]["timestamp_s"]) == 1.5
    assert "-0.000" not in (tmp_path / "demo.csv").read_text()


def test_the_committed_demo_is_this_performance(assets: Path) -> None:
    """Its table is the movement written here; the film may show another person."""
    with (assets / "demo.csv").open(newline="") as file:
        rows = [[float(row[f"{axis}_deg"]) for axis in ("pitch", "yaw", "roll")] for row in csv.DictReader(file)]
    assert np.abs(np.array(rows) - perform().angles_deg).max() < 6e-4
