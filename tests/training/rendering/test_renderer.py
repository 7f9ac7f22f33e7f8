"""The asset pack's tests: labels against what is really drawn."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest

from extractor.training.errors import TrainingError
from extractor.training.geometry import rotation, to_gl
from extractor.training.render import RenderJob, render_shard
from extractor.training.rendering.head_model import HeadModel
from extractor.training.rendering.identity import sample_identity
from extractor.training.rendering.labels import HeadLabel, fit_parallel, label, stack
from extractor.training.rendering.placement import place, skinned
from extractor.training.rendering.renderer import Renderer
from extractor.training.rendering.sampler import Sampler
from extractor.training.rendering.scene import Scene
from extractor.training.shards import Shard
from extractor.types import KEYPOINT_NAMES

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def renderer(model: HeadModel) -> Renderer:
    try:
        return Renderer(model, 160, 2)
    except TrainingError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def sampler(model: HeadModel) -> Sampler:
    return Sampler(model)


def bare(scene: Scene) -> Scene:
    """Nothing but skin, so that the depth at a keypoint is the keypoint's own."""
    return replace(scene, parts={}, meshes=(), shells=())


def test_keypoints_lie_on_the_drawn_surface(renderer: Renderer, sampler: Sampler) -> None:
    errors = []
    rng = np.random.default_rng(4)
    for _ in range(20):
        scene = bare(sampler.scene(rng))
        drawn = renderer.draw(scene)
        found = label(sampler.model, scene, drawn.placement, drawn.depth)
        camera = skinned(sampler.model, drawn.placement, scene.person.deformed, sampler.model.keypoint_vertices)
        size = len(drawn.depth)
        for (x, y), distance, seen in zip(found.points, -camera[:, 2], found.visible, strict=True):
            column, row = int((x + 1) / 2 * size), int((y + 1) / 2 * size)
            if seen:
                around = drawn.depth[row - 1 : row + 2, column - 1 : column + 2]
                errors.append(np.abs(around - distance).min())
    assert len(errors) > 200
    assert np.median(errors) < 0.003  # decimetres: 0.3 mm
    assert np.quantile(errors, 0.95) < 0.04  # at grazing angles a pixel spans more


def test_a_frontal_face_is_where_the_conventions_say(renderer: Renderer, sampler: Sampler) -> None:
    scene = sampler.scene(np.random.default_rng(1), pose=(0.0, 0.0, 0.0))
    scene = bare(replace(scene, view=replace(scene.view, shift=(0.0, 0.0), field_of_view=0.2)))
    drawn = renderer.draw(scene)
    found = label(sampler.model, scene, drawn.placement, drawn.depth)
    at = dict(zip(KEYPOINT_NAMES, found.points, strict=True))
    assert np.allclose(found.rotation, np.eye(3), atol=1e-6)
    assert at["eye_outer_l"][0] > at["eye_outer_r"][0]  # the subject's left is the image's right
    assert at["brow_mid_l"][1] < at["eye_outer_l"][1] < at["mouth_l"][1] < at["chin"][1]  # y points down
    nose, nasion = (found.neutral[KEYPOINT_NAMES.index(name)] for name in ("nose_tip", "nasion"))
    assert nose[2] < nasion[2]  # z points away from the viewer


@pytest.mark.parametrize(("pose", "axis", "sign"), [((0, 30, 0), 0, -1), ((25, 0, 0), 1, 1)])
def test_signs_of_yaw_and_pitch(sampler: Sampler, pose: tuple[float, float, float], axis: int, sign: int) -> None:
    """Yaw + moves the nose tip to the image's left of the eyes, pitch + down."""
    model, points = sampler.model, []
    for p in ((0.0, 0.0, 0.0), pose):
        scene = sampler.scene(np.random.default_rng(2), pose=p)
        scene = replace(scene, view=replace(scene.view, torso=np.eye(3), shift=(0.0, 0.0)))
        placement = place(model, scene)
        flat = placement.project(skinned(model, placement, scene.person.neutral, model.keypoint_vertices))
        names = [KEYPOINT_NAMES.index(n) for n in ("eye_outer_l", "eye_outer_r")]
        points.append(flat[KEYPOINT_NAMES.index("nose_tip")] - flat[names].mean(0))
    assert sign * (points[1] - points[0])[axis] > 0.02


