"""A film's stream, times and upright picture are the same for who measures, reviews and exports it."""

import gc
import struct
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import psutil
import pytest

from app.capture.video import VideoSource
from app.core.film import FilmFrames, shown_picture
from app.session.pictures import PictureReader

SIDE = 48
OFFSETS = (57254, 59335, 85111, 85189, 92840, 95942, 98606, 99887)  # bytes in the film of a face


def quarters(number=0, size=(64, SIDE)):
    """A picture whose corners tell apart all eight ways to lay it: 20, 90, 160, 230 clockwise from the upper left."""
    width, height = size
    image = np.empty((height, width, 3), np.uint8)
    image[: height // 2, : width // 2], image[: height // 2, width // 2 :] = 20, 90
    image[height // 2 :, width // 2 :], image[height // 2 :, : width // 2] = 160, 230
    return image


def corners(image):
    height, width = image.shape[:2]
    y, x = height // 4, width // 4
    return [int(image[a, b, 0]) for a, b in ((y, x), (y, -x), (-y, -x), (-y, x))]


def bright(number, size=(64, SIDE)):
    return np.full((size[1], size[0], 3), 20 + 9 * number, np.uint8)


def write(path, frames=3, picture=bright, *, options=None, aspect=None, fps=30, times=None, duration=None, kind=None):
    with av.open(str(path), "w", format=kind) as container:
        stream = container.add_stream("libx264", rate=fps, options={"qp": "4", "bf": "0", **(options or {})})
        stream.width, stream.height, stream.pix_fmt = 64, SIDE, "yuv420p"
        if times is not None:
            stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        for k in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(k), format="bgr24")
            if times is not None:
                frame.pts, frame.time_base = round(times[k] * 1000), Fraction(1, 1000)
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode(None):
            if duration is not None:
                packet.duration = duration
            container.mux(packet)
    return path


def frames_of(path, read_all):
    """What ``extract`` sees, and the sentence at the end."""
    source = VideoSource(path, paced=False)
    source.open()
    frames = read_all(source)
    source.close()
    return frames, source.status.message


def measured(path, read_all):
    """Images, times, and the sentence at the end."""
    frames, message = frames_of(path, read_all)
    return [f.image for f in frames], [f.media_s for f in frames], message


def assert_reads_the_same(path, images, times):
    """Review and export, in any order."""
    reader = PictureReader(path, np.array(times), None, cache_bytes=0)
    count = len(images)
    for number in [*range(count), count // 2, 0, count - 1, 1, *reversed(range(count))]:
        picture = reader.frame_at(number)
        assert picture.exact, number
        np.testing.assert_array_equal(picture.image, images[number], err_msg=str(number))
    reader.close()


@pytest.mark.parametrize(
    ("matrix", "seen"),
    [
        ((1, 0, 0, 1), [20, 90, 160, 230]),
        ((-1, 0, 0, 1), [90, 20, 230, 160]),
        ((1, 0, 0, -1), [230, 160, 90, 20]),
        ((-1, 0, 0, -1), [160, 230, 20, 90]),
        ((0, 1, 1, 0), [20, 230, 160, 90]),
        ((0, 1, -1, 0), [230, 20, 90, 160]),
        ((0, -1, 1, 0), [90, 160, 230, 20]),
        ((0, -1, -1, 0), [160, 90, 20, 230]),
    ],
)
def test_each_of_the_eight_ways_to_lay_a_picture_is_undone(tmp_path, read_all, matrix, seen):
    path = write(tmp_path / "clip.mp4", picture=quarters)
    data = bytearray(path.read_bytes())
    a, b, c, d = (v << 16 for v in matrix)
    # x' = a x + c y and y' = b x + d y, in the track's header
    struct.pack_into(">9i", data, data.index(b"tkhd") + 44, a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    images, times, message = measured(path, read_all)
    assert corners(images[0]) == pytest.approx(seen, abs=6)
    assert images[0].shape == ((48, 64, 3) if matrix[0] else (64, 48, 3))
    assert not message
    assert_reads_the_same(path, images, times)


@pytest.mark.parametrize(("aspect", "width"), [(Fraction(15, 16), 60), (Fraction(4, 3), 85), (Fraction(0), 64)])
@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.ts"])
def test_pixels_that_are_not_square_are_made_so(tmp_path, read_all, name, aspect, width):
    path = write(tmp_path / name, 12, picture=quarters, aspect=aspect)
    images, times, _ = measured(path, read_all)
    assert images[0].shape == (48, width, 3)
    assert corners(images[0]) == pytest.approx([20, 90, 160, 230], abs=6)
    assert_reads_the_same(path, images, times)


@pytest.mark.parametrize("name", ["late.mkv", "late.webm", "late.ts", "late.mp4", "late.flv", "late.mov"])
def test_a_film_that_starts_late_is_whole(tmp_path, read_all, name):
    kind = "matroska" if name.endswith("webm") else None
    path = write(tmp_path / name, 6, times=[100 + k / 10 for k in range(6)], fps=10, kind=kind)
    images, times, message = measured(path, read_all)
    assert (len(images), message) == (6, "")
    assert times == pytest.approx([k / 10 for k in range(6)], abs=2e-3)
    assert_reads_the_same(path, images, times)


def test_a_long_last_frame_is_no_damage(tmp_path, read_all):
    path = write(tmp_path / "slides.mp4", 5, fps=10, duration=None, times=[0, 0.1, 0.2, 0.3, 0.4])
    long = tmp_path / "long.mp4"
    with av.open(str(path)) as old, av.open(str(long), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        packets = [packet for packet in old.demux(video=0) if packet.size]
        packets[-1].duration = round(3 / packets[-1].time_base)
        for packet in packets:
            packet.stream = stream
            new.mux(packet)
    images, _, message = measured(long, read_all)
    assert (len(images), message) == (5, "")


def test_a_gif_with_a_long_last_frame_is_no_damage(tmp_path, read_all):
    from PIL import Image

    path = tmp_path / "slides.gif"
    pictures = [Image.fromarray(bright(k)) for k in range(4)]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=[100, 100, 100, 3000])
    images, times, message = measured(path, read_all)
    assert (len(images), message) == (4, "")
    assert_reads_the_same(path, images, times)


def test_the_times_of_an_avi_with_reordered_frames_are_even(tmp_path, read_all):
    path = write(tmp_path / "clip.avi", 20, options={"bf": "3", "b-adapt": "0"})
    images, times, message = measured(path, read_all)
    assert [int(image[0, 0, 0]) for image in images] == pytest.approx([20 + 9 * k for k in range(20)], abs=6)
    assert times == pytest.approx([k / 30 for k in range(20)], abs=1e-6)
    assert not message
    assert_reads_the_same(path, images, times)


def test_a_bare_stream_has_its_own_rate_and_can_be_reviewed(tmp_path, read_all):
    path = write(tmp_path / "raw.mpg", 20, kind="h264", options={"g": "5"})
    images, times, _ = measured(path, read_all)
    assert times == pytest.approx([k / 30 for k in range(20)], abs=1e-6)
    assert_reads_the_same(path, images, times)


def test_two_films_joined_are_counted_on(tmp_path, read_all):
    one = write(tmp_path / "one.ts", 10, options={"g": "5"}).read_bytes()
    path = tmp_path / "joined.ts"
    path.write_bytes(one + write(tmp_path / "two.ts", 20, options={"g": "5"}).read_bytes() + one * 4)
    images, times, message = measured(path, read_all)
    assert len(images) == 70
    assert times == pytest.approx([k / 30 for k in range(70)], abs=2e-3)
    assert not message
    assert_reads_the_same(path, images, times)


def test_the_stream_by_default_is_the_film(tmp_path, read_all):
    one = write(tmp_path / "one.mp4", 4)
    two = write(tmp_path / "two.mp4", 6, picture=lambda k: bright(k + 10))
    path = tmp_path / "both.mkv"
    with av.open(str(one)) as first, av.open(str(two)) as second, av.open(str(path), "w") as out:
        streams = [out.add_stream_from_template(f.streams.video[0]) for f in (first, second)]
        streams[0].disposition = 0
        streams[1].disposition = streams[1].disposition.__class__.default
        for source, stream in zip((first, second), streams, strict=True):
            for packet in source.demux(video=0):
                if packet.size:
                    packet.stream = stream
                    out.mux(packet)
    images, times, message = measured(path, read_all)
    assert (len(images), message) == (6, "")
    assert images[0][0, 0, 0] == pytest.approx(110, abs=4)
    assert_reads_the_same(path, images, times)


@pytest.mark.parametrize("halves", [(30, 10), (10, 30), (None, None)], ids=str)
def test_a_joined_film_keeps_its_own_steps(tmp_path, read_all, halves):
    """Of another rate, or uneven ones."""
    uneven = np.cumsum([0.0, *[0.04, 0.12] * 6])
    path, own = tmp_path / "joined.ts", [np.arange(13) / fps if fps else uneven for fps in halves]
    made = (write(tmp_path / "one.ts", 13, fps=fps or 30, times=None if fps else uneven).read_bytes() for fps in halves)
    path.write_bytes(b"".join(made))
    images, times, _ = measured(path, read_all)
    steps = np.diff(times)
    for half, expected in zip((steps[:12], steps[13:]), own, strict=True):
        assert half == pytest.approx(np.diff(expected), abs=2e-3)
    assert_reads_the_same(path, images, times)


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_what_pyav_can_not_list_beside_a_frame_does_not_matter(tmp_path, read_all, turned):
    path = tmp_path / "clip.mjpeg"
    orientation = {0: 1, 90: 8, 180: 3, 270: 6}[turned]
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0%c\0\0\0\0\0\0" % orientation
    data = cv2.imencode(".jpg", quarters())[1].tobytes()
    data = data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:]
    path.write_bytes(data * 3)
    images, times, _ = measured(path, read_all)
    assert corners(images[0]) == pytest.approx(corners(np.rot90(quarters(), turned // 90)), abs=8)
    assert_reads_the_same(path, images, times)


def noise(number):
    return np.random.default_rng(number).integers(0, 255, (SIDE, 64, 3), np.uint8)


def test_what_the_decoder_made_up_is_marked_with_all_that_is_built_on_it(tmp_path, read_all):
    face = Path(__file__).parent / "data" / "face.mp4"
    sound, _, message = measured(face, read_all)
    assert not message
    data, other = bytearray(face.read_bytes()), tmp_path / "clip.mp4"
    for k in OFFSETS:
        data[k] ^= 0xFF
    other.write_bytes(data)
    frames, message = frames_of(other, read_all)
    # The decoder notices 6, 11, 12, 14 and 15; 5 is a B-frame, shown before what it is built on.
    assert [f.index for f in frames if f.damaged] == list(range(5, 16))
    for frame in frames[:5]:
        np.testing.assert_array_equal(frame.image, sound[frame.index])
    assert "is damaged: 11 of its 16 frames are incomplete" in message


def test_damage_ends_with_the_next_key_frame(tmp_path, read_all):
    path = write(tmp_path / "clip.mp4", 36, picture=noise, options={"qp": "20", "g": "12", "sc_threshold": "0"})
    sound, _, _ = measured(path, read_all)
    with av.open(str(path)) as container:
        hit = [packet for packet in container.demux(video=0) if packet.size][16]
        position, size = hit.pos, hit.size
    data = bytearray(path.read_bytes())
    for k in range(size // 4, size // 2):
        data[position + k] ^= 0xFF
    path.write_bytes(data)
    frames, _ = frames_of(path, read_all)
    assert [f.index for f in frames if f.damaged] == list(range(16, 24))
    for frame in frames:
        if not frame.damaged:
            np.testing.assert_array_equal(frame.image, sound[frame.index], err_msg=str(frame.index))


def test_pictures_are_let_go_of_at_once_and_bring_no_threads(tmp_path):
    """Played for hours, a film would fill the memory, and each picture would cost the start of threads."""
    with av.open(str(write(tmp_path / "film.mp4", frames=30))) as container:
        stream = container.streams.video[0]
        frames = list(FilmFrames(container, stream))
        before = psutil.Process().num_threads()
        gc.collect()
        gc.disable()
        try:
            for frame in frames:
                shown_picture(frame.frame, stream)
            threads = psutil.Process().num_threads() - before
            del frame
            frames.clear()
            cycles = gc.collect()
        finally:
            gc.enable()
    assert threads <= 1
    assert cycles < 30
