"""What is shown is filtered and recentred; what was measured stays as it was."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from app.core.clock import now_s
from app.core.errors import UserError
from app.core.frames import Box, FaceResult, FrameResult, SecondResult
from app.core.one_euro import OneEuro
from app.core.position import Position
from app.core.rotation import angles_of, geodesic_deg, recentred, rotation_of
from app.core.tilt import CameraTilt
from app.signals.calibration import Waiting
from app.signals.chain import SignalChain
from app.signals.history import COLUMNS, row_of
from app.signals.presets import FilterPreset, preset_named
from extractor.types import Angles
from tests.factories import FPS, START_S, make_face, make_result
from tests.signals.test_head_axes import moved


def face_at(x: float, angles: Angles = Angles(0, 0, 0), face_id: int = 1, magnitudes: float = 0.02) -> FaceResult:  # noqa: B008
    """A face at ``x`` px whose expression is as large, and as noisy, as the network's."""
    return make_face(
        angles,
        face_id,
        num_kp=3,
        box=Box(x, 0, 100, 100),
        magnitudes=magnitudes,
        exp=np.full((3, 3), x * 1e-4, np.float32),
        keypoints=np.full((3, 2), x, np.float32),
        exp_magnitude=abs(x) * 1e-4,
    )


def noisy(rng: np.random.Generator, face_id: int = 1) -> FaceResult:
    return face_at(angles=Angles(*rng.normal(10, 0.5, 3)), face_id=face_id, x=float(rng.normal(50, 0.5)))


def test_off_shows_what_was_measured_to_the_last_bit():
    chain = SignalChain()
    result = make_result(0, noisy(np.random.default_rng(0)), noisy(np.random.default_rng(1), 2))
    shown = chain.apply(result).shown
    assert [s.face for s in shown] == list(result.faces)
    assert [s.angles for s in shown] == [face.angles for face in result.faces]
    assert all(s.rotation is face.rotation for s, face in zip(shown, result.faces, strict=True))


def test_the_filter_steadies_everything_shown_and_nothing_measured():
    chain = SignalChain("streaming")
    rng = np.random.default_rng(0)
    at_cm = rng.normal((0, 0, 60), 0.5, (200, 3))
    faces = [replace(noisy(rng), position=Position.of(cm, (1, 1, 5))) for cm in at_cm]
    results = [make_result(i, face) for i, face in enumerate(faces)]
    out = [chain.apply(result) for result in results]
    assert all(after.faces is before.faces for after, before in zip(out, results, strict=True))

    def spread(of) -> float:
        return float(np.std([of(x) for x in out[30:]]))

    for name, of in {
        "angle": lambda face: face.angles.yaw_deg,
        "rotation": lambda face: face.rotation[0, 2],
        "keypoint": lambda face: face.keypoints[0, 0],
        "position": lambda face: face.position.z_cm,
        "exp": lambda face: face.exp[1, 1],
        "magnitude": lambda face: face.exp_magnitude,
    }.items():
        assert spread(lambda x, of=of: of(x.shown[0].face)) < 0.5 * spread(lambda x, of=of: of(x.faces[0])), name
    face, measured = out[-1].shown[0].face, out[-1].faces[0]
    assert geodesic_deg(rotation_of(face.angles), face.rotation) < 0.05
    filtered = {"angles", "rotation", "keypoints", "position", "exp"} | {
        f"{n}_magnitude" for n in ("exp", "brow", "eye", "mouth")
    }
    for field in fields(FaceResult):
        if field.name not in filtered:
            assert getattr(face, field.name) is getattr(measured, field.name), field.name
    assert {face.keypoints.dtype, face.exp.dtype, face.rotation.dtype} == {np.dtype(np.float32)}


