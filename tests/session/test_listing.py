"""The list of sessions tells what each is, whatever state it is in, and never stops at a damaged one."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.commands.cli import main
from app.session import listing
from app.session.listing import SessionSearch, SessionState, SessionSummary, list_sessions, matches, summarise
from app.session.manifest import Manifest, MediaFile, MissingRows
from app.session.ownership import Claim, Owner
from tests.session.long_session import make_session


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A session of ten frames, without a video."""
    return make_session(tmp_path_factory.mktemp("made") / "session", 10, video=False)


@pytest.fixture
def recordings(made, tmp_path):
    """Two whole sessions, one cut off, one that is being written, two damaged ones, and things that are none."""
    root = tmp_path / "recordings"
    for name in ("whole", "deeper/also", "cut off", "live", "no table", "no json"):
        shutil.copytree(made, root / name)
    manifest = Manifest.read(made)
    gone = replace(manifest, state="recording", owner=Owner(2**22 + 1, 1.0))
    gone.write(root / "cut off")
    replace(manifest, state="recording", owner=Owner.this_process(locked=True)).write(root / "live")
    (root / "no table" / "frames.csv").unlink()
    (root / "no json" / "session.json").write_bytes(b"[" * 100_000)
    (root / ".part-hidden").mkdir()
    shutil.copytree(made, root / ".part-hidden" / "session")
    (root / "whole" / "export").mkdir()
    (root / "whole" / "export" / "made.csv").write_bytes(bytes(1000))
    (root / "screenshot.png").write_bytes(b"png")
    return root


def test_each_session_is_told_with_its_state(recordings):
    claim = Claim(recordings / "live")
    found = {summary.name: summary for summary in list_sessions(SessionSearch([recordings]))}
    claim.release()
    assert {name: summary.state for name, summary in found.items()} == {
        "whole": SessionState.COMPLETE,
        "also": SessionState.COMPLETE,
        "cut off": SessionState.UNFINISHED,
        "live": SessionState.RECORDING,
        "no table": SessionState.DAMAGED,
        "no json": SessionState.DAMAGED,
    }
    whole = found["whole"]
    assert (whole.participant, whole.task, whole.frames, whole.measured) == ("P01", "long", 10, 1.0)
    assert whole.duration_s == pytest.approx(0.3)
    assert whole.bytes == sum(path.stat().st_size for path in whole.folder.rglob("*") if path.is_file())
    assert found["no table"].remark.startswith("frames.csv")
    assert "is damaged" in found["no json"].remark
    assert found["no json"].started == ""


def test_the_share_of_faces_is_that_of_the_rows_with_a_pose(made, tmp_path):
    folder, manifest = shutil.copytree(made, tmp_path / "session"), Manifest.read(made)

    def measured(**changes):
        replace(manifest, **changes).write(folder)
        return summarise(folder).measured

    assert measured(missing=MissingRows(no_face=2, skipped=1), inferred=9) == pytest.approx(0.7)
    assert measured(inferred=9) is None  # an earlier version's, which didn't count
    assert measured(frames=0, inferred=0) is None


def test_a_file_that_was_not_measured_to_the_end_is_unfinished(recordings):
    folder = recordings / "whole"
    manifest = Manifest.read(folder)
    measured = replace(manifest.header, media=MediaFile("/somewhere/film.mp4", 1, 1.0))
    replace(manifest, header=measured, state="recording", owner=None).write(folder)
    assert summarise(folder).state is SessionState.UNFINISHED


def test_roots_are_searched_once_and_one_may_be_a_session(recordings):
    roots = [recordings, recordings / "deeper", recordings / "whole"]
    found = list(SessionSearch(roots))
    assert len(found) == len(set(found)) == 6


