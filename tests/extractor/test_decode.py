from __future__ import annotations

import math
from dataclasses import fields

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given
from torch import Tensor

from extractor import KEYPOINT_NAMES
from extractor.decode import (
    angles_from_matrix,
    bin_centres,
    bins_to_degrees,
    decode,
    driven_keypoints,
    expression_magnitude,
    rotation_matrix,
    to_frame,
)
from extractor.types import head_widths, region_keypoints

angle = st.floats(-89, 89)
turn = st.floats(-179, 179)


def heads(batch: int, num_kp: int = 24, seed: int = 0) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {n: torch.randn(batch, w, generator=generator) for n, w in head_widths(num_kp, 66).items()}


def rotation_by_definition(pitch: float, yaw: float, roll: float) -> np.ndarray:
    """Rz(roll) @ Ry(yaw) @ Rx(pitch), each written as in a textbook."""
    p, y, r = np.radians([pitch, yaw, roll])
    rx = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    ry = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    rz = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return np.asarray(rz @ ry @ rx)


def test_bin_centres_are_three_degrees_apart_around_zero() -> None:
    centres = bin_centres()
    assert centres[0] == -97.5
    assert centres[-1] == 97.5
    assert bool((centres.diff() == 3).all())


def test_bins_by_hand() -> None:
    logits = torch.full((3, 66), -1e4)
    logits[0, 0] = 0  # all in the first bin
    logits[1, 32] = logits[1, 33] = 0  # half at -1.5, half at +1.5
    logits[2, 40], logits[2, 41] = math.log(1), math.log(3)  # a quarter at 22.5, three at 25.5
    mean, std = bins_to_degrees(logits)
    torch.testing.assert_close(mean, torch.tensor([-97.5, 0.0, 24.75]))
    torch.testing.assert_close(std, torch.tensor([0.0, 1.5, 1.5 * math.sqrt(0.75)]))


def test_uniform_bins_have_the_spread_of_a_uniform_distribution() -> None:
    mean, std = bins_to_degrees(torch.zeros(66))
    torch.testing.assert_close(mean, torch.tensor(0.0), atol=1e-4, rtol=0)
    torch.testing.assert_close(std, torch.tensor(3 * math.sqrt((66**2 - 1) / 12)))


@given(degrees=st.floats(-85, 85), sigma=st.floats(2, 4))
def test_logits_of_a_peak_decode_to_its_place_and_width(degrees: float, sigma: float) -> None:
    logits = -0.5 * ((bin_centres().double() - degrees) / sigma) ** 2
    mean, std = bins_to_degrees(logits)
    assert float(mean) == pytest.approx(degrees, abs=0.15)
    assert float(std) == pytest.approx(sigma, rel=0.05)


def test_half_precision_is_raised_first() -> None:
    logits = -0.5 * ((bin_centres() - 71.3) / 6) ** 2
    for dtype in (torch.float16, torch.bfloat16):
        mean, std = bins_to_degrees(logits.to(dtype))
        assert mean.dtype == std.dtype == torch.float32
        assert float(mean) == pytest.approx(float(bins_to_degrees(logits.to(dtype).float())[0]), abs=1e-4)


def test_degrees_are_defined_for_66_bins_only() -> None:
    with pytest.raises(ValueError, match="66 bins"):
        bins_to_degrees(torch.zeros(2, 62))


@given(pitch=turn, yaw=turn, roll=turn)
def test_rotation_is_the_product_of_three(pitch: float, yaw: float, roll: float) -> None:
    got = rotation_matrix(torch.tensor([pitch, yaw, roll], dtype=torch.float64)).numpy()
    np.testing.assert_allclose(got, rotation_by_definition(pitch, yaw, roll), atol=1e-12)


def test_signs_are_those_of_the_conventions() -> None:
    nose = torch.tensor([0.0, 0.0, -1.0])  # the face looks against z, towards the camera
    down, left, _ = (rotation_matrix(torch.tensor(a)) @ nose for a in ((20.0, 0, 0), (0, 20.0, 0), (0, 0, 20.0)))
    assert float(down[1]) > 0.3  # y is down
    assert float(left[0]) < -0.3  # x is right
    up = rotation_matrix(torch.tensor([0.0, 0.0, 20.0])) @ torch.tensor([0.0, -1.0, 0.0])
    assert float(up[0]) > 0.3  # the crown leans right: clockwise


