"""A session is renamed by the rules of new recordings, and nothing is ever replaced."""

from __future__ import annotations

import datetime
import shutil
import sys
from dataclasses import replace

import pytest

from app.core.errors import SessionError
from app.session.manifest import Manifest
from app.session.ownership import Owner
from app.session.renaming import rename_session
from app.session.session import Session
from tests.session.long_session import make_session


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_session(tmp_path_factory.mktemp("made") / "session", 4, video=False)


@pytest.fixture
def session(made, tmp_path):
    return shutil.copytree(made, tmp_path / "recordings" / "session")


def test_places_are_filled_from_the_session(session):
    renamed = rename_session(session, "{participant}_{task}_{date}_pre")
    started = datetime.datetime.fromtimestamp(Manifest.read(renamed).clocks[0].unix_s)
    assert renamed == session.with_name(f"P01_long_{started:%Y-%m-%d}_pre")
    assert not session.exists()
    Session.open(renamed).close()


def test_a_name_that_is_taken_gets_a_number_and_its_own_stays(session):
    beside = shutil.copytree(session, session.with_name("P01"))
    assert rename_session(session, "{participant}") == session.with_name("P01-2")
    assert rename_session(beside, "{participant}") == beside
    assert sorted(path.name for path in beside.parent.iterdir()) == ["P01", "P01-2"]


def test_a_change_of_case_alone_is_one(session):
    assert rename_session(session, "Session").name == "Session"
    assert [path.name for path in session.parent.iterdir()] == ["Session"]


def test_what_no_folder_can_be_called_by_is_replaced(session):
    assert rename_session(session, "../a/b:c").name == "a-b-c"


@pytest.mark.parametrize(("pattern", "sentence"), [("{who}", "is no part"), ("..", "without a name"), ("", "without")])
def test_a_pattern_that_makes_no_name_is_a_sentence(session, pattern, sentence):
    with pytest.raises(SessionError, match=sentence):
        rename_session(session, pattern)
    assert session.is_dir()


def test_a_damaged_session_can_be_renamed(session):
    (session / "session.json").write_bytes(b"[")
    assert rename_session(session, "broken").is_dir()


def test_a_live_one_is_left_alone(session):
    replace(Manifest.read(session), state="recording", owner=Owner.this_process()).write(session)
    with pytest.raises(SessionError, match="still being recorded"):
        rename_session(session, "new")
    assert session.is_dir()


@pytest.mark.skipif(sys.platform == "win32", reason="links only for some")
def test_a_link_is_left_alone(session, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(session, target_is_directory=True)
    with pytest.raises(SessionError, match="is a link"):
        rename_session(link, "new")
