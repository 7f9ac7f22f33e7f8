"""How a recipe is decided: limits, cost, which layers are kept, and that the weights are the same afterwards."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from extractor import find_weights
from extractor.backends import installed_engines
from extractor.export import parameters_of
from extractor.model import MotionExtractor
from extractor.onnx_graph import quantisable
from extractor.quantisation import recipe_of
from extractor.training import quantise
from extractor.training.learning.pool import HeadPool
from extractor.training.quantise import Judgement, Quantiser, best_limits, main

pytestmark = pytest.mark.skipif(len(installed_engines()) < 3, reason="only torch is installed")


def test_limits_cut_what_is_rare_only_where_that_pays() -> None:
    rng = np.random.default_rng(0)
    even = rng.uniform(-2, 3, 20_000).astype(np.float32)
    low, high = best_limits(even)
    assert (low, high) == (pytest.approx(-2, abs=0.01), pytest.approx(3, abs=0.01))
    rare = np.concatenate([rng.normal(size=1_000_000), [30.0]]).astype(np.float32)
    low, high = best_limits(rare)
    assert -6 < low < -3
    assert 3 < high < 10
    assert best_limits(np.full(10, 2.0, np.float32)) == (0.0, 2.0)
    low, high = best_limits(np.zeros(10, np.float32))
    assert low < high


@pytest.fixture
def quantiser(pool: HeadPool, monkeypatch: pytest.MonkeyPatch) -> Quantiser:
    monkeypatch.setattr(quantise, "WEBCAM_DEG", (90, 90, 180))
    return Quantiser(MotionExtractor.from_checkpoint(find_weights("lite")), pool)


def test_layers_are_kept_until_it_costs_no_more_than_allowed(
    quantiser: Quantiser, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = quantiser.limits()
    layers = quantisable(parameters_of(MotionExtractor.from_checkpoint(find_weights("lite"))))
    assert set(limits) == set(layers)
    assert all(low < high for low, high in limits.values())
    worst = ("stages.0.0.pwconv1", "stages.3.1.pwconv2")
    judged = quantiser.judge
    assert judged(quantise.Recipe(limits, (), {})).moved_deg > 0

    def two_are_bad(recipe: quantise.Recipe) -> Judgement:
        bad = sum((0.3, 0.2)[worst.index(name)] for name in recipe.limits if name in worst)
        return Judgement(10, 3.0, 3.0 + bad, bad)

    monkeypatch.setattr(quantiser, "judge", two_are_bad)
    monkeypatch.setattr(quantiser, "limits", lambda: limits)
    recipe, judgement = quantiser.choose(0.15, lambda _: None)
    assert recipe is not None
    assert recipe.kept == worst
    assert len(recipe.limits) == len(layers) - 2
    assert judgement.cost_deg == 0
    assert quantiser.choose(-1.0, lambda _: None)[0] is None


def test_command_writes_the_same_weights_with_a_recipe(
    shard_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(quantise, "WEBCAM_DEG", (90, 90, 180))
    monkeypatch.setattr(quantise, "LARGEST_MOVE_DEG", 100.0)  # these few heads are none to judge by
    path = tmp_path / "w.safetensors"
    shutil.copy(find_weights("lite"), path)
    assert main([str(path), "--heads", str(shard_folder), "--most", "100"]) == 0
    before, after = MotionExtractor.from_checkpoint(find_weights("lite")), MotionExtractor.from_checkpoint(path)
    assert f"{len(quantisable(parameters_of(before)))} layers rounded, 0 kept" in capsys.readouterr().out
    recipe = recipe_of(after.report.metadata)
    assert recipe is not None
    assert set(recipe.cost_deg) == {"rendered_heldout"}
    assert after.report.spec == before.report.spec
    for name, values in parameters_of(before).items():
        np.testing.assert_array_equal(values, parameters_of(after)[name])
    assert path.stat().st_size < find_weights("lite").stat().st_size * 1.01

    monkeypatch.setattr(Quantiser, "choose", lambda *_: (None, Judgement(1, 1.0, 2.0, 1.0)))
    assert main([str(path), "--heads", str(shard_folder)]) == 0
    assert "without a recipe" in capsys.readouterr().out
    assert recipe_of(MotionExtractor.from_checkpoint(path).report.metadata) is None
    assert main([str(path), "--heads", str(tmp_path / "none")]) == 1
    assert capsys.readouterr().err.startswith("quantise: There are no rendered heads")
    torch.save({"model": before.state_dict()}, tmp_path / "m.pth")
    assert main([str(tmp_path / "m.pth"), "--heads", str(shard_folder)]) == 1
    assert "extractor.convert" in capsys.readouterr().err


def test_angles_that_move_far_are_no_gain_however_the_error_falls() -> None:
    assert Judgement(9, exact_deg=4.0, rounded_deg=4.02, moved_deg=0.2).within(0.15)
    assert not Judgement(9, exact_deg=4.0, rounded_deg=3.9, moved_deg=1.0).within(0.15)
    assert not Judgement(9, exact_deg=4.0, rounded_deg=4.2, moved_deg=0.2).within(0.15)
