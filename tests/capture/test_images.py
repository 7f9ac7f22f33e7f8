"""Pictures: order, conversions, broken files, and the two ways of playing them."""

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.capture.images import ImageSource, is_picture, natural_key, read_image
from app.capture.source import SourceState
from app.core.errors import SourceError


@pytest.fixture
def save(tmp_path):
    def write(name, image):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode(path.suffix, image)[1].tobytes())
        return path

    return write


def flat(value, height=12, width=16):
    return np.full((height, width, 3), value, np.uint8)


def test_a_folder_is_read_once_in_natural_order(save, tmp_path, read_all):
    for number in (10, 9, 1, 2):
        save(f"pic{number}.png", flat(number))
    save("Pic3.PNG", flat(3))
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "folder.png").mkdir()
    source = ImageSource(tmp_path, paced=False)
    info = source.open()
    frames = read_all(source)
    assert [f.name for f in frames] == ["pic1.png", "pic2.png", "Pic3.PNG", "pic9.png", "pic10.png"]
    assert [int(f.image[0, 0, 0]) for f in frames] == [1, 2, 3, 9, 10]
    assert [f.index for f in frames] == list(range(5))
    assert (info.kind, info.name, info.width, info.height) == ("images", tmp_path.name, 16, 12)
    assert source.status.state is SourceState.ENDED
    assert source.read(0.0) is None


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1), min_size=2))
def test_any_names_can_be_sorted(names):
    assert len(sorted((Path(name) for name in names), key=natural_key)) == len(names)


def test_one_picture_repeats_ten_times_a_second(save, fake_time):
    source = ImageSource(save("face.png", flat(5)), pacer=fake_time.pacer())
    assert source.open().fps == pytest.approx(10)
    frames = [source.read(1.0) for _ in range(5)]
    assert [f.captured_s - 1000 for f in frames] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    assert {f.name for f in frames} == {"face.png"}
    assert [f.index for f in frames] == list(range(5))


def test_a_live_folder_shows_one_a_second_over_and_over(save, tmp_path, fake_time):
    save("a.png", flat(1))
    save("b.png", flat(2))
    source = ImageSource(tmp_path, pacer=fake_time.pacer())
    source.open()
    frames = [source.read(2.0) for _ in range(5)]
    assert [f.name for f in frames] == ["a.png", "b.png", "a.png", "b.png", "a.png"]
    assert [f.captured_s - 1000 for f in frames] == pytest.approx([0, 1, 2, 3, 4])
    assert source.read(0.1) is None  # the next one is due in a second


def test_broken_files_are_left_out_and_reported(save, tmp_path, read_all):
    save("1.png", flat(1))
    (tmp_path / "2.png").write_bytes(b"not a picture")
    (tmp_path / "3.jpg").write_bytes(b"")
    save("4.png", flat(4))
    source = ImageSource(tmp_path, paced=False)
    source.open()
    assert [f.name for f in read_all(source)] == ["1.png", "4.png"]
    assert source.status.state is SourceState.ENDED
    assert source.status.message == "Left out because they can't be read: 2.png, 3.jpg."


def test_the_first_files_may_be_the_broken_ones(save, tmp_path, fake_time):
    (tmp_path / "1.png").write_bytes(b"broken")
    save("2.png", flat(2))
    source = ImageSource(tmp_path, pacer=fake_time.pacer())
    source.open()
    assert [source.read(2.0).name for _ in range(3)] == ["2.png"] * 3
    assert "1.png" in source.status.message


def test_nothing_but_broken_files_is_an_error(tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"broken")
    source = ImageSource(tmp_path)
    with pytest.raises(SourceError, match="None of the 2 pictures"):
        source.open()
    assert source.status.state is SourceState.FAILED
    with pytest.raises(SourceError, match=r"a\.png is not a picture"):
        ImageSource(tmp_path / "a.png").open()


def test_missing_and_empty(tmp_path):
    with pytest.raises(SourceError, match="does not exist"):
        ImageSource(tmp_path / "none.png").open()
    with pytest.raises(SourceError, match="contains no pictures"):
        ImageSource(tmp_path).open()


@pytest.mark.parametrize(
    "image",
    [
        np.full((9, 7), 100, np.uint8),
        np.full((9, 7, 3), 100, np.uint8),
        np.full((9, 7, 4), 100, np.uint8),
        np.full((9, 7), 100 * 257, np.uint16),
        np.full((9, 7, 3), 100 * 257, np.uint16),
        np.full((9, 7, 4), 100 * 257, np.uint16),
    ],
    ids=["grey", "colour", "alpha", "grey16", "colour16", "alpha16"],
)
def test_every_kind_becomes_bgr(save, image):
    read = read_image(save("kind.png", image))
    assert read.shape == (9, 7, 3)
    assert read.dtype == np.uint8
    assert (np.abs(read.astype(int) - 100) <= 1).all()


@pytest.mark.parametrize("size", [(1, 1), (7680, 4320)])
def test_the_smallest_and_a_very_large_picture(save, size, read_all):
    width, height = size
    source = ImageSource(save("size.png", flat(8, height, width)), paced=False)
    source.open()
    (frame,) = read_all(source)
    assert frame.image.shape == (height, width, 3)


def test_unicode_names(save, tmp_path):
    path = save("Gesichter 顔/é.png", flat(3))
    assert (read_image(path) == 3).all()


