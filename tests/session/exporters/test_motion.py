import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from app.session.exporters import export_session, remark_on
from app.session.exporters.liveportrait import LivePortraitTemplate, eye_ratios, lip_ratio, sample
from app.session.exporters.motion import MotionArrays
from app.session.motion import open_motion
from app.session.session import Session
from extractor.decode import decode, driven_keypoints, rotation_matrix
from extractor.types import HEADS, KEYPOINT_NAMES
from tests.session.exporters.conftest import FRAMES, SKIPPED, UNMEASURED

MEASURED = [k for k in range(FRAMES) if k not in SKIPPED + UNMEASURED]


@pytest.fixture
def arrays(session, tmp_path):
    (path,) = export_session(session, MotionArrays(), tmp_path / "out")
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


def test_the_arrays_are_the_seven_heads_of_the_measured_frames(session, arrays):
    rows = len(MEASURED)
    assert {name: (array.shape, array.dtype.kind) for name, array in arrays.items()} == {
        "frame": ((rows,), "i"),
        "timestamp_s": ((rows,), "f"),
        **dict.fromkeys(("pitch", "yaw", "roll"), ((rows, 66), "f")),
        "t": ((rows, 3), "f"),
        "exp": ((rows, 24, 3), "f"),
        "scale": ((rows,), "f"),
        "kp": ((rows, 24, 3), "f"),
        "R": ((rows, 3, 3), "f"),
        "crop_to_frame": ((rows, 2, 3), "f"),
        "keypoint_names": ((24,), "U"),
        "missing": ((FRAMES,), "i"),
        "missing_words": ((7,), "U"),
        "quality": ((rows,), "f"),
        "face_id": ((rows,), "i"),
    }
    assert arrays["frame"].tolist() == MEASURED
    why = arrays["missing_words"][arrays["missing"]]
    assert [k for k in range(FRAMES) if why[k] == "skipped"] == list(SKIPPED)
    assert np.array_equal(arrays["timestamp_s"], session.table.timestamp_s[MEASURED])
    assert tuple(arrays["keypoint_names"]) == KEYPOINT_NAMES
    for name in ("exp", "kp", "scale", "t"):
        assert np.array_equal(arrays[name], open_motion(session.folder / "motion.bin").records[name])


def test_the_rotation_takes_the_head_to_the_camera(session, arrays):
    assert arrays["R"] == pytest.approx(
        rotation_matrix(torch.tensor(session.table.angles_deg[MEASURED])).numpy(), abs=1e-3
    )


def test_the_projects_own_decoder_takes_the_arrays_as_they_are(arrays):
    rows = len(MEASURED)
    motion = decode({name: torch.tensor(arrays[name]).reshape(rows, -1) for name in HEADS}, KEYPOINT_NAMES)
    assert motion.kp.numpy() == pytest.approx(arrays["kp"])
    assert np.array_equal(motion.scale.numpy(), arrays["scale"])


def template_of(session, tmp_path):
    (path,) = export_session(session, LivePortraitTemplate(), tmp_path / "out")
    return pickle.loads(path.read_bytes())


def test_the_template_has_the_keys_and_shapes_of_liveportraits(session, tmp_path):
    template = template_of(session, tmp_path)
    assert list(template) == ["n_frames", "output_fps", "motion", "c_eyes_lst", "c_lip_lst"]
    assert {len(template[name]) for name in ("motion", "c_eyes_lst", "c_lip_lst")} == {template["n_frames"]}
    shapes = {"scale": (1, 1), "R": (1, 3, 3), "exp": (1, 24, 3), "t": (1, 3), "kp": (1, 24, 3), "x_s": (1, 24, 3)}
    for item, eyes, lips in zip(template["motion"], template["c_eyes_lst"], template["c_lip_lst"], strict=True):
        assert {name: value.shape for name, value in item.items()} == shapes
        assert {value.dtype for value in (*item.values(), eyes, lips)} == {np.dtype(np.float32)}
        assert (eyes.shape, lips.shape) == ((1, 2), (1, 1))
    duration = session.table.timestamp_s[-1]
    assert template["n_frames"] == pytest.approx(duration * template["output_fps"] + 1, abs=1)


def test_what_the_template_cannot_say_is_a_remark(session, record):
    lacking = "6 of 24 frames have no pose: 3 no face, 3 skipped"
    assert remark_on(session, LivePortraitTemplate()) == (
        f"{lacking}; the template holds the motion measured before them."
    )
    assert remark_on(session, MotionArrays()) == ""  # it carries the reasons itself
    assert remark_on(Session.open(record("whole", frames=3)), LivePortraitTemplate()) == ""


