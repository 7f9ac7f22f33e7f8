"""Tables read by columns: the same numbers as the whole table has, and every kind of damage said in a sentence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import SessionError
from app.session.folders import claim_folder
from app.session.lazy_table import LazyTable, read_angles
from app.session.signals import FILTERED
from app.session.table import Missing, row, truth_row
from app.session.text_table import encode_rows
from app.session.writer import SessionWriter
from extractor.types import Angles
from tests.factories import read_table
from tests.session.long_session import LOST, write_table


@pytest.fixture
def path(tmp_path):
    write_table(tmp_path / "frames.csv", np.arange(200) / 30)
    return tmp_path / "frames.csv"


def test_columns_and_rows_are_those_of_the_whole_table(path):
    whole, lazy = read_table(path), LazyTable(path)
    assert len(lazy) == 200
    np.testing.assert_array_equal(lazy.timestamp_s, whole.timestamp_s)
    np.testing.assert_array_equal(lazy.success, whole.success)
    np.testing.assert_array_equal(lazy.inferred, whole.inferred)
    np.testing.assert_array_equal(lazy.missing, whole.missing)
    np.testing.assert_array_equal(lazy.face_id, whole.face_id)
    np.testing.assert_array_equal(lazy.angles_deg, whole.angles_deg)
    np.testing.assert_array_equal(lazy.std_deg, whole.std_deg)
    np.testing.assert_array_equal(lazy.exp_magnitude, whole.column("exp_magnitude"))
    for number in (0, LOST - 1, 199):
        one = lazy.row(number)
        assert one.frame.tolist() == [number]
        np.testing.assert_array_equal(one.numbers[0], whole.numbers[number])
    lazy.close()


def test_a_recorded_session_with_gaps_and_further_faces(tmp_path, header, make_frame, nth_face, result_of):
    folder = claim_folder(tmp_path / "session")
    with SessionWriter(folder, header) as writer:
        for number in range(12):
            frame = make_frame(number)
            writer.add_frame(frame)
            if number != 4:  # never inferred
                faces = {
                    7: (),
                    5: (nth_face(5), nth_face(45, 1)),
                    6: (nth_face(6), nth_face(46, 1)),
                }
                writer.add_result(result_of(frame, faces.get(number)))
    whole = read_table(folder / "frames.csv")
    lazy, further = LazyTable(folder / "frames.csv"), LazyTable(folder / "faces.csv", rows=False)
    np.testing.assert_array_equal(lazy.angles_deg, whole.angles_deg)
    assert np.flatnonzero(~lazy.inferred).tolist() == [4]
    assert np.flatnonzero(~lazy.success).tolist() == [4, 7]
    assert [further.rows_of(k) for k in (4, 5, 6, 7, 20)] == [(0, 0), (0, 1), (1, 2), (2, 2), (2, 2)]
    assert further.row(1).frame.tolist() == [6]
    lazy.close()
    further.close()


@pytest.mark.parametrize("without", [1, 2])
def test_a_table_from_before_there_were_inferred_and_missing(path, without):
    lines = path.read_text().splitlines()
    old = [",".join(fields[: 6 - without] + fields[6:]) for fields in (line.split(",") for line in lines)]
    path.write_text("\n".join(old) + "\n")
    lazy = LazyTable(path)
    if without == 2:
        np.testing.assert_array_equal(lazy.inferred, lazy.success)
    np.testing.assert_array_equal(lazy.missing, lazy.whole.missing)
    assert set(lazy.missing[~lazy.success]) <= (
        {Missing.UNKNOWN} if without == 2 else {Missing.NO_FACE, Missing.SKIPPED}
    )
    assert lazy.row(3).frame.tolist() == [3]
    lazy.close()


def test_a_last_line_that_was_cut_off_is_left_out_and_named(path):
    path.write_bytes(b"\n".join(path.read_bytes().split(b"\n")[:-2])[:-40])
    lazy = LazyTable(path)
    assert len(lazy) == 198
    assert "line 200: it has " in lazy.problems[0]
    assert len(lazy.row(197)) == 1
    lazy.close()


def test_rows_outside_are_refused(path):
    lazy = LazyTable(path)
    for first, end in ((-1, 1), (0, 201), (5, 4)):
        with pytest.raises(IndexError):
            lazy.rows(first, end)
    lazy.close()


def test_a_table_without_rows(path):
    path.write_bytes(path.read_bytes().split(b"\n")[0] + b"\n")
    lazy = LazyTable(path)
    assert len(lazy) == 0
    lazy.close()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: "", "not a table"),
        (lambda text: "a,b,c\n1,2,3\n", "not a table"),
        (lambda text: "\0" * 1000, "not a table"),
        (lambda text: text.split("\n")[0] + "\nx\n", "line 2: frame: “x” is not a number"),
    ],
)
def test_what_is_no_table_is_one_sentence(path, change, says):
    path.write_text(change(path.read_text()), newline="")
    with pytest.raises(SessionError, match=says) as caught:
        LazyTable(path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("new", "says"),
    [
        ("3,0.1x0000,1,1,", "line 5: timestamp_s: “0.1x0000” is not a number"),
        ("7,0.100000,1,1,", "line 9: frame 7 stands in line 5 already"),
        ("3,0.100000,1,2,", "line 5: success is neither 0 nor 1"),
        ("3,,1,1,", "line 5: timestamp_s: a number is missing"),
        ("3,9.100000,1,1,", "line 5: its time, 9.1 s, is not between its neighbours'"),
        ("3,0.100000,1,1,1,", "line 5: it has 78 fields instead of 77"),
    ],
)
def test_a_line_that_is_not_clear_costs_itself_only_and_is_named(path, new, says):
    path.write_text(path.read_text().replace("3,0.100000,1,1,", new), newline="")
    lazy = LazyTable(path)
    assert says in lazy.problems[0]
    assert len(lazy) == 200
    assert lazy.timestamp_s[3] == pytest.approx(0.1, abs=2e-6)  # between its neighbours
    assert (lazy.success[3], lazy.success[4]) == (False, True)
    np.testing.assert_array_equal(lazy.whole.success, lazy.success)
    lazy.close()


def test_a_table_that_isnt_there(tmp_path):
    with pytest.raises(SessionError, match="can't be read"):
        LazyTable(tmp_path / "frames.csv")


@settings(max_examples=40)
@given(data=st.binary(max_size=400))
def test_no_bytes_bring_it_down(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("bytes") / "frames.csv"
    write_table(path, np.arange(4) / 30)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] + data + whole[len(whole) // 2 :])
    try:
        lazy = LazyTable(path)
    except SessionError as error:
        assert "\n" not in str(error)  # noqa: PT017
    else:
        for number in range(len(lazy)):
            try:
                lazy.row(number)
            except SessionError:
                break
        lazy.close()


def test_the_truth_by_frame(tmp_path):
    rows = [truth_row(k, k / 30, Angles(k, -k, 2 * k)) for k in (0, 2)]
    (tmp_path / "truth.csv").write_bytes(
        encode_rows([("frame", "timestamp_s", "pitch_deg", "yaw_deg", "roll_deg"), *rows])
    )
    truth = read_angles(tmp_path / "truth.csv", 4)
    assert truth is not None
    np.testing.assert_array_equal(truth[[0, 2]], [[0, 0, 0], [2, -2, 4]])
    assert np.isnan(truth[[1, 3]]).all()
    assert read_angles(tmp_path / "nothing.csv", 4) is None
    (tmp_path / "truth.csv").write_text("frame,yaw\n0,1\n")
    with pytest.raises(SessionError, match="damaged"):
        read_angles(tmp_path / "truth.csv", 4)


def test_the_angles_that_were_shown_by_frame(tmp_path):
    rows = [(0, 0.0, 1, "", 5.5, "-6.5", "7.5"), (1, 0.1, 0, "", "", "", "")]
    path = tmp_path / "signals.csv"
    for separator in (",", ";"):  # as written, and as a spreadsheet saves it
        names = ("frame", "timestamp_s", "success", "x", *FILTERED)
        path.write_text("".join(separator.join(map(str, line)) + "\n" for line in (names, *rows)))
        shown = read_angles(path, 3, FILTERED)
        assert shown is not None
        np.testing.assert_array_equal(shown[0], [5.5, -6.5, 7.5])
        assert np.isnan(shown[1:]).all()


def test_the_row_helper_of_the_writer_agrees(tmp_path):
    """What the writer leaves empty is NaN here."""
    path = tmp_path / "frames.csv"
    write_table(path, np.arange(1) / 30)
    head = path.read_bytes().split(b"\n")[0] + b"\n"
    path.write_bytes(head + encode_rows([row(0, 0.0, None, 0.0, 24)]))
    lazy = LazyTable(path)
    assert np.isnan(lazy.angles_deg).all()
    assert not lazy.inferred[0]
    assert lazy.face_id[0] == -1
    lazy.close()
