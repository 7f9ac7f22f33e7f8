"""Blinks, nods, head speed, attention and calibration of faces that move in a known way, with real time steps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.derived import DERIVED, DerivedSignals
from app.core.errors import UserError
from app.core.frames import FaceResult, FrameResult
from app.core.rotation import rotation_of
from app.signals import calibration
from app.signals.blinks import BlinkCounter
from app.signals.calibration import PATIENCE_S, Waiting
from app.signals.chain import SignalChain
from app.signals.filter_figures import UNITS, jitters, lag_s, standard_figures
from app.signals.history import COLUMNS, row_of
from app.signals.presets import CUSTOM, PRESETS, custom_from, custom_text, preset_named
from app.signals.trust import NO_NAMES, UNMEASURED, UNTRAINED, untrusted_signals
from extractor.types import KEYPOINT_NAMES, Angles, CropSpec, NetworkSpec
from tests.extractor.test_face_shape import moved, neutral
from tests.factories import FPS, START_S, make_face, make_result

NETWORK = NetworkSpec("femto", 24, 66, CropSpec(), KEYPOINT_NAMES)
REST = moved(mouth=(0.02, 0.01, 0.0), lip_low=(0.0, 0.03, 0.01))  # what this network sees in every face


def expressing(angles: Angles = Angles(0, 0, 0), d: np.ndarray | None = None, face_id: int = 1) -> FaceResult:  # noqa: B008
    """A face whose keypoints are moved by ``d``, (24, 3) in its own axes."""
    exp = ((np.zeros((24, 3)) if d is None else d) @ rotation_of(angles).T).astype(np.float32)
    magnitude = float(np.sqrt((exp**2).sum(-1).mean()))
    return make_face(angles, magnitudes=magnitude, face_id=face_id, kp=neutral().astype(np.float32), exp=exp)


def result_at(time_s: float, *faces: FaceResult) -> FrameResult:
    """Of the frame that is taken ``time_s`` after the first."""
    return make_result(round(time_s * FPS), *faces, captured_s=START_S + time_s)


def play(chain: SignalChain, faces, fps: float = FPS, start_s: float = 0.0) -> list[DerivedSignals]:
    """Each face, None being a frame without one, through the chain."""
    shown = []
    for i, face in enumerate(faces):
        result = chain.apply(result_at(start_s + i / fps, *([face] if face is not None else [])), NETWORK)
        shown.append(result.shown[0].derived if result.shown else None)
    return shown


def lids(closure: float) -> np.ndarray:
    return moved(lid_up=(0, 0.1 * closure, 0))  # the neutral eye is open by 0.1


# ---------------------------------------------------------------------- blinks


def blinking(times: np.ndarray, at_s, closed_s: float = 0.1) -> np.ndarray:
    """Closure that rises, stays and falls within a tenth of a second around each blink."""
    away = np.min(np.abs(times[:, None] - np.array(at_s)[None]), axis=1)
    return np.clip(1 - (away - closed_s / 2) / 0.06, 0, 1)


@pytest.mark.parametrize("fps", [15, 30, 60])
def test_blinks_are_counted_and_their_rate_is_told_after_ten_seconds(fps):
    times = np.arange(round(30 * fps)) / fps
    at = np.arange(1.5, 29, 2.5)
    found = play(SignalChain(), [expressing(d=lids(c)) for c in blinking(times, at)], fps)
    starts = np.flatnonzero(np.diff([s.blink for s in found]) == 1) + 1
    np.testing.assert_allclose(times[starts], at, atol=0.1 + 1 / fps)
    assert np.isnan(found[round(9.8 * fps)].blinks_per_minute)
    assert found[-1].blinks_per_minute == pytest.approx(60 * len(at) / 30, rel=0.02)


def test_half_closed_eyes_a_wink_and_closed_eyes_are_no_blinks():
    counter = BlinkCounter()
    closures = [(0.55, 0.55)] * 3 + [(0, 0)] * 5 + [(1.0, 0.0)] * 3 + [(0, 0)] * 5 + [(1.0, 1.0)] * 20 + [(0, 0)] * 5
    blinks = [counter.update(i / FPS, *pair) for i, pair in enumerate(closures)]
    assert counter.count == 0
    assert sum(blinks) > 0  # nobody knows at first how long they stay closed
    assert blinks[-8] == 0


def test_trembling_between_the_two_thresholds_is_one_blink_and_a_gap_ends_it():
    counter = BlinkCounter()
    for i, c in enumerate([0, 0.7, 0.5, 0.7, 0.5, 0.7, 0.1, 0, 0.9]):
        counter.update(i / FPS, c, c)
    assert counter.count == 1
    counter.update(5.0, 0.0, 0.0)  # half a minute later nobody knows what the eyes did
    assert counter.count == 1
    assert np.isnan(counter.update(5.1, float("nan"), 0.0))


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(0, 2), st.floats(-1, 1.0) | st.just(float("nan"))), max_size=60))
def test_no_closures_give_an_impossible_rate(steps):
    counter, time_s = BlinkCounter(), 0.0
    for step, closure in steps:
        time_s += step
        assert counter.update(time_s, closure, closure) in (0.0, 1.0) or np.isnan(closure)
        assert np.isnan(counter.per_minute) or counter.per_minute >= 0


# ---------------------------------------------------------------------- pose


@pytest.mark.parametrize("fps", [12, 30, 60])
@pytest.mark.parametrize("axis", [(1, 0, 0), (0, 1, 0), (0, 0, 1)])
def test_head_speed_is_that_of_the_rotation_at_any_frame_rate(fps, axis):
    speed = 40.0
    faces = [expressing(Angles(*(np.array(axis) * (speed * i / fps - 20)))) for i in range(fps)]
    found = play(SignalChain(), faces, fps)
    assert np.isnan(found[0].head_speed_deg_s)
    np.testing.assert_allclose([s.head_speed_deg_s for s in found[1:]], speed, rtol=2e-3)


def test_nods_and_shakes_are_told_while_they_last_and_counted_once():
    times = np.arange(300) / FPS
    bow = 5 * (1 - np.cos(np.clip((times - 2) * 4 * np.pi, 0, 6 * np.pi)))
    turn = 6 * (1 - np.cos(np.clip((times - 6) * 4 * np.pi, 0, 4 * np.pi)))
    found = play(SignalChain("streaming"), [expressing(Angles(p, y, 0)) for p, y in zip(bow, turn, strict=True)])
    nods, shakes = np.array([s.nod for s in found]), np.array([s.shake for s in found])
    assert (found[-1].nods, found[-1].shakes) == (1, 1)  # however strong the filter is
    assert 2.4 < times[nods == 1][0] < 3.0
    assert 3.5 < times[nods == 1][-1] < 4.3
    assert 6.4 < times[shakes == 1][0] < 7.0
    assert not (nods * shakes).any()


def test_attention_has_an_edge_that_does_not_flicker_and_follows_the_recentring(monkeypatch):
    chain = SignalChain()
    chain.set_cone(10)
    yaw = [0, 9, 10.5, 9.5, 11.5, 12.5, 11, 10.5, 9.5]
    found = play(chain, [expressing(Angles(0, y, 0)) for y in yaw])
    assert [s.attention for s in found] == [1, 1, 1, 1, 1, 0, 0, 0, 1]
    assert [s.off_axis_deg for s in found] == pytest.approx(yaw, abs=0.01)
    both = play(SignalChain(), [expressing(Angles(3, 4, 50))])[0]
    assert both.off_axis_deg == pytest.approx(5.0, abs=0.01)  # roll looks nowhere else
    monkeypatch.setattr(calibration, "now_s", lambda: 1001.5)
    play(chain, [expressing(Angles(5, 30, 0))] * 3, start_s=1.4)
    chain.recentre()
    (after,) = play(chain, [expressing(Angles(5, 30, 0))], start_s=1.5)
    assert after.attention == 1
    assert after.off_axis_deg == pytest.approx(0, abs=0.05)
    for wrong in (0, 91, float("nan")):
        with pytest.raises(ValueError, match="1 to 90"):
            chain.set_cone(wrong)


def test_what_cannot_be_known_is_nan():
    untrained = replace(expressing(), pose_trained=False)
    assert np.isnan(play(SignalChain(), [untrained])[0].values()).all()
    nameless = replace(NETWORK, keypoint_names=None)
    derived = SignalChain().apply(result_at(0, expressing()), nameless).shown[0].derived
    expression = [s.of(derived) for s in DERIVED if s.source == "expression"]
    assert np.isnan(expression).all()
    assert derived.attention == 1


def test_the_history_has_a_column_for_each():
    chain = SignalChain()
    result = chain.apply(result_at(0, expressing(d=lids(0.5))), NETWORK)
    row = dict(zip(COLUMNS, row_of(result), strict=True))
    assert row["eye_closure_l"] == pytest.approx(0.5, abs=1e-3)
    assert len(row_of(result_at(0))) == len(COLUMNS)


# ---------------------------------------------------------------------- calibration


@pytest.fixture
def clock(monkeypatch):
    """The chain's clock, which the frames set."""
    now = [1000.0]
    monkeypatch.setattr(calibration, "now_s", lambda: now[0])
    return now


