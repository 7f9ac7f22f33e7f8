"""What a camera grants when it is asked: read back and measured, never taken from the request."""

import math

import cv2
import numpy as np
import pytest

from app.capture import grants
from app.capture.camera import CameraSource
from app.capture.devices import CameraDevice
from app.capture.grants import Grant, RateGauge, candidates, granted_instead, same_format, try_format
from app.capture.source import SourceInfo
from app.core.camera_format import CameraFormat
from app.core.errors import SourceError
from app.core.frames import Frame
from tests.capture.choosy_camera import FORMATS, ChoosyCamera
from tests.capture.fake_camera import QUICK
from tests.waiting import wait_until

HD, FAST, RAW = FORMATS


@pytest.fixture
def camera():
    camera = ChoosyCamera()
    yield camera
    camera.free()


@pytest.fixture
def ask(camera, monkeypatch):
    """Try a format on the fake camera, in a fifth of the time."""
    monkeypatch.setattr(grants, "MEASURE_S", 0.2)
    monkeypatch.setattr(grants, "PATIENCE_S", 0.4)

    def ask(form, on_frame=lambda frame: None):
        source = CameraSource(camera.device, form, timing=QUICK, capture_factory=camera.open, lister=camera.list)
        read = source.read

        def seen(timeout_s):
            frame = read(timeout_s)
            if frame is not None:
                on_frame(frame)
            return frame

        source.read = seen
        return try_format(source, form)

    yield ask
    assert camera.open_now == 0  # given back, whatever happened
    assert camera.collisions == 0


def test_a_format_that_the_camera_has_is_granted_and_measured(camera, ask):
    shown = []
    grant = ask(HD, on_frame=shown.append)
    assert grant.format == grant.asked == HD
    assert 0 < grant.measured_fps <= 120  # a busy machine may be late
    assert shown[0].image.shape == (720, 1280, 3)


def test_what_is_granted_instead_is_read_back(ask):
    asked = CameraFormat(1920, 1080, 60.0, "MJPG")
    grant = ask(asked)
    assert grant.asked == asked
    assert grant.format == HD
    assert granted_instead(grant.info) == (
        "The camera 'Fake camera' grants 1280×720 at 100 frames a second (MJPG) "
        "instead of 1920×1080 at 60 frames a second (MJPG)."
    )


def test_the_pixel_format_is_read_back_too(ask):
    grant = ask(CameraFormat(640, 480, 100.0, "YUYV"))
    assert grant.format == RAW
    assert granted_instead(grant.info) == ""


def test_the_rate_is_that_of_the_frames_not_of_the_driver(camera, ask):
    camera.real_fps = 20.0
    grant = ask(HD)
    assert grant.info.fps == 100.0
    assert 0 < grant.measured_fps <= 30


def test_a_format_without_pictures_is_refused_in_one_sentence(camera, ask):
    camera.silent.add(FAST)
    with pytest.raises(SourceError, match="delivers no pictures") as error:
        ask(FAST)
    assert "\n" not in str(error.value)
    assert ask(HD).format == HD


def test_a_camera_that_stalls_while_it_is_measured_is_an_error(camera, ask):
    with pytest.raises(SourceError, match="no picture"):
        ask(HD, on_frame=lambda frame: camera.stall())
    camera.stall(False)
    wait_until(lambda: not camera.open_now)  # the driver returns, and the camera is freed


def test_a_camera_that_vanishes_while_it_is_measured_is_an_error(camera, ask):
    with pytest.raises(SourceError, match="unplugged"):
        ask(HD, on_frame=lambda frame: camera.unplug())


def frames(times, step=1):
    return [Frame(i * step, np.zeros((1, 1, 3), np.uint8), time_s) for i, time_s in enumerate(times)]


def test_frames_that_nobody_took_count_for_the_rate():
    gauge = RateGauge()
    assert math.isnan(gauge.fps)
    for frame in frames([i / 10 for i in range(14)], step=3):  # two of three were dropped on the way
        gauge.add(frame)
    assert gauge.complete
    assert gauge.fps == pytest.approx(30)


def test_the_bunch_at_the_beginning_does_not_count():
    gauge = RateGauge()
    for frame in frames([0.0, 0.001, *(0.002 + i / 15 for i in range(17))]):
        gauge.add(frame)
    assert gauge.fps == pytest.approx(15)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("YUYV", "YUY2", True),
        ("MJPG", "JPEG", True),
        ("MJPG", "YUYV", False),
    ],
)
def test_systems_have_names_of_their_own_for_pixels(one, other, same):
    assert same_format(CameraFormat(fourcc=one), CameraFormat(fourcc=other)) is same


def test_rates_within_a_hair_are_the_same():
    assert same_format(CameraFormat(fps=30), CameraFormat(fps=29.97))
    assert not same_format(CameraFormat(fps=30), CameraFormat(fps=25))


def test_nothing_is_said_where_nobody_asked_or_the_driver_says_nothing():
    assert granted_instead(SourceInfo("camera", "c", 640, 480, 30.0, "YUYV")) == ""
    assert granted_instead(SourceInfo("camera", "c", 640, 480, 0.0, "", asked="640x480@60:MJPG")) == ""


def test_a_grant_is_asked_for_by_what_was_granted():
    info = SourceInfo("camera", "c", 640, 480, 0.0, "YUYV")
    assert Grant(CameraFormat(1920, 1080, 60, "MJPG"), info, 15.0).format == CameraFormat(640, 480, 60, "YUYV")


def test_where_the_system_tells_nothing_the_usual_formats_are_tried(tmp_path):
    tried = candidates(CameraDevice(0, "Cam", str(tmp_path / "video0"), cv2.CAP_ANY))
    assert CameraFormat() in tried
    assert {(1920, 1080), (1280, 720), (640, 480)} <= {(form.width, form.height) for form in tried}


def test_what_the_driver_lists_is_tried(monkeypatch, tmp_path):
    monkeypatch.setattr(grants.sys, "platform", "linux")
    monkeypatch.setattr(grants, "listed_formats", lambda path: (RAW,) if path == "/dev/video7" else ())
    assert candidates(CameraDevice(7, "Cam", "/dev/video7", cv2.CAP_ANY)) == (RAW,)
