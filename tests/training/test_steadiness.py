from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from extractor import MotionExtractor
from extractor.training import clips, steadiness
from extractor.training.clips import FRAMES, PARTS, TALK_S, rehearse
from extractor.training.learning.pool import HeadPool
from extractor.training.learning.targets import Targets
from extractor.training.rendering.performance import FPS, Performance
from extractor.training.shards import Heads, write_shard
from extractor.training.steadiness import delay_frames, markdown, measure
from extractor.types import CropSpec
from tests.training.conftest import make_heads
from tests.training.perfect import perfect_outputs


def smooth(seed: int = 0) -> torch.Tensor:
    t = torch.arange(120) / FPS
    return 12 * torch.sin(2.1 * t + seed) + 5 * torch.sin(5.3 * t)


@pytest.mark.parametrize("lag", [-3, -1, 0, 2])
def test_a_delay_of_whole_frames_is_found(lag: int) -> None:
    true = smooth()
    assert delay_frames([(true.roll(lag), true), (smooth(2).roll(lag) + 7, smooth(2))]) == pytest.approx(lag, abs=0.05)


def test_a_delay_of_half_a_frame_is_found() -> None:
    true = smooth()
    said = (true + true.roll(1)) / 2
    assert delay_frames([(said, true)]) == pytest.approx(0.5, abs=0.05)


def test_nothing_that_moves_has_no_delay() -> None:
    assert np.isnan(delay_frames([(torch.randn(120), torch.zeros(120))]))


def test_a_rehearsal_is_still_then_talks_then_moves() -> None:
    p = rehearse(np.random.default_rng(3))
    assert len(p) == FRAMES
    still, talking, moving = (np.arange(FRAMES)[PARTS[name]] for name in ("still", "talking", "moving"))
    assert np.ptp(p.angles_deg[: TALK_S * FPS], axis=0).max() == 0
    assert p.jaw[still].max() < 0.05
    assert p.lids[still].max() == 0
    assert p.jaw[talking].max() > 0.3
    assert p.lids[talking].max() > 0.9
    assert np.ptp(p.angles_deg[moving], axis=0).min() > 3
    assert np.abs(np.diff(p.angles_deg, axis=0)).max() < 8, "no head turns faster than 240 degrees a second here"


@pytest.fixture
def clip_folder(tmp_path: Path) -> Path:
    """A clip whose pictures show nothing; its labels move."""
    heads = make_heads(FRAMES)
    rows: NDArray[np.int64] = np.arange(FRAMES) // 20
    picture = np.full((32, 32, 3), 120, np.uint8)
    write_shard(tmp_path / "clips" / "clip-0.npz", [picture] * FRAMES, heads.take(rows))
    return tmp_path / "clips"


class Oracle(MotionExtractor):
    """Knows the labels; each part of a clip in its order."""

    def __init__(self, heads: Targets, wrong_deg: float = 0.0) -> None:
        super().__init__(backbone="atto")
        self._answers, self._at, self._wrong = perfect_outputs(heads), 0, wrong_deg

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        part = slice(self._at, self._at + len(x))
        self._at += len(x)
        return {name: value[part] for name, value in self._answers.items()}


def test_perfect_answers_are_steady_and_follow_at_once(clip_folder: Path) -> None:
    pool = HeadPool([clip_folder], torch.device("cpu"))
    found = measure(Oracle(pool.targets), pool, CropSpec(input_size=32))
    assert found.clips == 1
    assert max(found.moving_deg + found.rough_deg + found.offset_deg) < 0.05
    assert max(found.still_deg + found.talking_deg) < 0.05
    assert max(abs(lag) for lag in found.lag_ms) < 1
    assert min(found.shape.values()) > 0.99
    assert "lag | +0.0 ms" in markdown(found).replace("-0.0", "+0.0")


def test_heads_that_are_no_clips_are_one_sentence(
    shard_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = tmp_path / "w.pth"
    network = MotionExtractor(backbone="atto")
    torch.save({"model": network.detector.state_dict(), "backbone": "atto", "input_size": 32}, weights)
    assert steadiness.main([str(weights), "--clips", str(shard_folder)]) == 1
    said = capsys.readouterr().err
    assert "no clips" in said
    assert "Traceback" not in said


def test_clips_without_a_pack_are_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert clips.main(["--pack", str(tmp_path / "none"), "--out", str(tmp_path / "out")]) == 1
    assert "no folder" in capsys.readouterr().err


def test_a_person_is_filmed_with_exact_labels(
    pack_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clip of every thirtieth frame: one person throughout, whose labelled pose is the rehearsed one."""
    from extractor.decode import angles_from_matrix
    from extractor.training.rendering.head_model import HeadModel
    from extractor.training.rendering.pack import Pack
    from extractor.training.rendering.renderer import Renderer
    from extractor.training.shards import Shard

    whole = rehearse(np.random.default_rng(0))
    monkeypatch.setattr(clips, "rehearse", lambda rng: Performance(*(each[::30] for each in vars(whole).values())))
    path = clips.render_clip(Renderer(HeadModel(Pack.open(pack_folder)), 64, 1), tmp_path, 5, 0)
    shard = Shard(path)
    heads: Heads = shard.heads
    assert len(shard) == FRAMES // 30
    angles = angles_from_matrix(torch.as_tensor(heads.rotation)).numpy()
    assert np.abs(angles - whole.angles_deg[::30]).max() < 0.01
    assert np.ptp(heads.neutral, axis=0).max() < 1e-5, "one face"
    assert np.abs(heads.deformed - heads.neutral).max() > 0.01, "that moves"
    assert np.abs(shard.image(0).astype(int) - shard.image(6)).mean() > 1, "and turns"