def test_driven_keypoints_differ_from_projections_by_perspective_alone(sampler: Sampler) -> None:
    model, rng = sampler.model, np.random.default_rng(3)
    labels: dict[float, list[HeadLabel]] = {0.05: [], 0.9: []}
    for view in labels:
        for _ in range(5):
            scene = bare(sampler.scene(rng))
            scene = replace(scene, view=replace(scene.view, field_of_view=view))
            labels[view].append(label(model, scene, place(model, scene), np.full((8, 8), 1e3)))
    residuals = {}
    for view, found in labels.items():
        heads = stack(found, [0] * 5)
        scale, t = fit_parallel(heads)
        driven = scale[:, None, None] * (heads.deformed @ heads.rotation.transpose(0, 2, 1))[..., :2] + t[:, None]
        residuals[view] = np.abs(driven - heads.points).mean()
    assert residuals[0.05] < 0.004 < residuals[0.9]  # the neck's skinning pulls a little at the chin


def test_siblings_differ_in_expression_alone(sampler: Sampler) -> None:
    scenes = list(islice(sampler.scenes(np.random.default_rng(5)), 40))
    pairs = [(a, b) for (i, a), (j, b) in pairwise(scenes) if i == j]
    assert len(pairs) > 2
    for a, b in pairs:
        assert np.array_equal(a.view.head, b.view.head)
        assert np.array_equal(a.person.neutral, b.person.neutral)
        assert not np.array_equal(a.person.deformed, b.person.deformed)


def test_a_pinned_torso_stays_while_the_head_turns(sampler: Sampler) -> None:
    model = sampler.model
    scene = sampler.scene(np.random.default_rng(6), pose=(0.0, 0.0, 0.0))
    joint = np.r_[model.pack.geometry["jneck"], 1]
    places = []
    for yaw in (0.0, 40.0):
        view = replace(scene.view, head=to_gl(rotation(10, yaw, 15)), torso=np.eye(3), pin_torso=True)
        places.append(place(model, replace(scene, view=view)))
    assert np.allclose(places[0].torso @ joint, places[1].torso @ joint, atol=1e-9)
    assert not np.allclose(places[0].head, places[1].head)


def test_people_are_evenly_dark_and_light_men_and_women(model: HeadModel) -> None:
    rng = np.random.default_rng(7)
    people = [sample_identity(model, rng) for _ in range(150)]
    tones = np.bincount([p.tone for p in people], minlength=3)
    assert tones.min() > 30
    assert 50 < sum(p.male > 0.5 for p in people) < 100


def test_a_shard_is_the_same_whenever_it_is_rendered(renderer: Renderer, pack_folder: Path, tmp_path: Path) -> None:
    jobs = [RenderJob(pack_folder, tmp_path / name, 3, 4, 160, 2) for name in ("a", "b")]
    first, second = (Shard(render_shard(job, 2, renderer)) for job in jobs)
    assert len(first) == 4
    assert np.array_equal(first.heads.points, second.heads.points)
    for i in range(4):
        assert np.abs(first.image(i).astype(int) - second.image(i)).max() <= 2
        assert first.image(i).std() > 10  # something is there
    box = first.heads.box
    assert np.array_equal(box, second.heads.box, equal_nan=True)
    seen = np.isfinite(box[:, 0])
    assert seen.any()
    off = box[seen, :2] - first.heads.points[seen].mean(axis=1)
    assert np.abs(off).max() < 0.3  # the box lies about the keypoints
    bare = Shard(render_shard(RenderJob(pack_folder, tmp_path / "c", 3, 4, 160, 2, boxes=False), 2, renderer))
    assert np.isnan(bare.heads.box).all()
    assert render_shard(jobs[0], 2, renderer).stat().st_mtime == first.path.stat().st_mtime  # kept, not rendered again


@pytest.mark.usefixtures("renderer")  # skips where nothing can be rendered
def test_processes_of_a_killed_command_end_with_their_shard(pack_folder: Path, tmp_path: Path) -> None:
    words = ["--pack", str(pack_folder), "--out", str(tmp_path), "--heads", "1", "--shards", "10000", "--size", "64"]
    command = [sys.executable, "-m", "extractor.training.render", *words, "--supersample", "1", "--no-boxes"]
    with subprocess.Popen([*command, "--workers", "2"], stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert "heads/s" in process.stdout.readline()
        process.kill()
        process.stdout.read()  # returns when the last process that may print has ended
    assert len(list(tmp_path.glob("*.npz"))) < 1000