def feed(chain, clock, faces, start_s):
    for i, face in enumerate(faces):
        clock[0] = 1000 + start_s + i / FPS
        result = chain.apply(result_at(start_s + i / FPS, *([face] if face is not None else [])), NETWORK)
    return result


def test_automatic_recentring_waits_for_two_still_seconds(clock):
    chain = SignalChain()
    rng = np.random.default_rng(1)
    chain.wait_for(Waiting.RECENTRE)
    assert chain.calibration.waiting is Waiting.RECENTRE
    feed(chain, clock, [expressing(Angles(0, y, 0)) for y in np.linspace(-40, 8, 60)], 0)  # it turns
    assert chain.reference is None
    assert chain.calibration.progress < 0.2
    trembling = [expressing(Angles(*(np.array([3, 8, -2]) + rng.normal(0, 0.3, 3)))) for _ in range(70)]
    feed(chain, clock, trembling[:30], 2)
    assert 0.4 < chain.calibration.progress < 0.65
    assert chain.take_outcomes() == ()
    feed(chain, clock, trembling[30:], 3)
    (outcome,) = chain.take_outcomes()
    assert outcome.waiting is Waiting.RECENTRE
    assert not outcome.failure
    assert tuple(chain.reference.angles) == pytest.approx((3, 8, -2), abs=0.2)
    assert chain.calibration.waiting is None
    shown = feed(chain, clock, [expressing(Angles(3, 8, -2))], 5).shown[0]
    assert tuple(shown.angles) == pytest.approx((0, 0, 0), abs=0.3)


