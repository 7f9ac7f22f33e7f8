import csv

import pytest

from app.commands.cli import main
from app.session.folders import claim_folder
from app.session.manifest import Manifest
from app.session.writer import SessionWriter
from tests.session.conftest import header, make_frame, nth_face, result_of

__all__ = ["header", "make_frame", "nth_face", "result_of"]


@pytest.fixture
def record(tmp_path, header, make_frame, result_of):
    def make(name, faceless=()):
        folder = claim_folder(tmp_path / name)
        with SessionWriter(folder, header) as writer:
            for i in range(5):
                frame = make_frame(i)
                writer.add_frame(frame)
                writer.add_result(result_of(frame, () if i in faceless else None))
        return folder

    return make


def test_the_formats_land_in_the_sessions_own_folder(record, capsys):
    folder = record("one")
    assert main(["export", str(folder), "--format", "openface,elan", "--quiet"]) == 0
    assert sorted(path.name for path in (folder / "export").iterdir()) == ["openface.csv", "session.eaf"]
    assert capsys.readouterr().out.splitlines() == [str(folder / "export" / n) for n in ("openface.csv", "session.eaf")]
    assert main(["export", str(folder), "--format", "openface", "--quiet"]) == 1
    assert "exists already" in capsys.readouterr().err
    assert main(["export", str(folder), "--format", "openface", "--force"]) == 0
    assert capsys.readouterr().err == ""  # a bar would leave its remains where no terminal is
    # An export beside the recording doesn't disturb the recording.
    assert Manifest.read(folder).frames == 5


def test_why_frames_have_no_pose_is_said_where_the_format_cannot(record, capsys):
    folder = record("gaps", faceless=(2, 3))
    assert main(["export", str(folder), "--format", "openface,liveportrait", "--quiet"]) == 0
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.startswith(
        f"motionscope: {folder / 'export' / 'motion_template.pkl'}: 2 of 5 frames have no pose: 2 no"
    )


@pytest.mark.parametrize(("bad", "why"), [("none", "none does not exist"), ("y" * 5000, "y can't be read: ")])
def test_several_sessions_get_a_folder_each_and_a_bad_one_does_not_stop_them(record, tmp_path, capsys, bad, why):
    folders = [record("one"), tmp_path / bad, record("two")]
    words = ["export", *map(str, folders), "--format", "openface", "--out", str(tmp_path / "out"), "--quiet"]
    assert main(words) == 1
    for name in ("one", "two"):
        with (tmp_path / "out" / name / "openface.csv").open(newline="", encoding="utf-8") as file:
            assert len(list(csv.DictReader(file))) == 5
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert why in error


def test_one_session_goes_straight_to_the_place_named(record, tmp_path):
    folder = record("one")
    assert main(["export", str(folder), f"{folder}/", "--format", "openface", "--out", str(tmp_path / "out")]) == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["openface.csv"]


def test_sessions_of_one_name_would_overwrite_each_other(record, tmp_path, capsys):
    folders = [record("a/same"), record("b/same")]
    words = ["export", *map(str, folders), "--format", "openface", "--out", str(tmp_path / "out")]
    assert main(words) == 1
    assert "Two sessions are called same" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_an_unknown_format_is_one_sentence(record, capsys):
    assert main(["export", str(record("one")), "--format", "avi"]) == 1
    assert capsys.readouterr().err.startswith("motionscope: avi is not a format: there are mp4, covered, parquet")


@pytest.mark.parametrize("name", ["2026-11-26T20:30:00+00:00", "file:x", "concat:a|b"])
def test_a_session_whose_name_has_a_colon_is_exported_from_its_own_folder(record, tmp_path, monkeypatch, capsys, name):
    record(name)
    monkeypatch.chdir(tmp_path)
    assert main(["export", name, "--format", "mp4", "--out", "12:30", "--quiet"]) == 0
    assert (tmp_path / "12:30" / "annotated.mp4").stat().st_size > 500
    assert capsys.readouterr().err == ""


def test_an_error_that_nobody_foresaw_is_one_sentence(record, monkeypatch, capsys):
    def break_down(*_):
        raise RuntimeError("first line\nsecond line")

    monkeypatch.setattr("app.session.exporters.openface.OpenFaceCsv.write", break_down)
    folder = record("one")
    assert main(["export", str(folder), "--format", "openface,elan", "--quiet"]) == 1
    out, error = capsys.readouterr()
    assert out.strip() == str(folder / "export" / "session.eaf")
    assert (
        error
        == f"motionscope: {folder} could not be exported as openface: unexpected error RuntimeError: first line.\n"
    )
