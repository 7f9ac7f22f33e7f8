"""The camera source against a fake at the place of ``cv2.VideoCapture``; its threads are real."""

import dataclasses
import threading
import time
from itertools import pairwise

import cv2
import numpy as np
import pytest

from app.capture.camera import CameraSource
from app.capture.devices import CameraDevice, find_again
from app.capture.source import SourceState
from app.core.camera_format import CameraFormat
from app.core.errors import SourceError
from tests.capture.fake_camera import QUICK, FakeCamera
from tests.waiting import PATIENCE_S, wait_until


@pytest.fixture
def camera():
    camera = FakeCamera()
    yield camera
    camera.free()


@pytest.fixture
def source(camera):
    source = CameraSource(camera.device, timing=QUICK, capture_factory=camera.open, lister=camera.list)
    yield source
    source.close()


def read_until(source, wanted, what="that"):
    """Read as the capture thread does until ``wanted(frame)``; the frames read."""
    frames = []
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        frame = source.read(0.02)
        if frame is not None:
            frames.append(frame)
        if wanted(frame):
            return frames
    raise AssertionError(f"waited in vain for {what}; {source.status}")


def until_state(source, state):
    return read_until(source, lambda frame: source.status.state is state, state.name)


def test_frames_come_in_order_with_rising_times(source):
    before = time.monotonic()
    source.open()
    frames = []
    read_until(source, lambda f: (f is not None and frames.append(f)) or len(frames) == 20)
    assert [f.index for f in frames] == list(range(20))
    times = [f.captured_s for f in frames]
    assert before < times[0]
    assert all(a < b for a, b in pairwise(times))
    assert all(f.image.shape == (240, 320, 3) and f.image.dtype == np.uint8 for f in frames)
    assert source.status.state is SourceState.STREAMING
    assert source.status.message == ""


def test_what_was_granted_is_reported_not_what_was_asked(camera, source):
    camera.size, camera.reported_fps, camera.fourcc = (640, 360), 15.0, "YUYV"
    info = source.open()
    assert (info.kind, info.name) == ("camera", "Fake camera")
    assert (info.width, info.height, info.fps, info.fourcc) == (640, 360, 15.0, "YUYV")
    assert source.info == info


def test_the_pixel_format_is_asked_for_before_the_size(camera, source):
    source.open()
    assert camera.asked == [
        (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")),
        (cv2.CAP_PROP_FRAME_WIDTH, 1280),
        (cv2.CAP_PROP_FRAME_HEIGHT, 720),
        (cv2.CAP_PROP_FPS, 30.0),
    ]


def test_what_was_asked_for_is_kept_beside_what_was_granted(camera):
    wanted = CameraFormat(1920, 1080, 60.0, "Y16")
    source = CameraSource(camera.device, wanted, timing=QUICK, capture_factory=camera.open, lister=camera.list)
    assert source.open().asked == "1920x1080@60:Y16"
    source.close()
    assert camera.asked[0] == (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"Y16 "))


def test_an_opening_that_waits_can_be_interrupted(camera):
    camera.hang_open()
    patient = dataclasses.replace(QUICK, open_s=1e6)
    source = CameraSource(camera.device, timing=patient, capture_factory=camera.open, lister=camera.list)
    interrupter = threading.Timer(0.1, source.interrupt)
    interrupter.start()
    with pytest.raises(SourceError):
        source.open()
    interrupter.join()
    with pytest.raises(SourceError):  # it stays so, however late the interruption came
        source.open()


def test_the_rate_is_measured_too(camera, source):
    camera.fps, camera.reported_fps = 50.0, 30.0
    source.open()
    read_until(source, lambda f: f is not None and f.index >= 40)
    assert 0 < source.measured_fps <= 60  # a busy machine may be late, never early
    assert source.measured_fps != camera.reported_fps


def test_a_reader_that_is_late_loses_the_oldest_frames_and_sees_the_gap(camera, source):
    source.open()
    source.read(1.0)
    wait_until(lambda: camera.delivered >= 40)
    frames = []
    read_until(source, lambda f: (f is not None and frames.append(f)) or len(frames) == 12)
    assert source.dropped > 0
    gaps = sum(b.index - a.index - 1 for a, b in pairwise(frames))
    assert frames[0].index > 1  # the gap lies before the oldest frame kept
    assert frames[0].index - 1 + gaps == source.dropped


def test_a_refused_camera_says_what_to_do(camera, source):
    camera.refuses = True
    with pytest.raises(SourceError, match="Fake camera") as error:
        source.open()
    assert str(error.value).count("\n") == 0
    assert source.status.state is SourceState.FAILED
    assert source.status.message == str(error.value)
    camera.refuses = False
    source.open()  # and it may be tried again
    assert source.status.state is SourceState.STREAMING