def test_a_head_that_never_holds_still_changes_nothing_and_is_told(clock):
    chain = SignalChain()
    chain.wait_for(Waiting.RECENTRE)
    n = round((PATIENCE_S + 1) * FPS)
    feed(chain, clock, [expressing(Angles(0, 20 * np.sin(i / 6), 0)) for i in range(n)], 0)
    (outcome,) = chain.take_outcomes()
    assert "not still" in outcome.failure
    assert chain.reference is None


@pytest.mark.parametrize("interruption", [None, expressing(face_id=2), expressing(Angles(0, 30, 0))])
def test_losing_the_face_another_face_or_a_jerk_begins_the_wait_anew(clock, interruption):
    chain = SignalChain()
    chain.wait_for(Waiting.RECENTRE)
    feed(chain, clock, [expressing()] * 50, 0)
    feed(chain, clock, [interruption, *[expressing()] * 30], 50 / FPS)
    assert chain.calibration.waiting is Waiting.RECENTRE
    assert chain.calibration.progress < 0.6
    assert chain.cancel_wait() is Waiting.RECENTRE
    assert chain.cancel_wait() is None


def test_a_gap_in_which_the_head_may_have_moved_begins_the_wait_anew(clock):
    chain = SignalChain()
    chain.wait_for(Waiting.RECENTRE)
    feed(chain, clock, [expressing()] * 50, 0)
    feed(chain, clock, [expressing()] * 30, 50 / FPS + 0.6)
    assert chain.calibration.waiting is Waiting.RECENTRE
    assert chain.calibration.progress == pytest.approx(29 / FPS / 2)