def test_each_part_has_settings_of_its_own_and_the_position_those_of_the_keypoints():
    firm, loose = OneEuro(0.01, 0.0), OneEuro(30.0, 0.0)  # in one step 0.2 % of the way, and 86 %

    def step(**settings: OneEuro) -> dict[str, float]:
        chain = SignalChain()
        chain.set_filter(FilterPreset("", "", **{"rotation": firm, "keypoints": firm, "expression": firm} | settings))
        for i, x in enumerate((0.0, 10.0)):
            face = replace(face_at(x, Angles(0, x, 0)), position=Position.of((0, 0, x), (1, 1, 1)))
            shown = chain.apply(make_result(i, face)).shown[0].face
        return {
            "rotation": shown.angles.yaw_deg / 10,
            "keypoints": float(shown.keypoints[0, 0]) / 10,
            "position": shown.position.z_cm / 10,
            "expression": float(shown.exp[0, 0]) / 1e-3,
            "magnitude": shown.exp_magnitude / 1e-3,
        }

    for part, moved_parts in {
        "rotation": {"rotation"},
        "keypoints": {"keypoints", "position"},
        "expression": {"expression", "magnitude"},
    }.items():
        assert {name for name, share in step(**{part: loose}).items() if share > 0.8} == moved_parts
        assert all(share < 0.01 for name, share in step(**{part: loose}).items() if name not in moved_parts)


def test_a_lost_face_and_a_new_one_start_anew():
    chain = SignalChain("streaming")
    for i in range(10):
        chain.apply(make_result(i, make_face(Angles(0, 0, 0))))
    turned = make_face(Angles(0, 30, 0))
    behind = chain.apply(make_result(10, turned)).shown[0].angles.yaw_deg
    assert 0 < behind < 25
    chain.apply(make_result(11))
    assert chain.apply(make_result(12, turned)).shown[0].angles == pytest.approx(turned.angles)
    other = make_face(Angles(0, -30, 0), face_id=2)
    assert chain.apply(make_result(13, other)).shown[0].angles == pytest.approx(other.angles)


def test_each_face_is_filtered_for_itself():
    together, alone = SignalChain("gaming"), SignalChain("gaming")
    rng = np.random.default_rng(1)
    for i in range(20):
        first, second = noisy(rng, 1), noisy(rng, 2)
        both = together.apply(make_result(i, *((first, second) if i % 2 else (second, first)))).shown
        single = alone.apply(make_result(i, first)).shown[0]
        shown = next(s for s in both if s.face.face_id == 1)
        np.testing.assert_array_equal(shown.face.keypoints, single.face.keypoints)
        assert shown.angles == single.angles


def test_another_source_or_switching_the_filter_off_and_on_starts_anew():
    chain = SignalChain("streaming")
    turned = make_face(Angles(0, 30, 0))

    def off_and_on() -> None:
        chain.set_preset("off")
        chain.apply(make_result(9, turned))
        chain.set_preset("streaming")

    for change in (off_and_on, chain.forget):
        for i in range(9):
            chain.apply(make_result(i, make_face(Angles(0, 0, 0))))
        change()
        assert chain.apply(make_result(10, turned)).shown[0].angles == pytest.approx(turned.angles)


def test_other_settings_go_on_from_where_the_filter_is():
    """A slider that is moved while the head turns makes no number jump."""
    chain = SignalChain("streaming")
    for i in range(9):
        before = chain.apply(make_result(i, make_face(Angles(0, 3.0 * i, 0)))).shown[0].angles.yaw_deg
    chain.set_filter(replace(preset_named("streaming"), name="custom", rotation=OneEuro(0.4, 0.05)))
    after = chain.apply(make_result(9, make_face(Angles(0, 27, 0)))).shown[0].angles.yaw_deg
    assert chain.preset == "custom"
    assert before < after < before + 4 < 27
    with pytest.raises(ValueError, match="no filter preset"):
        chain.set_preset("loud")


def test_keypoints_without_names_have_no_parts_to_filter():
    chain = SignalChain("gaming")
    for i in range(5):
        shown = chain.apply(make_result(i, face_at(i, magnitudes=float("nan")))).shown[0].face
    assert 0 < shown.exp_magnitude < 4e-4
    assert np.isnan([shown.brow_magnitude, shown.eye_magnitude, shown.mouth_magnitude]).all()


