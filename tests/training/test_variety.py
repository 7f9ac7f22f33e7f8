"""What makes rendered people differ: make-up, fringes, cut hair, dappled light and backgrounds, as drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from extractor.training.errors import TrainingError
from extractor.training.geometry import Array
from extractor.training.rendering.covers import fringe_cover, mask_cover, temples_cover
from extractor.training.rendering.head_model import HeadModel
from extractor.training.rendering.labels import label
from extractor.training.rendering.makeup import sample_makeup
from extractor.training.rendering.renderer import BACKGROUND_MODES, Drawn, Renderer
from extractor.training.rendering.sampler import Sampler
from extractor.training.rendering.scene import Background, Makeup, Scene, Shell
from extractor.types import KEYPOINT_NAMES


@pytest.fixture(scope="module")
def renderer(model: HeadModel) -> Renderer:
    try:
        return Renderer(model, 160, 1)
    except TrainingError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def portrait(model: HeadModel) -> Scene:
    """A bald frontal face, evenly lit."""
    scene = Sampler(model).scene(np.random.default_rng(3), pose=(0.0, 0.0, 0.0))
    view = replace(scene.view, shift=(0.0, 0.0), field_of_view=0.2)
    light = replace(scene.light, key_direction=np.array([0.3, 0.4, 0.87]), key_colour=np.ones(3), dapple=0.0)
    parts = {name: part for name, part in scene.parts.items() if part.kind in ("eyes", "brow")}
    skin = replace(scene.skin, makeup=Makeup(), scalp=0.0, beard=0.0)
    return replace(scene, view=view, light=light, parts=parts, meshes=(), shells=(), skin=skin)


def keypoints(model: HeadModel, scene: Scene, drawn: Drawn) -> dict[str, Array]:
    """Where the keypoints are in the picture, in pixels."""
    found = label(model, scene, drawn.placement, drawn.depth)
    return dict(zip(KEYPOINT_NAMES, (found.points + 1) / 2 * len(drawn.image), strict=True))


def changed(before: Drawn, after: Drawn) -> Array:
    """(S, S) how much each pixel differs."""
    return np.abs(before.image.astype(int) - after.image).sum(-1)


@pytest.mark.parametrize(
    ("amounts", "names"),
    [
        ((1.0, 0.0, 0.0), ("mouth_l", "mouth_r", "lip_up", "lip_low")),
        ((0.0, 1.0, 0.0), ("lid_up_l", "lid_low_l", "lid_up_r", "lid_low_r")),
    ],
)
def test_makeup_colours_its_part_of_the_face(
    model: HeadModel, renderer: Renderer, portrait: Scene, amounts: tuple[float, float, float], names: tuple[str, ...]
) -> None:
    paint = Makeup((0.0, 0.6, 0.0), (0.0, 0.0, 0.6), (0.6, 0.0, 0.0), amounts)
    painted = replace(portrait, skin=replace(portrait.skin, makeup=paint))
    plain, drawn = renderer.draw(portrait), renderer.draw(painted)
    rows, columns = np.nonzero(changed(plain, drawn) > 40)
    assert len(rows) > 20
    at = keypoints(model, portrait, plain)
    part = np.stack([at[name] for name in names])
    margin = 0.1 * len(plain.image)
    assert part[:, 0].min() - margin < columns.min()
    assert columns.max() < part[:, 0].max() + margin
    assert part[:, 1].min() - margin < rows.min()
    assert rows.max() < part[:, 1].max() + margin


def test_a_fringe_covers_the_forehead_and_not_the_eyes_or_the_mouth(
    model: HeadModel, renderer: Renderer, portrait: Scene
) -> None:
    hair = Shell("fringe", 0.15, (0.5, 0.1, 0.1), density=1.6, frequency=60.0, layers=10, straight=1.0)
    plain, drawn = renderer.draw(portrait), renderer.draw(replace(portrait, shells=(hair,)))
    at, moved = keypoints(model, portrait, plain), changed(plain, drawn) > 30
    column, brow = ((at["brow_inner_l"] + at["brow_inner_r"]) / 2).astype(int)
    nose = int(at["nose_tip"][1] - at["nasion"][1])  # a forehead is about as high as a nose is long
    assert moved[brow - 5 * nose // 4 : brow - 3 * nose // 4, column - 6 : column + 6].mean() > 0.3
    assert not moved[int(at["lid_up_l"][1]) :].any()


def test_covers_lie_where_their_names_say(model: HeadModel) -> None:
    base, rows = model.base, model.skin_vertices
    for cover in (mask_cover(model), fringe_cover(model), temples_cover(model)):
        assert cover.min() >= 0
        assert cover.max() <= 1
        assert 50 < (cover[rows] > 0.5).sum() < 0.3 * len(rows)
        assert np.isclose((base[rows, 0] * cover[rows]).sum() / cover[rows].sum(), 0, atol=0.03)  # left as right
    brow, chin = (model.landmark(base, name)[1] for name in ("brow_mid_l", "chin"))
    assert base[fringe_cover(model) > 0, 1].min() > brow
    assert base[mask_cover(model) > 0.5, 1].max() < brow
    assert base[temples_cover(model) > 0, 1].min() > chin


def test_long_hair_is_cut_where_it_ends(model: HeadModel, renderer: Renderer) -> None:
    sampler, rng = Sampler(model), np.random.default_rng(8)
    for _ in range(60):
        scene = sampler.scene(rng, pose=(0.0, 0.0, 0.0))
        if "long01" in scene.parts:
            break
    part = scene.parts["long01"]
    bottoms = []
    for ends in (-100.0, float(scene.person.canonical.centre[1])):
        alone = replace(scene, parts={"long01": replace(part, ends=ends)}, meshes=(), shells=())
        bald = replace(alone, parts={})
        moved = changed(renderer.draw(bald), renderer.draw(alone)) > 40
        bottoms.append(np.nonzero(moved.any(1))[0].max())
    assert bottoms[1] < bottoms[0] - 10


def test_leaves_before_the_light_leave_spots_on_the_face(model: HeadModel, renderer: Renderer, portrait: Scene) -> None:
    dappled = replace(portrait, light=replace(portrait.light, dapple=1.0, dapple_scale=(3.0, 3.0, 3.0)))
    even, spots = renderer.draw(portrait), renderer.draw(dappled)
    darker = even.image.astype(int).sum(-1) - spots.image.astype(int).sum(-1)
    assert (darker >= -3).all()  # leaves only take light away
    at = np.stack(list(keypoints(model, portrait, even).values()))
    (left, top), (right, bottom) = at.min(0).astype(int), at.max(0).astype(int)
    assert 0.05 < (darker[top:bottom, left:right] > 30).mean() < 0.95


@pytest.mark.parametrize("mode", BACKGROUND_MODES)
def test_every_background_is_drawn_and_no_two_alike(renderer: Renderer, portrait: Scene, mode: str) -> None:
    colours = ((0.9, 0.1, 0.1), (0.1, 0.9, 0.1), (0.1, 0.1, 0.9))
    pictures = []
    for seed in (1.0, 2.0):
        background = Background(mode, seed=seed, colours=colours, zoom=3.0 * seed)
        pictures.append(renderer.draw(replace(portrait, background=background)))
    corner = [picture.image[:50, :50].astype(int) for picture in pictures]
    assert corner[0].std() > 1
    if mode != "gradient":  # its colours say all
        assert np.abs(corner[0] - corner[1]).mean() > 2
    assert changed(*pictures)[80, 80] == 0  # the face is not touched


def test_natural_faces_are_painted_less_than_made_up_ones() -> None:
    rng = np.random.default_rng(0)
    women = np.array([sample_makeup(rng, 0.1, 1).amounts for _ in range(400)])
    men = np.array([sample_makeup(rng, 0.9, 1).amounts for _ in range(400)])
    assert (women >= 0).all()
    assert (women <= 1).all()
    assert (men >= 0).all()
    assert women[:, 0].mean() > 2 * men[:, 0].mean()