def test_a_driver_that_raises_is_a_refusal(camera):
    def factory(index, backend):
        raise cv2.error("broken driver")

    source = CameraSource(camera.device, timing=QUICK, capture_factory=factory, lister=camera.list)
    with pytest.raises(SourceError, match="Fake camera"):
        source.open()


def test_a_camera_that_opens_but_delivers_nothing_is_an_error(camera, source):
    camera.fail_reads()
    with pytest.raises(SourceError, match="delivers no pictures"):
        source.open()
    assert camera.released == 1


def test_opening_never_hangs(camera, source):
    camera.hang_open()
    with pytest.raises(SourceError, match="gave no picture within 2 seconds"):
        source.open()
    assert not camera.released  # the driver hangs still
    camera.hang_open(False)  # the driver comes to itself: nobody wants the camera any more
    wait_until(lambda: camera.released)
    assert camera.released == camera.opened == 1
    assert source.read(0.0) is None


def test_a_stall_is_said_and_ends_by_itself(camera, source):
    source.open()
    camera.stall()
    until_state(source, SourceState.STALLED)
    assert "no picture" in source.status.message
    camera.stall(False)
    until_state(source, SourceState.STREAMING)
    read_until(source, lambda f: f is not None)
    assert camera.opened == 1


def test_a_vanished_camera_comes_back_by_itself_under_another_index(camera, source):
    source.open()
    last = read_until(source, lambda f: f is not None and f.index >= 3)[-1]
    camera.unplug()
    frames = until_state(source, SourceState.LOST)
    assert "unplugged" in source.status.message
    assert source.read(0.05) is None
    camera.size = (160, 120)
    camera.plug_in(index=3)
    frames += read_until(source, lambda f: f is not None and f.image.shape[0] == 120)
    assert source.status.state is SourceState.STREAMING
    assert source.info.width == 160
    indices = [f.index for f in frames]
    assert indices == sorted(set(indices))
    assert indices[-1] > last.index
    assert camera.released == camera.opened - 1


@pytest.mark.parametrize("reads_go_wrong", ["fail_reads", "hang_reads"])
def test_a_driver_that_fails_or_never_returns_is_given_up_and_the_camera_reopened(camera, source, reads_go_wrong):
    source.open()
    getattr(camera, reads_go_wrong)()
    until_state(source, SourceState.LOST)  # a new thread stands by; one in the driver may still hang
    getattr(camera, reads_go_wrong)(False)
    read_until(source, lambda f: f is not None and source.status.state is SourceState.STREAMING)
    assert camera.opened >= 2


def test_closing_does_not_wait_for_a_driver_that_hangs(camera, source):
    source.open()
    camera.hang_reads()
    time.sleep(2 / camera.fps)  # so that it is in the driver
    source.close()
    source.close()
    assert source.status.state is SourceState.CLOSED
    assert source.read(0.0) is None


def test_closing_frees_the_camera_and_ends_the_thread(camera, source):
    source.open()
    source.close()
    assert camera.released == 1
    assert not [t for t in threading.enumerate() if t.name.startswith("camera ")]


def test_black_pictures_are_noticed(camera, source):
    camera.image = np.full((48, 64, 3), 3, np.uint8)
    source.open()
    read_until(source, lambda f: "black" in source.status.message)
    assert source.status.state is SourceState.STREAMING
    camera.image = np.full((48, 64, 3), 60, np.uint8)
    read_until(source, lambda f: source.status.message == "")


@pytest.mark.parametrize("shape", [(48, 64), (48, 64, 1), (48, 64, 4)])
def test_other_pixel_layouts_become_bgr(camera, source, shape):
    camera.image = np.full(shape, 77, np.uint8)
    source.open()
    frame = read_until(source, lambda f: f is not None)[-1]
    assert frame.image.shape == (48, 64, 3)
    assert (frame.image == 77).all()


def test_the_same_camera_is_found_again():
    old = CameraDevice(0, "C920", "/dev/video0", 1)
    moved = CameraDevice(2, "C920", "/dev/video2", 1)
    other = CameraDevice(0, "Loopback", "/dev/video0", 1)
    assert find_again(old, [other, moved]) == moved  # a path alone may belong to another camera now
    assert find_again(old, [moved, old]) == old
    assert find_again(old, [other]) is None
    assert find_again(old, [CameraDevice(7, "C920", "/dev/video7", 1), moved]) == moved