@given(pitch=turn, yaw=angle, roll=turn)
def test_angles_survive_the_matrix(pitch: float, yaw: float, roll: float) -> None:
    angles = torch.tensor([[pitch, yaw, roll]], dtype=torch.float64)
    torch.testing.assert_close(angles_from_matrix(rotation_matrix(angles)), angles, atol=1e-6, rtol=0)


@given(pitch=angle, yaw=st.floats(-85, 85), roll=angle)
def test_angles_survive_the_matrix_in_single_precision(pitch: float, yaw: float, roll: float) -> None:
    angles = torch.tensor([[pitch, yaw, roll]])
    torch.testing.assert_close(angles_from_matrix(rotation_matrix(angles)), angles, atol=1e-3, rtol=0)


@given(pitch=turn, yaw=st.sampled_from([90.0, -90.0, 97.5, -97.5, 89.9999]), roll=turn)
def test_the_matrix_survives_its_angles_even_where_they_lock(pitch: float, yaw: float, roll: float) -> None:
    rotation = rotation_matrix(torch.tensor([pitch, yaw, roll]))
    again = rotation_matrix(angles_from_matrix(rotation))
    torch.testing.assert_close(again, rotation, atol=2e-5, rtol=0)


def test_driven_keypoints_by_hand() -> None:
    # Yaw by 90 degrees takes x to -z and z to x: (1, 2, 3) becomes (3, 2, -1).
    kp = torch.tensor([[[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]])
    exp = torch.tensor([[[0.5, 0.0, 0.0], [0.0, 1.0, 0.0]]])
    rotation = rotation_matrix(torch.tensor([[0.0, 90.0, 0.0]]))
    driven = driven_keypoints(kp, rotation, exp, torch.tensor([2.0]), torch.tensor([[10.0, 20.0, 99.0]]))
    torch.testing.assert_close(driven, torch.tensor([[[17.0, 24.0, -2.0], [10.0, 22.0, 0.0]]]))


@given(seed=st.integers(0, 2**32 - 1))
def test_driven_keypoints_equal_the_conventions_formula(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kp, exp, t, scale = (
        rng.normal(size=(2, 5, 3)),
        rng.normal(size=(2, 5, 3)),
        rng.normal(size=(2, 3)),
        rng.normal(size=2),
    )
    rotation = np.stack([rotation_by_definition(*rng.uniform(-90, 90, 3)) for _ in range(2)])
    args = (torch.from_numpy(a) for a in (kp, rotation, exp, scale, t))
    got = driven_keypoints(*args).numpy()
    for b in range(2):
        for k in range(5):
            column = scale[b] * (rotation[b] @ kp[b, k] + exp[b, k]) + [t[b, 0], t[b, 1], 0]
            np.testing.assert_allclose(got[b, k], column, atol=1e-12)


def test_to_frame_by_hand_and_per_sample() -> None:
    affine = torch.tensor([[100.0, 0.0, 320.0], [0.0, 50.0, 240.0]])
    points = torch.tensor([[[-1.0, 1.0, 7.0], [0.5, 0.0, 7.0]], [[0.0, 0.0, 0.0], [1.0, 1.0, 0.0]]])
    expected = torch.tensor([[[220.0, 290.0], [370.0, 240.0]], [[320.0, 240.0], [420.0, 290.0]]])
    torch.testing.assert_close(to_frame(points, affine), expected)
    torch.testing.assert_close(to_frame(points, affine.expand(2, 2, 3)), expected)
    rotated = torch.tensor([[0.0, -10.0, 1.0], [10.0, 0.0, 2.0]])
    torch.testing.assert_close(to_frame(torch.tensor([[2.0, 3.0]]), rotated), torch.tensor([[-29.0, 22.0]]))


def test_expression_magnitude_by_hand() -> None:
    exp = torch.tensor([[[3.0, 4.0, 0.0], [0.0, 0.0, 1.0]]])
    torch.testing.assert_close(expression_magnitude(exp), torch.tensor([math.sqrt(13)]))
    torch.testing.assert_close(expression_magnitude(exp, [1]), torch.tensor([1.0]))


def test_regions_of_the_named_keypoints() -> None:
    def names(region: str) -> set[str]:
        return {KEYPOINT_NAMES[i] for i in region_keypoints(KEYPOINT_NAMES, region)}

    sides = ("l", "r")
    assert names("brow") == {f"brow_{part}_{s}" for part in ("inner", "mid", "outer") for s in sides}
    assert names("eye") == {f"{part}_{s}" for part in ("eye_inner", "eye_outer", "lid_up", "lid_low") for s in sides}
    assert names("mouth") == {"mouth_l", "mouth_r", "lip_up", "lip_low"}


def test_decode_puts_the_parts_together() -> None:
    raw = heads(3)
    motion = decode(raw, KEYPOINT_NAMES)
    assert len(motion) == 3
    assert all(getattr(motion, f.name).dtype == torch.float32 for f in fields(motion))
    for i, name in enumerate(("pitch", "yaw", "roll")):
        assert torch.equal(motion.logits[:, i], raw[name])
        mean, std = bins_to_degrees(raw[name])
        torch.testing.assert_close(motion.angles_deg[:, i], mean)
        torch.testing.assert_close(motion.std_deg[:, i], std)
    assert torch.equal(motion.kp, raw["kp"].view(3, 24, 3))
    assert torch.equal(motion.exp, raw["exp"].view(3, 24, 3))
    assert torch.equal(motion.scale, raw["scale"][:, 0])
    assert torch.equal(motion.t, raw["t"])
    torch.testing.assert_close(motion.rotation, rotation_matrix(motion.angles_deg))
    torch.testing.assert_close(
        motion.driven, driven_keypoints(motion.kp, motion.rotation, motion.exp, motion.scale, motion.t)
    )
    brows = [i for i, name in enumerate(KEYPOINT_NAMES) if name.startswith("brow")]
    torch.testing.assert_close(motion.brow_magnitude, motion.exp[:, brows].square().sum(-1).mean(-1).sqrt())


def test_decode_of_perfect_outputs_gives_the_label() -> None:
    truth = torch.tensor([[12.3, -45.6, 7.8], [-30.0, 60.0, -20.0]])
    raw = heads(2)
    for i, name in enumerate(("pitch", "yaw", "roll")):
        raw[name] = -0.5 * ((bin_centres() - truth[:, i : i + 1]) / 3) ** 2
    torch.testing.assert_close(decode(raw).angles_deg, truth, atol=1e-3, rtol=0)


def test_decode_in_half_precision_gives_float32() -> None:
    motion = decode({name: tensor.half() for name, tensor in heads(2).items()}, KEYPOINT_NAMES)
    whole = decode({name: tensor.half().float() for name, tensor in heads(2).items()}, KEYPOINT_NAMES)
    for f in fields(motion):
        assert torch.equal(getattr(motion, f.name), getattr(whole, f.name))


def test_decode_without_names_knows_no_regions() -> None:
    motion = decode(heads(2, num_kp=21))
    assert bool(motion.exp_magnitude.isfinite().all())
    for region in (motion.brow_magnitude, motion.eye_magnitude, motion.mouth_magnitude):
        assert region.shape == (2,)
        assert bool(region.isnan().all())


def test_decode_of_nothing_keeps_the_shapes() -> None:
    motion = decode(heads(0), KEYPOINT_NAMES)
    assert len(motion) == 0
    assert motion.driven.shape == (0, 24, 3)
    assert motion.rotation.shape == (0, 3, 3)
    assert motion.mouth_magnitude.shape == (0,)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"yaw": None}, "lack yaw"),
        ({"yaw": torch.zeros(2, 62)}, "yaw"),
        ({"t": torch.zeros(2, 2)}, "t"),
        ({"exp": torch.zeros(2, 63)}, "exp"),
        ({"scale": torch.zeros(3, 1)}, "scale"),
        ({"kp": torch.zeros(2, 71), "exp": torch.zeros(2, 71)}, "can't be decoded"),
    ],
)
def test_decode_refuses_other_outputs(change: dict[str, Tensor | None], sentence: str) -> None:
    raw = {name: tensor for name, tensor in {**heads(2), **change}.items() if tensor is not None}
    with pytest.raises(ValueError, match=sentence):
        decode(raw)


def test_decode_refuses_names_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="24 keypoint names for 21 keypoints"):
        decode(heads(1, num_kp=21), KEYPOINT_NAMES)
