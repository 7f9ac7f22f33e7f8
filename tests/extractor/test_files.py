"""Files are written whole, for their owner alone, and through no link."""

import errno
import os
import stat
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from extractor import files

posix = pytest.mark.skipif(sys.platform == "win32", reason="no permissions of this kind, and links only for some")


@pytest.fixture
def victim(tmp_path):
    """A file elsewhere that nobody is to touch, and a folder for the links."""
    (tmp_path / "here").mkdir()
    path = tmp_path / "victim"
    path.write_bytes(b"precious")
    yield path
    assert path.read_bytes() == b"precious"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["here", "victim"]


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


WRITING = {
    "create": lambda path: files.create(path).close(),
    "text": lambda path: files.create_text(path).close(),
    "append": lambda path: files.append(path).close(),
    "truncate": lambda path: files.truncate(path, 1),
    "sync": files.sync_file,
    "whole": lambda path: files.write_whole(path, b"new"),
    "move to": lambda path: files.move(path.parent / "source", path),
    "move from": lambda path: files.move(path, path.parent / "target"),
    "folder": files.new_folder,
    "folders": lambda path: files.make_folder(path, path.parent),
}


@posix
@pytest.mark.parametrize("write", WRITING.values(), ids=WRITING)
@pytest.mark.parametrize("to", ["victim", "nothing"])
def test_nothing_is_written_through_a_link(victim, tmp_path, write, to):
    here = tmp_path / "here"
    (here / "source").write_bytes(b"source")
    (here / "link").symlink_to(tmp_path / to)
    with pytest.raises(OSError, match=r"is a link|File exists"):
        write(here / "link")
    assert {entry.name for entry in here.iterdir()} == {"source", "link"}
    assert (here / "link").is_symlink()


@posix
@pytest.mark.parametrize("write", ["append", "truncate"])
def test_nothing_is_changed_that_has_another_name_elsewhere(victim, tmp_path, write):
    (tmp_path / "here" / "link").hardlink_to(victim)
    with pytest.raises(files.LinkError):
        WRITING[write](tmp_path / "here" / "link")


@posix
@pytest.mark.parametrize("write", ["append", "truncate", "sync"])
def test_a_pipe_is_neither_waited_for_nor_written(tmp_path, write):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match=r"."):
        WRITING[write](tmp_path / "pipe")


@posix
def test_a_link_is_removed_and_not_what_it_leads_to(victim, tmp_path):
    link = tmp_path / "here" / "link"
    link.symlink_to(victim)
    files.create(link, replace=True).close()
    assert not link.is_symlink()
    files.remove(link)
    link.symlink_to(tmp_path)
    files.remove_tree(link)
    assert link.is_symlink()
    (tmp_path / "here" / "deep").mkdir()
    (tmp_path / "here" / "deep" / "link").symlink_to(tmp_path)
    files.remove_tree(tmp_path / "here" / "deep")
    assert not (tmp_path / "here" / "deep").exists()


@posix
def test_a_folder_between_must_not_be_a_link(tmp_path):
    (tmp_path / "named").mkdir()
    (tmp_path / "named" / "out").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(files.LinkError, match=r"named/out is a link, and nothing is written through links$"):
        files.make_folder(tmp_path / "named" / "out" / "new" / "deep", tmp_path / "named")
    assert not (tmp_path / "new").exists()
    # What a person names may lead anywhere.
    files.make_folder(tmp_path / "named" / "out" / "new" / "deep", tmp_path / "named" / "out")
    assert (tmp_path / "new" / "deep").is_dir()


@posix
@pytest.mark.parametrize(("shared", "folder", "file"), [(False, 0o700, 0o600), (True, 0o755, 0o644)])
def test_what_is_new_is_for_its_owner_unless_it_is_shared(tmp_path, umask, private_files, shared, folder, file):
    files.share(shared)
    files.make_folder(tmp_path / "a" / "b")
    assert [mode(tmp_path / "a"), mode(tmp_path / "a" / "b")] == [folder, folder]
    with files.create(tmp_path / "a" / "new") as new:
        assert mode(tmp_path / "a" / "new") == file
        new.write(b"x")
    files.append(tmp_path / "a" / "appended").close()
    files.write_whole(tmp_path / "a" / "whole", b"x")
    assert {mode(entry) for entry in (tmp_path / "a").iterdir() if entry.is_file()} == {file}


@posix
def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path, umask):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o640)
    files.write_whole(path, b"new")
    assert (mode(path), path.read_bytes()) == (0o640, b"new")


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS])
def test_a_file_system_that_cannot_sync_is_no_failure(tmp_path, monkeypatch, number):
    def refuse(descriptor):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    files.write_whole(tmp_path / "file", b"new")
    files.sync_file(tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"new"


def test_what_need_not_outlive_a_power_loss_waits_for_no_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: pytest.fail("waited for the disk"))
    files.write_whole(tmp_path / "file", b"new", durable=False)
    assert (tmp_path / "file").read_bytes() == b"new"


@pytest.mark.parametrize(("tag", "link"), [(0xA0000003, True), (0x9000001A, False), (0, False)])
def test_a_junction_is_a_link_and_a_file_in_a_cloud_is_none(tmp_path, monkeypatch, tag, link):
    status = SimpleNamespace(st_mode=stat.S_IFDIR, st_reparse_tag=tag)
    monkeypatch.setattr(type(tmp_path), "lstat", lambda path: status)
    assert files.is_link(tmp_path) is link


def test_what_a_kill_left_is_swept_and_nothing_else(tmp_path):
    left = files.temporary_name(tmp_path / "session.json")
    others = {".session.json.tmp", ".0123.tmp", "0123456789abcdef.tmp", "frames.csv"}
    for name in (left.name, *others):
        (tmp_path / name).touch()
    files.sweep_temporaries(tmp_path)
    assert {entry.name for entry in tmp_path.iterdir()} == others


def test_what_one_may_not_look_at_is_not_there(tmp_path: Path) -> None:
    assert files.is_there(tmp_path)
    for path in (tmp_path / "none", tmp_path / ("y" * 5000), Path("a\0b")):
        assert not files.is_there(path)