def test_untrained_heads_pass():
    chain = SignalChain("gaming")
    for i in range(3):
        face = make_face(Angles(0, 10 * i, 0), pose_trained=False)
        assert chain.apply(make_result(i, face)).shown[0].face is face


def test_a_film_is_filtered_by_its_own_time():
    """Played faster or slower, it gives the same numbers; where it begins again, so does the filter."""
    shown = []
    for speed in (1.0, 3.0):
        chain = SignalChain("gaming")
        for i in range(20):
            result = make_result(i, make_face(Angles(0, i, 0)))
            frame = replace(result.frame, media_s=i / FPS, captured_s=START_S + i / FPS / speed)
            out = chain.apply(replace(result, frame=frame))
        shown.append(out.shown[0].angles)
        again = replace(result.frame, media_s=0.0)
        assert chain.apply(replace(result, frame=again)).shown[0].angles == pytest.approx(result.faces[0].angles)
    assert shown[0] == shown[1]


def test_the_history_holds_what_is_shown():
    chain = SignalChain("streaming")
    for i in range(5):
        result = chain.apply(make_result(i, face_at(i, Angles(0, 5 * i, 0)), truth=Angles(1, 2, 3)))
    row = dict(zip(COLUMNS, row_of(result), strict=True))
    assert row["yaw_deg"] == result.shown[0].angles.yaw_deg < 20
    assert row["exp_magnitude"] == result.shown[0].face.exp_magnitude < 4e-4
    assert (row["true_pitch_deg"], row["true_yaw_deg"], row["true_roll_deg"]) == (1, 2, 3)


def live(chain: SignalChain, faces: int, *angles: Angles, ago_s: float = 0.0, **other: object) -> FrameResult:
    """Results up to now, the last one returned."""
    for i, a in enumerate(angles):
        captured = now_s() - ago_s - (len(angles) - 1 - i) / FPS
        people = tuple(make_face(a, face_id, **other) for face_id in range(1, faces + 1))  # type: ignore[arg-type]
        result = chain.apply(make_result(i, *people, captured_s=captured))
    return result


def test_the_difference_of_two_networks_is_the_second_minus_the_first():
    first, second = make_face(Angles(1, 10, -3)), make_face(Angles(3, 6, -3))
    result = replace(make_result(0, first), second=SecondResult((second,), 0.0))
    row = dict(zip(COLUMNS, row_of(SignalChain().apply(result)), strict=True))
    assert [row[f"difference_{axis}_deg"] for axis in ("pitch", "yaw", "roll")] == [2, -4, 0]
    assert row["difference_angle_deg"] == pytest.approx(geodesic_deg(first.rotation, second.rotation))


def test_recentring_makes_the_present_pose_zero_and_leaves_what_was_measured():
    chain = SignalChain()
    held = Angles(12, -8, 3)
    live(chain, 1, held)
    reference = chain.recentre()
    assert reference.angles == pytest.approx(held, abs=1e-3)
    result = live(chain, 1, held)
    assert result.shown[0].angles == pytest.approx((0, 0, 0), abs=1e-3)
    assert result.faces[0].angles == held
    # Axes and points lie on the face: the pose they are drawn with is the camera's.
    assert result.shown[0].face is result.faces[0]
    assert geodesic_deg(result.shown[0].rotation, np.eye(3)) < 0.01
    assert angles_of(result.reference) == pytest.approx(held, abs=1e-3)
    assert chain.undo_recentre()
    assert not chain.undo_recentre()
    result = live(chain, 1, held)
    assert result.shown[0].angles == held
    assert result.reference is None


def test_the_reference_is_the_mean_of_the_last_third_of_a_second():
    chain = SignalChain()
    live(chain, 1, *(Angles(0, 40, 0),) * 20, *(Angles(0, yaw, 0) for yaw in (9, 11) * 5))
    assert chain.recentre().angles.yaw_deg == pytest.approx(10, abs=0.15)


