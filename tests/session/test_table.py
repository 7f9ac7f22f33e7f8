import csv
import io
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import SessionError
from app.core.frames import Box
from app.core.position import Position
from app.session.lazy_table import LazyTable
from app.session.offline import StagedTables
from app.session.table import Missing, columns, count_missing, parse_table, row
from app.session.text_table import encode_rows
from extractor.types import Angles
from tests.factories import make_face, read_table

FIXED_ORDER = (
    "frame,timestamp_s,face_id,success,inferred,missing,detection_score,pitch_deg,yaw_deg,roll_deg,pitch_std_deg,yaw_std_deg,"
    "roll_std_deg,tx,ty,scale,exp_magnitude,box_x,box_y,box_w,box_h,latency_ms,quality,"
    "x_cm,y_cm,z_cm,x_std_cm,y_std_cm,z_std_cm,kp_0_x,kp_0_y,kp_1_x,kp_1_y"
)

numbers = st.floats(-9999, 9999, width=32)


def test_the_columns_stand_in_their_fixed_order():
    assert ",".join(columns("frame", 2)) == FIXED_ORDER
    assert columns("file", 0)[:2] == ("file", "timestamp_s")


@given(
    angles=st.tuples(numbers, numbers, numbers),
    points=st.lists(numbers, min_size=4, max_size=4),
    box=st.tuples(numbers, numbers, numbers, numbers),
    score=st.floats(0, 1),
    time_s=st.floats(0, 1e6),
    face_id=st.integers(0, 10**9),
)
def test_what_was_written_is_read_back(angles, points, box, score, time_s, face_id):
    face = make_face(
        Angles(*angles),
        num_kp=2,
        box=Box(*box),
        score=score,
        face_id=face_id,
        keypoints=np.array(points, np.float32).reshape(2, 2),
        quality=score,
    )
    data = encode_rows([columns("frame", 2), row(0, time_s, face, 12.5, 2), row(1, time_s + 1, None, 0.0, 2)])
    table = parse_table(data, "table")
    assert (len(table), table.num_kp, table.success.tolist()) == (2, 2, [True, False])
    assert table.face_id.tolist() == [face_id, -1]
    assert table.timestamp_s == pytest.approx([time_s, time_s + 1], abs=6e-7)
    assert table.angles_deg[0] == pytest.approx(angles, abs=6e-4)  # float32 near 9999
    assert table.keypoints[0].ravel() == pytest.approx(points, abs=1.1e-3)
    assert table.box[0] == pytest.approx(box, abs=1.1e-3)
    assert table.column("detection_score")[0] == pytest.approx(score, abs=6e-5)
    assert table.column("latency_ms")[0] == 12.5
    assert table.column("quality")[0] == pytest.approx(score, abs=6e-5)
    assert np.isnan(table.numbers[1]).all()


