"""Pictures by number: the right ones, in any order, from a cache, and on a thread where the latest request wins."""

from __future__ import annotations

import threading

import av
import numpy as np
import pytest

from app.core.errors import SessionError
from app.session.folders import claim_folder
from app.session.picture_loader import PictureLoader
from app.session.pictures import PictureReader
from app.session.session import Session
from app.session.video import VideoEncoder, ticks
from app.session.writer import SessionWriter
from tests.factories import write_phone_video
from tests.session.long_session import HEIGHT, WIDTH, grey, make_session
from tests.waiting import threads_named

FRAMES = 400


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_session(tmp_path_factory.mktemp("pictures") / "session", FRAMES)


@pytest.fixture
def session(folder):
    session = Session.open(folder, lenient=True)
    yield session
    session.close()


def brightness(image):
    return round(float(image[:, 0].mean()))


def assert_is(picture, number):
    assert picture.number == number
    assert abs(brightness(picture.image) - grey(number)) <= 2


def test_frames_in_any_order_are_the_right_ones(session):
    reader = session.open_pictures()
    assert len(reader) == FRAMES
    for number in (0, 1, 2, 300, 299, 298, 310, 5, FRAMES - 1, 0, 29, 30, 31, 200):
        assert_is(reader.frame_at(number), number)
    reader.close()


def test_steps_backwards_come_from_the_cache(session):
    reader = session.open_pictures()
    assert_is(reader.frame_at(209), 209)
    decoded = set(reader.kept)
    assert {207, 208, 209} <= decoded  # what the jump passed
    asked = []
    for number in (208, 207):
        assert_is(reader.frame_at(number, lambda passed: asked.append(passed) or True), number)
    assert not asked  # nothing was decoded
    reader.close()


def test_the_cache_keeps_within_its_room(folder):
    session = Session.open(folder, lenient=True)
    kept = []
    for room in (200_000, 400_000):
        with PictureReader(session.video, session.times_s, None, cache_bytes=room) as small:
            for number in range(60):
                small.frame_at(number)
            assert small.kept == tuple(range(60 - len(small.kept), 60))
            assert len(small.kept) * WIDTH * HEIGHT * 1.5 <= room  # decoded pictures have 12 bits a pixel
            kept.append(len(small.kept))
    assert 2 <= kept[0] < kept[1] < 60
    assert abs(kept[1] - 2 * kept[0]) <= 1
    session.close()


def test_what_became_stale_is_given_up(session):
    reader = session.open_pictures()
    assert reader.frame_at(329, lambda passed: False) is None
    assert_is(reader.frame_at(329), 329)
    reader.close()


def test_outside(session):
    reader = session.open_pictures()
    for number in (-1, FRAMES):
        with pytest.raises(IndexError):
            reader.frame_at(number)
    reader.close()


def test_padding_is_cut_off(tmp_path, header, make_frame):
    folder = claim_folder(tmp_path / "odd")
    with SessionWriter(folder, header) as writer:
        for number in range(5):
            writer.add_frame(make_frame(number, width=161, height=121))
    session = Session.open(folder, lenient=True)
    reader = session.open_pictures()
    assert reader.frame_at(3).image.shape == (121, 161, 3)
    reader.close()
    session.close()


def test_frames_closer_than_a_millisecond_keep_their_numbers(session, tmp_path):
    """The video's times are whole milliseconds, pushed apart where they would be the same."""
    times = np.array([0.0, 0.0004, 0.0007, 0.001, 0.5])
    encoder = VideoEncoder((tmp_path / "video.mkv").open("wb"), 64, 48)
    for k, time in enumerate(times):
        encoder.encode(np.full((48, 64, 3), 40 * k, np.uint8), float(time))
    encoder.close()
    reader = PictureReader(tmp_path / "video.mkv", ticks(times) / 1000, None)
    for number in (4, 2, 1, 3, 0):
        assert abs(brightness(reader.frame_at(number).image) - 40 * number) <= 2
    reader.close()


@pytest.mark.parametrize("rotation", [90, 180, -90])
def test_a_phone_video_on_its_side_stands_upright(tmp_path, rotation):
    clip = tmp_path / "phone.mp4"
    measured = write_phone_video(clip, rotation)
    reader = PictureReader(clip, np.arange(3) / 30, None)
    for number in (2, 0):
        np.testing.assert_array_equal(reader.frame_at(number).image, measured)
    reader.close()


def test_a_video_that_ends_too_early(session, folder, tmp_path):
    cut = tmp_path / "cut.mkv"
    data = session.video.read_bytes()
    cut.write_bytes(data[: len(data) // 2])
    reader = PictureReader(cut, session.times_s, None)
    assert_is(reader.frame_at(20), 20)
    last = reader.frame_at(FRAMES - 1)  # the last there is stands in for it
    assert abs(brightness(last.image) - grey(max(reader.kept[:-1]))) < 200
    assert_is(reader.frame_at(21), 21)
    reader.close()


@pytest.mark.parametrize("data", [b"", b"nonsense" * 100])
def test_no_video(tmp_path, data):
    path = tmp_path / "video.mkv"
    path.write_bytes(data)
    with pytest.raises(SessionError, match=r"can't be opened|contains no video|can't be decoded"):
        PictureReader(path, np.arange(3) / 30, None)


def test_a_sound_file_is_no_video(tmp_path):
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(SessionError, match="contains no video"):
        PictureReader(path, np.arange(3) / 30, None)


class Listener:
    def __init__(self):
        self.called = threading.Event()

    def __call__(self):
        self.called.set()


def test_the_loader_answers_the_latest_request(session):
    arrived = Listener()
    loader = PictureLoader(session.open_pictures, arrived)
    for number in (10, 390, 50, 399, 123):
        loader.request(number)
    assert loader.wait(20)
    assert arrived.called.is_set()
    assert_is(loader.pictures.take(), 123)
    assert not loader.error
    loader.close()
    assert threads_named("decode for review") == []


def test_the_loader_says_what_is_wrong(session, tmp_path):
    (tmp_path / "video.mkv").write_bytes(b"nonsense")
    arrived = Listener()
    loader = PictureLoader(lambda: PictureReader(tmp_path / "video.mkv", session.times_s, None), arrived)
    assert loader.opened.wait(20)
    assert arrived.called.is_set()
    assert "can't be opened" in loader.error
    assert loader.wait(1)
    loader.close()

    loader = PictureLoader(session.open_pictures, arrived)
    loader.request(FRAMES + 5)
    assert loader.wait(20)
    assert loader.error
    loader.request(3)
    assert loader.wait(20)
    assert not loader.error
    assert_is(loader.pictures.take(), 3)
    loader.close()


def test_closing_does_not_wait_for_a_jump(session):
    loader = PictureLoader(session.open_pictures, lambda: None)
    for number in range(0, FRAMES, 7):
        loader.request(number)
    loader.close()
    assert threads_named("decode for review") == []
