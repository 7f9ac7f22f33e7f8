"""What was encoded comes back: in every size, losslessly where that was asked for, and of a recording cut off."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from app.core.frames import Frame
from app.session.codecs import CODECS, NO_PICTURE
from app.session.folders import claim_folder
from app.session.manifest import Manifest
from app.session.recovery import recover
from app.session.session import Session
from app.session.writer import SessionWriter


def record(folder, header, frames, codec="h264"):
    with SessionWriter(folder, header, codec=codec) as writer:
        for frame in frames:
            writer.add_frame(frame)
    return writer.stats


def test_odd_sizes_come_back(tmp_path, header, make_frame):
    folder = claim_folder(tmp_path / "session")
    frames = [make_frame(i, width=65, height=49) for i in range(10)]
    assert record(folder, header, frames).error == ""
    session = Session.open(folder)
    assert (session.manifest.video.codec, session.manifest.video.encoder) == ("h264", "libx264")
    with session.frames() as video:
        assert all(cv2.PSNR(video.image_at(frame.index), frame.image) > 35 for frame in frames)


def test_lossless_is_lossless(tmp_path, header):
    rng = np.random.default_rng(8)
    for width, height in ((64, 48), (591, 333), (1, 1), (17, 3)):
        frames = [Frame(i, rng.integers(0, 256, (height, width, 3), np.uint8), i / 30) for i in range(4)]
        folder = claim_folder(tmp_path / f"{width}x{height}")
        assert record(folder, header, frames, "ffv1").error == ""
        session = Session.open(folder)
        video = session.manifest.video
        assert (video.codec, video.encoder, video.padded_width) == ("ffv1", "ffv1", width)
        with session.frames() as pictures:
            for k in (3, 0, 2, 1):
                assert np.array_equal(pictures.image_at(k), frames[k].image)


@pytest.mark.parametrize("codec", [codec for codec in CODECS if codec != NO_PICTURE])
def test_a_cut_off_recording_says_its_codec_without_session_json(tmp_path, header, make_frame, codec):
    folder = claim_folder(tmp_path / "session")
    record(folder, header, [make_frame(i) for i in range(5)], codec)
    replace(Manifest.read(folder), state="recording", owner=None, video=None).write(folder)
    for name in ("video.mkv", "frames.csv"):
        (folder / name).rename(folder / name.replace(".", ".part."))
    assert recover(folder).frames == 5
    video = Manifest.read(folder).video
    assert (video.codec, video.width, video.height) == ("ffv1" if codec == "ffv1" else "h264", 64, 48)
    with Session.open(folder).frames() as pictures:
        assert pictures.image_at(4).shape == (48, 64, 3)
