"""Encoders are believed when pictures have come back from them; what fails gives way to software."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from app.core.frames import Frame
from app.session import encoder_choice, encoders
from app.session.codecs import CODECS, NO_PICTURE
from app.session.encoder_choice import EncoderChoice, Finding, find, prove_apart
from app.session.encoders import HARDWARE, LOSSLESS, SOFTWARE, Encoder, prove
from app.session.folders import claim_folder
from app.session.manifest import Manifest
from app.session.reader import Session
from app.session.recovery import recover
from app.session.writer import SessionWriter
from extractor import child

SMALL = (320, 240)
PRETENDED = replace(SOFTWARE, label="a pretended card", hardware=True, pixels="nv12")
"""What a hardware encoder that works looks like from here."""
BROKEN = Encoder("h264_nvenc", "h264", "a card without a driver", "yuv420p", (("preset", "p99"),), hardware=True)


@pytest.fixture
def choice(monkeypatch, tmp_path):
    """A choice of its own for recordings, with what is put into it."""
    monkeypatch.setenv("MOTIONSCOPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MOTIONSCOPE_ENCODER")

    def make(*candidates, proof=lambda encoder: ""):
        made = EncoderChoice(candidates, proof)
        for module in ("files", "video"):
            monkeypatch.setattr(f"app.session.{module}.CHOICE", made)
        made.wait()
        return made

    return make


@pytest.mark.parametrize("encoder", [SOFTWARE, PRETENDED, LOSSLESS], ids=lambda encoder: encoder.label)
def test_an_encoder_that_works_is_proven(encoder):
    assert prove(encoder, *SMALL) == ""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "h264_of_nobody"}, "not part of this FFmpeg"),
        ({"options": (("preset", "nonsense"),)}, "it fails"),
        ({"options": (("preset", "medium"), ("crf", "22"))}, "frames back"),
        ({"options": (("preset", "superfast"), ("tune", "zerolatency"), ("qp", "51"))}, "came back changed"),
    ],
)
def test_an_encoder_that_does_not_is_refused_and_why(changes, words):
    assert words in prove(replace(SOFTWARE, **changes), *SMALL)


class Stream:
    """A stream whose ``encode`` is another one's, as a driver's whims would have it."""

    def __init__(self, stream, encode):
        self._stream, self._encode = stream, encode

    def encode(self, frame=None):
        return self._encode(self._stream, frame)


def test_an_encoder_that_loses_a_frame_is_refused(monkeypatch):
    def forgetful(stream, frame):
        return [] if frame is not None and frame.pts == 72 else stream.encode(frame)

    monkeypatch.setattr(encoders, "add_stream", lambda *words, add=encoders.add_stream: Stream(add(*words), forgetful))
    assert prove(SOFTWARE, *SMALL) == "11 of 12 frames came back, or not at their times"


def test_this_machines_hardware_is_tried_and_the_answer_is_one_line():
    """Whatever is here: each encoder works in a process of its own or says why not, and nothing crashes."""
    for encoder in HARDWARE:
        reason = prove_apart(encoder)
        assert "\n" not in reason
        if encoder.name not in av.codecs_available:
            assert reason == "not part of this FFmpeg"


def test_a_driver_that_crashes_or_hangs_takes_nobody_along(monkeypatch, tmp_path):
    package = tmp_path / "app" / "session"
    package.mkdir(parents=True)
    (tmp_path / "app" / "__init__.py").touch()
    (package / "__init__.py").touch()
    (tmp_path / "extractor").mkdir()
    (tmp_path / "extractor" / "__init__.py").touch()
    for name in ("child", "user_cache", "files"):
        shutil.copy(Path(child.__file__).with_name(f"{name}.py"), tmp_path / "extractor")
    monkeypatch.setattr(child, "ROOT", tmp_path)
    (package / "encoder_choice.py").write_text("import os\nos.abort()\n")
    assert "ended the program with" in prove_apart(HARDWARE[0])
    (package / "encoder_choice.py").write_text("import threading\nthreading.Event().wait()\n")
    assert prove_apart(HARDWARE[0], timeout_s=0.5) == "no answer within 0 s"


def test_the_first_one_that_works_is_taken():
    reasons = {"libx264": "", "ffv1": "broken"}
    first = replace(LOSSLESS, hardware=True)
    missing = Encoder("h264_of_nobody", "h264", "x", "nv12")
    finding = find([missing, first, PRETENDED], lambda encoder: reasons[encoder.name])
    assert finding.encoder == PRETENDED
    assert finding.refused == (("h264_of_nobody", "not part of this FFmpeg"), ("ffv1", "broken"))


def test_the_finding_is_remembered_until_something_changes(choice, monkeypatch):
    tried = []

    def proof(encoder):
        tried.append(encoder.name)
        return ""

    assert choice(PRETENDED, proof=proof).hardware == PRETENDED
    assert choice(PRETENDED, proof=proof).hardware == PRETENDED
    assert tried == ["libx264"]
    choice(replace(PRETENDED, options=(("crf", "1"),)), proof=proof)
    assert len(tried) == 2
    monkeypatch.setattr(encoder_choice, "KEPT_S", 0.0)
    choice(replace(PRETENDED, options=(("crf", "1"),)), proof=proof)
    assert len(tried) == 3


def test_a_damaged_memory_is_no_memory(choice):
    folder = encoder_choice._cache().parent
    folder.mkdir(parents=True, exist_ok=True)
    for text in ("", "[]", '{"key": 1}', "\0"):
        encoder_choice._cache().write_text(text)
        assert choice(PRETENDED).hardware == PRETENDED


def test_hardware_can_be_switched_off(choice, monkeypatch):
    monkeypatch.setenv("MOTIONSCOPE_ENCODER", "software")
    made = choice(PRETENDED)
    assert made.encoders("h264") == (SOFTWARE,)
    assert made.finding.refused == (("all", "switched off by MOTIONSCOPE_ENCODER"),)


def test_nothing_is_waited_for_while_the_search_goes_on(choice):
    choice()  # for the environment
    encoder_choice._cache().unlink()
    made = EncoderChoice((PRETENDED,), lambda encoder: "")
    assert made.encoders("h264") == (SOFTWARE,)
    assert made.finding is None
    assert made.wait() == Finding(PRETENDED)
    assert made.encoders("h264") == (PRETENDED, SOFTWARE)
    assert made.encoders("x264") == (SOFTWARE,)
    assert made.encoders("ffv1") == (LOSSLESS,)


def record(folder, header, frames, codec="h264"):
    with SessionWriter(folder, header, codec=codec) as writer:
        for frame in frames:
            writer.add_frame(frame)
    return writer.stats


def test_a_recording_uses_the_hardware_that_works(choice, tmp_path, header, make_frame):
    choice(PRETENDED)
    folder = claim_folder(tmp_path / "session")
    frames = [make_frame(i, width=65, height=49) for i in range(10)]
    assert record(folder, header, frames).error == ""
    session = Session.open(folder)
    assert (session.manifest.video.codec, session.manifest.video.encoder) == ("h264", "libx264")
    with session.frames() as video:
        assert all(cv2.PSNR(video.frame_at(frame.index), frame.image) > 35 for frame in frames)


@pytest.mark.parametrize("failing", [BROKEN, replace(PRETENDED, pixels="yuv444p", options=(("preset", "none"),))])
def test_hardware_that_cannot_be_opened_for_this_video_gives_way(choice, tmp_path, header, make_frame, failing):
    made = choice(failing)
    folder = claim_folder(tmp_path / "session")
    stats = record(folder, header, [make_frame(i) for i in range(10)])
    assert (stats.error, stats.frames, stats.rows) == ("", 10, 10)
    assert Session.open(folder).manifest.video.encoder == "libx264"
    assert made.hardware is None  # not tried a second time
    assert not encoder_choice._cache().exists()


def test_hardware_that_fails_at_the_first_frame_gives_way(choice, tmp_path, header, make_frame, monkeypatch):
    made = choice(PRETENDED)

    def refusing(stream, frame):
        if stream.pix_fmt == "nv12":
            raise av.FFmpegError(1, "no session left")
        return stream.encode(frame)

    monkeypatch.setattr("app.session.video.add_stream", lambda *words: Stream(encoders.add_stream(*words), refusing))
    folder = claim_folder(tmp_path / "session")
    stats = record(folder, header, [make_frame(i) for i in range(10)])
    assert (stats.error, stats.frames) == ("", 10)
    assert len(Session.open(folder).table) == 10
    assert made.hardware is None


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
                assert np.array_equal(pictures.frame_at(k), frames[k].image)


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
        assert pictures.frame_at(4).shape == (48, 64, 3)
