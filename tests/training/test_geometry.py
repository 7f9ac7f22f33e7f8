from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from extractor.decode import rotation_matrix
from extractor.decode_arrays import angles_from_matrix as angles
from extractor.training.geometry import align, between, rotation, to_gl
from extractor.training.learning.framing import Framing, box_framing, sample_framing
from extractor.types import CropSpec

angle = st.floats(-85, 85)


@given(angle, angle, angle)
def test_rotations_are_the_decoders(pitch: float, yaw: float, roll: float) -> None:
    expected = rotation_matrix(torch.tensor([pitch, yaw, roll], dtype=torch.float64)).numpy()
    assert np.allclose(rotation(pitch, yaw, roll), expected, atol=1e-9)
    assert np.allclose(angles(rotation(pitch, yaw, roll)), [pitch, yaw, roll], atol=1e-6)


def test_positive_yaw_turns_the_nose_to_the_images_left() -> None:
    # In OpenGL's camera the face looks along +z and the image's left is -x.
    assert (to_gl(rotation(0, 30, 0)) @ [0, 0, 1])[0] == pytest.approx(-0.5)
    assert (to_gl(rotation(30, 0, 0)) @ [0, 0, 1])[1] == pytest.approx(-0.5)  # down
    assert (to_gl(rotation(0, 0, 30)) @ [0, 1, 0])[0] == pytest.approx(0.5)  # the crown goes to the image's right


def test_between_is_half_way() -> None:
    middle = between(rotation(0, 10, 0), rotation(0, 50, 0), 0.5)
    assert np.allclose(angles(middle), [0, 30, 0], atol=1e-9)


@given(angle, angle, angle, st.floats(0.5, 2))
def test_align_finds_rotation_and_scale(pitch: float, yaw: float, roll: float, scale: float) -> None:
    points = np.random.default_rng(1).normal(size=(14, 3))
    turn = rotation(pitch, yaw, roll)
    found, size = align(points, scale * points @ turn.T + 3.0)
    assert np.allclose(found, turn, atol=1e-6)
    assert size == pytest.approx(scale)


@given(st.floats(-0.3, 0.3), st.floats(0.4, 1.5), st.floats(-40, 40), st.floats(-0.08, 0.08))
def test_crop_coordinates_and_back(shift: float, half: float, roll: float, lens: float) -> None:
    framing = Framing(
        centre=torch.tensor([[shift, -shift]]),
        half=torch.tensor([half]),
        roll_deg=torch.tensor([roll]),
        lens=torch.tensor([lens]),
        mirrored=torch.tensor([False]),
    )
    crop = torch.rand(1, 20, 2, generator=torch.Generator().manual_seed(2)) * 2 - 1
    assert torch.allclose(framing.to_crop(framing.to_image(crop)), crop, atol=2e-3)


def test_the_expected_crop_is_the_conventions_square_about_the_expected_box() -> None:
    framing = box_framing(torch.eye(3)[None], torch.tensor([0.5]), torch.tensor([[0.1, 0.2]]), CropSpec(2.0, 0.1, 96))
    box = 1.318 * 0.5
    assert framing.half.item() == pytest.approx(box)
    assert framing.centre[0].tolist() == pytest.approx([0.1, 0.2 + 0.5 * 0.122 - 0.1 * box])
    assert not framing.mirrored.any()
    assert framing.lens.item() == framing.roll_deg.item() == 0


def test_drawn_crops_scatter_about_the_expected_one() -> None:
    n = 4000
    generator = torch.Generator().manual_seed(3)
    many = sample_framing(torch.eye(3).expand(n, 3, 3), torch.full((n,), 0.5), torch.zeros(n, 2), generator)
    one = box_framing(torch.eye(3)[None], torch.tensor([0.5]), torch.zeros(1, 2))
    assert many.half.median().item() == pytest.approx(one.half.item(), rel=0.02)
    assert many.mirrored.float().mean().item() == pytest.approx(0.5, abs=0.05)
    assert many.half.log().std().item() == pytest.approx(0.12, abs=0.02)
