"""Video files: exact times, pace, rotation, and everything that can be wrong with a file."""

from pathlib import Path

import av
import numpy as np
import pytest

from app.capture.source import SourceState
from app.capture.video import VideoSource
from app.core.errors import SourceError
from tests.factories import write_video


def play(path, read_all, **options):
    source = VideoSource(path, paced=False, **options)
    source.open()
    frames = read_all(source)
    status = source.status
    source.close()
    return frames, status


def test_every_frame_comes_with_its_own_time(make_video, read_all):
    times = [0, 0.1, 0.15, 0.4, 0.41, 0.9, 1.0]  # a phone's variable rate
    frames, status = play(make_video(times=times), read_all)
    assert [f.media_s for f in frames] == pytest.approx(times, abs=1e-6)
    assert [f.index for f in frames] == list(range(7))
    assert [int(np.median(f.image)) for f in frames] == pytest.approx([40 + 15 * i for i in range(7)], abs=6)
    assert (status.state, status.message) == (SourceState.ENDED, "")


def test_times_count_from_the_first_frame(make_video, read_all):
    frames, _ = play(make_video("late.mkv", times=[5.0, 5.1, 5.2]), read_all)
    assert [f.media_s for f in frames] == pytest.approx([0, 0.1, 0.2], abs=1e-3)


def test_what_the_file_says_of_itself(make_video):
    source = VideoSource(make_video(fps=25, size=(96, 64)))
    info = source.open()
    assert (info.kind, info.name, info.width, info.height, info.fourcc) == ("video", "clip.mp4", 96, 64, "h264")
    assert info.fps == pytest.approx(25, rel=0.01)
    source.close()
    assert source.status.state is SourceState.CLOSED
    assert source.read(0.0) is None


def test_a_paced_file_keeps_its_own_time(make_video, read_all, fake_time):
    times = [0, 0.1, 0.3, 0.35]
    source = VideoSource(make_video(times=times), pacer=fake_time.pacer())
    source.open()
    frames = read_all(source)
    assert [f.captured_s - 1000 for f in frames] == pytest.approx(times, abs=1e-6)
    assert fake_time.now_s - 1000 == pytest.approx(0.35)
    assert source.status.state is SourceState.ENDED


def test_a_frame_not_yet_due_is_not_given(make_video, fake_time):
    source = VideoSource(make_video(times=[0, 1.0]), pacer=fake_time.pacer())
    source.open()
    assert source.read(0.1).media_s == 0
    assert source.read(0.1) is None
    assert source.status.state is SourceState.STREAMING
    assert source.read(0.0) is None
    frame = source.read(2.0)
    assert frame.media_s == pytest.approx(1.0)
    assert frame.captured_s == pytest.approx(1001)


def test_a_little_lateness_is_caught_up_a_long_pause_is_not(make_video, fake_time):
    source = VideoSource(make_video(fps=10, frames=40), pacer=fake_time.pacer())
    source.open()
    source.read(1.0)
    fake_time.pass_s(0.2)
    late = source.read(1.0)
    assert late.captured_s == pytest.approx(1000.1)  # due then
    fake_time.pass_s(5.0)
    resumed = source.read(1.0)
    assert resumed.media_s == pytest.approx(0.2)
    assert resumed.captured_s == pytest.approx(fake_time.now_s)
    before = fake_time.now_s
    for _ in range(10):
        source.read(1.0)
    assert fake_time.now_s - before == pytest.approx(1.0)  # at its own pace again


def test_a_loop_goes_on_without_a_seam(make_video, fake_time):
    source = VideoSource(make_video(fps=10, frames=5), loop=True, pacer=fake_time.pacer())
    source.open()
    frames = [source.read(1.0) for _ in range(13)]
    assert [f.index for f in frames] == list(range(13))
    assert [f.media_s for f in frames] == pytest.approx([i % 5 / 10 for i in range(13)], abs=1e-6)
    assert [f.captured_s - 1000 for f in frames] == pytest.approx([i / 10 for i in range(13)], abs=1e-6)
    assert source.status.state is SourceState.STREAMING


def test_a_looped_file_that_vanishes_is_said(make_video, read_all):
    path = make_video(frames=3)
    source = VideoSource(path, paced=False, loop=True)
    source.open()
    path.rename(path.with_name("elsewhere.mp4"))
    for _ in range(3):
        assert source.read(1.0) is not None
    with pytest.raises(SourceError, match="does not exist"):
        source.read(1.0)


