from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from extractor.decode import rotation_matrix
from extractor.model import MotionExtractor
from extractor.training.learning.calibration import (
    apply_gain,
    apply_temperatures,
    fit_temperatures,
    held_out_spread_ratio,
)
from extractor.training.learning.losses import bin_shares, decode_heads
from extractor.training.learning.targets import Targets
from extractor.training.measuring.metrics import correlation, geodesic_deg, interocular, jitter, measure, signed_deg
from extractor.training.shards import Heads
from extractor.types import KEYPOINT_NAMES
from tests.training.perfect import perfect_outputs


def turned(*angles: float) -> torch.Tensor:
    return rotation_matrix(torch.tensor(angles))


def test_geodesic() -> None:
    assert geodesic_deg(turned(0, 0, 0), turned(10, 0, 0)).item() == pytest.approx(10, abs=1e-3)
    assert geodesic_deg(turned(0, 20, 0), turned(0, -25, 0)).item() == pytest.approx(45, abs=1e-3)
    assert geodesic_deg(turned(7, 8, 9), turned(7, 8, 9)).item() == pytest.approx(0, abs=1e-2)
    # Two turns of 3 and 4 degrees about perpendicular axes make 5 but for the third decimal.
    assert geodesic_deg(turned(0, 0, 0), turned(3, 4, 0)).item() == pytest.approx(5, abs=5e-3)


def test_errors_on_the_circle() -> None:
    a, b = torch.tensor([179.0, -10.0, 0.0]), torch.tensor([-179.0, 10.0, 0.0])
    assert signed_deg(a, b).abs().tolist() == pytest.approx([2, 20, 0])


def test_interocular_and_correlation() -> None:
    points = torch.zeros(24, 2)
    points[KEYPOINT_NAMES.index("eye_outer_l")] = torch.tensor([3.0, 0.0])
    points[KEYPOINT_NAMES.index("eye_outer_r")] = torch.tensor([0.0, 4.0])
    assert interocular(points).item() == 5
    x = torch.tensor([1.0, 2.0, 3.0, 4.0])
    assert correlation(x, 2 * x + 1) == pytest.approx(1)
    assert correlation(x, -x) == pytest.approx(-1)
    assert correlation(x, torch.tensor([1.0, -1.0, -1.0, 1.0])) == pytest.approx(0)


def test_hand_made_errors(heads: Heads) -> None:
    """Yaw six degrees off (two bins) on every head; dark heads another three."""
    angles = torch.zeros(len(heads), 3)
    targets = replace(Targets.of(heads), rotation=rotation_matrix(angles))
    out = perfect_outputs(targets, spread_deg=3.0)
    off = 6 + 3 * (targets.tone == 0).float()
    shifted = angles.clone()
    shifted[:, 1] = off
    out["yaw"] = bin_shares(shifted, 3.0).log()[:, 1]
    found = measure(decode_heads(out), targets)
    assert found.heads == found.webcam_heads == 12
    assert found.webcam_mae_deg == pytest.approx((0, 7, 0), abs=1e-2)
    assert found.webcam_mae_mean_deg == pytest.approx(7 / 3, abs=1e-2)
    assert found.webcam_geodesic_deg == pytest.approx(7, abs=1e-2)
    assert found.tone_geodesic_deg == pytest.approx((9, 6, 6), abs=1e-2)
    assert found.tone_ratio == pytest.approx(1.5, abs=1e-2)
    assert found.spread_ratio[1] == pytest.approx(((36 * 8 + 81 * 4) / 12) ** 0.5 / 3, abs=0.02)
    assert found.expression_correlation == pytest.approx(1, abs=1e-4)


def test_keypoint_error_in_inter_ocular_distances(heads: Heads) -> None:
    targets = replace(Targets.of(heads), rotation=torch.eye(3).expand(len(heads), 3, 3))
    out = perfect_outputs(targets)
    t = torch.cat([targets.t, torch.zeros(len(heads), 1)], 1)
    straight = decode_heads(out).driven[..., :2]
    apart = targets.scale * interocular(targets.kp)
    out["t"] = t + torch.stack([0.1 * apart, 0 * apart, 0 * apart], 1)  # all points a tenth of the distance aside
    found = measure(decode_heads(out), replace(targets, points=straight))
    assert found.keypoints_over_interocular == pytest.approx(0.1, abs=1e-4)


def test_only_the_webcam_range_counts_there(heads: Heads) -> None:
    angles = torch.zeros(len(heads), 3)
    angles[0] = torch.tensor([0.0, 75.0, 0.0])
    found = measure(
        decode_heads(perfect_outputs(replace(Targets.of(heads), rotation=rotation_matrix(angles)))),
        replace(Targets.of(heads), rotation=rotation_matrix(angles)),
    )
    assert found.webcam_heads == 11


