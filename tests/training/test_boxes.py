"""Face boxes of shards, and crops cut by them as the app cuts its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from app.capture.demo import DemoSource
from app.faces.crop import crop_square
from app.faces.detector import create_detector
from extractor.training import boxes
from extractor.training.boxes import FaceBoxes
from extractor.training.learning.framing import box_framing, from_boxes, sample_framing
from extractor.training.learning.pool import HeadPool
from extractor.training.shards import Shard
from extractor.types import CropSpec

SPEC = CropSpec()


def head_picture() -> np.ndarray:
    """The demo's head, filling a square as rendered heads do; BGR."""
    source = DemoSource(paced=False, loop=False)
    source.open()
    frame = source.read(5.0)
    source.close()
    assert frame is not None
    return frame.image[20:340, 160:480]


def test_a_box_is_the_apps_own() -> None:
    picture = head_picture()
    with FaceBoxes() as looks:
        x, y, side = looks.find(np.ascontiguousarray(picture[..., ::-1])) * len(picture) / 2 + len(
            picture
        ) / 2 * np.array([1, 1, 0])
    detector = create_detector(stills=True)
    own = detector.detect(np.pad(picture, ((160, 160), (160, 160), (0, 0)), mode="edge"))[0].box
    detector.close()
    longer = max(own.w, own.h)
    assert side == pytest.approx(longer, rel=0.06)
    assert x == pytest.approx(own.x + own.w / 2 - 160, abs=0.04 * longer)
    assert y == pytest.approx(own.y + own.h / 2 - 160, abs=0.04 * longer)


def test_a_picture_without_a_face_has_no_box() -> None:
    with FaceBoxes() as looks:
        assert np.isnan(looks.find(np.full((96, 96, 3), 90, np.uint8))).all()


def test_shards_get_boxes_once_and_keep_their_labels(shard_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Shard(next(shard_folder.glob("*.npz")))
    monkeypatch.setattr(FaceBoxes, "find", lambda self, picture: np.array([0.1, -0.2, 0.9], np.float32))
    assert boxes.main(["--heads", str(shard_folder)]) == 0
    after = Shard(before.path)
    assert np.allclose(after.heads.box, [0.1, -0.2, 0.9])
    assert np.array_equal(after.heads.points, before.heads.points)
    assert np.array_equal(after.image(3), before.image(3))
    monkeypatch.setattr(FaceBoxes, "find", lambda self, picture: np.zeros(3, np.float32))
    assert boxes.main(["--heads", str(shard_folder)]) == 0
    assert np.allclose(Shard(before.path).heads.box, [0.1, -0.2, 0.9])
    pool = HeadPool([shard_folder], torch.device("cpu"))
    assert pool.boxes.shape == (16, 3)


def test_missing_heads_are_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert boxes.main(["--heads", str(tmp_path)]) == 1
    assert "no rendered heads" in capsys.readouterr().err


def many(n: int = 4000) -> tuple[torch.Tensor, ...]:
    return torch.eye(3).expand(n, 3, 3), torch.full((n,), 0.6), torch.tensor([[0.2, -0.1]]).expand(n, 2)


def test_crops_by_boxes_are_the_apps() -> None:
    """A detector's box of a 200 pixel picture, cropped here and by the app."""
    from app.core.frames import Box

    n = 4000
    plain = box_framing(*many(n))
    found = torch.tensor([[0.12, -0.05, 0.8]]).expand(n, 3)
    cut = from_boxes(plain, found, torch.Generator().manual_seed(0), 1.0)
    side = 0.8 * 100
    own = crop_square(Box((0.12 + 1) * 100 - side / 2, (-0.05 + 1) * 100 - side / 2, side, side), SPEC)
    left, top, right = (own.crop_to_frame @ (x, y, 1) for x, y in ((-1, 0), (0, -1), (1, 0)))
    assert float(cut.half.mean()) * 100 == pytest.approx((right - left)[0] / 2, rel=0.01)
    assert (float(cut.centre[:, 0].mean()) + 1) * 100 == pytest.approx((right + left)[0] / 2, abs=0.2)
    assert (float((cut.centre[:, 1] - cut.half).mean()) + 1) * 100 == pytest.approx(top[1], abs=0.5)


def test_unknown_boxes_and_the_other_share_keep_their_crops() -> None:
    plain = box_framing(*many())
    found = torch.tensor([[0.12, -0.05, 0.8]]).repeat(4000, 1)
    found[:1000] = float("nan")
    cut = from_boxes(plain, found, torch.Generator().manual_seed(0), 0.5)
    changed = cut.half != plain.half
    assert not changed[:1000].any()
    assert 0.45 < float(changed[1000:].float().mean()) < 0.55


def test_mirrored_crops_follow_the_mirrored_face() -> None:
    """The face is to the right in the picture, so to the left in a mirrored one: with and without boxes."""
    rotation, scale, t = many()
    drawn = sample_framing(rotation, scale, t, torch.Generator().manual_seed(1))
    assert float(drawn.centre[drawn.mirrored, 0].mean()) == pytest.approx(-0.2, abs=0.01)
    assert float(drawn.centre[~drawn.mirrored, 0].mean()) == pytest.approx(0.2, abs=0.01)
    cut = from_boxes(drawn, torch.tensor([[0.3, 0.0, 0.8]]).expand(4000, 3), torch.Generator().manual_seed(2), 1.0)
    assert float(cut.centre[cut.mirrored, 0].mean()) == pytest.approx(-0.3, abs=0.01)
    assert float(cut.centre[~cut.mirrored, 0].mean()) == pytest.approx(0.3, abs=0.01)
