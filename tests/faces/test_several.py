"""Several people: crossings, returns, finds in doubt, the primary face, and frames nobody looks at."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.frames import Box, Detection
from app.core.limits import MOST_FACES
from app.faces.detection_schedule import DETECT_S, LARGER_S, NEWCOMERS_S, DetectionSchedule
from app.faces.identity import SHAPE_STD, shape_of
from app.faces.matching import RETURNS_S
from app.faces.selection import FaceSelection
from app.faces.tracker import FORGOTTEN_S, MAX_IMPLAUSIBLE, RESTS_S, FaceTracker, Observation

FRAME_S = 1 / 30
PEOPLE = [np.random.default_rng(seed).normal(0, 1, (24, 3)) * 0.02 for seed in range(9)]
HEAD = np.random.default_rng(99).normal(0, 1, (24, 3))  # what all heads have in common


def at(x, y=100.0, side=100.0, score=0.9):
    return Detection(Box(x - side / 2, y - side / 2, side, side), score)


def ids(faces):
    return [face.face_id for face in faces]


class Film:
    """Feeds a tracker, with a network that sees the shape of whoever is at a place."""

    def __init__(self, max_faces=2, **options):
        self.tracker = FaceTracker(max_faces, **options)
        self.random = np.random.default_rng(0)
        self.time_s = 50.0

    def show(self, people=None, *, boxes=(), after_s=FRAME_S, sure=True, plausible=True, carry=False):
        """``people``: who is at which x; what each of them is numbered after the network has looked."""
        self.time_s += after_s
        places = dict(people or {})
        found = [at(x) for x in places.values()] + list(boxes)
        faces = self.tracker.carry(self.time_s) if carry else self.tracker.update(found, self.time_s)
        told = []
        for face in faces:
            x, y = face.box.x + face.box.w / 2, face.box.y + face.box.h / 2
            who = _nearest(places, x)
            shape = (
                shape_of(HEAD + PEOPLE[who] + self.random.normal(0, SHAPE_STD, (24, 3))) if who is not None else None
            )
            seen = sure and who is not None
            told.append(Observation(face.face_id, (x, y), face.box.w / 3, seen, plausible=plausible, shape=shape))
        numbers = self.tracker.learn(told)
        self.faces = faces
        named = {}
        for face in faces:
            who = _nearest(places, face.box.x + face.box.w / 2)
            if who is not None and numbers[face.face_id] is not None:
                named[who] = numbers[face.face_id]
        return named


def _nearest(places, x):
    """Who is there, give or take half a face."""
    who = min(places, key=lambda name: abs(places[name] - x), default=None)
    return who if who is not None and abs(places[who] - x) < 50 else None


def walk(film, start, end, steps, hidden=()):
    """Two people go from ``start`` to ``end``; who is hidden in which steps."""
    named = {}
    for step in range(steps):
        share = step / (steps - 1)
        places = {who: start[who] + (end[who] - start[who]) * share for who in start}
        for who in [who for who, when in hidden if step in when]:
            del places[who]
        named.update(film.show(places))
    return named


@pytest.mark.parametrize("steps", [20, 45, 90])
def test_two_who_pass_each_other_keep_their_numbers(steps):
    film = Film()
    assert walk(film, {0: 100, 1: 700}, {0: 100, 1: 700}, 20) == {0: 0, 1: 1}
    middle = range(int(steps * 0.42), int(steps * 0.58))
    assert walk(film, {0: 100, 1: 700}, {0: 700, 1: 100}, steps, [(1, middle)]) == {0: 0, 1: 1}


def test_two_who_turn_back_behind_each_other_are_told_apart_by_shape():
    """By motion alone they would have passed."""
    film = Film()
    walk(film, {0: 300, 1: 500}, {0: 300, 1: 500}, 20)
    walk(film, {0: 300, 1: 500}, {0: 390, 1: 410}, 12)
    for _ in range(6):
        film.show({0: 395})
    named = walk(film, {0: 385, 1: 430}, {0: 300, 1: 500}, 12)
    assert named == {0: 0, 1: 1}


def test_who_comes_back_soon_has_the_old_number_who_comes_later_a_new_one():
    film = Film()
    walk(film, {0: 100, 1: 700}, {0: 100, 1: 700}, 20)
    for _ in range(int((RETURNS_S + 0.4) / FRAME_S)):
        film.show({0: 100})
    assert film.show({0: 100, 1: 720})[1] == 1
    for _ in range(int((FORGOTTEN_S + 0.2) / FRAME_S)):
        film.show({0: 100})
    assert film.show({0: 100, 1: 720})[1] > 1


def test_somebody_else_in_the_same_place_has_another_number():
    film = Film()
    walk(film, {0: 100, 1: 700}, {0: 100, 1: 700}, 20)
    for _ in range(int((RETURNS_S + 0.4) / FRAME_S)):
        film.show({0: 100})
    assert film.show({0: 100, 5: 700})[5] > 1


@settings(max_examples=40)
@given(
    st.integers(2, 6),
    st.lists(st.lists(st.floats(-12, 12), min_size=6, max_size=6), min_size=5, max_size=40),
    st.lists(st.integers(0, 60), max_size=30),
)
def test_whoever_stays_apart_keeps_the_number(count, steps, losses):
    """However they move and whoever is lost for single frames, in whatever order they are found."""
    film = Film(max_faces=MOST_FACES)
    places = {who: 400.0 * who for who in range(count)}
    first = film.show(places)
    lost_before = -1
    for number, moves in enumerate(steps):
        for who in range(count):
            places[who] = min(max(places[who] + moves[who], 400 * who - 100), 400 * who + 100)
        lost = losses[number] % count if number < len(losses) and losses[number] < 30 else -1
        lost = -1 if lost == lost_before else lost
        lost_before = lost
        order = sorted((who for who in places if who != lost), key=lambda who: moves[who])
        named = film.show({who: places[who] for who in order})
        assert {who: n for who, n in named.items() if who != lost} == {
            who: n for who, n in first.items() if who in named and who != lost
        }


def test_everything_is_forgotten_after_a_while():
    film = Film()
    walk(film, {0: 100, 1: 700}, {0: 100, 1: 700}, 20)
    before = {face.face_id for face in film.faces}
    for _ in range(int((RETURNS_S + FORGOTTEN_S + 1) / FRAME_S)):
        film.show()
    assert film.tracker._tracks == film.tracker._gone == []  # nothing piles up in a session of hours
    film.show({0: 100, 1: 700})
    assert len(film.faces) == 2
    assert not before & {face.face_id for face in film.faces}


# ---------------------------------------------------------------------- finds in doubt


def test_a_find_in_doubt_is_believed_when_the_network_sees_a_face_twice():
    film = Film(1)
    assert film.show({}, boxes=[at(100, score=0.6)]) == {}
    box = [at(100, score=0.6)]
    film = Film(1)
    numbers = []
    for _ in range(3):
        film.time_s += FRAME_S
        (face,) = film.tracker.update(box, film.time_s)
        told = Observation(face.face_id, (100, 100), 33, sure=True)
        numbers.append(film.tracker.learn([told])[face.face_id])
    assert numbers == [None, 0, 0]


def test_a_picture_has_no_second_look():
    tracker = FaceTracker(stills=True)
    (face,) = tracker.update([at(100, score=0.6)], 1.0)
    assert tracker.learn([Observation(face.face_id, (100, 100), 33, sure=True)]) == {face.face_id: face.face_id}
    tracker.reset()
    (face,) = tracker.update([at(100, score=0.6)], 1.0)
    implausible = Observation(face.face_id, (100, 100), 33, sure=False, plausible=False)
    assert tracker.learn([implausible]) == {face.face_id: None}


def test_what_is_no_face_is_not_asked_about_for_ever():
    film = Film(1)
    asked = []
    for _ in range(60):
        film.show({}, boxes=[at(100, score=0.6)], sure=False, plausible=False)
        asked.append(len(film.faces))
    assert asked[:MAX_IMPLAUSIBLE] == [1] * MAX_IMPLAUSIBLE
    assert sum(asked) <= 2 + MAX_IMPLAUSIBLE * 60 * FRAME_S / RESTS_S


def test_a_clear_find_needs_no_network():
    film = Film(1)
    assert film.show({0: 100}, plausible=False, sure=False) == {0: 0}


def test_a_doubtful_large_find_does_not_replace_a_face():
    film = Film(1)
    for _ in range(60):
        film.show({0: 100}, boxes=[at(600, side=300, score=0.6)], plausible=False)
        assert ids(film.faces) == [0]


# ---------------------------------------------------------------------- who comes first


def three(film, looks=3):
    for _ in range(looks):
        film.show({0: 100, 1: 400, 2: 700})
    return ids(film.faces)


def test_a_click_makes_a_face_the_primary_one_whether_it_is_measured_or_not():
    film = Film(1)
    assert three(film) == [0]
    assert film.tracker.pick(410, 90) == 1
    assert not film.tracker.can_carry  # the next frame must be looked at
    assert three(film, 40) == [1]
    assert film.tracker.pick(2000, 90) is None
    assert three(film) == [1]


def test_the_next_face_in_turn():
    film = Film(3)
    first, *_ = three(film)
    seen = [first]
    for _ in range(3):
        film.tracker.pick_next()
        seen.append(three(film)[0])
    assert seen == [0, 1, 2, 0]
    alone = Film(3)
    alone.show({0: 100})
    assert alone.tracker.pick_next() is None
    assert Film().tracker.pick_next() is None


def test_a_face_chosen_by_hand_stays_however_large_another_is():
    film = Film(2)
    three(film)
    film.tracker.pick(100, 100)
    for _ in range(60):
        film.show({0: 100}, boxes=[at(500, side=300)])
    assert film.faces[0].face_id == 0
    for _ in range(60):
        film.show({}, boxes=[at(500, side=300)])  # it has gone
    assert film.faces[0].face_id != 0


def test_faces_beyond_the_limit_are_known_all_the_same():
    film = Film(1)
    three(film)
    assert len(film.tracker.further) == 2
    film.tracker.max_faces = 3
    assert sorted(three(film)) == [0, 1, 2]
    assert film.tracker.further == ()


def test_wishes_come_true_in_order_and_may_be_forgotten():
    film, selection = Film(1), FaceSelection()
    three(film)
    selection.set_max_faces(2)
    selection.pick(700, 100)
    selection.pick_next()
    selection.apply(film.tracker)
    assert film.tracker.primary == 0  # the one after the last
    assert len(three(film)) == 2
    selection.pick(700, 100)
    selection.forget()
    selection.apply(film.tracker)
    assert film.tracker.primary == 0
    for count in (0, MOST_FACES + 1):
        with pytest.raises(ValueError, match="1 to 8"):
            selection.set_max_faces(count)


# ---------------------------------------------------------------------- frames nobody looks at


def play(film, schedule, seconds, people=(0,), **options):
    """Which frames are looked at."""
    looks = []
    for _ in range(round(seconds / FRAME_S)):
        due = schedule.due(film.tracker, film.time_s + FRAME_S)
        looks.append((due, bool(due and schedule.everywhere)))
        film.show({who: 100 + 400 * who for who in people}, carry=not due, **options)
    return looks


def test_a_followed_face_is_looked_at_now_and_then():
    film = Film(1)
    looks = play(film, DetectionSchedule(), 10)
    assert sum(due for due, _ in looks) == pytest.approx(10 / (DETECT_S + FRAME_S / 2), rel=0.15)
    assert sum(wide for _, wide in looks) == pytest.approx(10 / LARGER_S, abs=2)
    assert ids(film.faces) == [0]


def test_others_are_looked_for_more_often_while_they_are_wanted():
    looks = play(Film(2), DetectionSchedule(), 10)
    assert sum(wide for _, wide in looks) == pytest.approx(10 / NEWCOMERS_S, rel=0.2)


def test_an_unsure_network_has_every_frame_looked_at():
    assert all(due for due, _ in play(Film(1), DetectionSchedule(), 1, sure=False))


def test_nobody_there_means_looking_at_every_frame():
    assert all(due for due, _ in play(Film(1), DetectionSchedule(), 1, people=()))


def test_files_are_looked_at_frame_by_frame():
    looks = play(Film(1), DetectionSchedule(every_frame=True), 1)
    assert all(due for due, _ in looks)
    assert DetectionSchedule(every_frame=True).everywhere is None


def test_a_slow_source_is_looked_at_every_time():
    film, schedule = Film(1), DetectionSchedule()
    for _ in range(10):
        assert schedule.due(film.tracker, film.time_s + 0.1)
        film.show({0: 100}, after_s=0.1)


def test_a_film_that_starts_again_is_looked_at():
    film, schedule = Film(1), DetectionSchedule()
    play(film, schedule, 1)
    film.time_s -= 10
    assert schedule.due(film.tracker, film.time_s + FRAME_S)
