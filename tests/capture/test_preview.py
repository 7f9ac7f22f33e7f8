"""The preview's thread: a picture at once, what was granted, one camera open at a time."""

import threading

import pytest

from app.capture import grants, preview
from app.capture.camera import CameraSource
from app.capture.preview import CameraPreview
from app.capture.source import SourceState
from app.core.camera_format import CameraFormat
from tests.capture.choosy_camera import FORMATS, ChoosyCamera
from tests.capture.fake_camera import QUICK
from tests.waiting import PATIENCE_S, wait_until

HD, FAST, RAW = FORMATS


@pytest.fixture
def cameras(monkeypatch):
    monkeypatch.setattr(grants, "MEASURE_S", 0.1)
    monkeypatch.setattr(grants, "PATIENCE_S", 0.4)
    monkeypatch.setattr(preview, "RETRY_S", 0.05)
    cameras = [ChoosyCamera("One", index=0), ChoosyCamera("Two", formats=[RAW], index=1)]
    yield cameras
    for camera in cameras:
        camera.free()
        assert camera.collisions == 0, f"{camera.device.name} was opened while it was open"
        assert camera.open_now == 0


@pytest.fixture
def camera(cameras):
    return cameras[0]


@pytest.fixture
def shown(cameras):
    def make(device, form):
        camera = next(camera for camera in cameras if camera.device.name == device.name)
        return CameraSource(device, form, timing=QUICK, capture_factory=camera.open, lister=camera.list)

    shown = CameraPreview(make)
    yield shown
    for camera in cameras:
        camera.free()
    shown.close()
    assert shown.join(PATIENCE_S)


def picture_size(shown):
    frame = shown.frames.take(1.0)
    return (frame.image.shape[1], frame.image.shape[0]) if frame is not None else None


def test_nothing_is_opened_before_somebody_chooses(shown, camera):
    assert shown.state.source.state is SourceState.CLOSED
    assert camera.opened == 0


def test_the_latest_picture_and_what_was_granted(shown, camera):
    shown.show(camera.device, CameraFormat(1920, 1080, 60.0, "MJPG"))
    wait_until(lambda: shown.state.grants)
    state = shown.state
    assert state.grants[0].format == HD
    assert (state.info.width, state.info.height, state.info.fourcc) == (1280, 720, "MJPG")
    assert picture_size(shown) == (1280, 720)
    wait_until(lambda: camera.delivered > 60)
    first = shown.frames.take(1.0).index
    assert shown.frames.take(1.0).index - first <= 3  # no queue of old ones


def test_a_camera_in_use_is_said_and_shown_once_it_is_free(shown, camera):
    camera.refuses = True
    shown.show(camera.device, HD)
    wait_until(lambda: shown.state.source.state is SourceState.FAILED)
    assert "'One'" in shown.state.source.message
    assert "\n" not in shown.state.source.message
    camera.refuses = False
    wait_until(lambda: shown.state.source.state is SourceState.STREAMING)
    assert picture_size(shown) == (1280, 720)


def test_a_stall_is_said_and_ends_by_itself(shown, camera):
    shown.show(camera.device, HD)
    wait_until(lambda: shown.state.grants)
    camera.stall()
    wait_until(lambda: shown.state.source.state is SourceState.STALLED)
    assert "unplug it" in shown.state.source.message
    camera.stall(False)
    wait_until(lambda: shown.state.source.state is SourceState.STREAMING)


def test_every_format_that_was_shown_is_kept_once(shown, camera):
    shown.show(camera.device, HD)
    wait_until(lambda: shown.state.grants)
    shown.show(camera.device, RAW)
    wait_until(lambda: {grant.format for grant in shown.state.grants} == {HD, RAW})
    shown.show(camera.device, HD)
    wait_until(lambda: picture_size(shown) == (1280, 720))
    assert len(shown.state.grants) == 2


def test_a_camera_that_vanishes_is_said_and_returns(shown, camera):
    shown.show(camera.device, HD)
    wait_until(lambda: shown.state.grants)
    camera.unplug()
    wait_until(lambda: shown.state.source.state in (SourceState.FAILED, SourceState.LOST))
    assert shown.state.source.message
    camera.plug_in()
    wait_until(lambda: shown.state.source.state is SourceState.STREAMING)


def test_another_camera_is_opened_after_the_first_is_free(shown, cameras):
    one, two = cameras
    for _ in range(3):
        shown.show(one.device, HD)
        shown.show(two.device, RAW)
    wait_until(lambda: shown.state.info is not None and shown.state.info.name == "Two")
    assert one.open_now == 0
    assert {grant.format for grant in shown.state.grants} <= {RAW}
    shown.show(one.device, HD)
    wait_until(lambda: any(grant.format == HD for grant in shown.state.grants))
    assert two.open_now == 0


def test_what_cameras_grant_is_kept_by_whoever_asks(cameras, camera):
    known = {}

    def make(device, form):
        return CameraSource(device, form, timing=QUICK, capture_factory=camera.open, lister=camera.list)

    for _ in range(2):
        shown = CameraPreview(make, known)
        shown.show(camera.device, HD)
        wait_until(lambda: shown.state.grants)  # noqa: B023
        shown.close()
        assert shown.join(PATIENCE_S)
    assert len(known[camera.device]) == 1


def test_closing_does_not_wait_for_a_driver_that_hangs(shown, camera):
    camera.hang_open()
    shown.show(camera.device, HD)
    wait_until(lambda: camera.opened == 1)
    shown.close()
    assert shown.join(PATIENCE_S)
    camera.hang_open(False)
    wait_until(lambda: camera.open_now == 0)


def test_a_maker_that_fails_unexpectedly_is_a_sentence(camera, caplog):
    def make(device, form):
        source = CameraSource(device, form, timing=QUICK, capture_factory=camera.open, lister=camera.list)
        source.open = lambda: 1 / 0
        return source

    shown = CameraPreview(make)
    shown.show(camera.device, HD)
    wait_until(lambda: shown.state.source.state is SourceState.FAILED)
    assert "unexpected error" in shown.state.source.message
    shown.close()
    assert shown.join(PATIENCE_S)
    assert "the preview of a camera failed" in caplog.text


def test_no_thread_is_left(cameras, camera):
    before = set(threading.enumerate())
    shown = CameraPreview()
    shown.close()
    assert shown.join(PATIENCE_S)
    assert set(threading.enumerate()) <= before
