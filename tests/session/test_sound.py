"""The clap: frames that flash when a microphone hears it, through the real writer, measured in the finished files."""

from __future__ import annotations

import os

import av
import numpy as np
import pytest

from app.core.sound import RATE, SoundBlock
from app.session.disk import GuardedFile
from app.session.exporters import export_session
from app.session.exporters.annotated import AnnotatedVideo
from app.session.exporters.covered import CoveredVideo
from app.session.folders import AUDIO, claim_folder, part
from app.session.manifest import Manifest
from app.session.session import Session
from app.session.sound import SoundEncoder, SoundReader
from app.session.writer import SessionWriter
from app.sound.capture import SoundCapture
from tests.sound.microphone import FakeMicrophone
from tests.waiting import join_threads, wait_until

FLASHES = (5, 40, 88)  # frames
FRAMES = 100
FAST = 300e-6  # how much too fast the microphone's clock is
LOUD = 12_000
IN_STEP_S = 0.02


def clap(rate: float, start_s: float, seconds: float, at_s: list[float]) -> np.ndarray:
    """Silence, and 5 ms of noise beginning at each of these times; ``rate`` samples a second, really."""
    samples = np.zeros(int(seconds * rate), np.int16)
    for time_s in at_s:
        begin = round((time_s - start_s) * rate)
        samples[begin : begin + 240] = np.where(np.arange(240) % 8 < 4, 20_000, -20_000)
    return samples


def fed(microphone: FakeMicrophone, samples: np.ndarray, rate: float, start_s: float, until_s: float, done: int) -> int:
    """Feed the blocks of 20 ms that were whole by ``until_s``; how many were fed in all."""
    rng, size = np.random.default_rng(done), microphone._rate // 50
    while (done + 1) * size <= len(samples) and start_s + (done + 1) * size / rate <= until_s:
        taken_s = start_s + done * size / rate + rng.normal(0, 0.001)
        microphone.feed(samples[done * size : (done + 1) * size], taken_s)
        done += 1
    return done


@pytest.fixture
def record(tmp_path, header, make_frame, result_of):
    """Record frames at an uneven rate; ``FLASHES`` are white frames, and a clap is heard when they are captured."""

    def make(lead_s: float = 0.3, rate: int = 48_000, video: bool = True) -> Session:
        rng = np.random.default_rng(3)
        times = 100.0 + np.cumsum(rng.uniform(0.025, 0.042, FRAMES))
        start_s, true_rate = float(times[0]) - lead_s, rate * (1 + FAST)
        samples = clap(true_rate, start_s, times[-1] - start_s + 1, [float(times[k]) for k in FLASHES])
        folder, microphone, done = claim_folder(tmp_path / "session"), FakeMicrophone(rate), 0
        with SessionWriter(folder, header, video=video) as writer:
            sound = SoundCapture(writer.add_sound)
            sound.switch(microphone)
            join_threads("sound")
            for k, captured_s in enumerate(times):
                wait_until(lambda k=k: writer.stats.frames >= k - 20)  # a busy machine drops none
                done = fed(microphone, samples, true_rate, start_s, float(captured_s), done)
                frame = make_frame(k, captured_s=float(captured_s), value=190 if k in FLASHES else 0)
                assert writer.add_frame(frame)
                writer.add_result(result_of(frame))
            fed(microphone, samples, true_rate, start_s, float(times[-1]) + 0.5, done)
            sound.close()
        return Session.open(folder)

    return make


def heard(path) -> np.ndarray:
    with SoundReader(path) as reader:
        return np.concatenate([samples for _, samples in reader.blocks()])


