"""One change at a time: the labels of pose stay, the picture doesn't."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from extractor.shipped import find_weights
from extractor.training.errors import TrainingError
from extractor.training.interventions import CUT, PLAIN, cut_at_mouth, main, table, variations
from extractor.training.rendering.head_model import HeadModel
from extractor.training.rendering.labels import label
from extractor.training.rendering.pack import Pack
from extractor.training.rendering.renderer import Renderer
from extractor.training.rendering.sampler import Sampler
from extractor.types import KEYPOINT_NAMES


@pytest.fixture
def renderer(pack_folder: Path) -> Renderer:
    try:
        return Renderer(HeadModel(Pack.open(pack_folder)), 128, 1)
    except TrainingError as error:
        pytest.skip(str(error))


def test_only_one_thing_changes(renderer: Renderer) -> None:
    sampler = Sampler(renderer.model)
    rng = np.random.default_rng(1)
    scene = sampler.scene(rng, (18.0, 10.0, 0.0))
    made = dict(variations(sampler, scene, rng))
    assert all(np.array_equal(changed.view.head, scene.view.head) for changed in made.values())
    plain = made.pop(PLAIN)
    picture = renderer.draw(plain).image.astype(int)
    for name, changed in made.items():
        if name == "without cropped hair, fringe and beard" and not plain.shells:
            continue
        assert np.abs(renderer.draw(changed).image - picture).max() > 20, name
    eyes = made["eyes at the camera"].parts["eyes"].gaze
    assert eyes[1] < -10  # a bowed head looks up
    assert np.array_equal(made["eyes at the camera"].person.deformed, plain.person.deformed)
    eyes_shown = {}
    for name in ("glasses", "sunglasses"):
        drawn = renderer.draw(made[name])
        points = label(renderer.model, made[name], drawn.placement, drawn.depth).points
        column, row = ((points[KEYPOINT_NAMES.index("lid_low_l")] + 1) / 2 * len(drawn.image)).astype(int)
        eyes_shown[name] = drawn.image[row - 6 : row, column - 2 : column + 3].astype(float)
    assert eyes_shown["sunglasses"].mean() < 0.7 * eyes_shown["glasses"].mean()


def test_a_picture_that_ends_at_the_mouth() -> None:
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    points = np.full((len(KEYPOINT_NAMES), 2), 0.9)
    points[[KEYPOINT_NAMES.index("mouth_l"), KEYPOINT_NAMES.index("mouth_r")]] = [[-0.2, 0.4], [0.2, 0.6]]
    cut = cut_at_mouth(image, points)
    assert np.array_equal(cut[:48], image[:48])
    assert (cut[48:] == image[47]).all()


@pytest.mark.usefixtures("renderer")  # skips where nothing can be rendered
def test_the_command_measures_real_weights(pack_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(find_weights("lite")), "--pack", str(pack_folder), "--people", "1"]) == 0
    head, _, *lines = capsys.readouterr().out.splitlines()
    assert head == "| | pitch | yaw | roll |"
    rows = {name: [float(word) for word in re.findall(r"[-+]?\d+\.\d", rest)]
            for name, _, rest in (line[2:].partition(" | ") for line in lines)}  # fmt: skip
    assert len(rows) == 12
    assert CUT in rows
    assert all(len(row) == 6 for row in rows.values())  # mean and deviation of three angles
    # Other heads in a row would be off by the persons' own errors, some degrees.
    assert max(map(abs, rows["eyes at the camera"])) < 1.5


def test_the_table_tells_changes_from_errors() -> None:
    plain = torch.tensor([[1.0, 0.0, 0.0], [3.0, 0.0, 0.0]])
    said = table({PLAIN: plain, "smile": plain + torch.tensor([-2.0, 0.5, -0.01])}).splitlines()
    assert said[2] == f"| {PLAIN} | +2.0 ± 1.4 | +0.0 ± 0.0 | +0.0 ± 0.0 |"
    assert said[3] == "| smile | -2.0 ± 0.0 | +0.5 ± 0.0 | +0.0 ± 0.0 |"


def test_no_pack_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.safetensors"), "--pack", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("interventions: ")
    assert "Traceback" not in said