@pytest.mark.skipif(sys.platform == "win32", reason="links only for some")
def test_no_link_is_followed(recordings, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    shutil.move(recordings / "whole", tmp_path / "elsewhere" / "whole")
    (recordings / "link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (recordings / "round").symlink_to(recordings, target_is_directory=True)
    assert "whole" not in {folder.name for folder in SessionSearch([recordings])}


def test_what_lies_too_deep_or_is_too_much_is_not_searched_for_ever(made, tmp_path, monkeypatch):
    shutil.copytree(made, tmp_path.joinpath(*["deep"] * listing.DEPTH))
    shutil.copytree(made, tmp_path.joinpath("a", *["deep"] * listing.DEPTH))
    assert len(list(SessionSearch([tmp_path]))) == 1
    monkeypatch.setattr(listing, "MOST_FOLDERS", 3)
    search = SessionSearch([tmp_path])
    assert list(search) == []
    assert search.problems == ["Only the first 3 folders were searched."]


def test_a_root_that_is_not_there_is_said_and_the_others_are_listed(recordings, tmp_path):
    search = SessionSearch([tmp_path / "none", recordings])
    assert len(list(search)) == 6
    assert search.problems == [f"{tmp_path / 'none'} does not exist."]


@given(st.text(), st.text(), st.text())
def test_a_search_finds_any_part_of_what_is_shown(name, participant, task):
    summary = SessionSummary(Path("/x", name.replace("/", "") or "n"), SessionState.COMPLETE, participant, task, 1.0)
    for text in (summary.name, participant, task, summary.started, f"{task} {participant}", ""):
        assert matches(summary, text)
        assert matches(summary, text.upper()) or text.upper().casefold() != text.casefold()
    assert not matches(summary, "\N{SNOWMAN}\N{COMET}" * 60)


# ---------------------------------------------------------------------- the command


def test_the_command_prints_a_table(recordings, capsys):
    assert main(["sessions", str(recordings)]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].split() == ["date", "name", "participant", "task", "length", "faces", "size", "state"]
    assert len([line for line in out if " complete" in line and "P01" in line and "100 %" in line]) == 2
    assert any(line.startswith("no table: frames.csv") for line in out)


def test_the_command_prints_json(recordings, capsys):
    assert main(["sessions", str(recordings), "--json", "--search", "ALSO p01"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["folder"] == str(recordings / "deeper" / "also")
    assert (found["state"], found["measured"], found["frames"]) == ("complete", 1.0, 10)
    assert found["started_utc"].endswith("+00:00")


def test_what_would_steer_a_terminal_is_not_printed(recordings, capsys):
    manifest = Manifest.read(recordings / "whole")
    header = replace(manifest.header, participant="\x1b[2Jgone\n", task="\u202eevil")
    replace(manifest, header=header).write(recordings / "whole")
    assert main(["sessions", str(recordings)]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "gone" in out


def test_without_a_folder_those_of_the_window_are_listed(recordings, capsys, tmp_path):
    from app.ui.shell import settings
    from app.ui.shell.settings import Settings

    store = Settings()
    before = store.get(settings.RECORDINGS)
    try:
        store.set(settings.RECORDINGS, str(tmp_path / "not yet"))
        store.save()
        assert main(["sessions"]) == 0
        assert capsys.readouterr().out == "No session was found.\n"
        store.set(settings.SESSION_FOLDERS, [str(recordings)])
        store.save()
        assert main(["sessions", "--json"]) == 0
        assert len(json.loads(capsys.readouterr().out)) == 6
    finally:
        store.set(settings.RECORDINGS, before)
        store.set(settings.SESSION_FOLDERS, [])
        store.save()


def test_a_folder_that_is_not_there_is_a_sentence_and_an_exit_code(tmp_path, capsys):
    assert main(["sessions", str(tmp_path / "none")]) == 1
    assert capsys.readouterr().err == f"motionscope: {tmp_path / 'none'} does not exist.\n"


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="permissions of a common user")
def test_a_folder_that_cannot_be_read_stops_nothing(recordings):
    (recordings / "deeper").chmod(0)
    try:
        assert len(list(SessionSearch([recordings]))) == 5
    finally:
        (recordings / "deeper").chmod(0o700)
