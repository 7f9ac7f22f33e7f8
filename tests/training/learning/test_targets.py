from __future__ import annotations

import numpy as np
import pytest
import torch

from extractor.decode import decode, driven_keypoints
from extractor.training.learning.augment import cut
from extractor.training.learning.framing import Framing
from extractor.training.learning.targets import Targets
from extractor.training.rendering.labels import MIRROR, visible
from extractor.training.shards import Heads
from extractor.types import KEYPOINT_NAMES
from tests.training.perfect import perfect_outputs


def framing(count: int, *, mirrored: bool = False, lens: float = 0.0) -> Framing:
    return Framing(
        centre=torch.tensor([0.1, -0.07]).expand(count, 2),
        half=torch.full((count,), 0.85),
        roll_deg=torch.full((count,), 17.0),
        lens=torch.full((count,), lens),
        mirrored=torch.full((count,), mirrored),
    )


def test_decoding_perfect_outputs_gives_the_labels(heads: Heads) -> None:
    targets = Targets.of(heads)
    motion = decode(perfect_outputs(targets), KEYPOINT_NAMES)
    assert torch.allclose(motion.rotation, targets.rotation, atol=2e-3)
    assert torch.allclose(motion.driven[..., :2], targets.points, atol=5e-3)
    true = (targets.moved - targets.kp).square().sum(-1).mean(-1).sqrt()  # a rotation keeps lengths
    assert torch.allclose(motion.exp_magnitude, true, atol=1e-5)
    assert torch.allclose(motion.std_deg, torch.tensor(2.0), atol=0.02)


@pytest.mark.parametrize("mirrored", [False, True])
def test_labels_of_crops_decode_to_the_points_in_the_crop(heads: Heads, mirrored: bool) -> None:
    cropped = Targets.of(heads).crop(framing(len(heads), mirrored=mirrored))
    t = torch.cat([cropped.t, torch.zeros(len(heads), 1)], dim=1)
    driven = driven_keypoints(cropped.kp, cropped.rotation, cropped.exp, cropped.scale, t)
    assert torch.allclose(driven[..., :2], cropped.points, atol=1e-4)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("lens", [0.0, 0.06])
def test_labels_follow_what_the_picture_shows(heads: Heads, mirrored: bool, lens: float) -> None:
    """A bright blob at a keypoint is found, after cutting, where the label says."""
    targets, k, size = Targets.of(heads), KEYPOINT_NAMES.index("mouth_l"), 256
    line = (torch.arange(size) + 0.5) / size * 2 - 1
    y, x = torch.meshgrid(line, line, indexing="ij")
    at = targets.points[:, k]
    far = (x - at[:, 0, None, None]) ** 2 + (y - at[:, 1, None, None]) ** 2
    pictures = (255 * torch.exp(-far / 0.002)).round().to(torch.uint8)[:, None].expand(-1, 3, -1, -1)
    how = framing(len(heads), mirrored=mirrored, lens=lens)
    crops, labels = cut(pictures, how, 128), targets.crop(how)
    weight = crops[:, 0] / crops[:, 0].sum((1, 2), keepdim=True)
    line = (torch.arange(128) + 0.5) / 64 - 1
    found = torch.stack([(weight.sum(1) * line).sum(1), (weight.sum(2) * line).sum(1)], dim=1)
    # In a mirrored picture the subject's left mouth corner is called the right one.
    name = KEYPOINT_NAMES.index("mouth_r") if mirrored else k
    inside = (labels.points[:, name].abs() < 0.8).all(1)
    assert inside.sum() >= 4
    assert torch.allclose(found[inside], labels.points[inside, name], atol=0.02)


def test_a_mirror_negates_yaw_and_roll_and_undoes_itself(heads: Heads) -> None:
    targets = Targets.of(heads)
    rows = torch.ones(len(heads), dtype=torch.bool)
    once = targets.mirror(rows)
    assert torch.allclose(once.angles_deg, targets.angles_deg * torch.tensor([1.0, -1.0, -1.0]), atol=1e-3)
    twice = once.mirror(rows)
    for name in ("rotation", "kp", "moved", "points", "t", "visible"):
        assert torch.equal(getattr(twice, name), getattr(targets, name))


def test_left_and_right_are_swapped_by_name() -> None:
    swapped = [KEYPOINT_NAMES[i] for i in MIRROR]
    assert swapped[KEYPOINT_NAMES.index("brow_mid_l")] == "brow_mid_r"
    assert swapped[KEYPOINT_NAMES.index("chin")] == "chin"


def test_a_turned_crop_turns_the_roll(heads: Heads) -> None:
    targets = Targets.of(heads)
    turned = targets.crop(framing(len(heads)))
    assert torch.allclose(turned.angles_deg[:, 1], targets.angles_deg[:, 1], atol=1e-3)
    assert torch.allclose(turned.angles_deg[:, 2], targets.angles_deg[:, 2] - 17, atol=1e-3)


def test_visibility_against_a_wall() -> None:
    depth = np.full((64, 64), 5.0)
    depth[:, 32:] = 2.0  # something nearer on the right
    points = np.array([[-0.5, 0.0], [0.5, 0.0], [0.5, 0.1], [1.4, 0.0]])
    assert visible(points, np.array([5.0, 5.0, 2.02, 2.0]), depth).tolist() == [1, 0, 1, 0]
