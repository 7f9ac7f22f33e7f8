"""Small files made on the spot, and a clock that no test has to wait for."""

from fractions import Fraction

import av
import numpy as np
import pytest

from app.capture.pacing import Pacer


class FakeTime:
    """A clock that moves only when somebody sleeps, or by ``pass_s``."""

    def __init__(self):
        self.now_s = 1000.0
        self.slept = []

    def clock(self):
        return self.now_s

    def sleep(self, seconds):
        assert seconds >= 0
        self.slept.append(seconds)
        self.now_s += seconds

    def pass_s(self, seconds):
        self.now_s += seconds

    def pacer(self):
        return Pacer(self.clock, self.sleep)


@pytest.fixture
def fake_time():
    return FakeTime()


def bars(number, width, height):
    """A picture whose number can be read off: a grey ramp that gets brighter, a dark mark top left."""
    picture = np.full((height, width, 3), 40 + 15 * (number % 14), np.uint8)
    picture[: height // 3, : width // 3] = 0
    return picture


@pytest.fixture
def make_video(tmp_path):
    """Write a video; returns its path."""

    def make(
        name="clip.mp4",
        *,
        times=None,
        frames=20,
        fps=10,
        size=(64, 48),
        codec="libx264",
        pix_fmt="yuv420p",
        rotate=None,
        options=None,
        container_options=None,
    ):
        times = [i / fps for i in range(frames)] if times is None else times
        path = tmp_path / name
        with av.open(str(path), "w", options=container_options or {}) as container:
            stream = container.add_stream(codec, rate=fps, options=options or {})
            stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
            stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
            if rotate is not None:
                stream.set_display_rotation(rotate)
            for number, time_s in enumerate(times):
                frame = av.VideoFrame.from_ndarray(bars(number, *size), "bgr24").reformat(format=pix_fmt)
                frame.pts, frame.time_base = round(time_s * 1000), Fraction(1, 1000)
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return path

    return make


@pytest.fixture
def read_all():
    """Everything a source gives until it ends."""

    def read(source, timeout_s=60.0):
        frames = []
        while (frame := source.read(timeout_s)) is not None:
            frames.append(frame)
        return frames

    return read
