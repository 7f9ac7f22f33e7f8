from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from extractor.backbone import GRN, Block, ConvNeXtV2, DropPath, LayerNorm
from extractor.backbone_sizes import SIZES, size_by_name


def published_layer_norm(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """The published channels-first formula, written out."""
    mean = x.mean(1, keepdim=True)
    variance = (x - mean).pow(2).mean(1, keepdim=True)
    return weight[:, None, None] * (x - mean) / torch.sqrt(variance + 1e-6) + bias[:, None, None]


def published_grn(x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    energy = (x**2).sum((1, 2), keepdim=True).sqrt()
    return gamma * (x * (energy / (energy.mean(-1, keepdim=True) + 1e-6))) + beta + x


def test_layer_norm_equals_the_published_formula_in_both_formats() -> None:
    x = torch.randn(2, 5, 4, 3, dtype=torch.float64) * 3 + 1
    first = LayerNorm(5, data_format="channels_first").double()
    last = LayerNorm(5).double()
    for norm in (first, last):
        norm.weight.data = torch.linspace(0.5, 2, 5, dtype=torch.float64)
        norm.bias.data = torch.linspace(-1, 1, 5, dtype=torch.float64)
    expected = published_layer_norm(x, first.weight, first.bias)
    torch.testing.assert_close(first(x), expected)
    torch.testing.assert_close(last(x.permute(0, 2, 3, 1)), expected.permute(0, 2, 3, 1))


def test_layer_norm_divides_by_the_published_epsilon_where_there_is_no_variance() -> None:
    norm = LayerNorm(2)
    out = norm(torch.tensor([[-1e-4, 1e-4]]))
    torch.testing.assert_close(out, torch.tensor([[-1e-4, 1e-4]]) / math.sqrt(1e-8 + 1e-6))


def test_layer_norm_refuses_an_unknown_format() -> None:
    with pytest.raises(ValueError, match="channels_middle"):
        LayerNorm(3, data_format="channels_middle")  # type: ignore[arg-type]


def test_grn_equals_the_published_formula() -> None:
    x = torch.randn(2, 3, 4, 6, dtype=torch.float64)
    grn = GRN(6).double()
    assert grn.gamma.shape == grn.beta.shape == (1, 1, 1, 6)
    torch.testing.assert_close(grn(x), x)  # a new one changes nothing
    grn.gamma.data.normal_()
    grn.beta.data.normal_()
    torch.testing.assert_close(grn(x), published_grn(x, grn.gamma, grn.beta))


def test_grn_by_hand() -> None:
    # Two channels with energies 5 and 15: relative energies 0.5 and 1.5.
    x = torch.tensor([[[[3.0, 9.0], [4.0, 12.0]]]])
    grn = GRN(2)
    grn.gamma.data.fill_(1.0)
    torch.testing.assert_close(grn(x), torch.tensor([[[[4.5, 22.5], [6.0, 30.0]]]]))


def test_grn_survives_half_precision_and_a_silent_channel() -> None:
    x = torch.full((1, 64, 64, 4), 100.0)
    x[..., 0] = 0
    grn = GRN(4)
    grn.gamma.data.fill_(1.0)
    half = grn.half()(x.half())  # the sum of squares is 4e7, half precision ends at 65504
    torch.testing.assert_close(half.float(), published_grn(x, torch.ones(4), torch.zeros(4)), rtol=2e-3, atol=0)

    x.requires_grad_()
    grn.float()(x).sum().backward()
    assert x.grad is not None
    assert bool(x.grad.isfinite().all())


def test_drop_path_drops_whole_samples_and_keeps_the_expectation() -> None:
    torch.manual_seed(1)
    drop = DropPath(0.3).train()
    out = drop(torch.ones(20_000, 2, 3))
    values = out[:, 0, 0]
    assert bool((out == values[:, None, None]).all())  # per sample, not per element
    kept = values != 0
    torch.testing.assert_close(values[kept], torch.full((int(kept.sum()),), 1 / 0.7))
    # Five standard deviations of a binomial of 20,000.
    assert abs(float(kept.float().mean()) - 0.7) < 5 * math.sqrt(0.7 * 0.3 / 20_000)
    torch.testing.assert_close(out.mean(), torch.tensor(1.0), atol=0.03, rtol=0)


def test_drop_path_is_the_identity_in_evaluation_and_at_rate_zero() -> None:
    x = torch.randn(4, 3)
    assert torch.equal(DropPath(0.9).eval()(x), x)
    assert torch.equal(DropPath(0.0).train()(x), x)


@pytest.mark.parametrize("rate", [-0.1, 1.0, math.nan])
def test_drop_path_refuses_an_impossible_rate(rate: float) -> None:
    with pytest.raises(ValueError, match="drop path rate"):
        DropPath(rate)


def test_drop_path_rates_grow_linearly_with_depth() -> None:
    network = ConvNeXtV2(SIZES["atto"], drop_path_rate=0.22)
    rates = [block.drop_path.rate for block in network.modules() if isinstance(block, Block)]
    assert rates == pytest.approx([0.02 * i for i in range(12)])


def reference_features(parameters: dict[str, Tensor], x: Tensor) -> Tensor:
    """The network as the paper draws it, from nothing but functions and the published names."""
    p = parameters
    for stage in range(4):
        prefix = f"downsample_layers.{stage}"
        if stage == 0:
            x = F.conv2d(x, p[f"{prefix}.0.weight"], p[f"{prefix}.0.bias"], stride=4)
            x = published_layer_norm(x, p[f"{prefix}.1.weight"], p[f"{prefix}.1.bias"])
        else:
            x = published_layer_norm(x, p[f"{prefix}.0.weight"], p[f"{prefix}.0.bias"])
            x = F.conv2d(x, p[f"{prefix}.1.weight"], p[f"{prefix}.1.bias"], stride=2)
        block = 0
        while f"stages.{stage}.{block}.dwconv.weight" in p:
            q = {name: p[f"stages.{stage}.{block}.{name}"] for name in BLOCK_PARAMETERS}
            y = F.conv2d(x, q["dwconv.weight"], q["dwconv.bias"], padding=3, groups=x.shape[1])
            y = published_layer_norm(y, q["norm.weight"], q["norm.bias"]).permute(0, 2, 3, 1)
            y = y @ q["pwconv1.weight"].T + q["pwconv1.bias"]
            y = y * 0.5 * (1 + torch.erf(y / math.sqrt(2)))
            y = published_grn(y, q["grn.gamma"], q["grn.beta"])
            y = y @ q["pwconv2.weight"].T + q["pwconv2.bias"]
            x = x + y.permute(0, 3, 1, 2)
            block += 1
    x = x.mean((2, 3))
    return published_layer_norm(x[..., None, None], p["norm.weight"], p["norm.bias"])[..., 0, 0]


BLOCK_PARAMETERS = [
    *(f"{layer}.{part}" for layer in ("dwconv", "norm", "pwconv1", "pwconv2") for part in ("weight", "bias")),
    "grn.gamma",
    "grn.beta",
]


def test_whole_network_equals_the_reference() -> None:
    torch.manual_seed(2)
    network = ConvNeXtV2(SIZES["atto"]).double().eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
        x = torch.rand(2, 3, 64, 96, dtype=torch.float64)
        torch.testing.assert_close(network(x), reference_features(dict(network.named_parameters()), x))


@pytest.mark.parametrize(
    ("name", "published"),
    # Published figures, in millions, are for the classifier with 1000 classes (ConvNeXt V2, table 9).
    [
        ("atto", 3.7),
        ("femto", 5.2),
        ("pico", 9.1),
        ("nano", 15.6),
        ("tiny", 28.6),
        ("base", 89),
        ("large", 198),
        ("huge", 660),
    ],
)
def test_sizes_have_the_published_number_of_parameters(name: str, published: float) -> None:
    with torch.device("meta"):
        network = ConvNeXtV2(size_by_name(name))
        head = torch.nn.Linear(network.num_features, 1000)
    count = sum(p.numel() for module in (network, head) for p in module.parameters())
    assert count / 1e6 == pytest.approx(published, rel=0.015)


def test_sizes_by_name() -> None:
    assert size_by_name("convnextv2_tiny") == SIZES["tiny"]
    with pytest.raises(ValueError, match="atto, femto, pico, nano, tiny, small, base, large, huge"):
        size_by_name("gigantic")
