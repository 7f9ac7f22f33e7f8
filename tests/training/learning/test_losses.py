from __future__ import annotations

import torch

from extractor.training.learning.losses import LossWeights, bin_shares, decode_heads, distillation, losses
from extractor.training.learning.targets import Targets
from extractor.training.shards import Heads
from extractor.types import KEYPOINT_NAMES
from tests.training.perfect import perfect_outputs


def test_bins_of_labels_have_the_labels_mean_and_spread() -> None:
    degrees = torch.tensor([-60.0, -1.3, 0.0, 44.4])
    shares = bin_shares(degrees, 2.0)
    centres = torch.arange(66) * 3 - 97.5
    mean = (shares * centres).sum(-1)
    assert torch.allclose(mean, degrees, atol=0.01)
    assert torch.allclose((shares * (centres - mean[:, None]) ** 2).sum(-1).sqrt(), torch.tensor(2.0), atol=0.02)


def test_perfect_outputs_cost_least(heads: Heads) -> None:
    targets = Targets.of(heads)
    perfect = perfect_outputs(targets)
    best, terms = losses(perfect, targets, LossWeights(), 2.0)
    assert terms["mae_yaw"] < 0.1
    assert terms["exp"] < 1e-6
    for name in perfect:
        other = {**perfect, name: perfect[name] + 0.3 * torch.randn_like(perfect[name])}
        assert losses(other, targets, LossWeights(), 2.0)[0] > best


def test_twins_that_agree_cost_nothing_and_others_do(heads: Heads) -> None:
    first = Targets.of(heads)
    both = Targets.join([first, first.mirror(torch.ones(len(heads), dtype=torch.bool))])
    heads_out = perfect_outputs(both)
    _, terms = losses(heads_out, both, LossWeights(), 2.0, twins=len(heads))
    assert terms["twins"] < 1e-2
    heads_out["yaw"][len(heads) :] = heads_out["yaw"][len(heads) :].roll(3, dims=1)  # nine degrees off
    together, terms = losses(heads_out, both, LossWeights(), 2.0, twins=len(heads))
    assert terms["twins"] > 2
    alone, _ = losses(heads_out, both, LossWeights(), 2.0)
    assert torch.allclose(together - alone, LossWeights().twins * terms["twins"], rtol=1e-3)


def test_shut_eyes_that_are_said_to_be_open_cost(heads: Heads) -> None:
    targets = Targets.of(heads)
    perfect = perfect_outputs(targets)
    assert losses(perfect, targets, LossWeights(), 2.0)[1]["eyes"] < 1e-5
    shut = perfect["exp"].view(len(heads), -1, 3).clone()
    up = [KEYPOINT_NAMES.index(name) for name in ("lid_up_l", "lid_up_r")]
    down = targets.rotation @ torch.tensor([0.0, 0.1, 0.0])  # a tenth of the head's unit, in the camera's frame
    shut[:, up] += down[:, None]
    _, terms = losses({**perfect, "exp": shut.flatten(1)}, targets, LossWeights(), 2.0)
    assert torch.allclose(terms["eyes"], torch.tensor(0.1), atol=1e-3)


def test_lids_and_brows_count_more_than_a_mouth(heads: Heads) -> None:
    targets = Targets.of(heads)
    targets.visible[:] = 1
    perfect, cost = perfect_outputs(targets), {}
    for name in ("lid_up_l", "brow_mid_r", "mouth_l"):
        exp = perfect["exp"].view(len(heads), -1, 3).clone()
        exp[:, KEYPOINT_NAMES.index(name)] += 0.01
        cost[name] = float(losses({**perfect, "exp": exp.flatten(1)}, targets, LossWeights(), 2.0)[1]["exp"])
    assert cost["lid_up_l"] > 1.5 * cost["brow_mid_r"] > 2 * cost["mouth_l"] > 0


def test_the_gradient_is_finite_on_neutral_faces(heads: Heads) -> None:
    targets = Targets.of(heads)
    neutral = Targets.of(Heads(**{**_fields(heads), "deformed": heads.neutral}))
    out = {name: value.clone().requires_grad_() for name, value in perfect_outputs(neutral).items()}
    loss, _ = losses(out, neutral, LossWeights(), 2.0)
    loss.backward()
    assert all(bool(value.grad.isfinite().all()) for value in out.values() if value.grad is not None)
    assert len(targets) == len(neutral)


def test_a_student_that_answers_like_its_teacher_has_no_loss(heads: Heads) -> None:
    out = perfect_outputs(Targets.of(heads))
    assert distillation(out, out, LossWeights()).abs() < 1e-4
    assert distillation({**out, "kp": out["kp"] + 1}, out, LossWeights()) > 1


def test_decoding_on_the_device_is_the_decoders(heads: Heads) -> None:
    from extractor.decode import decode

    out = perfect_outputs(Targets.of(heads))
    ours, theirs = decode_heads(out), decode(out)
    assert torch.allclose(ours.driven, theirs.driven)
    assert torch.allclose(ours.std_deg, theirs.std_deg)


def _fields(heads: Heads) -> dict[str, object]:
    return {name: getattr(heads, name) for name in heads.__dataclass_fields__}