def test_the_cameras_orientation_is_honoured(tmp_path):
    """EXIF orientation 6: the picture is shown turned a quarter clockwise."""
    image = flat(200, 20, 40)
    image[:10, :10] = 0  # top left, so top right when shown
    jpeg = cv2.imencode(".jpg", image)[1].tobytes()
    tiff = b"MM\0*\0\0\0\x08" + struct.pack(">HHHIHHI", 1, 0x0112, 3, 1, 6, 0, 0)
    exif = b"Exif\0\0" + tiff
    path = tmp_path / "phone.jpg"
    path.write_bytes(jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:])
    read = read_image(path)
    assert read.shape == (40, 20, 3)
    assert read[4, 16].max() < 30
    assert read[4, 4].min() > 170


@pytest.mark.parametrize("suffix", [".webp", ".avif", ".tif", ".png", ".jpg"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_kind_is_turned_as_a_viewer_shows_it(tmp_path, suffix, orientation):
    shown = np.zeros((32, 48, 3), np.uint8)
    shown[:16, :24], shown[:16, 24:], shown[16:, :24] = (200, 40, 40), (40, 200, 40), (40, 40, 200)
    # What is stored, so that turning it gives what is shown.
    stored = {
        1: shown, 2: shown[:, ::-1], 3: shown[::-1, ::-1], 4: shown[::-1], 5: shown.transpose(1, 0, 2),
        6: np.rot90(shown), 7: np.rot90(shown, 2).transpose(1, 0, 2), 8: np.rot90(shown, -1),
    }[orientation]  # fmt: skip
    exif = PIL.Image.Exif()
    exif[0x112] = orientation
    path = tmp_path / f"phone{suffix}"
    PIL.Image.fromarray(np.ascontiguousarray(stored)).save(path, exif=exif, quality=95)
    read = read_image(path)[..., ::-1].astype(int)
    assert read.shape == shown.shape
    for y in (8, 24):
        for x in (12, 36):
            assert np.abs(read[y, x] - shown[y, x]).max() < 25


@pytest.mark.parametrize("suffix", [".tga", ".avif", ".ico", ".j2k", ".jfif"])
def test_a_folder_leaves_out_no_kind_that_can_be_read(tmp_path, suffix, read_all):
    kind = {".j2k": "JPEG2000", ".jfif": "JPEG"}.get(suffix)
    PIL.Image.new("RGB", (48, 48), (90, 90, 90)).save(tmp_path / f"picture{suffix}", kind)
    source = ImageSource(tmp_path, paced=False)
    source.open()
    (frame,) = read_all(source)
    assert np.abs(frame.image.astype(int) - 90).max() < 6


def test_tiles_are_put_together(shared):
    for name, shape in (("grid_iphone.heic", (1024, 1024, 3)), ("grid_2x2.avif", (960, 1024, 3))):
        if name.endswith("heic"):
            pytest.importorskip("pillow_heif")
        image = read_image(shared / "field" / name)
        assert image.shape == shape
        assert image[shape[0] // 2 :, shape[1] // 2 :].std() > 20  # there is a picture in the last tile, too


def test_pictures_that_nothing_reads_are_named(tmp_path, save, read_all):
    save("a.png", flat(3))
    (tmp_path / "raw.DNG").write_bytes(b"MM\0*")
    source = ImageSource(tmp_path, paced=False)
    source.open()
    assert len(read_all(source)) == 1
    assert source.status.message == "Left out because they can't be read: raw.DNG."


def test_what_systems_leave_beside_pictures_is_no_picture(tmp_path, save, read_all):
    save("a.png", flat(3))
    for name in ("._a.png", ".DS_Store", "Thumbs.db", "desktop.ini"):
        (tmp_path / name).write_bytes(b"\0\5\x16\7")
    source = ImageSource(tmp_path, paced=False)
    source.open()
    assert len(read_all(source)) == 1
    assert source.status.message == ""


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("bomb.png", b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + struct.pack(">IIBBBBB", 50_000, 42_000, 8, 2, 0, 0, 0)),
        (
            "bomb.bmp",
            b"BM" + struct.pack("<IHHIIiiHHIIiiII", 90, 0, 0, 54, 40, 40_000, 40_000, 1, 24, 0, 0, 0, 0, 0, 0),
        ),
        ("bomb.ppm", b"P6 60000 60000 255\n"),
    ],
)
def test_a_small_file_that_would_fill_the_memory_is_refused_before_it_is_decoded(tmp_path, name, data):
    if name.endswith("png"):
        data += struct.pack(">I", zlib.crc32(data[12:])) + b"\0\0\0\0IDAT\x35\xaf\x06\x1e"
    (tmp_path / name).write_bytes(data + bytes(64))
    with pytest.raises(SourceError, match=f"{name} is refused: it claims more than 268 million pixels"):
        read_image(tmp_path / name)


def test_no_program_is_run_for_a_drawing_that_calls_itself_a_picture(tmp_path, monkeypatch):
    (tmp_path / "drawing.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n")
    monkeypatch.setattr("subprocess.Popen", lambda *words, **more: pytest.fail("a program was started"))
    with pytest.raises(SourceError, match="is not a picture"):
        read_image(tmp_path / "drawing.jpg")


def test_a_picture_is_known_by_its_content(tmp_path, save):
    path = save("a.png", flat(3)).rename(tmp_path / "no ending")
    (tmp_path / "text").write_text("hello")
    assert is_picture(path)
    assert not is_picture(tmp_path / "text")
    assert not is_picture(tmp_path / "nothing")
