"""Faces named and merged: the tables stay as they were recorded, and whoever reads them sees the people."""

import csv
import json
from contextlib import closing

import numpy as np
import pytest
from pyarrow import parquet

from app.commands.cli import main
from app.core.errors import SessionError
from app.core.frames import Box
from app.session.analyses import AnalysisHeader, begin, publish
from app.session.exporters import EXPORTERS, export_session
from app.session.folders import FACES, FRAMES, IDENTITIES, claim_folder
from app.session.identities import Identities, Identity, read_identities, write_identities
from app.session.lazy_table import LazyTable
from app.session.offline import StagedTables
from app.session.session import Session
from app.session.table import Missing
from app.session.writer import SessionWriter

BOTH = Identities((Identity((1, 3), "mother"), Identity((2,), "Käthe")))
RECORDED = ((1, 2), (1, 2), (2,), (2, 3), (3, 2), ())
"""Who was measured in each frame, the first face first: 1 was lost, and found again as 3."""


@pytest.fixture
def folder(tmp_path, header, make_frame, nth_face, result_of):
    folder = claim_folder(tmp_path / "session")
    with SessionWriter(folder, header) as writer:
        for k, numbers in enumerate(RECORDED):
            frame = make_frame(k, width=160, height=120)
            assert writer.add_frame(frame)
            logits = np.zeros((3, 66), np.float32)
            faces = [nth_face(10 * number + k, number, logits=logits) for number in numbers]
            writer.add_result(result_of(frame, faces))
    return folder


@pytest.fixture
def named(folder):
    """Opened with ``BOTH``."""
    write_identities(folder, BOTH, Identities())
    session = Session.open(folder)
    yield session
    session.close()


def test_people_are_named_merged_and_separated_again():
    one = Identities().named(1, " the\n mother\0\ud800 ").merged((3, 1))
    assert one == Identities((Identity((1, 3), "the mother"),))
    assert one.merged((1, 2)).numbers(np.array([-1, 1, 2, 3, 4])).tolist() == [-1, 1, 1, 1, 4]
    assert one.separated(1) == Identities((Identity((1,), "the mother"),))
    assert one.named(1, "").separated(1) == Identities()
    assert Identities().named(5, "child").merged((2, 5)).names == {2: "child"}  # the name that there is
    assert [BOTH.label(k) for k in (1, 7)] == ["mother", "face 7"]


def test_rows_go_by_the_persons_number_and_the_files_stay(folder, named):
    recorded = {name: (folder / name).read_bytes() for name in (FRAMES, FACES)}
    assert named.problems == ()
    assert named.table.face_id.tolist() == [1, 1, 2, 2, 1, -1]
    assert named.table.whole.face_id.tolist() == [1, 1, 2, 2, 1, -1]
    assert [[face.face_id for face in named.faces_of(k)] for k in (3, 4)] == [[2, 1], [1, 2]]
    assert named.frames_of_people() == {1: 4, 2: 5}
    named.identify(Identities())
    assert named.table.whole.face_id.tolist() == [1, 1, 2, 2, 3, -1]
    assert {name: (folder / name).read_bytes() for name in recorded} == recorded


def test_the_columns_of_one_person(named):
    mother = named.one_face(1)
    assert mother.success.tolist() == [True, True, False, True, True, False]
    assert mother.missing.tolist() == [0, 0, Missing.NO_FACE, 0, 0, Missing.NO_FACE]
    assert mother.angles_deg[:, 0] == pytest.approx([10.25, 11.25, np.nan, 33.25, 34.25, np.nan], nan_ok=True)
    assert named.one_face(2).angles_deg[:, 0] == pytest.approx([20.25, 21.25, 22.25, 23.25, 24.25, np.nan], nan_ok=True)


def test_two_faces_of_one_frame_are_two_people(named):
    with pytest.raises(SessionError, match=r"^They are not merged: mother and Käthe are both in frame 0, at .*s\.$"):
        named.refuse_together((1, 2))
    named.identify(Identities())
    named.refuse_together((1, 3))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "is damaged: it isn't JSON"),
        ('{"schema": 1, "people": [{"face_ids": [1, "2"]}]}', "isn't a whole number"),
        ('{"schema": 1, "people": [{"face_ids": []}]}', "makes no sense"),
        ('{"schema": 1, "people": [{"face_ids": [1]}, {"face_ids": [3, 1]}]}', "a number is there twice"),
        ('{"schema": 1, "people": [{"face_ids": [1, 2]}]}', "face 1 and face 2 are both in frame 0"),
        ('{"schema": 9}', "newer version"),
    ],
)
def test_what_makes_no_sense_is_told_kept_and_left_out(folder, text, why):
    (folder / IDENTITIES).write_text(text)
    session = Session.open(folder)
    (problem,) = session.problems
    session.close()
    assert why in problem
    assert session.identities == Identities()
    write_identities(folder, BOTH, Identities())
    assert read_identities(folder) == BOTH
    assert (folder / "identities.original.json").read_text() == text


PLACES = {"left": 5.0, "middle": 60.0, "right": 110.0}
MEASURED_AGAIN = [{5: "left", 4: "right", 6: "middle"}] * 5 + [{}]
SWAPPED = [{5: "left", 4: "right"}] * 2 + [{4: "left", 5: "right"}] * 3 + [{}]