def onsets(samples: np.ndarray, rate: int) -> list[float]:
    """Seconds at which it becomes loud after a tenth of silence."""
    loud = np.flatnonzero(np.abs(samples.astype(int)) > LOUD)
    return [int(k) / rate for i, k in enumerate(loud) if i == 0 or k - loud[i - 1] > rate // 10]


def flashes(path) -> list[float]:
    """Seconds at which a video's frames are white."""
    with av.open(str(path)) as container:
        return [frame.time for frame in container.decode(video=0) if frame.to_ndarray(format="gray").mean() > 150]


@pytest.mark.parametrize("lead_s", [0.3, -0.4])  # the microphone was on before the first frame, or comes later
@pytest.mark.parametrize("rate", [48_000, 44_100])
def test_a_clap_is_heard_when_it_is_seen(record, lead_s, rate):
    session = record(lead_s, rate)
    seen, expected = session.table.timestamp_s[list(FLASHES)].tolist(), FLASHES
    if lead_s < 0:  # the first one was before the microphone
        seen, expected = seen[1:], expected[1:]
    assert flashes(session.video)[-len(expected) :] == pytest.approx(seen, abs=0.001)
    found = onsets(heard(session.sound), RATE)
    assert len(found) == len(seen)
    assert np.abs(np.array(found) - seen).max() < IN_STEP_S
    assert (session.manifest.sound.device, session.manifest.sound.device_rate) == ("a made microphone", rate)
    assert Manifest.read(session.folder).sound == session.manifest.sound


def test_the_annotated_video_has_it_in_step_and_the_covered_one_has_none(record, tmp_path):
    session = record()
    (path,) = export_session(session, AnnotatedVideo(), tmp_path / "out")
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
        samples = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    assert frames[0].pts == 0  # nothing hangs on an edit list
    found = onsets((samples * 32767).astype(int), RATE)
    seen = flashes(path)
    assert len(found) == len(seen) == len(FLASHES)
    assert np.abs(np.array(found) - seen).max() < IN_STEP_S
    assert len(samples) / RATE == pytest.approx(session.times_s[-1], abs=0.2)
    (covered,) = export_session(session, CoveredVideo(), tmp_path / "out")
    with av.open(str(covered)) as container:
        assert not container.streams.audio
    assert "a voice tells who speaks" in CoveredVideo().remark(session)


def test_numbers_alone_have_their_sound(record):
    session = record(video=False)
    assert session.video is None
    found = onsets(heard(session.sound), RATE)
    assert np.abs(np.array(found) - session.table.timestamp_s[list(FLASHES)]).max() < IN_STEP_S


def test_a_clock_far_off_stays_in_step_and_a_gap_is_silence(tmp_path):
    """Ten times as far off as any card, a microphone pulled out, and another one of another rate."""
    path, claps = tmp_path / "a.mka", [0.5, 5.25, 20.0, 29.5, 40.0, 55.0]
    file = GuardedFile(path)
    encoder = SoundEncoder(file)
    for start_s, seconds, rate, fast in ((-0.31, 31.0, 44_100, 1e-3), (35.0, 25.0, 48_000, -1e-3)):
        true_rate = rate * (1 + fast)
        samples = clap(true_rate, start_s, seconds, [at_s for at_s in claps if start_s < at_s < start_s + seconds])
        size = rate // 50
        for k in range(len(samples) // size):
            at_s = start_s + k * size / true_rate
            if not 10 <= at_s < 13.5:
                encoder.add(SoundBlock(samples[k * size : (k + 1) * size], rate, at_s), at_s)
    encoder.finish()
    file.close()
    samples = heard(path)
    found = onsets(samples, RATE)
    assert len(found) == len(claps)
    assert np.abs(np.array(found) - claps).max() < 0.002
    assert not samples[round(10.1 * RATE) : round(13.4 * RATE)].any()
    with SoundReader(path) as reader:
        begins_s, block = next(reader.blocks(39.95))
        assert begins_s <= 39.95 < begins_s + len(block) / RATE
        first = round(begins_s * RATE)
        assert np.array_equal(block, samples[first : first + len(block)])


def test_a_file_cut_off_anywhere_plays_up_to_there(tmp_path):
    path = tmp_path / "a.mka"
    file = GuardedFile(path)
    encoder = SoundEncoder(file)
    rng = np.random.default_rng(0)
    for k in range(200):
        encoder.add(SoundBlock(rng.integers(-9000, 9000, 960, np.int16), 48_000, k / 50), k / 50)
        if k == 149:
            so_far = path.stat().st_size
    encoder.finish()
    file.close()
    whole = heard(path)
    os.truncate(path, so_far)  # as a kill after three seconds leaves it
    kept = heard(path)
    assert 2.7 < len(kept) / RATE <= 3
    assert np.array_equal(kept, whole[: len(kept)])


def test_sound_that_fails_takes_nothing_along(record, monkeypatch, caplog):
    monkeypatch.setattr(SoundEncoder, "add", lambda *_: 1 / 0)
    session = record()
    assert len(session) == FRAMES
    assert session.sound is None or not len(heard(session.sound))
    assert "the sound can't be recorded" in caplog.text


def test_without_a_microphone_there_is_no_file(tmp_path, header, make_frame):
    folder = claim_folder(tmp_path / "session")
    with SessionWriter(folder, header) as writer:
        writer.add_frame(make_frame(0))
    assert not (folder / AUDIO).exists()
    assert not part(folder / AUDIO).exists()
    assert Session.open(folder).sound is None
