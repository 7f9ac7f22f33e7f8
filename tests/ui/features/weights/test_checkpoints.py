"""What is said of a checkpoint, and which ones are listed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from app.faces.estimators import estimator_names
from app.signals.agreement import agreement
from app.signals.history import COLUMNS, History
from app.ui.features.weights.checkpoints import UNSTATED, checkpoints, facts, read_report
from extractor.convert import convert
from extractor.model import MotionExtractor
from extractor.report import WeightsError
from extractor.shipped import alternatives
from extractor.types import KEYPOINT_NAMES, Angles


@pytest.fixture
def liveportrait(tmp_path: Path) -> Path:
    state = MotionExtractor(21, 66, backbone="atto").detector.state_dict()
    torch.save({f"detector.{name}": tensor for name, tensor in state.items()}, tmp_path / "motion_extractor.pth")
    return tmp_path / "motion_extractor.pth"


def said(report) -> dict[str, str]:
    return {fact.name: fact.text for fact in facts(report)}


def test_the_shipped_weights_say_everything(assets):
    report = read_report("")
    words = said(report)
    assert words["Architecture"] == f"ConvNeXtV2 {report.spec.backbone}"
    assert words["Keypoints"] == "24, named"
    assert words["Keypoint names"] == ", ".join(KEYPOINT_NAMES)
    size = report.spec.crop.input_size
    assert words["Input"] == f"{size} × {size} pixels"
    assert words["Missing heads"] == "none"
    assert words["SHA-256"].replace("\n", "") == report.sha256
    assert words["File"] == str(assets / "motion_extractor_lite.safetensors")
    for name in ("Training data", "Errors measured", "Licence"):
        assert words[name] != UNSTATED
    assert "mean absolute error" in words["Errors measured"]
    assert not [fact for fact in facts(report) if fact.doubtful]


def test_liveportraits_shape_without_metadata(liveportrait):
    words = said(read_report(str(liveportrait)))
    assert words["Keypoints"] == "21, without names"
    assert "Keypoint names" not in words
    assert words["Input"] == "256 × 256 pixels"
    assert words["Licence"] == UNSTATED
    assert words["Layout"] == "LivePortrait's motion extractor"


def test_a_backbone_says_that_it_measures_no_pose(tmp_path):
    state = MotionExtractor(24, 66, backbone="atto").detector.state_dict()
    body = {name: tensor for name, tensor in state.items() if not name.startswith("fc_")}
    torch.save({"model": body}, tmp_path / "backbone.pth")
    rows = {fact.name: fact for fact in facts(read_report(str(tmp_path / "backbone.pth")))}
    assert rows["Trained heads"].text == "none"
    assert rows["Missing heads"].doubtful
    assert "it measures no head pose" in rows["Missing heads"].text


def test_metadata_of_any_kind_are_only_text(liveportrait, tmp_path):
    errors = {
        "held_out": {"webcam_mae_deg": [8.30387, 4.94804, 7.29534], "a": {"b_c": {"d": 1.25}}, "list": [1, None, "x"]},
        "n": 3,
        "none": None,
    }
    further = {"errors": errors, "licence": ["a", "b"], "training_data": "<b>" + "x" * 9000}
    words = said(convert(liveportrait, tmp_path / "out.safetensors", further=further))
    assert words["Errors measured"].splitlines() == [
        "held out:",
        "webcam mean absolute error (°): pitch 8.3, yaw 4.95, roll 7.3",
        "a: b c d 1.25",
        "list: 1, , x",
        "n: 3",
        "none: ",
    ]
    assert words["Licence"] == "a, b"
    assert words["Training data"].startswith("<b>x")
    assert len(words["Training data"]) == 2000


@pytest.mark.parametrize("content", [b"", b"hello", b"\x80\x02]q\x00."])
def test_bad_files_are_one_sentence(tmp_path, content):
    path = tmp_path / "bad.pth"
    path.write_bytes(content)
    with pytest.raises(WeightsError) as caught:
        read_report(str(path))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_checkpoint_is_listed_once(tmp_path):
    path = str(tmp_path / "a.pth")
    keys = [point.key for point in checkpoints([path, "", path, "b.pth", "lite"], in_use=path)]
    assert keys[0] == ""
    assert keys[1:-2] == [*alternatives(), *estimator_names()]
    assert keys[-2:] == [path, "b.pth"]
    assert [point.key for point in checkpoints([], in_use="tiny")].count("tiny") == 1
    assert [point.key for point in checkpoints([], in_use="c.pth")][-1] == "c.pth"


def rows(values: list[tuple[float, float, float, float, float]]) -> np.ndarray:
    table = np.full((len(values), len(COLUMNS)), np.nan)
    table[:, 0] = [value[0] for value in values]
    for i, name in enumerate(("pitch", "yaw", "roll", "angle"), 1):
        table[:, COLUMNS.index(f"difference_{name}_deg")] = [value[i] for value in values]
    return table


def test_agreement_is_mean_and_sample_sd_of_the_frames_that_both_measured():
    nan = float("nan")
    table = rows([(0, 9, 9, 9, 9), (1, 1, 2, -3, 4), (2, nan, nan, nan, nan), (3, 3, 2, -5, 6)])
    found = agreement(table, since_s=1)
    assert found.count == 2
    assert found.mean == Angles(2, 2, -4)
    assert found.sd == pytest.approx(Angles(np.sqrt(2), 0, np.sqrt(2)))
    assert (found.angle_mean_deg, found.angle_sd_deg) == pytest.approx((5, np.sqrt(2)))
    one = agreement(table, since_s=3)
    assert (one.count, one.mean) == (1, Angles(3, 2, -5))
    assert np.isnan(one.sd).all()
    assert agreement(History().last(10)).count == 0
