"""The real MediaPipe models on real frames: what must be found, what must not, and any shape of frame."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from app.core.frames import Box, Detection
from app.faces.detector import create_detector, overlap
from app.faces.native_log import is_harmless, native_log_filtered

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def stills():
    detector = create_detector(stills=True)
    yield detector
    detector.close()


@pytest.fixture
def stream():
    detector = create_detector()
    yield detector
    detector.close()


def clip_frames(path, count, step=1):
    with av.open(str(path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number % step == 0:
                yield frame.to_ndarray(format="bgr24")
            if number >= (count - 1) * step:
                return


@pytest.fixture(scope="module")
def face(shared):
    """(480, 512, 3): a man looking into the camera."""
    return next(clip_frames(shared / "clips" / "d9.mp4", 1))


@pytest.fixture(scope="module")
def place(face, stills):
    """Where it is, as seen from near."""
    (found,) = stills.detect(face)
    return found.box


def small_in_large(face, place, side):
    """The same face ``side`` pixels wide in a 1280x720 frame, and where it is there."""
    scale = side / place.w
    small = cv2.resize(face, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    frame = np.full((720, 1280, 3), 96, np.uint8)
    left, top = 700, 150
    frame[top : top + small.shape[0], left : left + small.shape[1]] = small
    return frame, Box(left + place.x * scale, top + place.y * scale, side, side)


def noise(seed=0, shape=(480, 640)):
    return np.random.default_rng(seed).integers(0, 256, (*shape, 3), np.uint8)


def test_every_face_of_the_evaluation_is_found(shared, stills):
    folder = shared / "eval" / "aflw_dev"
    with (folder / "labels.csv").open() as file:
        labels = list(csv.DictReader(file))
    assert len(labels) == 30
    for row in labels:
        faces = stills.detect(cv2.imread(str(folder / row["file"])))
        assert faces, row["file"]
        x0, y0, x1, y1 = (float(row[key]) for key in ("x0", "y0", "x1", "y1"))
        assert overlap(faces[0].box, Box(x0, y0, x1 - x0, y1 - y0)) > 0.45, row["file"]


@pytest.mark.parametrize("clip", ["d9", "s18", "talking_590"])
def test_no_frame_of_a_talking_person_is_missed(shared, stream, clip):
    for image in clip_frames(shared / "clips" / f"{clip}.mp4", 20, step=6):
        faces = stream.detect(image)
        assert len(faces) == 1
        assert faces[0].score > 0.8
        assert faces[0].box.w == pytest.approx(faces[0].box.h, rel=0.01)


def test_a_hand_beside_the_face_is_no_second_face(shared, stream):
    """In this clip's eighth second the model takes a gesture for a face, with scores up to 0.6."""
    with av.open(str(shared / "clips" / "s18.mp4")) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if 215 <= number < 240:
                assert len(stream.detect(frame.to_ndarray(format="bgr24"))) == 1, number


def test_the_demo_is_tracked(assets, stream):
    found = [bool(stream.detect(image)) for image in clip_frames(assets / "demo.mp4", 40, step=9)]
    assert np.mean(found) > 0.9


@pytest.mark.parametrize("side", [240, 180, 160, 128, 96, 64, 48])
def test_a_small_face_is_found_at_once_in_a_still(face, place, stills, side):
    frame, where = small_in_large(face, place, side)
    (found,) = stills.detect(frame)
    assert overlap(found.box, where) > 0.75
    assert found.box.w == pytest.approx(side, rel=0.1)  # one kind of box, whoever found it


def test_a_small_face_in_a_stream_is_found_within_a_second_and_kept(face, place, stream):
    frame, where = small_in_large(face, place, 56)
    looks = [stream.detect(frame) for _ in range(60)]
    first = next(number for number, faces in enumerate(looks) if faces)
    assert first < 30
    assert all(overlap(faces[0].box, where) > 0.6 for faces in looks[first:])


def test_a_kept_face_may_move_and_is_let_go_when_it_leaves(face, place, stream):
    frame, where = small_in_large(face, place, 56)
    assert any(stream.detect(frame) for _ in range(30))
    for step in range(1, 11):
        moved = np.roll(frame, -12 * step, axis=1)
        (found,) = stream.detect(moved)
        assert found.box.x == pytest.approx(where.x - 12 * step, abs=6)
    empty = np.full_like(frame, 96)
    assert stream.detect(empty) == ()
    assert stream.detect(empty) == ()