@pytest.fixture
def measured_again(tmp_path, header, make_frame, nth_face, result_of):
    """Makes a session of ``RECORDED``, 1 and 3 on the left and 2 on the right, with ``BOTH`` and a table ``again``."""

    def results(frames):
        for k, there in enumerate(frames):
            faces = (
                nth_face(k, number, box=Box(PLACES[place] + k / 4, 20, 40, 40), logits=np.zeros((3, 66), np.float32))
                for number, place in there.items()
            )
            yield result_of(make_frame(k, width=160, height=120), tuple(faces))

    def make(again):
        folder = claim_folder(tmp_path / "measured again")
        with SessionWriter(folder, header) as writer:
            for result in results([{n: "right" if n == 2 else "left" for n in numbers} for numbers in RECORDED]):
                assert writer.add_frame(result.frame)
                writer.add_result(result)
        write_identities(folder, BOTH, Identities())
        times_s = LazyTable(folder / FRAMES).timestamp_s.tolist()
        staging = begin(folder)
        with StagedTables(staging, header.num_kp) as tables:
            for result, time_s in zip(results(again), times_s, strict=True):
                tables.write(result, time_s)
        about = AnalysisHeader("again", len(RECORDED), header.num_kp, "", "", "", True, "", "")
        publish(staging, about, exact=True)
        return folder

    return make


def test_names_go_to_the_same_faces_of_a_table_that_was_measured_again(measured_again, capsys):
    folder = measured_again(MEASURED_AGAIN)
    with closing(Session.open(folder, "again")) as session:
        assert session.identities == Identities((Identity((4,), "Käthe"), Identity((5,), "mother")))
        assert (session.unclear, session.problems) == ("", ())
        assert session.frames_of_people() == {4: 5, 5: 5, 6: 5}
    assert main(["export", str(folder), "--format", "openface", "--table", "again", "--quiet"]) == 0
    assert capsys.readouterr().err == ""
    called = {row["face_id"]: row["face_name"] for row in rows(folder / "analyses/again/export/openface.csv")}
    assert {number: name for number, name in called.items() if name} == {"4": "Käthe", "5": "mother"}


def test_two_numbers_of_one_person_are_merged_in_it_too(measured_again):
    folder = measured_again([{7: "left", 4: "right"}] * 3 + [{8: "left", 4: "right"}] * 2 + [{}])
    with closing(Session.open(folder, "again")) as session:
        assert session.identities == Identities((Identity((4,), "Käthe"), Identity((7, 8), "mother")))


def test_where_it_is_not_clear_who_is_who_the_numbers_stay_and_a_sentence_says_so(measured_again, capsys):
    folder = measured_again(SWAPPED)
    with closing(Session.open(folder, "again")) as session:
        assert session.identities == Identities()
    assert main(["export", str(folder), "--format", "openface", "--table", "again", "--quiet"]) == 0
    told = "Which faces of the table again are mother and Käthe is not clear: these keep their numbers."
    assert told in capsys.readouterr().err
    assert {row["face_name"] for row in rows(folder / "analyses/again/export/openface.csv")} == {""}


def test_who_is_not_in_the_other_table_is_not_named_there(measured_again):
    folder = measured_again([{5: "left"}] * 5 + [{}])
    with closing(Session.open(folder, "again")) as session:
        assert session.identities == Identities((Identity((5,), "mother"),))
        assert "are Käthe is not clear" in session.unclear


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_format_that_can_carries_the_names(named, tmp_path):
    out = tmp_path / "out"
    for exporter in EXPORTERS:
        export_session(named, exporter, out)
    called = [row["face_name"] for row in rows(out / "openface.csv")]
    assert called == ["mother", "Käthe", "mother", "Käthe", "Käthe", "Käthe", "mother", "mother", "Käthe", ""]
    assert {row["face_id"] for row in rows(out / "openface.csv") if row["face_name"] == "mother"} == {"1"}
    assert [row["face_name"] for row in rows(out / "arkit.csv")] == ["mother"] * 2 + ["Käthe"] * 2 + ["mother", ""]
    frames = parquet.read_table(out / "frames.parquet").to_pydict()
    assert frames["face_id"] == [1, 1, 2, 2, 1, None]
    assert frames["face_name"] == ["mother", "mother", "Käthe", "Käthe", "mother", None]
    with np.load(out / "motion.npz") as arrays:
        assert arrays["face_id"].tolist() == [1, 1, 2, 2, 1]
        assert dict(zip(arrays["named_faces"].tolist(), arrays["face_names"].tolist(), strict=True)) == {
            1: "mother",
            2: "Käthe",
        }
    assert "Face 1: mother\nFace 2: Käthe\n" in (out / "bids" / "README").read_text(encoding="utf-8")
    document = (out / "session.eaf").read_text(encoding="utf-8")
    assert 'TIER_ID="mother"' in document
    assert document.count("<ANNOTATION_VALUE>mother<") == 2  # frame 2 is without her


def test_the_file_is_plain(folder):
    write_identities(folder, BOTH, Identities())
    assert json.loads((folder / IDENTITIES).read_text(encoding="utf-8")) == {
        "schema": 1,
        "people": [{"face_ids": [1, 3], "name": "mother"}, {"face_ids": [2], "name": "Käthe"}],
    }
    assert not (folder / "identities.original.json").exists()
