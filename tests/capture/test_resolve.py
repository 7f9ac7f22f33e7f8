"""What a person may type as a source, and what each of it means."""

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.capture import devices
from app.capture.camera import CameraSource
from app.capture.demo import DemoSource, TruthTable, find_asset
from app.capture.devices import CameraDevice
from app.capture.images import ImageSource
from app.capture.resolve import list_sources, resolve_source
from app.capture.source import SourceState
from app.capture.video import VideoSource
from app.core.camera_format import CameraFormat, CameraRequest, KnownCamera
from app.core.errors import SourceError

CAMERAS = (
    CameraDevice(0, "Integrated Camera", "/dev/video0", 1),
    CameraDevice(2, "HD Pro Webcam C920", "/dev/video2", 1),
    CameraDevice(4, "HD Pro Webcam C922", "/dev/video4", 1),
)


def some():
    return CAMERAS


def none():
    return ()


@pytest.fixture
def demo_assets(make_video, tmp_path, monkeypatch):
    """A demo of 20 frames in a package folder of its own."""
    package = tmp_path / "extractor"
    (package / "assets").mkdir(parents=True)
    make_video().rename(package / "assets" / "demo.mp4")
    rows = [f"{i},{i / 10:.6f},{i}.5,{-i},{2 * i}" for i in range(20)]
    table = package / "assets" / "demo.csv"
    table.write_text("\n".join(["frame,timestamp_s,pitch_deg,yaw_deg,roll_deg", *rows]) + "\n")
    monkeypatch.setattr("extractor.shipped.__file__", str(package / "shipped.py"))
    return table


def device_of(resolved):
    assert isinstance(resolved.source, CameraSource)
    return resolved.source._device


def test_auto_is_the_first_camera(demo_assets):
    resolved = resolve_source("auto", lister=some)
    assert device_of(resolved) is CAMERAS[0]
    assert resolved.note == ""
    assert resolved.source.status.state is SourceState.CLOSED


def test_auto_without_a_camera_is_the_demo_and_says_so(demo_assets):
    resolved = resolve_source("auto", lister=none)
    assert isinstance(resolved.source, DemoSource)
    assert resolved.note.startswith("No camera was found, so the built-in demo plays.")


@pytest.mark.parametrize(
    ("spec", "index"),
    [("2", 2), (" 4 ", 4), ("integrated camera", 0), ("HD Pro Webcam C922", 4), ("c920", 2)],
)
def test_cameras_by_index_and_name(spec, index):
    assert device_of(resolve_source(spec, lister=some)).index == index


@pytest.mark.parametrize("spec", ["1", "hd pro", "nobody", ""])
def test_an_unknown_camera_lists_those_there_are(spec):
    with pytest.raises(SourceError, match="no camera") as error:
        resolve_source(spec, lister=some)
    assert "0 (Integrated Camera), 2 (HD Pro Webcam C920), 4 (HD Pro Webcam C922)" in str(error.value)


def test_without_any_camera_the_demo_is_offered():
    with pytest.raises(SourceError, match="No camera was found at all; the source 'demo'"):
        resolve_source("0", lister=none)


def requested_format(resolved):
    return resolved.source._start.args[1]


def test_a_camera_is_asked_for_what_was_chosen_for_it():
    small, large = CameraFormat(640, 480, 60.0), CameraFormat(1920, 1080)
    chosen = CameraRequest(known=(KnownCamera("HD Pro Webcam C922", "/dev/video4", small),))
    assert requested_format(resolve_source("4", lister=some, camera_request=chosen)) == small
    assert requested_format(resolve_source("C922", lister=some, camera_request=chosen)) == small
    assert requested_format(resolve_source("2", lister=some, camera_request=chosen)) is None  # nobody asked for one
    asked = CameraRequest(large, chosen.known)
    assert requested_format(resolve_source("4", lister=some, camera_request=asked)) == large  # the command line wins
    assert requested_format(resolve_source("2", lister=some, camera_request=asked)) == large


def test_auto_is_the_camera_chosen_last_that_is_there():
    known = tuple(
        KnownCamera(name, path, CameraFormat(width, 480))
        for name, path, width in (
            ("Gone", "/dev/video9", 320),
            ("HD Pro Webcam C920", "/dev/video7", 640),  # it has another path today
            ("Integrated Camera", "/dev/video0", 800),
        )
    )
    resolved = resolve_source("auto", lister=some, camera_request=CameraRequest(known=known))
    assert device_of(resolved) is CAMERAS[1]
    assert requested_format(resolved) == CameraFormat(640, 480)
    assert device_of(resolve_source("auto", lister=some, camera_request=CameraRequest(known=known[:1]))) is CAMERAS[0]


def test_files_are_tried_at_once(make_video, tmp_path):
    video = resolve_source(str(make_video()), lister=none)
    assert isinstance(video.source, VideoSource)
    assert video.source.status.state is SourceState.CLOSED
    picture = tmp_path / "one.png"
    picture.write_bytes(cv2.imencode(".png", np.zeros((4, 4, 3), np.uint8))[1].tobytes())
    assert isinstance(resolve_source(str(picture), lister=none).source, ImageSource)
    assert isinstance(resolve_source(str(tmp_path), lister=none).source, ImageSource)
    bad = tmp_path / "bad.mp4"
    bad.write_text("no video")
    with pytest.raises(SourceError, match=r"bad\.mp4 is not a video"):
        resolve_source(str(bad), lister=none)


