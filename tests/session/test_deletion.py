"""A session is deleted whole, with nothing else; nobody's recording is taken from under him."""

from __future__ import annotations

import io
import os
import sys
from dataclasses import replace

import pytest

from app.commands.cli import main
from app.core.errors import SessionError
from app.session import analyses
from app.session.deletion import delete_session, plan_deletion, question_about
from app.session.exporters import default_place, export_session, exporters_named
from app.session.folders import claim_folder
from app.session.identities import Identities, write_identities
from app.session.manifest import Manifest, MediaFile
from app.session.ownership import Claim, Owner
from app.session.session import Session
from app.session.writer import SessionWriter


@pytest.fixture
def session(tmp_path, header, make_frame, result_of):
    """Four frames, an analysis, two exports and annotations changed since."""
    folder = claim_folder(tmp_path / "recordings" / "P07")
    with SessionWriter(folder, replace(header, participant="P07")) as writer:
        for i in range(4):
            assert writer.add_frame(make_frame(i))
            writer.add_result(result_of(make_frame(i)))
        writer.add_annotation("start", at_s=100.0)
    (folder / ".events.csv.reviewed").write_bytes(b"x")
    (folder / "events.original.csv").write_bytes(b"x")
    (folder / "identities.original.json").write_bytes(b"x")
    write_identities(folder, Identities().named(1, "mother"), Identities())
    analysis = analyses.AnalysisHeader("again", 4, 24, "w", "", "", True, "torch", "cpu")
    analyses.publish(analyses.begin(folder), analysis, exact=True)
    for exporter in exporters_named("parquet,bids"):
        export_session(Session.open(folder), exporter, default_place(folder))
    return folder


def test_it_goes_whole_and_nothing_else_does(session):
    beside = session.with_name("P08")
    beside.mkdir()
    doomed = plan_deletion(session)
    assert (doomed.participant, doomed.analyses, doomed.exports, doomed.strange) == ("P07", 1, 2, ())
    assert doomed.files == sum(path.is_file() for path in session.rglob("*"))
    assert "of participant P07, recorded " in question_about([doomed])
    assert "with 1 analysis and 2 exports. Nothing brings it back" in question_about([doomed])
    delete_session(session)
    assert list(session.parent.iterdir()) == [beside]


@pytest.mark.skipif(sys.platform == "win32", reason="links only for some")
def test_links_go_and_what_they_lead_to_stays(session, tmp_path):
    outside = tmp_path / "outside"
    (outside / "deep").mkdir(parents=True)
    (outside / "deep" / "precious").write_bytes(b"precious")
    (session / "linked").symlink_to(outside, target_is_directory=True)
    (session / "export" / "linked").symlink_to(outside, target_is_directory=True)
    (session / "file").symlink_to(outside / "deep" / "precious")
    before = plan_deletion(session)
    assert before.strange == ("file", "linked")
    delete_session(session)
    assert not session.exists()
    assert (outside / "deep" / "precious").read_bytes() == b"precious"
    link = tmp_path / "link"
    link.symlink_to(outside, target_is_directory=True)
    (outside / "session.json").write_bytes(b"{}")
    with pytest.raises(SessionError, match="is a link; delete the session itself"):
        delete_session(link)
    assert (outside / "session.json").exists()


def test_a_session_that_is_being_recorded_is_kept(session):
    replace(Manifest.read(session), state="recording", owner=Owner.this_process()).write(session)
    with pytest.raises(SessionError, match="it is still being recorded"):
        delete_session(session)
    assert (session / "video.mkv").exists()
    replace(Manifest.read(session), owner=Owner(2**22 + 1, 1.0)).write(session)
    delete_session(session)
    assert not session.exists()


def test_a_damaged_session_can_be_deleted(session):
    (session / "session.json").write_bytes(b"[" * 100_000)
    assert "whose session.json is damaged" in question_about([plan_deletion(session)])
    delete_session(session)
    assert not session.exists()


@pytest.mark.parametrize("damage", ["gone", "zeroed", "folder", "only a table", "only names"])
def test_a_session_is_told_by_what_a_recording_leaves(session, damage):
    manifest, table = session / "session.json", session / "frames.csv"
    manifest.unlink()
    if damage == "zeroed":
        manifest.write_bytes(bytes(100))
    elif damage == "folder":
        (manifest / "deep").mkdir(parents=True)
    elif damage == "only a table":
        for path in (*session.glob("*.mkv"), *session.glob("*.bin"), *session.glob("events*")):
            path.unlink()
    elif damage == "only names":
        table.rename(session / "frames.part.csv").write_bytes(bytes(99))
    assert "whose session.json is damaged or gone" in question_about([plan_deletion(session)])
    delete_session(session)
    assert not session.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="links only for some")