@given(st.lists(st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"])), max_size=5))
def test_any_file_name_survives(names):
    rows = [row(name, None, None, 0.0, 1) for name in names]
    text = encode_rows([columns("file", 1), *rows]).decode()
    assert [fields[0] for fields in csv.reader(io.StringIO(text, newline=""))] == ["file", *names]


def test_a_file_name_that_is_not_utf8_survives():
    name = b"caf\xe9.jpg".decode("utf-8", "surrogateescape")
    data = encode_rows([columns("file", 1), row(name, None, None, 0.0, 1)])
    assert b"caf\xe9.jpg" in data


def rows_of_all_kinds(nth_face):
    """A row with a pose, then one without for each reason."""
    return [
        row(0, 0.0, nth_face(0), 5.0, 24),
        *(row(why, why / 10, None, 0.0, 24, why) for why in Missing if why not in (Missing.NOTHING, Missing.UNTRAINED)),
        row(Missing.UNTRAINED, 0.4, nth_face(pose_trained=False), 5.0, 24),
    ]


def test_every_row_without_a_pose_says_why(nth_face):
    rows = rows_of_all_kinds(nth_face)
    table = parse_table(encode_rows([columns("frame", 24), *rows]), "table")
    assert [fields[5] for fields in rows] == ["", "no_face", "skipped", "failed", "unknown", "damaged", "untrained"]
    assert [Missing(why).word for why in table.missing] == [fields[5] for fields in rows]
    assert table.inferred.tolist() == [True, True, False, False, False, False, True]
    assert table.success.tolist() == [True, *[False] * 6]
    reasons = ("no_face", "skipped", "failed", "unknown", "damaged", "untrained")
    assert count_missing(rows) == dict.fromkeys(reasons, 1)


@pytest.mark.parametrize("word", ["tired", "7"])
def test_a_reason_that_nobody_knows_is_damage(word):
    fields = list(row(0, 0.0, None, 0.0, 1))
    fields[5] = word
    with pytest.raises(SessionError, match="damaged"):
        parse_table(encode_rows([columns("frame", 1), fields]), "table")


@pytest.mark.parametrize("without", [("quality",), ("missing", "quality"), ("inferred", "missing", "quality")])
def test_tables_that_lack_columns_still_open(nth_face, tmp_path, without):
    rows = sorted(rows_of_all_kinds(nth_face), key=lambda fields: int(fields[0]))
    head = columns("frame", 24)
    lacking = (*without, *Position._fields)
    old = [[field for name, field in zip(head, fields, strict=True) if name not in lacking] for fields in (head, *rows)]
    (tmp_path / "frames.csv").write_bytes(encode_rows(old))
    table, new = LazyTable(tmp_path / "frames.csv"), parse_table(encode_rows([head, *rows]), "table")
    assert table.problems == ()
    assert np.isnan(table.quality).all()
    inferred = table.success if "inferred" in without else new.inferred
    assert table.inferred.tolist() == inferred.tolist()
    words = ["unknown"] * 6 if "inferred" in without else ["no_face", "skipped", "skipped", "no_face", *["skipped"] * 2]
    if "missing" not in without:
        words = [Missing(why).word for why in new.missing[1:]]
    assert [Missing(why).word for why in table.missing] == ["", *words]
    rest = [k for k, name in enumerate(columns("frame", 24)[6:]) if name != "quality"]
    assert np.array_equal(table.whole.numbers[:, rest], new.numbers[:, rest], equal_nan=True)
    assert table.timestamp_s.tolist() == new.timestamp_s.tolist()


def test_numbers_that_mean_nothing_are_empty_and_no_success(nth_face):
    for changes, why in (({"pose_trained": False}, "untrained"), ({"angles": Angles(math.nan, 0.0, 0.0)}, "failed")):
        fields = row(3, 0.1, nth_face(**changes), 5.0, 24)
        assert fields == ("3", "0.100000", "", "0", "1", why, *[""] * (23 + 48))


def test_a_single_number_that_is_not_finite_is_empty(nth_face):
    fields = dict(zip(columns("frame", 24), row(0, 0.0, nth_face(scale=math.inf), 5.0, 24), strict=True))
    assert (fields["scale"], fields["success"], fields["pitch_deg"]) == ("", "1", "0.2500")


def test_keypoints_of_another_network_stay_empty_beside_the_pose(nth_face):
    fields = row(0, 0.0, nth_face(num_kp=21), 5.0, 24)
    assert fields[7] == "0.2500"
    assert set(fields[22:]) == {""}


def test_a_last_line_that_was_cut_off_is_left_out(nth_face):
    lines = [row(k, k / 30, nth_face(k), 5.0, 24) for k in range(3)]
    data = encode_rows([columns("frame", 24), *lines])
    whole = len(encode_rows([columns("frame", 24), *lines[:2]]))
    for end in range(whole, len(data)):
        assert len(parse_table(data[:end], "table")) == 2
    assert len(parse_table(data, "table")) == 3


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a table of this app"),
        (b"frame,time\n0,1\n", "not a table of this app"),
        (b"\xff\xfe\x00", "not a table of this app"),
        (",".join(columns("frame", 1)).encode() + b"\n0,0.0,,0\n", "damaged"),
        (",".join(columns("frame", 0)).encode() + b"\n0,0,,7,1" + b"," * 23 + b"\n", "damaged"),
        (",".join(columns("frame", 0)).encode() + b"\n0,0,,x,1" + b"," * 23 + b"\n", "damaged"),
        (",".join(columns("frame", 0)).encode() + b"\nnan,0,,0,0" + b"," * 23 + b"\n", "damaged"),
        (",".join(columns("frame", 0)).encode() + b"\n0,0,inf,1,1" + b"," * 23 + b"\n", "damaged"),
        (",".join(columns("frame", 0)).encode() + b"\n0,0,,0,2" + b"," * 23 + b"\n", "damaged"),
    ],
)
def test_what_is_no_table_is_refused_in_one_sentence(tmp_path, data, words):
    path = tmp_path / "frames.csv"
    path.write_bytes(data)
    with pytest.raises(SessionError, match=words) as caught:
        LazyTable(path)
    assert "\n" not in str(caught.value)
    with pytest.raises(SessionError, match="can't be read"):
        LazyTable(tmp_path / "none.csv")


def test_a_table_has_its_name_only_when_whole(tmp_path, make_frame, result_of):
    path = tmp_path / "frames.csv"
    with StagedTables(tmp_path, 24) as tables:
        tables.write(result_of(make_frame(7)), 0.0)
        tables.write(result_of(make_frame(8), []), 0.1)
        assert not path.exists()
    with path.open(newline="", encoding="utf-8") as file:
        first, second = csv.DictReader(file)
    assert (first["frame"], first["yaw_deg"], first["success"]) == ("0", "-7.5000", "1")
    assert (second["frame"], second["yaw_deg"], second["missing"]) == ("1", "", "no_face")
    with pytest.raises(RuntimeError), StagedTables(tmp_path, 24):
        raise RuntimeError
    assert sorted(item.name for item in tmp_path.iterdir()) == ["frames.csv", "motion.bin"]
    assert len(read_table(path)) == 2  # the table of the run before
    with pytest.raises(SessionError, match="can't be written"):
        StagedTables(tmp_path / "none", 24)