def test_a_path_wins_over_a_camera_of_that_name(make_video, monkeypatch):
    path = make_video()
    named = path.with_name("Integrated Camera")
    path.rename(named)
    monkeypatch.chdir(named.parent)
    assert isinstance(resolve_source("Integrated Camera", lister=some).source, VideoSource)


@pytest.mark.parametrize("spec", ["missing.mp4", "some/where", "pic.jpg", "x" * 5000 + ".mp4", "a\0b.mp4"])
def test_a_missing_path_is_not_taken_for_a_camera(spec):
    with pytest.raises(SourceError, match="does not exist"):
        resolve_source(spec, lister=some)


def test_videos_loop_unless_told_otherwise(make_video, read_all):
    source = resolve_source(str(make_video(frames=3)), loop=False, lister=none).source
    source.open()
    assert len(read_all(source)) == 3


def test_the_picker_offers_cameras_and_the_demo():
    choices = list_sources(some)
    assert [(c.spec, c.label) for c in choices] == [
        ("0", "Integrated Camera"),
        ("2", "HD Pro Webcam C920"),
        ("4", "HD Pro Webcam C922"),
        ("demo", "Built-in demo"),
    ]
    for choice in choices[:-1]:
        assert device_of(resolve_source(choice.spec, lister=some)).name == choice.label


def test_listing_the_real_cameras_says_nothing_on_stderr():
    code = "from app.capture.resolve import list_sources; print(list_sources()[-1].spec)"
    root = Path(__file__).resolve().parents[2]
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert result.stdout.strip() == "demo"
    assert result.stderr == ""


def test_the_demo_knows_the_truth_of_every_frame(demo_assets, fake_time):
    source = DemoSource(pacer=fake_time.pacer())
    info = source.open()
    assert (info.kind, info.name) == ("demo", "Built-in demo")
    assert source.info == info
    frames = [source.read(1.0) for _ in range(45)]
    for frame in frames:
        number = frame.index % 20
        assert frame.truth == (number + 0.5, -number, 2 * number)
    source.close()
    assert source.status.state is SourceState.CLOSED


def test_a_demo_without_its_files_is_a_sentence(demo_assets):
    demo_assets.write_text("frame,timestamp_s\n1,2\n")
    with pytest.raises(SourceError, match="demo can't be played"):
        DemoSource()
    demo_assets.unlink()
    if not (demo_assets.parents[2] / "assets" / "demo.csv").exists():
        with pytest.raises(SourceError, match=r"demo\.csv did not come with"):
            find_asset("demo.csv")


def test_truth_is_looked_up_by_time(demo_assets):
    table = TruthTable(demo_assets)
    assert len(table) == 20
    assert table.at(0.3004).yaw_deg == -3
    assert table.at(0.35) is None
    assert table.at(-1) is None
    assert table.at(99) is None


def test_the_shipped_demo_matches_its_table(assets):
    source = DemoSource(paced=False, loop=False)
    info = source.open()
    count = 0
    while (frame := source.read(1.0)) is not None:
        assert frame.truth is not None, frame.media_s
        assert frame.image.shape == (info.height, info.width, 3)
        count += 1
    assert count == len(TruthTable(assets / "demo.csv"))
    assert source.status.message == ""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux has device files")
def test_the_reason_fits_the_trouble(tmp_path):
    gone = CameraDevice(0, "Cam", str(tmp_path / "video0"), 1)
    assert "no longer there" in devices.why_not(gone)
    node = tmp_path / "video1"
    node.touch()
    assert "another program" in devices.why_not(CameraDevice(1, "Cam", str(node), 1))
    if os.geteuid() != 0:  # root may do everything
        node.chmod(0)
        assert "group 'video'" in devices.why_not(CameraDevice(1, "Cam", str(node), 1))


def test_the_demo_goes_on_where_it_begins_again(demo_assets):
    """Its end joins its beginning: one face, one curve."""
    demo = DemoSource(paced=False)
    demo.open()
    frames = [demo.read(1.0) for _ in range(45)]
    demo.close()
    assert [frame.media_s for frame in frames] == pytest.approx([i / 10 for i in range(45)])
    assert [frame.truth.pitch_deg for frame in frames] == [i % 20 + 0.5 for i in range(45)]


@pytest.mark.skipif(sys.platform == "win32", reason="cameras are no files there")
def test_a_device_is_its_camera_and_anything_else_that_is_no_file_is_refused_at_once(tmp_path):
    (tmp_path / "by-id").symlink_to("/dev/null")
    camera = CameraDevice(3, "Cam", "/dev/null", 1)
    for spec in ("/dev/null", str(tmp_path / "by-id")):
        assert device_of(resolve_source(spec, lister=lambda: (camera,))) is camera
    os.mkfifo(tmp_path / "pipe.mp4")
    for spec in ("/dev/null", str(tmp_path / "pipe.mp4")):
        with pytest.raises(SourceError, match="neither a file nor a camera"):
            resolve_source(spec, lister=none)
