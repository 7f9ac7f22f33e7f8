"""Identities, the primary face, the steadied crop and the face that the network carries on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.frames import Box, Detection
from app.faces.crop import crop_square
from app.faces.matching import RETURNS_S
from app.faces.primary import TAKES_OVER_S
from app.faces.smoothing import BoxFilter
from app.faces.tracker import TRACKED_S, FaceTracker, Observation
from extractor.types import CropSpec

FRAME_S = 1 / 30


def at(x, y=100.0, side=100.0, score=0.9):
    """A detection with its centre at (x, y)."""
    return Detection(Box(x - side / 2, y - side / 2, side, side), score)


def centre(box):
    return box.x + box.w / 2, box.y + box.h / 2


def ids(faces):
    return [face.face_id for face in faces]


class Film:
    """Feeds a tracker one frame after the other."""

    def __init__(self, **options):
        self.tracker = FaceTracker(**options)
        self.time_s = 50.0

    def show(self, *detections, after_s=FRAME_S):
        self.time_s += after_s
        return self.tracker.update(detections, self.time_s)


def test_a_moving_face_keeps_its_number():
    film = Film()
    seen = {face.face_id for step in range(100) for face in film.show(at(100 + 20 * step))}
    assert seen == {0}


def test_two_faces_side_by_side_keep_theirs():
    film = Film(max_faces=2)
    for step in range(50):
        faces = film.show(at(300 + 3 * step, side=90), at(150 + 3 * step, side=100))
        assert {f.face_id: centre(f.detection.box)[0] for f in faces} == {0: 300 + 3 * step, 1: 150 + 3 * step}


def test_a_short_loss_keeps_the_number_a_long_one_ends_it():
    film = Film()
    film.show(at(100))
    for _ in range(int(RETURNS_S / FRAME_S) - 2):
        assert film.show() == ()
    assert ids(film.show(at(110))) == [0]
    film.show(after_s=FRAME_S)
    film.show(after_s=RETURNS_S)
    film.show(after_s=RETURNS_S)
    assert ids(film.show(at(110))) == [1]


def test_numbers_are_never_used_again():
    film = Film()
    seen = []
    for place in range(5):
        seen += ids(film.show(at(1000 * place)))
        film.tracker.reset()
    assert seen == [0, 1, 2, 3, 4]


def test_a_film_that_starts_again_has_other_faces():
    film = Film()
    assert ids(film.show(at(100))) == [0]
    assert ids(film.show(at(100), after_s=-10)) == [1]


def test_a_slow_machine_still_follows():
    film = Film()
    assert [ids(film.show(at(100 + 40 * step), after_s=0.7)) for step in range(5)] == [[0]] * 5


def test_another_person_elsewhere_is_another_number():
    film = Film()
    assert ids(film.show(at(100))) == [0]
    assert film.show(at(900)) == ()  # the first one's place is kept for a moment
    for _ in range(30):
        last = film.show(at(900))
    assert ids(last) == [1]


def test_a_much_larger_or_smaller_box_is_another_face():
    film = Film(max_faces=2)
    film.show(at(100, side=100))
    assert ids(film.show(at(100, side=300))) == [1]


def test_the_primary_face_does_not_alternate_between_equals():
    film = Film()
    film.show(at(100, side=100), at(500, side=99))
    for step in range(30):
        wobble = 8 * (-1) ** step
        assert ids(film.show(at(100, side=100 - wobble), at(500, side=100 + wobble))) == [0]


def test_a_face_much_larger_for_a_while_becomes_primary():
    film = Film(max_faces=2)
    film.show(at(100, side=100), at(500, side=90))
    frames = [ids(film.show(at(100, side=100), at(500, side=150))) for _ in range(20)]
    first = frames.index([1, 0])
    assert first == pytest.approx(TAKES_OVER_S / FRAME_S, abs=1)
    assert frames[:first] == [[0, 1]] * first
    assert frames[first:] == [[1, 0]] * (20 - first)
    assert ids(film.show(at(100, side=110), at(500, side=110))) == [1, 0]


def test_a_large_face_that_comes_and_goes_takes_nothing_over():
    film = Film()
    film.show(at(100))
    for step in range(60):
        large = [at(500, side=200)] if step % 12 < 6 else []
        assert ids(film.show(at(100), *large)) == [0]


def test_no_more_than_wanted():
    detections = [at(200 * k, side=100 + k) for k in range(5)]
    for most in (1, 2, 5, 9):
        faces = Film(max_faces=most).show(*detections)
        assert len(faces) == min(most, 5)
        assert centre(faces[0].detection.box)[0] == 800  # the largest
    with pytest.raises(ValueError, match="max_faces"):
        FaceTracker(max_faces=0)


def test_who_is_shown_does_not_alternate_either():
    film = Film(max_faces=2)
    film.show(at(100, side=120), at(400, side=100), at(700, side=98))
    for step in range(20):
        wobble = 6 * (-1) ** step
        shown = ids(film.show(at(100, side=120), at(400, side=100 - wobble), at(700, side=100 + wobble)))
        assert shown == [0, 1]


def test_the_detection_itself_is_untouched():
    film = Film()
    for step in range(5):
        detection = at(100 + 5 * step, score=0.5 + step / 10)
        (face,) = film.show(detection)
        assert face.detection is detection
        assert face.detected


# ---------------------------------------------------------------------- the network follows


def result_of(face):
    """What a perfect network would say: a point a little below the centre, a length of a third of the box."""
    x, y = centre(face.box)
    return (x + 3, y + 10), face.box.w / 3


def lose(film, steps, dx=4.0, grow=1.0, sure=True):
    """The detector loses a face that moves on while the network still sees it."""
    (face,) = film.show(at(100))
    film.tracker.learn([Observation(face.face_id, *result_of(face), sure=True)])
    (x, y), size = result_of(face)
    faces = []
    for _ in range(steps):
        found = film.show()
        faces.append(found)
        x, y, size = x + dx, y, size * grow
        for face in found:
            film.tracker.learn([Observation(face.face_id, (x, y), size, sure=sure)])
    return faces


def test_a_lost_face_is_carried_on_by_the_network():
    film = Film()
    faces = lose(film, 20)
    assert [ids(f) for f in faces] == [[0]] * 20
    last = faces[-1][0]
    assert not last.detected
    assert last.detection.score == 0
    assert centre(last.box) == pytest.approx((100 + 19 * 4, 100))
    assert last.box.w == pytest.approx(100)
    assert ids(film.show(at(180))) == [0]  # and the detector finds it again


def test_a_carried_face_grows_with_the_network_s_scale():
    last = lose(Film(), 11, dx=0, grow=1.05)[-1][0]
    assert last.box.w == pytest.approx(100 * 1.05**10, rel=1e-6)


def test_an_unsure_network_lets_go():
    faces = lose(Film(), 5, sure=False)
    assert [ids(f) for f in faces] == [[0], [], [], [], []]


def test_nobody_is_carried_for_ever():
    faces = lose(Film(), 100, dx=0)
    carried = sum(bool(f) for f in faces)
    assert carried == pytest.approx(TRACKED_S / FRAME_S, abs=1)


def test_without_a_result_nobody_is_carried():
    film = Film()
    film.show(at(100))
    assert film.show() == ()


def test_a_carried_face_does_not_double_a_detected_one():
    film = Film(max_faces=3)
    (face,) = film.show(at(100, side=100))
    film.tracker.learn([Observation(face.face_id, *result_of(face), sure=True)])
    assert ids(film.show(at(100, side=210))) == [1]  # too different to be the same, but in its place


@pytest.mark.parametrize(("point", "size"), [((np.nan, 1.0), 1.0), ((1.0, 1.0), 0.0), ((1.0, np.inf), 1.0)])
def test_numbers_that_mean_nothing_carry_nobody(point, size):
    film = Film()
    (face,) = film.show(at(100))
    film.tracker.learn([Observation(face.face_id, point, size, sure=True)])
    assert film.show() == ()
    assert film.tracker.learn([Observation(77, (1.0, 1.0), 1.0, sure=True)]) == {}  # an unknown face is no error


# ---------------------------------------------------------------------- smoothing


def boxes_of(track, fps=30):
    smooth = BoxFilter()
    return [smooth.update(box, number / fps) for number, box in enumerate(track)]


def test_trembling_is_reduced():
    rng = np.random.default_rng(0)
    raw = [at(*(300 + rng.normal(0, 0.6, 2)), side=200 + rng.normal(0, 0.8)).box for _ in range(400)]
    smooth = boxes_of(raw)
    for name in ("x", "y", "w"):
        before, after = (np.std(np.diff([getattr(b, name) for b in track])) for track in (raw, smooth))
        assert after < 0.6 * before


def test_the_crop_of_a_still_face_is_the_same_in_every_frame():
    """As a detector's box trembles at rest: by 0.2 % of its side."""
    rng = np.random.default_rng(0)
    raw = [at(*(300 + rng.normal(0, 0.4, 2)), side=200 + rng.normal(0, 0.4)).box for _ in range(400)]
    crops = [crop_square(box, CropSpec()) for box in boxes_of(raw)[100:]]
    assert len(set(crops)) == 1