@pytest.mark.parametrize("preset", ["off", "gaming"])
def test_the_face_at_rest_is_zero_whichever_way_it_looks(clock, preset):
    chain = SignalChain(preset)
    before = feed(chain, clock, [expressing(d=REST)] * 5, 0).shown[0]
    assert before.face.exp_magnitude > 0.005
    assert before.neutral is None
    chain.wait_for(Waiting.NEUTRAL)
    feed(chain, clock, [expressing(Angles(2, 3, 1), REST)] * 33, 1)
    assert chain.take_outcomes()[0].samples >= 30
    assert chain.calibration.neutral
    measured = expressing(Angles(-10, 35, 20), REST + lids(0.5))
    result = feed(chain, clock, [measured] * 90, 3)
    shown = result.shown[0]
    assert shown.face.exp_magnitude == pytest.approx(expressing(d=lids(0.5)).exp_magnitude, rel=1e-3)
    assert shown.face.mouth_magnitude == pytest.approx(0, abs=1e-4)
    assert shown.derived.eye_closure_l == pytest.approx(0.5, abs=0.01)
    assert shown.derived.mouth_opening == pytest.approx(0, abs=1e-3)
    assert result.faces[0] is measured  # what is recorded
    other = feed(chain, clock, [expressing(d=REST, face_id=2)], 6.1).shown[0]
    assert other.neutral is None  # it is this person's rest, nobody else's


def test_the_rest_is_forgotten_by_key_with_the_person_the_source_and_the_weights(clock):
    def calibrated() -> SignalChain:
        chain = SignalChain()
        feed(chain, clock, [expressing(d=REST)], 0)
        chain.wait_for(Waiting.NEUTRAL)
        feed(chain, clock, [expressing(d=REST)] * 33, 0.1)
        assert chain.calibration.neutral
        return chain

    chain = calibrated()
    assert chain.forget_neutral() == 1
    assert chain.forget_neutral() is None
    chain = calibrated()
    feed(chain, clock, [None] * 3, 2)
    assert feed(chain, clock, [expressing(d=REST)], 3).shown[0].neutral is not None  # lost for a moment
    feed(chain, clock, [None], 100)
    assert feed(chain, clock, [expressing(d=REST)], 101).shown[0].neutral is None
    chain = calibrated()
    chain.forget()
    assert feed(chain, clock, [expressing(d=REST)], 2).shown[0].neutral is None
    chain = calibrated()
    chain.apply(result_at(2, expressing(d=REST)), replace(NETWORK, backbone="atto"))
    assert not chain.calibration.neutral


def test_weights_that_measure_nothing_cannot_be_calibrated(clock):
    chain = SignalChain()
    feed(chain, clock, [replace(expressing(), pose_trained=False)], 0)
    for waiting in Waiting:
        with pytest.raises(UserError, match="choose other weights"):
            chain.wait_for(waiting)


# ---------------------------------------------------------------------- what the weights can carry


def metadata(**errors) -> dict[str, object]:
    return {"errors": {"in words": "none", "heldout": errors}}


def test_signals_of_the_expression_are_trusted_by_what_was_measured_of_the_weights():
    expression = {signal.name for signal in DERIVED if signal.source == "expression"}
    assert untrusted_signals(NETWORK, metadata(expression_correlation=0.7), True) == {}
    weak = untrusted_signals(NETWORK, metadata(expression_correlation=0.17), True)
    assert set(weak) == expression
    assert "0.17" in weak["smile"]
    assert untrusted_signals(NETWORK, {}, True) == dict.fromkeys(expression, UNMEASURED)
    assert untrusted_signals(NETWORK, metadata(expression_correlation="good"), True) == dict.fromkeys(
        expression, UNMEASURED
    )
    nameless = replace(NETWORK, keypoint_names=None)
    assert untrusted_signals(nameless, metadata(expression_correlation=0.9), True) == dict.fromkeys(
        expression, NO_NAMES
    )
    assert untrusted_signals(NETWORK, metadata(expression_correlation=0.9), False) == dict.fromkeys(
        (signal.name for signal in DERIVED), UNTRAINED
    )


