"""``signals.csv``: what was shown, a row for each frame, whole after a crash."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.derived import DERIVED, DerivedSignals
from app.core.frames import ShownFace
from app.core.position import Position
from app.core.tilt import CameraTilt
from app.session.folders import SIGNALS, part
from app.session.manifest import Manifest
from app.session.recovery import recover
from app.session.rows import PendingRow
from app.session.signals import SignalRows, repair_signals, signal_columns
from app.session.writer import SessionWriter
from extractor.types import Angles
from tests.factories import read_signals, read_table

NUM_KP = 24


@pytest.fixture
def shown_result(result_of):
    """A result after a signal chain that turns by 10 degrees and moves the points by a quarter of a pixel."""

    def make(frame, faces=None, neutral=None, reference=None):
        result = result_of(frame, faces)
        shown = []
        for face in result.faces:
            angles = Angles(*(angle + 10 for angle in face.angles))
            place = Position(10.0, -2.0, 50.0, 1.0, 1.0, 4.0)
            filtered = replace(face, position=place, angles=angles, keypoints=face.keypoints + 0.25, exp_magnitude=0.5)
            derived = DerivedSignals(mouth_opening=0.125, nods=3.0, attention=1.0)
            shown.append(
                ShownFace(filtered, Angles(1, 2, 3), face.rotation, derived, neutral, tilt=CameraTilt(90.0, 0.0))
            )
        return replace(result, signals=tuple(shown), reference=reference)

    return make


def record(folder, header, make_frame, results, video=True):
    """Frames 0 to len(results) - 1; a result None is a frame that was not measured."""
    folder.mkdir()
    with SessionWriter(folder, header, video=video) as writer:
        for i, make in enumerate(results):
            frame = make_frame(i)
            assert writer.add_frame(frame)
            if make is not None:
                writer.add_result(make(frame))
    return folder


def test_row_k_is_frame_k_with_what_was_shown_and_the_other_table_is_what_was_measured(
    tmp_path, header, make_frame, shown_result
):
    neutral = np.zeros((NUM_KP, 3), np.float32)
    results = [None, None, shown_result, None, lambda f: shown_result(f, ()),
               lambda f: shown_result(f, neutral=neutral, reference=np.eye(3, dtype=np.float32))]  # fmt: skip
    folder = record(tmp_path / "s", header, make_frame, results)
    signals, frames = read_signals(folder / SIGNALS), read_table(folder / "frames.csv")
    assert tuple(signals) == signal_columns(NUM_KP)
    assert not part(folder / SIGNALS).exists()
    np.testing.assert_array_equal(signals["frame"], range(6))
    np.testing.assert_array_equal(signals["timestamp_s"], frames.timestamp_s)
    np.testing.assert_array_equal(signals["success"], [0, 0, 1, 0, 0, 1])
    np.testing.assert_array_equal(signals["recentred"], [np.nan] * 2 + [0] + [np.nan] * 2 + [1])
    np.testing.assert_array_equal(signals["neutral"], [np.nan] * 2 + [0] + [np.nan] * 2 + [1])
    values = {name: column[2] for name, column in signals.items()}
    assert values["filtered_pitch_deg"] == frames.angles_deg[2, 0] + 10
    assert (values["relative_pitch_deg"], values["relative_yaw_deg"], values["relative_roll_deg"]) == (1, 2, 3)
    assert (values["exp_magnitude"], values["mouth_opening"], values["nods"], values["attention"]) == (0.5, 0.125, 3, 1)
    # A camera that looks straight down: what is before it lies below, what is low in its picture lies behind.
    assert (values["x_cm"], values["y_cm"], values["z_cm"]) == (10.0, 50.0, 2.0)
    assert np.isnan(values["smile"])
    assert values["kp_3_y"] == frames.keypoints[2, 3, 1] + 0.25


def test_without_a_signal_chain_there_is_no_such_table(tmp_path, header, make_frame, result_of):
    folder = record(tmp_path / "s", header, make_frame, [None, result_of, result_of])
    assert not (folder / SIGNALS).exists()


def test_keypoints_that_nobody_filtered_are_not_written_twice(tmp_path, header, make_frame, result_of):
    def unfiltered(frame):
        result = result_of(frame)
        return replace(result, signals=tuple(ShownFace(f, f.angles, f.rotation) for f in result.faces))

    signals = read_signals(record(tmp_path / "s", header, make_frame, [unfiltered], video=False) / SIGNALS)
    assert np.isnan(signals["kp_0_x"]).all()
    assert signals["filtered_yaw_deg"][0] == -0.5


def test_derived_signals_are_the_tables_columns_in_its_order():
    columns = signal_columns(0)
    start = columns.index("mouth_opening")
    assert columns[start:] == tuple(signal.name for signal in DERIVED)


def test_a_cut_off_recording_gets_its_signals_back(tmp_path, header, make_frame, shown_result):
    folder = record(tmp_path / "s", header, make_frame, [shown_result] * 8)
    whole = (folder / SIGNALS).read_bytes()
    replace(Manifest.read(folder), state="recording", owner=None).write(folder)
    for name in ("frames.csv", "video.mkv", "motion.bin"):
        if (folder / name).exists():
            (folder / name).rename(part(folder / name))
    (folder / SIGNALS).unlink()
    part(folder / SIGNALS).write_bytes(whole[: int(len(whole) * 0.7)])
    assert recover(folder).frames == 8
    signals = read_signals(folder / SIGNALS)
    np.testing.assert_array_equal(signals["frame"], range(8))
    np.testing.assert_allclose(signals["timestamp_s"], read_table(folder / "frames.csv").timestamp_s)
    found = signals["success"]
    assert 2 <= found.sum() < 8
    assert (np.diff(found) <= 0).all()
    assert not part(folder / SIGNALS).exists()


@settings(max_examples=60)
@given(st.integers(0, 2000), st.binary(max_size=40), st.integers(0, 6))
def test_whatever_the_end_looks_like_every_frame_has_a_row(cut, rubbish, frames):
    rows = SignalRows(1)
    data = b"".join(
        rows.encode([PendingRow(k, k, k / 30, k / 30, k / 30, inferred=True, chained=True)]) for k in range(5)
    )
    repaired = repair_signals(data[:cut] + rubbish, [f"{k / 30:.6f}" for k in range(frames)])
    header = ",".join(signal_columns(1)).encode()
    if not data[:cut].startswith(header + b"\n"):
        return  # nothing was there yet
    lines = repaired.decode().split("\n")
    assert lines[0].encode() == header
    assert [line.split(",")[0] for line in lines[1:-1]] == [str(k) for k in range(frames)]
    assert {line.count(",") for line in lines[:-1]} == {len(signal_columns(1)) - 1}


def test_what_is_no_such_table_is_not_repaired():
    assert repair_signals(b"", ["0.0"]) == b""
    assert repair_signals(b"a,b\n1,2\n", ["0.0"]) == b""