def test_larger_faces_come_first(face, stills):
    small = cv2.resize(face, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    frame = np.full((480, 900, 3), 96, np.uint8)
    frame[:336, :358] = small
    frame[:, 388:] = face
    large, little = stills.detect(frame)
    assert large.box.x > 388 > little.box.x
    assert large.box.w > little.box.w


@pytest.mark.parametrize(("score", "kept"), [(0.68, "head"), (0.6, "shoulders")])
def test_shoulders_that_looked_like_a_face_give_way_to_the_face_above_them(stills, monkeypatch, score, kept):
    places = {"shoulders": Box(271, 265, 241, 241), "head": Box(357, 120, 96, 96)}

    def detect(_, image, region):
        whole = region.w == image.shape[1]
        return [Detection(places["shoulders"], 0.52) if whole else Detection(places["head"], score)]

    monkeypatch.setattr("app.faces.detector._Model.detect", detect)
    (found,) = stills.detect(np.zeros((480, 640, 3), np.uint8))
    assert found.box == places[kept]


def test_noise_has_no_face(stream):
    assert not any(stream.detect(noise(seed)) for seed in range(30))


@pytest.mark.parametrize("value", [0, 128, 255])
def test_an_even_picture_has_no_face(stream, value):
    assert stream.detect(np.full((720, 1280, 3), value, np.uint8)) == ()


@pytest.mark.parametrize("shape", [(1, 1), (1, 640), (640, 1), (2, 3), (4320, 7680)])
def test_frames_of_any_size(stream, shape):
    image = noise(1, shape) if max(shape) < 1000 else np.full((*shape, 3), 50, np.uint8)
    assert stream.detect(image) == ()


def test_the_face_in_a_very_large_frame(face, place, stills):
    large = cv2.resize(face, (4608, 4320))
    frame = np.zeros((4320, 7680, 3), np.uint8)
    frame[:, 3072:] = large
    (found,) = stills.detect(frame)
    assert found.box.w == pytest.approx(9 * place.w, rel=0.05)


def test_arrays_may_be_views(face, stills):
    expected = stills.detect(np.ascontiguousarray(face[:, ::-1]))
    assert stills.detect(face[:, ::-1]) == expected
    assert stills.detect(np.asfortranarray(face[:, ::-1])) == expected


def test_stills_do_not_remember(face, stills):
    before = stills.detect(face)
    stills.detect(noise(3))
    assert stills.detect(face) == before


def test_closing_twice_is_fine():
    detector = create_detector()
    detector.close()
    detector.close()


def test_nothing_is_said_on_stderr():
    code = (
        "import numpy as np; from app.faces.detector import create_detector; d = create_detector();"
        "print(d.detect(np.zeros((720, 1280, 3), np.uint8))); d.close()"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert (result.stdout, result.stderr) == ("()\n", "")


def test_real_errors_pass_through(capfd):
    with native_log_filtered():
        os.write(2, b"W0000 00:00:17.1 23 inference_feedback_manager.cc:114] Feedback\n")
        os.write(2, b"E0000 00:00:17.1 23 calculator.cc:1] broken\n")
    assert capfd.readouterr().err == "E0000 00:00:17.1 23 calculator.cc:1] broken\n"


@pytest.mark.parametrize(
    ("line", "harmless"),
    [
        (b"I0000 00:00:1795.43 16860 gl_context.cc:85] GL version", True),
        (b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.", True),
        (b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR", True),
        (b"W0000 00:00:1795.44 16878 inference_feedback_manager.cc:114] Feedback manager", True),
        (b"W0000 00:00:1795.44 16878 calculator.cc:1] something odd", False),
        (b"E0000 00:00:1795.44 16878 calculator.cc:1] broken", False),
        (b"F0000 00:00:1795.44 16878 calculator.cc:1] fatal", False),
        (b"Traceback (most recent call last):", False),
    ],
)
def test_which_lines_are_harmless(line, harmless):
    assert is_harmless(line) is harmless