def test_a_signals_own_figure_goes_before_the_whole_faces_and_the_worse_of_two_counts():
    own = metadata(expression_correlation=0.1, signal_correlation={"mouth_opening": 0.8, "eye_closure_l": 0.9})
    assert set(untrusted_signals(NETWORK, own, True)) == {"smile", "brow_raise", "eye_closure_r"}
    two = {"errors": {"a": {"expression_correlation": 0.9}, "b": {"expression_correlation": 0.2}}}
    assert "0.20" in untrusted_signals(NETWORK, two, True)["smile"]


def test_what_was_measured_on_people_goes_before_rendered_heads():
    rendered = {"expression_correlation": 0.8, "signal_correlation": {"smile": 0.9, "brow_raise": 0.2, "blink": 0.1}}
    real = {"real": True, "signal_correlation": {"smile": 0.3, "brow_raise": 0.7, "eye_closure_l": 0.8}}
    found = untrusted_signals(NETWORK, {"errors": {"heldout": rendered, "clips": real}}, True)
    assert set(found) == {"smile"}  # blinks go by the eyes of people, not by blinks of rendered heads
    assert "0.30" in found["smile"]
    real["signal_correlation"]["blink"] = 0.4
    assert set(untrusted_signals(NETWORK, {"errors": {"clips": real, "heldout": rendered}}, True)) == {
        "smile", "blink", "blinks_per_minute",
    }  # fmt: skip
    another = {"real": True, "signal_correlation": {"brow_raise": 0.45}}
    assert "brow_raise" in untrusted_signals(NETWORK, {"errors": {"clips": real, "more": another}}, True)
    real["real"] = "yes"  # nothing but true is true
    assert "brow_raise" in untrusted_signals(NETWORK, {"errors": {"heldout": rendered, "clips": real}}, True)


# ---------------------------------------------------------------------- figures of a filter


def test_keypoints_and_expression_are_filtered_like_the_rotation_in_their_own_units():
    for preset in PRESETS:
        rotation = standard_figures(preset)
        for part in ("keypoints", "expression"):
            figures = standard_figures(preset, part)
            assert figures.raw_jitter == pytest.approx(0.2 * UNITS[part])
            assert figures.left == pytest.approx(rotation.left, rel=0.04)
            assert figures.quick_lag_ms == pytest.approx(rotation.quick_lag_ms, abs=5)


@given(st.floats(0.0, 0.3), st.floats(0.3, 1.0))
@settings(max_examples=20)
def test_a_known_lag_is_found_on_an_uneven_clock(lag, hertz):
    rng = np.random.default_rng(0)
    time = np.cumsum(rng.uniform(0.02, 0.05, 300))
    raw, late = (20 * np.sin(2 * np.pi * hertz * (time - shift)) for shift in (0, lag))
    raw = raw + rng.normal(0, 0.2, 300)
    assert lag_s(time, raw, late) == pytest.approx(lag, abs=0.006)


def test_live_figures_need_rest_for_jitter_and_motion_for_lag():
    rng = np.random.default_rng(0)
    time = np.arange(300) / FPS
    noise = rng.normal(0, 0.2, 300)
    raw, left = jitters(time, noise, 0.5 * noise, still=3.0)
    assert (raw, left) == pytest.approx((0.2, 0.1), rel=0.15)
    assert np.isnan(lag_s(time, noise, noise))
    turning = 30 * np.sin(3 * time)
    assert np.isnan(jitters(time, turning, turning, still=3.0)).all()
    assert np.isnan(jitters(np.zeros(0), np.zeros(0), np.zeros(0), still=3.0)).all()


def test_a_custom_filter_is_remembered_as_text_within_its_range():
    for preset in PRESETS[1:]:
        custom = custom_from(custom_text(preset))
        assert custom.name == CUSTOM
        assert (custom.rotation, custom.keypoints, custom.expression) == (
            preset.rotation, preset.keypoints, preset.expression,
        )  # fmt: skip
    assert custom_text(preset_named("off")) == custom_text(preset_named("research"))
    wild = custom_from("1e9 -5 0 1e9 0.5 7")
    assert wild.rotation.min_cutoff_hz == 30
    assert wild.rotation.cutoff_hz_per_speed == 0
    assert wild.keypoints.min_cutoff_hz == 0.05
    for text in ("", "1 2 3", "a b c d e f", "nan 1 1 1 1 1"):
        with pytest.raises(ValueError, match=r"."):
            custom_from(text)