@pytest.mark.parametrize("rotation", [90, 180, -90])
def test_phone_video_is_turned_upright(make_video, read_all, rotation):
    """The dark mark, top left in the stored picture, turns counter-clockwise by ``rotation``."""
    frames, _ = play(make_video(frames=3, rotate=rotation), read_all)
    image = frames[0].image
    assert image.shape[:2] == ((64, 48) if abs(rotation) == 90 else (48, 64))
    assert image.flags.c_contiguous
    height, width = image.shape[:2]
    corners = {90: (height - 5, 4), 180: (height - 5, width - 5), -90: (4, width - 5)}
    assert image[corners[rotation]].max() < 20
    others = set(corners.values()) | {(4, 4)}
    assert sum(image[y % height, x % width].max() < 20 for y, x in others if (y, x) != corners[rotation]) == 0


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt", "size"),
    [
        ("grey.mkv", "ffv1", "gray", (64, 48)),
        ("ten.mkv", "ffv1", "yuv420p10le", (64, 48)),
        ("alpha.mkv", "ffv1", "yuva420p", (64, 48)),
        ("rgb.mkv", "ffv1", "bgr0", (64, 48)),
        ("odd.mkv", "ffv1", "yuv420p", (63, 47)),
        ("dot.mkv", "ffv1", "bgr0", (1, 1)),
        ("motion.avi", "mjpeg", "yuvj420p", (64, 48)),
    ],
)
def test_every_pixel_format_becomes_bgr(make_video, read_all, name, codec, pix_fmt, size):
    frames, status = play(make_video(name, codec=codec, pix_fmt=pix_fmt, size=size, frames=3), read_all)
    assert status.message == ""
    assert len(frames) == 3
    for number, frame in enumerate(frames):
        assert frame.image.shape == (size[1], size[0], 3)
        assert frame.image.dtype == np.uint8
        if size != (1, 1):  # there the dark mark is all there is
            assert frame.image[-1, -1].tolist() == pytest.approx([40 + 15 * number] * 3, abs=6)


def test_a_truncated_file_plays_to_where_it_can_and_says_so(make_video, read_all):
    path = make_video("cut.mp4", frames=100, container_options={"movflags": "faststart"}, options={"g": "10"})
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * 0.7)])
    frames, status = play(path, read_all)
    assert 10 < len(frames) < 95
    assert status.state is SourceState.ENDED
    assert "cut.mp4 is damaged or incomplete: only the first" in status.message
    assert "of its 10.0 seconds" in status.message


def test_damage_in_the_middle_does_not_end_the_film(make_video, read_all):
    path = make_video("holes.avi", codec="mjpeg", pix_fmt="yuvj420p", frames=60)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2000] = b"\xff" * 2000
    path.write_bytes(bytes(data))
    frames, status = play(path, read_all)
    assert len(frames) > 20
    assert status.state is SourceState.ENDED


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"this is a shopping list\n" * 20, "is not a video"),
        (b"", "is not a video"),
        (b"\0" * 5000, "is not a video"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "is not a video"),
    ],
)
def test_what_is_no_video_is_said_in_a_sentence(tmp_path, content, sentence):
    path = tmp_path / "bad.mp4"
    path.write_bytes(content)
    source = VideoSource(path)
    with pytest.raises(SourceError, match=sentence) as error:
        source.open()
    assert "\n" not in str(error.value)
    assert source.status.state is SourceState.FAILED


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(SourceError, match="does not exist"):
        VideoSource(tmp_path / "nothing.mp4").open()
    with pytest.raises(SourceError, match="is a folder"):
        VideoSource(tmp_path).open()


def test_sound_alone_is_no_video(tmp_path):
    path = tmp_path / "song.mka"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(SourceError, match="contains no video"):
        VideoSource(path).open()


def test_a_playlist_reaches_for_nothing(tmp_path):
    path = tmp_path / "list.m3u8"
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n")
    with pytest.raises(SourceError):
        VideoSource(path).open()


def test_unicode_names(make_video, read_all):
    frames, _ = play(make_video("Gesichtsübung 顔 é.mp4", frames=2), read_all)
    assert len(frames) == 2


@pytest.mark.parametrize("name", ["cam-1:30.mp4", "file:x.mp4", "concat:a|b.mp4", "2026-11-26T20:30:00+01:00.mp4"])
def test_a_colon_in_a_relative_path_is_part_of_the_name(make_video, read_all, monkeypatch, name):
    path = make_video(name, frames=3)
    monkeypatch.chdir(path.parent)
    frames, status = play(Path(name), read_all)
    assert (len(frames), status.message) == (3, "")


def test_a_real_portrait_clip(shared):
    source = VideoSource(shared / "clips" / "d13.mp4", paced=False)
    info = source.open()
    assert (info.width, info.height, info.fps) == (720, 1280, 30)
    frames = [source.read(1.0) for _ in range(20)]
    source.close()
    assert frames[0].image.shape == (1280, 720, 3)
    assert [f.media_s for f in frames] == pytest.approx([i / 30 for i in range(20)], abs=1e-4)


def test_a_film_of_absurd_size_is_refused_before_it_is_decoded(tmp_path):
    path = tmp_path / "bomb.mkv"
    write_video(path, [np.zeros((400, 300, 3), np.uint8)], codec="ffv1")
    data = path.read_bytes()
    width, height = b"\xb0\x82\x01\x2c", b"\xba\x82\x01\x90"  # PixelWidth and PixelHeight of Matroska
    assert data.count(width) == data.count(height) == 1
    path.write_bytes(data.replace(width, b"\xb0\x82\x3e\x80").replace(height, b"\xba\x82\x3e\x80"))
    with pytest.raises(SourceError, match="16000 x 16000 pixels are larger than any film's"):
        VideoSource(path).open()