def test_the_reference_is_not_mixed_of_two_people():
    chain, now = SignalChain(), now_s()
    for i, (face_id, yaw) in enumerate([(1, 40)] * 4 + [(2, 10)] * 3):
        at_s = now - 0.2 + i / FPS
        face = make_face(Angles(0, yaw, 0), face_id)
        chain.apply(make_result(i, face, captured_s=at_s))
    assert chain.recentre().angles.yaw_deg == pytest.approx(10, abs=0.15)


def test_there_must_be_a_face_with_a_pose_now():
    chain = SignalChain()
    with pytest.raises(UserError, match="no face to recentre on"):
        chain.recentre()
    live(chain, 1, Angles(0, 0, 0), ago_s=2.0)
    with pytest.raises(UserError, match="no face to recentre on"):
        chain.recentre()
    live(chain, 1, Angles(0, 0, 0))
    live(chain, 0, Angles(0, 0, 0))
    with pytest.raises(UserError, match="no face to recentre on"):
        chain.recentre()
    live(chain, 1, Angles(0, 0, 0), pose_trained=False)
    with pytest.raises(UserError, match="hold no head pose"):
        chain.recentre()
    assert chain.reference is None


def test_only_the_primary_face_is_recentred_and_a_lost_one_comes_back_recentred():
    chain = SignalChain("gaming")
    live(chain, 2, Angles(0, 20, 0))
    chain.recentre()
    first, second = live(chain, 2, Angles(0, 20, 0)).shown
    assert first.angles.yaw_deg == pytest.approx(0, abs=1e-3)
    assert second.angles.yaw_deg == pytest.approx(20, abs=1e-3)
    live(chain, 0, Angles(0, 0, 0))
    again = live(chain, 1, Angles(0, 25, 0)).shown[0]
    assert again.angles.yaw_deg == pytest.approx(5, abs=1e-3)


def test_another_source_is_not_recentred():
    chain = SignalChain()
    live(chain, 1, Angles(0, 20, 0))
    chain.recentre()
    chain.forget()
    with pytest.raises(UserError):
        chain.recentre()
    assert live(chain, 1, Angles(0, 20, 0)).shown[0].angles.yaw_deg == 20


def test_a_profile_counts_on_beyond_a_right_angle():
    chain = SignalChain()
    live(chain, 1, Angles(0, -20, 0))
    chain.recentre()
    assert live(chain, 1, Angles(0, 80, 0)).shown[0].angles == pytest.approx((0, 100, 0), abs=1e-2)


def test_truth_is_shown_relative_to_the_same_reference():
    chain = SignalChain()
    live(chain, 1, Angles(10, 20, 0))
    chain.recentre()
    truth = Angles(8, 25, 1)
    result = chain.apply(make_result(0, make_face(Angles(10, 22, 0)), truth=truth))
    expected = angles_of(recentred(rotation_of(truth), rotation_of(Angles(10, 20, 0))))
    assert result.shown_truth == pytest.approx(expected, abs=1e-3)
    assert result.frame.truth == truth
    row = dict(zip(COLUMNS, row_of(result), strict=True))
    assert row["true_yaw_deg"] == pytest.approx(expected.yaw_deg, abs=1e-3)


def test_a_cameras_tilt_is_taken_off_every_face_and_recentring_works_in_level_axes():
    chain = SignalChain()
    tilt = CameraTilt(20, 0)
    chain.set_tilt(tilt)
    level = np.asarray(tilt.to_level)

    def before_it(*pose: float) -> Angles:
        return angles_of(level.T @ rotation_of(Angles(*pose)))

    result = live(chain, 2, before_it(0, 5, 0))
    for shown in result.shown:
        assert shown.angles == pytest.approx((0, 5, 0), abs=1e-3)
        assert angles_of(shown.rotation) == pytest.approx((0, 5, 0), abs=1e-3)
        assert shown.face.angles == before_it(0, 5, 0)  # what is drawn and recorded is the camera's
    assert chain.recentre().angles == pytest.approx((0, 5, 0), abs=1e-2)
    result = live(chain, 2, before_it(0, 35, 0))
    assert result.shown[0].angles == pytest.approx((0, 30, 0), abs=1e-2)
    assert result.shown_reference == pytest.approx((0, 5, 0), abs=1e-2)
    row = dict(zip(COLUMNS, row_of(result), strict=True))
    assert row["measured_yaw_deg"] == pytest.approx(30, abs=1e-2)
    truth = chain.apply(make_result(0, make_face(before_it(0, 35, 0)), truth=before_it(0, 35, 0))).shown_truth
    assert truth == pytest.approx((0, 30, 0), abs=1e-2)
    chain.set_tilt(None)
    assert abs(live(chain, 1, before_it(0, 35, 0)).shown[0].angles.roll_deg) > 9
    chain.set_tilt(tilt)
    chain.forget()  # another source: whoever opens it says how its camera stands
    assert live(chain, 1, before_it(0, 35, 0)).shown[0].angles == pytest.approx((0, 35, 0), abs=1e-2)


