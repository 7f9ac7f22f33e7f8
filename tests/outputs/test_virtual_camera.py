"""Against a fake device: a pipe for the pictures, and the two calls that a v4l2loopback device answers."""

from __future__ import annotations

import errno
import os
import struct
import sys
import threading
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.core.clock import now_s
from app.core.errors import OutputError
from app.core.frames import Frame
from app.outputs import v4l2
from app.outputs.base import OutputState
from app.outputs.targets import CameraTarget, parse_camera
from app.outputs.v4l2 import NO_DEVICE, V4l2Device, find_device
from app.outputs.virtual_camera import VirtualCameraOutput, drawn, fitted
from extractor.types import Angles
from tests.factories import make_face, make_result
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="v4l2 is Linux's")
FORMAT = struct.Struct("<II12I152x")  # v4l2_format on 64 bits, as written in linux/videodev2.h


class FakeDevice:
    """What v4l2loopback does with ``ioctl``; pictures go into a pipe."""

    def __init__(self, folder: Path, number: int = 7) -> None:
        self.path = folder / f"video{number}"
        self.driver = b"v4l2 loopback"
        self.capabilities, self.device_capabilities = 0x85200003, 0x05200002
        self.size: tuple[int, int] | None = None
        self.grants: tuple[int, int] | None = None
        self.refuses = 0  # an errno
        self.plug()

    def ioctl(self, fd: int, request: int, buffer: bytearray) -> int:
        if os.fstat(fd).st_ino != self.path.stat().st_ino:
            raise OSError(errno.ENOTTY, "Inappropriate ioctl for device")
        if request == 0x80685600:  # VIDIOC_QUERYCAP
            struct.pack_into("<16s32s32s3I", buffer, 0, self.driver, b"Fake", b"platform:x", 0x60000,
                             self.capabilities, self.device_capabilities)  # fmt: skip
        elif request == 0xC0D05605:  # VIDIOC_S_FMT
            if self.refuses:
                raise OSError(self.refuses, os.strerror(self.refuses))
            kind, _, width, height, pixel_format, *rest = FORMAT.unpack(buffer)
            assert (kind, pixel_format) == (2, 0x32315559)  # VIDEO_OUTPUT, YU12
            self.size = self.grants or (width, height)
            FORMAT.pack_into(buffer, 0, kind, 0, *self.size, pixel_format, *rest)
        else:
            raise OSError(errno.EINVAL, "Invalid argument")
        return 0

    def picture(self) -> np.ndarray:
        """The next one, (H, W, 3) BGR."""
        while self.size is None:
            threading.Event().wait(0.001)
        width, height = self.size
        data = b""
        while len(data) < width * height * 3 // 2:
            data += os.read(self._reader, width * height * 3 // 2 - len(data))
        return cv2.cvtColor(np.frombuffer(data, np.uint8).reshape(height * 3 // 2, width), cv2.COLOR_YUV2BGR_I420)

    def plug(self) -> None:
        os.mkfifo(self.path)
        self._reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        os.set_blocking(self._reader, True)

    def unplug(self) -> None:
        self.size = None  # one that comes back is asked anew
        os.close(self._reader)
        self.path.unlink()


@pytest.fixture
def device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeDevice:
    device = FakeDevice(tmp_path)
    monkeypatch.setattr(v4l2, "ioctl", device.ioctl)
    return device


@pytest.fixture
def opened(device):
    outputs = []

    def open_(text: str = "") -> VirtualCameraOutput:
        outputs.append(VirtualCameraOutput(replace(parse_camera(text), device=device.path)))
        return outputs[-1]

    yield open_
    for output in outputs:
        output.close()


def picture(grey: int = 100, size: tuple[int, int] = (64, 48), number: int = 0, face: bool = False):
    image = np.full((size[1], size[0], 3), grey, np.uint8)
    result = make_result(number, *([make_face(Angles(0, 20, 0))] if face else []))
    return replace(result, frame=Frame(number, image, now_s()))


def test_a_reader_gets_the_pictures(device, opened):
    output = opened()
    for grey in (30, 120, 210):
        output.send(picture(grey))
        got = device.picture()
        assert got.shape == (48, 64, 3)
        np.testing.assert_allclose(got, grey, atol=2)
    wait_until(lambda: output.status.sent == 3)  # counted after it was written
    status = output.status
    assert (status.state, status.dropped) == (OutputState.SENDING, 0)
    assert status.target == str(device.path)


def test_colours_are_right(device, opened):
    image = np.zeros((48, 64, 3), np.uint8)
    image[:, :32], image[:, 32:] = (200, 40, 40), (40, 40, 200)  # blue, red
    opened().send(replace(picture(), frame=Frame(0, image, now_s())))
    got = device.picture()
    np.testing.assert_allclose(got[24, 8], (200, 40, 40), atol=6)
    np.testing.assert_allclose(got[24, 56], (40, 40, 200), atol=6)


def test_with_overlay_the_face_is_drawn_and_the_frame_stays_as_it_was(device, opened):
    output = opened("overlay")
    result = picture(size=(320, 240), face=True)
    output.send(result)
    assert device.picture().std() > 5
    assert result.frame.image.std() == 0
    assert output.status.target.endswith("with overlay")
    assert (drawn(picture(size=(320, 240))) == 100).all()


def test_without_overlay_nothing_is_drawn(device, opened):
    opened().send(picture(size=(320, 240), face=True))
    assert device.picture().std() < 1


def test_the_size_stays_while_sources_change(device, opened):
    output = opened()
    output.send(picture(size=(64, 48)))
    device.picture()
    output.send(picture(200, size=(128, 48)))
    got = device.picture()
    assert got.shape == (48, 64, 3)
    np.testing.assert_allclose(got[24], 200, atol=3)
    assert got[2].max() < 20  # bars above and below, for nothing is distorted


def test_odd_sizes_lose_a_line(device, opened):
    opened().send(picture(150, size=(65, 49)))
    got = device.picture()
    assert got.shape == (48, 64, 3)
    np.testing.assert_allclose(got, 150, atol=2)


def test_what_the_device_grants_counts(device, opened):
    device.grants = (32, 32)
    opened().send(picture(150))
    assert device.picture().shape == (32, 32, 3)


def test_fitting_fills_one_direction():
    image = np.full((100, 50, 3), 255, np.uint8)
    out = fitted(image, 80, 40)
    assert out.shape == (40, 80, 3)
    assert (out[:, 30:50] == 255).all()
    assert (out[:, :30] == 0).all()


def test_a_device_that_goes_away_is_said_and_taken_again(device, opened, monkeypatch):
    monkeypatch.setattr("app.outputs.virtual_camera.REOPEN_S", 0.0)
    output = opened()
    output.send(picture())
    device.picture()
    output._device.close()  # what the kernel does to an open device that is removed: every write fails
    output._device._fd = os.open("/dev/full", os.O_RDWR)
    device.unplug()
    wait_until(lambda: output.status.state is OutputState.FAILED, lambda: output.send(picture()))
    wait_until(lambda: "There is no" in output.status.problem, lambda: output.send(picture()))
    device.plug()
    output.send(picture(77))
    wait_until(lambda: device.size is not None, lambda: output.send(picture(77)))
    got = device.picture()
    if abs(float(got.mean()) - 77) > 2:  # the one that was on its way when the device came back
        got = device.picture()
    np.testing.assert_allclose(got, 77, atol=2)
    wait_until(lambda: output.status.problem == "")


def test_a_size_that_is_refused_is_said(device, opened):
    device.refuses = errno.EBUSY
    output = opened()
    output.send(picture())
    wait_until(lambda: output.status.state is OutputState.FAILED)
    assert "takes no pictures of 64x48" in output.status.problem


def test_sending_never_waits_and_the_latest_wins(device, opened):
    """Nobody reads for a while: the pipe is full, the thread hangs in its write, pictures are dropped."""
    output = opened()
    for i in range(300):
        output.send(picture(i % 250, size=(640, 480), number=i))
    assert output.status.dropped > 250
    reader = threading.Thread(target=lambda: [device.picture() for _ in range(output.status.sent + 2)], daemon=True)
    reader.start()
    wait_until(lambda: output.status.sent >= 2)


def test_the_first_loopback_device_is_found(device, tmp_path):
    (tmp_path / "video0").write_bytes(b"")  # a camera that answers nothing
    (tmp_path / "video10").write_bytes(b"")
    assert find_device(tmp_path) == device.path


def test_a_real_camera_is_not_written_to(device, tmp_path):
    device.device_capabilities = 0x05200001
    with pytest.raises(OutputError, match="can't be written to"):
        V4l2Device(device.path)
    device.device_capabilities, device.driver = 0x05200002, b"bm2835 mmal"
    with pytest.raises(OutputError) as error:
        find_device(tmp_path)
    assert str(error.value) == NO_DEVICE


def test_without_a_device_the_sentence_says_how_to_get_one(tmp_path):
    with pytest.raises(OutputError, match="modprobe v4l2loopback"):
        find_device(tmp_path)
    with pytest.raises(OutputError, match=r"There is no .*modprobe v4l2loopback"):
        VirtualCameraOutput(CameraTarget(device=tmp_path / "video3"))
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="is no video device"):
        V4l2Device(tmp_path / "file")


def test_elsewhere_the_sentence_says_what_to_do_instead(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(OutputError, match=r"needs Linux.*OBS"):
        find_device()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", CameraTarget()), ("overlay", CameraTarget(True)), ("/dev/video9", CameraTarget(False, Path("/dev/video9"))),
     (" /dev/video9  overlay", CameraTarget(True, Path("/dev/video9")))],
)  # fmt: skip
def test_targets(text, expected):
    assert parse_camera(text) == expected
    assert parse_camera(str(expected)) == expected


@pytest.mark.parametrize("text", ["on", "overlay overlay", "/dev/video1 /dev/video2", "video2"])
def test_what_is_no_target_gets_one_sentence(text):
    with pytest.raises(OutputError, match=r"is neither 'overlay' nor a video device"):
        parse_camera(text)