def test_jitter_of_a_network_that_looks_at_one_value() -> None:
    """Yaw is the mean brightness times a known factor, so noise of sigma 6 has a known spread."""

    def network(x: torch.Tensor) -> dict[str, torch.Tensor]:
        degrees = torch.zeros(len(x), 3)
        degrees[:, 1] = (x.mean((1, 2, 3)) - 0.5) * 1e4
        shares = bin_shares(degrees, 3.0).log()
        filler = torch.zeros(len(x), 72)
        return {
            "pitch": shares[:, 0], "yaw": shares[:, 1], "roll": shares[:, 2],
            "t": filler[:, :3], "exp": filler, "scale": filler[:, :1], "kp": filler,
        }  # fmt: skip

    crops = torch.full((16, 3, 32, 32), 0.5)
    pitch, yaw, roll = jitter(network, crops, torch.Generator().manual_seed(0), times=32)
    assert pitch == roll == 0
    assert yaw == pytest.approx(1e4 * (6 / 255) / (3 * 32 * 32) ** 0.5, rel=0.1)


def test_calibration_finds_how_sure_to_be() -> None:
    generator = torch.Generator().manual_seed(0)
    truth = torch.rand(3000, 3, generator=generator) * 60 - 30
    error = torch.randn(3000, 3, generator=generator) * torch.tensor([6.0, 3.0, 1.5])
    logits = bin_shares(truth + error, 3.0).clamp_min(1e-30).log()  # says 3 degrees on every axis
    temperatures = fit_temperatures(logits, truth)
    # The deviation of a normal distribution goes with the temperature's root.
    assert temperatures[0].sqrt().item() * 3 == pytest.approx(5.5, abs=0.6)  # the search ends at exp(1.2)
    assert temperatures[1].item() == pytest.approx(1, abs=0.1)
    assert temperatures[2] < 0.5
    assert held_out_spread_ratio(logits, truth)[1:].tolist() == pytest.approx([1, 1], abs=0.1)
    halves = torch.arange(3000) % 2
    uneven = truth + error * (1 + 2 * halves)[:, None]  # errors of the second half are three times as large
    logits = bin_shares(uneven, 3.0).clamp_min(1e-30).log()
    assert held_out_spread_ratio(logits, truth)[1] > 1.5


def test_errors_smaller_than_a_bin_are_calibrated_too() -> None:
    generator = torch.Generator().manual_seed(0)
    truth = torch.rand(3000, 3, generator=generator) * 60 - 30
    error = torch.randn(3000, 3, generator=generator) * torch.tensor([1.3, 1.1, 0.9])
    logits = bin_shares(truth + error, 2.0).clamp_min(1e-30).log()
    assert held_out_spread_ratio(logits, truth).tolist() == pytest.approx([1, 1, 1], abs=0.08)


def test_temperatures_are_folded_into_the_heads() -> None:
    from extractor.model import MotionExtractor

    torch.manual_seed(0)
    network = MotionExtractor(backbone="atto").eval()
    x = torch.rand(2, 3, 32, 32)
    with torch.inference_mode():
        before = network(x)
    apply_temperatures(network, torch.tensor([2.0, 1.0, 0.5]))
    with torch.inference_mode():
        after = network(x)
    assert torch.allclose(after["pitch"] * 2, before["pitch"], atol=1e-6)
    assert torch.allclose(after["roll"] / 2, before["roll"], atol=1e-6)
    assert torch.equal(after["kp"], before["kp"])


@pytest.mark.parametrize("gain", [1.0, 1.12, 1.5])
def test_a_gain_stretches_the_angles_of_one_axis(gain: float) -> None:
    network = MotionExtractor(backbone="atto").eval()
    crops = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for name, angle in (("pitch", 20.0), ("yaw", -31.0)):
            network.detector.head(name).weight.zero_()
            network.detector.head(name).bias.copy_(bin_shares(torch.tensor(angle), 4.0).clamp_min(1e-30).log())
    apply_gain(network, "pitch", gain)
    with torch.inference_mode():
        found = decode_heads(network(crops)).angles_deg
    assert found[:, 0].tolist() == pytest.approx([20 * gain] * 3, abs=0.1)
    assert found[:, 1].tolist() == pytest.approx([-31] * 3, abs=0.1)
    with pytest.raises(ValueError, match="positive"):
        apply_gain(network, "pitch", 0)
