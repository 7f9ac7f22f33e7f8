"""Thumbnails are made of a session's own video, kept where nobody else can read them, and go with the session."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest

from app.session import thumbnails
from app.session.deletion import delete_session
from app.session.folders import part
from app.session.manifest import Manifest, MediaFile
from app.session.renaming import rename_session
from app.session.thumbnails import thumbnail
from extractor import files
from tests.session.long_session import HEIGHT as FRAME_HEIGHT
from tests.session.long_session import WIDTH as FRAME_WIDTH
from tests.session.long_session import make_session


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_session(tmp_path_factory.mktemp("made") / "session", 20)


@pytest.fixture
def session(made, tmp_path, monkeypatch):
    """A copy, with a cache of its own."""
    monkeypatch.setenv("MOTIONSCOPE_CACHE", str(tmp_path / "cache"))
    return shutil.copytree(made, tmp_path / "recordings" / "session")


def cached(tmp_path):
    return sorted((tmp_path / "cache" / "thumbnails").rglob("*.jpg"))


def decoded(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def test_it_is_a_small_picture_of_the_video(session):
    image = decoded(thumbnail(session))
    assert image.shape == (FRAME_HEIGHT, FRAME_WIDTH, 3)  # smaller than a thumbnail may be: as it is
    assert image.mean() > 20


def test_a_large_picture_fits(session, monkeypatch):
    monkeypatch.setattr(thumbnails, "HEIGHT", FRAME_HEIGHT // 2)
    assert decoded(thumbnail(session)).shape == (FRAME_HEIGHT // 2, FRAME_WIDTH // 2, 3)


def test_it_is_made_once_and_again_when_the_video_changes(session, tmp_path, monkeypatch):
    first = thumbnail(session)
    monkeypatch.setattr(thumbnails, "open_container", lambda *video: pytest.fail("it was in the cache"))
    assert thumbnail(session) == first
    monkeypatch.undo()
    monkeypatch.setenv("MOTIONSCOPE_CACHE", str(tmp_path / "cache"))
    os.utime(session / "video.mkv", (1.0, 1.0))
    thumbnail(session)
    assert len(cached(tmp_path)) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of their own")
def test_nobody_else_may_read_it_even_where_recordings_are_shared(session, tmp_path, private_files):
    files.share(True)
    thumbnail(session)
    (path,) = cached(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="links only for some")
def test_a_link_in_the_videos_place_is_not_read(session, tmp_path):
    shutil.move(session / "video.mkv", tmp_path / "other.mkv")
    (session / "video.mkv").symlink_to(tmp_path / "other.mkv")
    assert thumbnail(session) is None
    assert cached(tmp_path) == []


def test_a_cut_off_video_has_one_too(session):
    (session / "video.mkv").rename(part(session / "video.mkv"))
    assert thumbnail(session) is not None


def test_a_measured_file_shows_its_own_picture_but_not_over_the_network(session, tmp_path):
    film = shutil.move(session / "video.mkv", tmp_path / "film.mkv")
    manifest = Manifest.read(session)
    for path, shown in ((str(film), True), (f"\\\\server\\share{film}", False), (str(tmp_path / "gone.mkv"), False)):
        media = replace(MediaFile.of(film), path=path)
        replace(manifest, video=None, header=replace(manifest.header, media=media)).write(session)
        assert (thumbnail(session) is not None) is shown, path


@pytest.mark.parametrize("name", ["video.mkv", "session.json"])
def test_damage_is_no_picture(session, name):
    (session / name).write_bytes(b"[" * 1000)
    assert thumbnail(session) is None


def test_it_goes_with_the_session(session, tmp_path):
    thumbnail(session)
    assert len(cached(tmp_path)) == 1
    delete_session(session)
    assert cached(tmp_path) == []


def test_it_goes_once_the_session_is_gone_or_renamed(session, tmp_path):
    beside = shutil.copytree(session, session.with_name("beside"))
    for folder in (session, beside):
        thumbnail(folder)
    assert len(cached(tmp_path)) == 2
    thumbnails.keep_only(session.parent, ["session"])
    assert len(cached(tmp_path)) == 1
    rename_session(session, "another")
    assert cached(tmp_path) == []


def test_it_is_not_kept_where_the_session_goes_while_it_is_made(session, tmp_path, monkeypatch):
    resize = cv2.resize

    def slow(*arguments, **options):
        shutil.rmtree(session)
        thumbnails.keep_only(session.parent, [])
        return resize(*arguments, **options)

    monkeypatch.setattr(cv2, "resize", slow)
    assert thumbnail(session) is not None
    assert cached(tmp_path) == []
