"""Two real people who pass each other, or meet and turn back, one of them hidden for a moment, keep their numbers."""

import pytest

from app.faces.analyser import FaceAnalyser
from app.faces.detector import create_detector
from app.faces.tracker import FaceTracker
from extractor.backends import create_backend
from tests.faces.crossing import CutOut, cut_out, meet_and_turn_back, past_each_other, scene, switches

SECONDS = 2.5


@pytest.fixture(scope="module")
def backend():
    backend = create_backend("lite", "cpu")
    yield backend
    backend.close()


@pytest.fixture(scope="module")
def people(shared) -> tuple[CutOut, CutOut]:
    clips = shared / "clips"
    return cut_out(clips / "d9.mp4"), cut_out(clips / "talking_590.mp4")


@pytest.mark.parametrize("every_frame", [True, False], ids=["every frame", "followed"])
@pytest.mark.parametrize("path", [past_each_other, meet_and_turn_back], ids=lambda path: path.__name__)
def test_nobody_is_taken_for_somebody_else(people, backend, path, every_frame):
    detector = create_detector()
    analyser = FaceAnalyser(detector, FaceTracker(2), backend, every_frame=every_frame)
    film = [(moment, analyser.analyse(moment.frame)) for moment in scene(*people, path, SECONDS)]
    detector.close()
    changed, missed, numbers = switches(film)
    assert changed == 0
    assert set(numbers) == {0, 1}
    assert missed <= 15  # a face just coming into sight again is not found at once
    assert sum(moment.hidden for moment, _ in film) > 8  # there was something to get wrong
