"""Formats as a V4L2 driver names them; the fake driver has the kernel's structures in a hand of its own."""

import ctypes
import errno
import sys

import pytest

from app.capture import v4l2_formats
from app.capture.v4l2_formats import MOST, listed_formats
from app.core.camera_format import CameraFormat

U32 = ctypes.c_uint32
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="V4L2 belongs to Linux")


class FormatDescription(ctypes.Structure):
    _fields_ = [("index", U32), ("type", U32), ("flags", U32), ("description", ctypes.c_uint8 * 32),
                ("pixelformat", U32), ("mbus_code", U32), ("reserved", U32 * 3)]  # fmt: skip


class Size(ctypes.Structure):
    _fields_ = [("width", U32), ("height", U32)]


class SizeRange(ctypes.Structure):
    _fields_ = [("min_width", U32), ("max_width", U32), ("step_width", U32),
                ("min_height", U32), ("max_height", U32), ("step_height", U32)]  # fmt: skip


class SizeOrRange(ctypes.Union):
    _fields_ = [("discrete", Size), ("stepwise", SizeRange)]


class FrameSize(ctypes.Structure):
    _fields_ = [("index", U32), ("pixel_format", U32), ("type", U32), ("u", SizeOrRange), ("reserved", U32 * 2)]


class Fraction(ctypes.Structure):
    _fields_ = [("numerator", U32), ("denominator", U32)]


class IntervalRange(ctypes.Structure):
    _fields_ = [("min", Fraction), ("max", Fraction), ("step", Fraction)]


class IntervalOrRange(ctypes.Union):
    _fields_ = [("discrete", Fraction), ("stepwise", IntervalRange)]


class FrameInterval(ctypes.Structure):
    _fields_ = [("index", U32), ("pixel_format", U32), ("width", U32), ("height", U32), ("type", U32),
                ("u", IntervalOrRange), ("reserved", U32 * 2)]  # fmt: skip


# As strace and v4l2-ctl show them.
ENUM_FMT, ENUM_FRAMESIZES, ENUM_FRAMEINTERVALS = 0xC0405602, 0xC02C564A, 0xC034564B


def code(fourcc):
    return int.from_bytes(fourcc.encode(), "little")


class Driver:
    """Lists of (width, height) or SizeRange by fourcc; of (seconds, parts) or IntervalRange by (width, height)."""

    def __init__(self, sizes, rates):
        self.sizes, self.rates = sizes, rates

    def ioctl(self, fd, request, buffer):
        answer = {
            ENUM_FMT: self._format, ENUM_FRAMESIZES: self._size, ENUM_FRAMEINTERVALS: self._interval,
        }[request]  # fmt: skip
        try:
            answer(buffer)
        except (IndexError, KeyError):
            raise OSError(errno.EINVAL, "Invalid argument") from None
        return 0

    def _format(self, buffer):
        record = FormatDescription.from_buffer(buffer)
        assert record.type == 1
        record.pixelformat = code(list(self.sizes)[record.index])
        record.description[:4] = b"text"

    def _size(self, buffer):
        record = FrameSize.from_buffer(buffer)
        size = {code(fourcc): sizes for fourcc, sizes in self.sizes.items()}[record.pixel_format][record.index]
        if isinstance(size, SizeRange):
            record.type, record.u.stepwise = 3, size
        else:
            record.type, record.u.discrete = 1, Size(*size)

    def _interval(self, buffer):
        record = FrameInterval.from_buffer(buffer)
        interval = self.rates[record.width, record.height][record.index]
        if isinstance(interval, IntervalRange):
            record.type, record.u.stepwise = 3, interval
        else:
            record.type, record.u.discrete = 1, Fraction(*interval)


@pytest.fixture
def node(tmp_path):
    path = tmp_path / "video0"
    path.touch()
    return str(path)


def test_sizes_and_rates_of_each_pixel_format(node):
    driver = Driver(
        {"MJPG": [(1280, 720), (640, 480)], "YUYV": [(640, 480)]},
        {(1280, 720): [(1, 30)], (640, 480): [(1, 60), (1001, 30000)]},
    )
    assert listed_formats(node, driver.ioctl) == (
        CameraFormat(1280, 720, 30.0, "MJPG"),
        CameraFormat(640, 480, 60.0, "MJPG"),
        CameraFormat(640, 480, 29.97, "MJPG"),
        CameraFormat(640, 480, 60.0, "YUYV"),
        CameraFormat(640, 480, 29.97, "YUYV"),
    )


def test_ranges_give_their_common_values_and_their_largest(node):
    sizes = (*v4l2_formats.COMMON_SIZES, (1600, 1200))
    rates = IntervalRange(Fraction(1, 30), Fraction(1, 5), Fraction(1, 30))
    driver = Driver({"YUYV": [SizeRange(160, 1600, 16, 120, 1200, 8)]}, {size: [rates] for size in sizes})
    formats = listed_formats(node, driver.ioctl)
    sizes = {(form.width, form.height) for form in formats}
    assert {(320, 240), (640, 480), (1280, 720), (1600, 1200)} <= sizes
    assert (1920, 1080) not in sizes
    assert (960, 540) not in sizes  # 420 more than 120: no multiple of 8
    assert {form.fps for form in formats} == {5.0, 10.0, 15.0, 20.0, 25.0, 30.0}


def test_what_opencv_cannot_read_is_left_out(node):
    driver = Driver({"H264": [(640, 480)], "GREY": [(640, 480)], "pBAA": [(640, 480)]}, {(640, 480): [(1, 30)]})
    assert listed_formats(node, driver.ioctl) == (CameraFormat(640, 480, 30.0, "GREY"),)


@pytest.mark.parametrize("intervals", [[], [(0, 0)]])
def test_a_driver_that_names_no_rates_gets_the_usual_one(node, intervals):
    driver = Driver({"YUYV": [(640, 480)]}, {(640, 480): intervals})
    assert listed_formats(node, driver.ioctl) == (CameraFormat(640, 480, 30.0, "YUYV"),)


def test_a_list_without_end_is_ended(node):
    class Endless(list):
        def __getitem__(self, index):
            return (640, 480)

    driver = Driver({"YUYV": Endless()}, {(640, 480): Endless()})
    calls = []

    def ioctl(fd, request, buffer):
        calls.append(request)
        return driver.ioctl(fd, request, buffer)

    assert len(listed_formats(node, ioctl)) == 1
    assert calls.count(ENUM_FRAMESIZES) == MOST


def test_a_node_that_is_no_camera_or_is_not_there_lists_nothing(node, tmp_path):
    def refuse(fd, request, buffer):
        raise OSError(errno.ENOTTY, "Inappropriate ioctl for device")

    assert listed_formats(node, refuse) == ()
    assert listed_formats(node) == ()  # a plain file, asked for real
    assert listed_formats(str(tmp_path / "gone")) == ()
    assert listed_formats("a\0b") == ()