def test_the_bend_is_taken_off_what_was_measured_and_not_off_the_truth():
    chain = SignalChain()
    tilt = CameraTilt(20, 0, bend_deg=15)
    chain.set_tilt(tilt)
    true = rotation_of(Angles(3, 40, 1))
    measured, truth = angles_of(tilt.as_seen(true)), angles_of(tilt.without_bend.as_seen(true))
    result = chain.apply(make_result(0, make_face(measured), truth=truth))
    assert result.shown[0].angles == pytest.approx((3, 40, 1), abs=1e-2)
    assert result.shown_truth == pytest.approx((3, 40, 1), abs=1e-2)
    assert dict(zip(COLUMNS, row_of(result), strict=True))["measured_pitch_deg"] == pytest.approx(3, abs=1e-2)


def test_the_tilt_is_measured_by_a_shake_and_a_nod(monkeypatch):
    monkeypatch.setattr("app.signals.calibration.now_s", lambda: START_S)
    chain = SignalChain()
    chain.wait_for(Waiting.TILT)
    tilt = CameraTilt(-20, 5)
    for i, rotation in enumerate(moved(tilt, noise=0.2)):
        chain.apply(make_result(i, replace(make_face(angles_of(rotation)), rotation=rotation)))
        if i == 100:
            assert chain.calibration.waiting is Waiting.TILT
            assert 0.6 < chain.calibration.progress < 0.75
    chain.apply(make_result(151, replace(make_face(Angles(0, 0, 0)))))
    (outcome,) = chain.take_outcomes()
    assert outcome.failure == ""
    assert chain.tilt == chain.calibration.tilt == outcome.tilt
    assert geodesic_deg(outcome.tilt.to_level, tilt.to_level) < 2


def test_what_is_waited_for_while_a_source_opens_begins_with_its_pictures(monkeypatch):
    """L, pressed before the camera has opened, was forgotten without a word once it did."""
    monkeypatch.setattr("app.signals.calibration.now_s", lambda: START_S)
    chain = SignalChain()
    chain.wait_for(Waiting.TILT)
    for i in range(60):
        chain.apply(make_result(i, make_face(Angles(0, 0.5 * i, 0))))
    chain.forget()
    assert (chain.calibration.waiting, chain.calibration.progress) == (Waiting.TILT, 0.0)
    tilt = CameraTilt(-20, 5)
    for i, rotation in enumerate(moved(tilt, noise=0.2)):
        chain.apply(make_result(i, replace(make_face(angles_of(rotation)), rotation=rotation)))
    chain.apply(make_result(151, make_face(Angles(0, 0, 0))))
    (outcome,) = chain.take_outcomes()
    assert geodesic_deg(outcome.tilt.to_level, tilt.to_level) < 2


def test_a_head_that_does_not_move_measures_no_tilt(monkeypatch):
    monkeypatch.setattr("app.signals.calibration.now_s", lambda: START_S)
    chain = SignalChain()
    chain.wait_for(Waiting.TILT)
    for i in range(152):
        chain.apply(make_result(i, make_face(Angles(0, 0.001 * i, 0))))
    (outcome,) = chain.take_outcomes()
    assert "so nothing was changed" in outcome.failure
    assert chain.tilt is None
