from __future__ import annotations

import io
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from extractor.training.learning.augment import PhotoFaults, cut, cut_by_opencv, cut_by_torch, degrade, samples_along
from extractor.training.learning.framing import Framing
from extractor.training.learning.jpeg import compress


def picture(size: int = 64) -> torch.Tensor:
    """(1, 3, S, S) gradients, an edge and some texture."""
    line = torch.linspace(0, 1, size)
    y, x = torch.meshgrid(line, line, indexing="ij")
    texture = 0.1 * torch.sin(x * 40) * torch.sin(y * 30)
    return torch.stack([x, (y > 0.5).float() * 0.8, 0.5 + texture + 0 * x]).clamp(0, 1)[None]


def whole(half: float = 1.0) -> Framing:
    zero = torch.zeros(1)
    return Framing(torch.zeros(1, 2), torch.tensor([half]), zero, zero, torch.tensor([False]))


def test_the_whole_picture_cut_at_its_own_size_is_itself() -> None:
    original = (picture() * 255).round().to(torch.uint8)
    assert torch.allclose(cut(original, whole(), 64), original / 255, atol=1e-4)


def test_shrinking_averages() -> None:
    original = (picture() * 255).round().to(torch.uint8)
    mean = torch.nn.functional.avg_pool2d(original / 255, 2)
    assert torch.allclose(cut(original, whole(), 32), mean, atol=0.01)


def test_outside_the_edges_are_repeated() -> None:
    crop = cut((picture() * 255).to(torch.uint8), whole(2.0), 64)
    assert torch.allclose(crop[0, :, 2, 32:40], crop[0, :, 10, 32:40], atol=1e-4)


@pytest.mark.parametrize("quality", [25, 50, 90])
def test_jpeg_loses_about_what_libjpeg_loses(quality: int) -> None:
    original = picture()
    pixels = (original[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling="4:2:0")
    real = torch.from_numpy(np.asarray(Image.open(file)).copy()).permute(2, 0, 1)[None] / 255
    ours = compress(original, torch.tensor([float(quality)]))
    loss = (real - original).abs().mean()
    assert (ours - real).abs().mean() < 0.4 * loss + 0.004
    assert (ours - original).abs().mean().item() == pytest.approx(loss.item(), rel=0.4)


def test_a_fault_hits_its_share_and_leaves_the_others() -> None:
    batch = picture().expand(64, -1, -1, -1)
    faults = PhotoFaults(**{f.name: 0.0 for f in fields(PhotoFaults) if f.name not in ("strength", "jpeg")}, jpeg=0.5)
    base = degrade(batch, torch.Generator().manual_seed(1), replace(faults, jpeg=0.0))
    hit = [
        not torch.equal(a, b)
        for a, b in zip(degrade(batch, torch.Generator().manual_seed(1), faults), base, strict=True)
    ]
    assert 16 < sum(hit) < 48


@given(
    st.floats(-0.6, 0.6),
    st.floats(-0.6, 0.6),
    st.floats(0.2, 1.6),
    st.floats(-40, 40),
    st.floats(-0.04, 0.04),
    st.booleans(),
)
def test_both_ways_of_cutting_see_the_same(
    x: float, y: float, half: float, roll: float, lens: float, mirrored: bool
) -> None:
    smooth = torch.nn.functional.interpolate(
        torch.rand(1, 3, 9, 9, generator=torch.Generator().manual_seed(5)), (96, 96), mode="bicubic"
    )
    pictures = (smooth.clamp(0, 1) * 255).round().to(torch.uint8)
    how = Framing(
        torch.tensor([[x, y]]),
        torch.tensor([half]),
        torch.tensor([roll]),
        torch.tensor([lens]),
        torch.tensor([mirrored]),
    )
    samples = samples_along(half * 96 / 64)
    apart = (cut_by_opencv(pictures, how, 64, [samples]) - cut_by_torch(pictures, how, 64, samples)).abs()
    assert float(apart.max()) < 4 / 255


def test_faults_are_those_of_the_generator() -> None:
    batch = picture().expand(16, -1, -1, -1)
    a, b, c = (degrade(batch, torch.Generator().manual_seed(s), PhotoFaults()) for s in (1, 1, 2))
    assert torch.equal(a, b)
    assert not torch.equal(a, c)
    assert a.shape == batch.shape
    assert a.min() >= 0
    assert a.max() <= 1
    assert torch.allclose(a * 255, (a * 255).round(), atol=1e-4)  # 8 bits
    assert len({round(float(x.mean()), 4) for x in a}) > 12  # each picture its own


def test_no_strength_changes_nothing() -> None:
    assert torch.equal(degrade(picture(), torch.Generator(), PhotoFaults(strength=0.0)), picture())


def test_each_fault_alone_changes_pictures() -> None:
    none = {name: 0.0 for name in PhotoFaults.__dataclass_fields__ if name != "strength"}
    batch = picture().expand(8, -1, -1, -1)
    plain = degrade(batch, torch.Generator().manual_seed(0), PhotoFaults(**none))
    for name in none:
        one = degrade(batch, torch.Generator().manual_seed(0), PhotoFaults(**{**none, name: 1.0}))
        assert not torch.equal(one, plain), name


def test_another_texture_keeps_shapes_mean_and_contrast() -> None:
    x = torch.full((6, 3, 32, 32), 0.4)
    x[:, :, 10:22, 10:22] = torch.tensor([0.6, 0.5, 0.7])[:, None, None]
    none = {name: 0.0 for name in PhotoFaults.__dataclass_fields__ if name != "strength"}
    plain, other = (
        degrade(x, torch.Generator().manual_seed(0), PhotoFaults(**{**none, "texture": share})) for share in (0, 1.0)
    )
    assert torch.allclose(other.mean((1, 2, 3)), plain.mean((1, 2, 3)), atol=0.03)
    assert float((other - plain).abs().mean((1, 2, 3)).min()) > 0.005, "every picture looks different"
    inside, outside = other[..., 12:20, 12:20], other[..., :, 24:31]
    for plane in (inside, outside):  # nothing is drawn where nothing was
        assert float(plane.flatten(2).std(-1).max()) < 0.004
    assert float((inside.mean((2, 3)) - outside.mean((2, 3))).abs().amax(1).min()) > 0.02, "the square is still seen"


def test_sharpening_puts_halos_beside_edges_and_leaves_planes() -> None:
    x = torch.full((1, 3, 32, 32), 0.4)
    x[..., 16:] = 0.6
    none = {name: 0.0 for name in PhotoFaults.__dataclass_fields__ if name != "strength"}
    plain, crisp = (
        degrade(x, torch.Generator().manual_seed(0), PhotoFaults(**{**none, "sharpen": share})) for share in (0, 1.0)
    )
    assert float(crisp[..., 16].mean()) > float(plain[..., 16].mean()) + 0.01
    assert float(crisp[..., 15].mean()) < float(plain[..., 15].mean()) - 0.01
    assert torch.equal(crisp[..., 4:12, 2:12], plain[..., 4:12, 2:12])
