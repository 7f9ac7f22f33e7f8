"""``motionscope cameras`` and ``--camera-format``, with a fake ``cv2.VideoCapture``."""

from __future__ import annotations

import pytest

from app.capture import grants
from app.commands.bench.options import BenchOptions
from app.commands.cli import main
from app.commands.window import parse_window
from app.core.camera_format import CameraFormat
from tests.capture.choosy_camera import FORMATS, ChoosyCamera, connect

HD, FAST, RAW = FORMATS


@pytest.fixture
def cameras(monkeypatch, tmp_path):
    monkeypatch.setattr(grants, "MEASURE_S", 0.05)
    cameras = [ChoosyCamera("HD Webcam", index=0), ChoosyCamera("Other", formats=[RAW], index=2)]
    connect(monkeypatch, tmp_path, *cameras)
    return cameras


def test_one_camera_one_format(cameras, capsys):
    assert main(["cameras", "webcam", "--camera-format", "1920x1080@60"]) == 0
    out = capsys.readouterr().out
    assert "1280x720@100:MJPG" in out
    assert "(asked for 1920x1080@60:MJPG)" in out
    assert len(out.splitlines()) == 2


def test_what_drivers_name_is_printed_without_opening(cameras, capsys, monkeypatch):
    monkeypatch.setattr("app.capture.v4l2_formats.listed_formats", lambda path: (HD, RAW) if path.endswith("0") else ())
    assert main(["cameras"]) == 0
    out = capsys.readouterr().out
    assert f"   {HD}\n   {RAW}\n2  Other" in out
    assert out.endswith("   its driver tells nothing; --camera-format 1280x720@30 asks for a format\n")
    assert [camera.opened for camera in cameras] == [0, 0]


def test_a_camera_in_use_is_said_and_the_others_are_listed(cameras, capsys):
    cameras[0].refuses = True
    assert main(["cameras", "--camera-format", str(HD)]) == 1
    out = capsys.readouterr().out
    assert out.count("another program is probably using it") == 1 or out.count("can't be opened") == 1
    assert str(RAW) in out


def test_a_camera_that_is_not_there(cameras, capsys):
    assert main(["cameras", "7"]) == 1
    assert "There is no camera 7. The cameras are: 0 (HD Webcam), 2 (Other)." in capsys.readouterr().err
    assert main(["cameras", "nobody"]) == 1
    assert "There is no camera named 'nobody'." in capsys.readouterr().err


def test_no_camera_at_all(monkeypatch, tmp_path, capsys):
    camera = ChoosyCamera()
    connect(monkeypatch, tmp_path, camera)
    camera.unplug()
    assert main(["cameras"]) == 0
    assert capsys.readouterr().out == "No camera was found. Connect one; the source 'demo' plays without.\n"


def test_where_cameras_cannot_be_listed_the_first_indices_are_tried(monkeypatch, tmp_path, capsys):
    camera = ChoosyCamera()
    connect(monkeypatch, tmp_path, camera)
    monkeypatch.setattr("app.capture.devices._backends", lambda: ())
    assert main(["cameras"]) == 0
    out = capsys.readouterr().out
    assert [line.split("  ")[0] for line in out.splitlines() if not line.startswith(" ")] == ["0", "1", "2", "3"]


def test_the_window_and_the_measurement_take_a_format(monkeypatch):
    assert parse_window(["--camera-format", "640x480@60:yuyv"]).camera_format == CameraFormat(640, 480, 60.0, "YUYV")
    assert parse_window([]).camera_format is None
    asked = []
    monkeypatch.setattr("app.commands.bench.bench", lambda options: asked.append(options) or 0)
    assert main(["bench", "--camera-format", "640x480@60"]) == 0
    assert asked == [BenchOptions(camera_format=CameraFormat(640, 480, 60.0))]
    assert asked[0].camera_request.format == CameraFormat(640, 480, 60.0)


@pytest.mark.parametrize("words", [[], ["cameras"], ["bench"]])
@pytest.mark.parametrize("text", ["720p", "1280x720@fast", "0x0@30", ""])
def test_bad_text_is_refused_before_anything_is_opened(words, text, capsys):
    with pytest.raises(SystemExit) as stop:
        main([*words, "--camera-format", text])
    assert stop.value.code == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert "--camera-format: " in error
    assert "1280x720@30" in error
