from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from extractor.model import MotionExtractor
from extractor.training.errors import TrainingError
from extractor.training.learning.augment import PhotoFaults
from extractor.training.learning.losses import losses
from extractor.training.learning.pool import HeadPool
from extractor.training.learning.schedule import Phase, RunSettings
from extractor.training.learning.trainer import Trainer, convolve_in_float32
from extractor.types import CropSpec

SETTINGS = RunSettings(samples=400, phases=(Phase(0.0, 32, 8),), warmup=0, learning_rate=2e-4)


def trainer(pool: HeadPool, settings: RunSettings = SETTINGS, backbone: str = "atto") -> Trainer:
    torch.manual_seed(0)
    return Trainer(MotionExtractor(backbone=backbone), pool, settings)


def test_one_step_lowers_the_loss_on_its_batch(pool: HeadPool) -> None:
    run = trainer(pool, replace(SETTINGS, faults=PhotoFaults(strength=0.0)))
    batch = run.next_batch()
    assert batch.crops.shape == (8, 3, 32, 32)
    before = float(run.learn(batch)["loss"])
    with torch.inference_mode():
        after, _ = losses(run.network(batch.crops), batch.targets, SETTINGS.weights, SETTINGS.spread_deg, batch.twins)
    assert float(after) < before


def test_convolutions_stay_in_float32_under_autocast(pool: HeadPool) -> None:
    run = trainer(pool)
    convolve_in_float32(run.network)
    seen: dict[type, set[torch.dtype]] = {torch.nn.Conv2d: set(), torch.nn.Linear: set()}
    for module in run.network.modules():
        if type(module) in seen:
            module.register_forward_hook(lambda module, _, out: seen[type(module)].add(out.dtype))
    with torch.autocast("cpu", torch.bfloat16):
        heads = run.network(run.next_batch().crops)
    sum(value.float().square().mean() for value in heads.values()).backward()
    assert seen == {torch.nn.Conv2d: {torch.float32}, torch.nn.Linear: {torch.bfloat16}}
    assert all(parameter.grad is not None for parameter in run.network.parameters())


def test_a_resumed_run_ends_in_the_same_state(pool: HeadPool, tmp_path: Path) -> None:
    straight = trainer(pool)
    for _ in range(4):
        straight.step()

    first = trainer(pool)
    first.step()
    first.step()
    first.save(tmp_path / "state.pth")
    second = trainer(pool)
    second.load(tmp_path / "state.pth")
    assert second.seen == 16
    second.step()
    second.step()

    for a, b in ((straight.network, second.network), (straight.averaged, second.averaged)):
        ours, theirs = a.state_dict(), b.state_dict()
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert straight.step_number == second.step_number == 4


def test_a_state_is_a_checkpoint_of_the_averaged_network(pool: HeadPool, tmp_path: Path) -> None:
    run = trainer(pool, replace(SETTINGS, crop=CropSpec(1.5, 0.1)))
    run.step()
    run.save(tmp_path / "state.pth")
    loaded = MotionExtractor.from_checkpoint(tmp_path / "state.pth")
    assert loaded.report is not None
    assert loaded.report.spec.crop == CropSpec(1.5, 0.1, 32)
    x = torch.rand(2, 3, 32, 32)
    with torch.inference_mode():
        assert torch.allclose(loaded(x)["kp"], run.averaged(x)["kp"], atol=1e-6)


def test_batches_are_cut_as_the_settings_say(pool: HeadPool) -> None:
    wide, narrow = (trainer(pool, replace(SETTINGS, crop=CropSpec(side))).next_batch() for side in (2.0, 1.0))
    torch.testing.assert_close(narrow.targets.scale, 2 * wide.targets.scale)


def test_the_average_follows_the_network_slowly(pool: HeadPool) -> None:
    run = trainer(pool)
    name = "detector.fc_yaw.weight"
    start = run.network.state_dict()[name].clone()
    run.step()
    moved = (run.network.state_dict()[name] - start).norm()
    assert 0 < (run.averaged.state_dict()[name] - start).norm() < moved * 1.01


def test_a_foreign_or_broken_state_is_refused(pool: HeadPool, tmp_path: Path) -> None:
    trainer(pool).save(tmp_path / "state.pth")
    with pytest.raises(TrainingError, match="another run"):
        trainer(pool, backbone="femto").load(tmp_path / "state.pth")
    (tmp_path / "state.pth").write_bytes((tmp_path / "state.pth").read_bytes()[:5000])
    with pytest.raises(TrainingError, match="can't be read"):
        trainer(pool).load(tmp_path / "state.pth")


def test_twins_show_the_same_crop_mirrored(pool: HeadPool) -> None:
    batch = trainer(pool, replace(SETTINGS, faults=PhotoFaults(strength=0.0), twins=1.0)).next_batch()
    assert batch.twins == 4
    mirror = torch.tensor([1.0, -1.0, -1.0])
    turned = batch.targets.angles_deg
    # Siblings in this pool are other people in other poses: the crop alone is the same.
    own = trainer(pool, replace(SETTINGS, faults=PhotoFaults(strength=0.0), twins=1.0))
    own.pool.siblings = lambda rows: rows  # type: ignore[method-assign]
    same = own.next_batch()
    assert torch.allclose(same.targets.angles_deg[:4], same.targets.angles_deg[4:] * mirror, atol=1e-3)
    assert torch.allclose(same.crops[:4].flip(-1), same.crops[4:], atol=1e-4)
    assert not torch.allclose(turned[:4], turned[4:] * mirror, atol=1e-3)


def test_a_teacher_is_followed(pool: HeadPool) -> None:
    torch.manual_seed(1)
    teacher = MotionExtractor(backbone="atto")

    def first_step(distil: float) -> dict[str, torch.Tensor]:
        torch.manual_seed(2)
        network = MotionExtractor(backbone="atto")
        return Trainer(network, pool, replace(SETTINGS, distil=distil), teacher=teacher).step()

    followed, ignored = first_step(0.5), first_step(0.0)
    assert float(followed["distil"]) > 0
    assert torch.allclose(followed["loss"] - ignored["loss"], 0.5 * followed["distil"], rtol=1e-3)
    assert all(parameter.grad is None for parameter in teacher.parameters())


def test_schedule() -> None:
    settings = RunSettings(samples=1000, phases=(Phase(0.0, 64, 64), Phase(0.5, 96, 16)), learning_rate=1.0, warmup=100)
    assert settings.phase_at(499).size == 64
    assert settings.phase_at(500).size == 96
    assert settings.rate_at(0) == pytest.approx(0.01)
    assert settings.rate_at(500) == pytest.approx(
        0.5 * (0.99 * 0.5 + 0.01) * 1.0 + 0.5 * (0.99 * 0.5 + 0.01) * 0, rel=0.01
    )
    assert settings.rate_at(1000) == pytest.approx(0.01 * 0.5)
    assert Phase.parse("0.6:96:48") == Phase(0.6, 96, 48)
    for bad in ("0.6:96", "0:90:48", "1.5:96:48", "a:b:c"):
        with pytest.raises(TrainingError):
            Phase.parse(bad)