def test_a_session_json_that_is_a_link_or_a_pipe_goes_alone(session, tmp_path):
    manifest, outside = session / "session.json", tmp_path / "outside.json"
    manifest.rename(outside)
    manifest.symlink_to(outside)
    delete_session(session)
    assert outside.exists()
    session.mkdir()
    os.mkfifo(session / "session.json")
    (session / "frames.csv").write_text("frame,timestamp_s,face_id,success\n", encoding="utf-8")
    delete_session(session)
    assert not session.exists()


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(SessionError, match="none does not exist"):
        delete_session(tmp_path / "none")


def test_a_folder_of_another_program_is_kept(session, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    for name, text in (("session.json", '{"tabs": []}'), ("events.csv", "a,b"), ("frames.csv", "t,x,y"), ("a", "")):
        with pytest.raises(SessionError, match="is not a recorded session, or too damaged to tell"):
            delete_session(other)
        (other / name).write_text(text, encoding="utf-8")
        if name == "events.csv":
            (other / name).unlink()
    if sys.platform != "win32":  # names alone say nothing where they are links
        for path in session.iterdir():
            if path.name != "session.json":
                (other / path.name).unlink(missing_ok=True)
                (other / path.name).symlink_to(path)
        with pytest.raises(SessionError, match="is not a recorded session"):
            delete_session(other)
    assert (other / "session.json").exists()


def test_a_damaged_session_that_is_being_written_is_kept(session):
    (session / "session.json").write_bytes(b"{")
    claim = Claim(session)
    with pytest.raises(SessionError, match="it is still being recorded"):
        delete_session(session)
    claim.release()
    delete_session(session)
    assert not session.exists()


def test_the_measured_file_stays(session, tmp_path):
    media = MediaFile.of(session / "video.mkv")
    manifest = Manifest.read(session)
    header = replace(manifest.header, media=replace(media, path=str(tmp_path / "clip.mp4")))
    replace(manifest, header=header).write(session)
    (tmp_path / "clip.mp4").write_bytes(b"x")
    assert f"The measured file {tmp_path / 'clip.mp4'} stays." in question_about([plan_deletion(session)])
    delete_session(session)
    assert (tmp_path / "clip.mp4").exists()


def test_what_is_no_session_or_more_than_one_is_kept(session, tmp_path, monkeypatch):
    with pytest.raises(SessionError, match="is not a recorded session"):
        delete_session(session.parent)
    inner = session / "export" / "inner"
    inner.mkdir()
    (inner / "session.json").write_bytes(b"{}")
    with pytest.raises(SessionError, match=r"holds another session, .*inner"):
        delete_session(session)
    (inner / "session.json").unlink()
    monkeypatch.setenv("HOME", str(inner))
    monkeypatch.setenv("USERPROFILE", str(inner))
    with pytest.raises(SessionError, match="holds your own folder"):
        delete_session(session)
    assert (session / "video.mkv").exists()


def test_files_of_somebody_else_are_named(session):
    (session / "interview.docx").write_bytes(b"x")
    assert "did not write all that is in it: interview.docx will be deleted, too" in question_about(
        [plan_deletion(session)]
    )


def test_what_could_not_be_deleted_is_said_and_can_be_asked_for_again(session, monkeypatch):
    monkeypatch.setattr("extractor.files.remove_tree", lambda path: None)
    with pytest.raises(SessionError, match=r"could not be deleted whole: \S+ remains"):
        delete_session(session)
    monkeypatch.undo()
    assert (session / "session.json").exists()
    delete_session(session)
    assert not session.exists()


@pytest.mark.parametrize(("answer", "gone"), [("yes\n", True), ("no\n", False), ("\n", False)])
def test_the_command_asks(session, monkeypatch, capsys, answer, gone):
    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
    assert main(["delete", str(session)]) == 0
    assert session.exists() is not gone
    said = capsys.readouterr()
    assert "will be deleted: " in said.out
    assert ("deleted" if gone else "kept") in said.out.splitlines()[-1]


@pytest.mark.parametrize("stdin", [io.StringIO(""), None])
def test_the_command_without_a_person(session, monkeypatch, capsys, stdin):
    monkeypatch.setattr(sys, "stdin", stdin)
    assert main(["delete", str(session)]) == 1
    assert "--yes deletes without a question" in capsys.readouterr().err
    assert session.exists()
    refused = session.with_name("x" * 300)  # the system refuses so long a name
    assert main(["delete", "--yes", str(refused), str(session), str(session.parent)]) == 1
    assert not session.exists()
    assert capsys.readouterr().err.count("\n") == 2