def test_liveportraits_own_formula_gives_the_driven_points(nth_face, header, make_frame, result_of, tmp_path):
    from app.session.folders import claim_folder
    from app.session.writer import SessionWriter

    rng = np.random.default_rng(3)
    rotation = rotation_matrix(torch.tensor([12.0, -25.0, 8.0]))
    kp, exp = (rng.normal(size=(24, 3)).astype(np.float32) for _ in range(2))
    t = np.array([0.1, -0.2, 5.0], np.float32)
    folder = claim_folder(tmp_path / "session")
    with SessionWriter(folder, header) as writer:
        frame = make_frame(0)
        writer.add_frame(frame)
        writer.add_result(result_of(frame, [nth_face(rotation=rotation.numpy(), kp=kp, exp=exp, scale=1.4, t=t)]))
    (item,) = template_of(Session.open(folder), tmp_path)["motion"]
    # transform_keypoint: kp @ R + exp, scaled, then moved in x and y.
    moved = item["scale"][..., None] * (item["kp"] @ item["R"] + item["exp"])
    moved[..., :2] += item["t"][:, None, :2]
    assert item["x_s"] == pytest.approx(moved, abs=1e-5)
    kp, exp, scale, t = torch.tensor(kp), torch.tensor(exp), torch.tensor(1.4), torch.tensor(t)
    assert item["x_s"][0] == pytest.approx(driven_keypoints(kp, rotation, exp, scale, t).numpy(), abs=1e-5)
    assert item["t"][0, 2] == 5.0


def test_a_gap_holds_the_last_motion(session, tmp_path):
    template = template_of(session, tmp_path)
    kps = [item["kp"].tobytes() for item in template["motion"]]
    records = {r["kp"].tobytes(): int(r["frame"]) for r in open_motion(session.folder / "motion.bin").records}
    shown = [records[kp] for kp in kps]
    assert shown == sorted(shown)
    times = session.table.timestamp_s
    period = 1 / template["output_fps"]
    for i, k in enumerate(shown):
        instant = i * period
        later = [m for m in MEASURED if m > k]
        assert times[k] <= instant + 0.5 * period + 1e-9 or k == MEASURED[0]
        assert not later or times[later[0]] > instant + 0.5 * period - 1e-9


@given(st.lists(st.floats(0.001, 1.0), min_size=1, max_size=50), st.data())
def test_the_rate_is_the_sessions_and_every_instant_has_a_frame(steps, data):
    times = np.concatenate([[0.0], np.cumsum(steps)])
    frames = np.array(sorted(data.draw(st.sets(st.integers(0, len(steps)), min_size=1))))
    rate, chosen = sample(times, frames)
    assert rate == max(1, round(len(steps) / times[-1]))
    assert len(chosen) == round(times[-1] * rate) + 1
    assert (np.diff(chosen) >= 0).all()
    assert chosen.min() >= 0
    assert chosen.max() < len(frames)


def test_steady_frames_are_each_shown_once():
    rate, chosen = sample(np.arange(90) / 30, np.arange(90))
    assert rate == 30
    assert chosen.tolist() == list(range(90))
    assert sample(np.array([0.0]), np.array([0])) == (1, pytest.approx([0]))


def test_open_and_closed_eyes_and_lips_are_told_apart():
    points = np.zeros((24, 3), np.float32)
    place = {name: i for i, name in enumerate(KEYPOINT_NAMES)}
    for side, x in (("r", -2), ("l", 2)):
        points[place[f"eye_inner_{side}"]] = (x - 1, 0, 9)
        points[place[f"eye_outer_{side}"]] = (x + 1, 0, -9)
    points[place["lid_up_r"]], points[place["lid_low_r"]] = (-2, -0.3, 0), (-2, 0.3, 0)
    points[place["mouth_l"]], points[place["mouth_r"]] = (1, 3, 0), (-1, 3, 0)
    points[place["lip_low"]] = (0, 0.5, 0)
    assert eye_ratios(points, KEYPOINT_NAMES)[0] == pytest.approx([0.3, 0.0], abs=1e-4)  # the subject's right first
    assert lip_ratio(points, KEYPOINT_NAMES)[0, 0] == pytest.approx(0.25, abs=1e-4)
    assert np.isnan(eye_ratios(points, None)).all()
    assert np.isnan(lip_ratio(points[:21], KEYPOINT_NAMES)).all()
