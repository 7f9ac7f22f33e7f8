"""Network cameras against servers on this machine: one over HTTP, one over RTSP."""

from __future__ import annotations

import dataclasses
import logging
import threading
from itertools import pairwise

import pytest

from app.capture.camera_worker import CameraTiming
from app.capture.network import network_camera
from app.capture.resolve import resolve_source
from app.capture.source import Interruptible, SourceState
from app.core.addresses import parse_address
from app.core.errors import SourceError
from tests.capture.network_cameras import SIZE, MjpegCamera, RtspCamera
from tests.capture.test_camera import read_until, until_state

PATIENT = CameraTiming(open_s=60.0, failing_s=0.05, retry_s=(0.02,), close_s=0.2)
HASTY = dataclasses.replace(PATIENT, open_s=0.4, hang_s=0.4)


@pytest.fixture(params=[MjpegCamera, RtspCamera], ids=lambda kind: kind.scheme)
def camera(request):
    camera = request.param()
    yield camera
    camera.close()


@pytest.fixture
def http():
    camera = MjpegCamera()
    yield camera
    camera.close()


@pytest.fixture
def connect():
    sources = []

    def make(camera, path="", timing=PATIENT, name="", password=""):
        address = parse_address(f"{camera.url.removesuffix('/video')}{path}" if path else camera.url, name, password)
        source = network_camera(address, timing)
        sources.append(source)
        return source

    yield make
    for source in sources:
        source.close()


def test_pictures_come_in_order_and_the_host_names_the_source(camera, connect):
    source = connect(camera)
    info = source.open()
    assert (info.kind, info.width, info.height) == ("network", *SIZE)
    assert info.name == f"127.0.0.1:{camera.port} ({camera.scheme.upper()})"
    assert info.fourcc == {"http": "MJPG", "rtsp": "H264"}[camera.scheme]
    assert info.fps == {"http": 0, "rtsp": 50}[camera.scheme]  # Motion-JPEG does not say
    frames = []
    read_until(source, lambda frame: (frame is not None and frames.append(frame)) or len(frames) == 10)
    assert all(a.captured_s < b.captured_s and a.index < b.index for a, b in pairwise(frames))
    assert frames[-1].image.shape == (SIZE[1], SIZE[0], 3)
    assert frames[-1].image.mean() > frames[0].image.mean()  # the pictures grow brighter
    assert source.status.state is SourceState.STREAMING


def test_a_reader_that_is_late_loses_nothing(camera, connect):
    """After a camera froze what it held up comes at once; it waits in the connection."""
    source = connect(camera)
    source.open()
    late = threading.Event()
    while camera.asked < 40:
        late.wait(0.01)
    frames = []
    read_until(source, lambda frame: (frame is not None and frames.append(frame)) or len(frames) == 40)
    assert [frame.index for frame in frames] == list(range(40))
    assert source.dropped == 0


def test_a_connection_that_is_cut_is_made_again(camera, connect):
    source = connect(camera)
    source.open()
    before = read_until(source, lambda frame: frame is not None)
    camera.cut()
    until_state(source, SourceState.LOST)
    assert "is cut; it is made again by itself" in source.status.message
    again = read_until(source, lambda frame: frame is not None and camera.connections == 2)
    assert source.status.state is SourceState.STREAMING
    assert again[-1].index > before[-1].index


def test_the_right_password_opens_and_no_other(camera, connect, caplog, capfd):
    camera.wants = "me:very secret"
    for name, password in (("", ""), ("me", "wr0ng")):
        with pytest.raises(SourceError, match="asks for another name and password") as refused:
            connect(camera, name=name, password=password).open()
        assert "wr0ng" not in str(refused.value)
    source = connect(camera, name="me", password="very secret")
    info = source.open()
    logging.getLogger().info("%s %s", source.status, source)
    said = caplog.text + "".join(capfd.readouterr()) + repr(info) + repr(source.status)
    assert "secret" not in said
    assert "wr0ng" not in said


def test_a_camera_that_is_gone_is_said_to_be(camera, connect):
    camera.close()
    with pytest.raises(SourceError, match=r"^The camera at 127\.0\.0\.1:\d+ \(.*\) can't be reached: check"):
        connect(camera).open()


def test_a_silent_camera_is_not_waited_for_longer_than_allowed(http, connect):
    http.silent = True
    source = connect(http, timing=HASTY)
    with pytest.raises(SourceError, match="gave no picture within"):
        source.open()
    assert source.status.state is SourceState.FAILED


def test_waiting_for_a_camera_can_be_interrupted(http, connect):
    http.silent = True
    source = connect(http)
    assert isinstance(source, Interruptible)
    source.interrupt()
    with pytest.raises(SourceError):
        source.open()


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/nothing", "has nothing at this path"),
        ("/page", "no camera's stream"),
        ("/playlist", "no camera's stream"),
    ],
)
def test_what_is_no_camera_is_said_and_leads_nowhere_else(http, connect, path, sentence):
    http.playlist = (
        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:{http.port}/video\n#EXT-X-ENDLIST\n"
    )
    with pytest.raises(SourceError, match=sentence):
        connect(http, path).open()
    assert set(http.requests) == {path}


def test_resolving_an_address_connects_to_nothing(http):
    resolved = resolve_source(http.url)
    assert resolved.source.status.state is SourceState.CLOSED
    assert http.requests == []


@pytest.mark.parametrize("spec", ["ftp://me:secret@host/", "file:///etc/passwd"])
def test_other_protocols_are_refused(spec):
    with pytest.raises(SourceError, match="begins with rtsp://, rtsps://, http:// or https://") as refused:
        resolve_source(spec)
    assert "secret" not in str(refused.value)
