"""What is shown to others shows nobody: by the pixels, and by the detector that finds faces for a living."""

from __future__ import annotations

import itertools
from pathlib import Path

import av
import numpy as np
import pytest

from app.core.frames import Detection, Frame
from app.faces.detector import create_detector
from app.session.exporters import export_session
from app.session.exporters.covered import COVER, HOLD_S, RADIUS, CoveredVideo, covered_places, hidden
from app.session.folders import claim_folder
from app.session.session import Session
from app.session.writer import SessionWriter
from tests.session.exporters.conftest import SKIPPED, TWO_FACES, UNMEASURED

FRAMES = 30
NOT_MEASURED = {0, 1, 9, 10, *range(16, 30)}  # before the first face, a gap that is held, and lost for good


def decoded(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]


@pytest.fixture(scope="module")
def two_people(assets) -> list[np.ndarray]:
    """The demo's head beside itself at another time: the one on the right is never measured."""
    with av.open(str(assets / "demo.mp4")) as container:
        decoder = itertools.islice(container.decode(video=0), 60)
        frames = [frame.to_ndarray(format="bgr24") for frame in decoder]
    return [np.hstack([frames[k], frames[k + 30]]) for k in range(FRAMES)]


def test_no_face_is_found_in_it(two_people, tmp_path, header, nth_face, result_of):
    detector = create_detector(stills=True)
    folder, seen = claim_folder(tmp_path / "session"), 0
    width = two_people[0].shape[1]
    with SessionWriter(folder, header) as writer:
        for k, image in enumerate(two_people):
            found = detector.detect(image)
            seen += len(found)
            frame = Frame(k, image, 10.0 + k / 25)
            assert writer.add_frame(frame)
            left = [face for face in found if face.box.x + face.box.w / 2 < width / 2]
            faces = []
            if k not in NOT_MEASURED and left:
                box = left[0].box
                points = np.array([[box.x + box.w / 2, box.y + box.h / 2]] * header.num_kp, np.float32)
                faces = [nth_face(0, detection=Detection(box, 0.9), keypoints=points)]
            writer.add_result(result_of(frame, faces))
    assert seen > FRAMES  # the detector sees both people, mostly
    (path,) = export_session(Session.open(folder), CoveredVideo(), tmp_path / "out")
    pictures = decoded(path)
    assert len(pictures) == FRAMES
    for k, picture in enumerate(pictures):
        shown = [face.box.x + face.box.w / 2 for face in detector.detect(picture)]
        # The mask itself may be taken for a head: nothing of one is below it, as the next test shows.
        assert all(x < width / 2 and k not in NOT_MEASURED for x in shown), k
    detector.close()


def test_nothing_of_a_head_reaches_the_picture():
    """Not a single bit: two pictures that differ only below the discs become the same."""
    rng = np.random.default_rng(5)
    image = rng.integers(0, 256, (121, 161, 3), np.uint8)
    places = [(60.0, 50.0, 30.0), (150.0, 115.0, 20.0)]
    y, x = np.mgrid[:121, :161]
    inside = np.any([np.hypot(x - a, y - b) <= r - 1 for a, b, r in places], axis=0)
    other = image.copy()
    other[inside] = rng.integers(0, 256, (int(inside.sum()), 3), np.uint8)
    first = hidden(image.copy(), places)
    assert np.array_equal(first, hidden(other, places))
    assert (first[inside] == COVER).all()
    assert first[~inside].std() < image[~inside].std() / 3  # and what was fine around them is gone
    assert (hidden(image.copy(), []) == COVER).all()


def test_a_lost_face_stays_covered_for_a_moment_then_everything_is(session):
    table = session.table.whole
    times = np.array([0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.3, 1.5])
    measured = [1, None, 2, None, 5, None, None, 6]  # rows that have a face
    frames = [[] if row is None else [(table, row)] for row in measured]
    covers = covered_places(times, frames)
    assert [len(places) for places in covers] == [1, 2, 1, 2, 1, 0, 0, 1]
    (before,), held, (after,) = covers[0], covers[1], covers[2]
    for place, grown in zip((before, after), held, strict=True):
        assert grown[:2] == place[:2]
        assert grown[2] > 1.3 * place[2]
    longer = float(table.box[1, 2:].max())
    assert before[2] == pytest.approx(RADIUS * longer)
    assert times[6] - times[4] > HOLD_S


def test_a_second_face_is_covered_where_it_was_missed_between(session):
    frames = [[] for _ in range(len(session.table))]
    for k in (0, 1, 2):
        frames[k] = [(session.table.whole, k)]
    assert session.faces is not None
    further = session.faces.whole
    frames[0].append((further, 0))
    frames[2].append((further, 1))
    covers = covered_places(np.arange(len(frames)) / 30, frames)
    assert [len(places) for places in covers[:4]] == [2, 3, 2, 0]


def test_the_numbers_are_drawn_on_the_cover(session, tmp_path):
    (path,) = export_session(session, CoveredVideo(), tmp_path / "out")
    for k, picture in enumerate(decoded(path)):
        head = picture[30:100, 40:100].astype(int)
        plain = (np.abs(head - COVER).max(axis=-1) < 12).mean()
        if k in UNMEASURED or k in SKIPPED:
            assert plain > 0.8, k  # covered, because the place before and after is near
        else:
            assert 0.2 < plain < 0.9, k  # the mask: points, axes, box
    assert set(TWO_FACES).isdisjoint(UNMEASURED)