def test_a_slow_drift_is_followed():
    raw = [at(100 + n / 30, side=100 + n / 60).box for n in range(600)]
    for box, smooth in list(zip(raw, boxes_of(raw), strict=True))[30:]:
        assert centre(smooth)[0] == pytest.approx(centre(box)[0], abs=0.011 * box.w)
        assert smooth.w == pytest.approx(box.w, rel=0.02)


def test_fast_motion_is_followed():
    """One box side a second: no more than 2.5 % of the box behind."""
    raw = [at(100 + 100 * n / 30).box for n in range(60)]
    behind = [centre(r)[0] - centre(s)[0] for r, s in zip(raw, boxes_of(raw), strict=True)]
    assert 0 <= max(behind) < 2.5


def test_a_jump_is_taken_at_once():
    raw = [at(100).box] * 30 + [at(160).box] * 5
    smooth = boxes_of(raw)
    assert centre(smooth[30])[0] == pytest.approx(160, abs=6)
    assert centre(smooth[34])[0] == pytest.approx(160, abs=1)


def test_after_a_pause_it_starts_anew():
    smooth = BoxFilter()
    smooth.update(at(100).box, 0.0)
    assert centre(smooth.update(at(120).box, 2.0))[0] == pytest.approx(120, abs=0.6)
    assert centre(smooth.update(at(150).box, 1.0))[0] == pytest.approx(150, abs=0.6)  # time never runs backwards here


@given(
    st.lists(
        st.tuples(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4), st.floats(0, 1e4), st.floats(0, 1e4), st.floats(0, 2)),
        max_size=30,
    )
)
def test_any_boxes_give_finite_ones_among_those_seen(track):
    smooth, time_s, seen = BoxFilter(), 0.0, []
    for x, y, w, h, step_s in track:
        time_s += step_s
        box = smooth.update(Box(x, y, w, h), time_s)
        assert np.isfinite([box.x, box.y, box.w, box.h]).all()
        assert box.w > 0
        assert box.h > 0
        seen.append((x + w / 2, y + h / 2))
        values = np.array([box.x + box.w / 2, box.y + box.h / 2])
        assert (values >= np.min(seen, axis=0) - 1e-3).all()
        assert (values <= np.max(seen, axis=0) + 1e-3).all()
