"""What every exporter must do, whatever it makes."""

from dataclasses import replace

import pytest

from app.core.errors import SessionError, UserError
from app.session.exporters import EXPORTERS, export_session, exporters_named
from app.session.manifest import Manifest
from app.session.session import Session
from tests.session.exporters.conftest import FRAMES

each = pytest.mark.parametrize("exporter", EXPORTERS, ids=lambda exporter: exporter.name)


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@each
def test_it_makes_what_it_says_and_touches_nothing_else(exporter, session, tmp_path):
    before = contents(session.folder)
    out = tmp_path / "new folder" / "with ü"
    made = export_session(session, exporter, out)
    assert [path.name for path in made] == list(exporter.outputs(session))
    assert sorted(out.iterdir()) == sorted(made)
    assert all(path.stat().st_size for path in made)
    assert contents(session.folder) == before


@each
def test_it_replaces_only_when_told_to(exporter, session, tmp_path):
    first, *_ = export_session(session, exporter, tmp_path / "out")
    whole = contents(tmp_path / "out")
    inner = first / "mine.txt" if first.is_dir() else first
    inner.write_bytes(b"mine")
    with pytest.raises(SessionError, match="exists already; it is replaced only with --force") as caught:
        export_session(session, exporter, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert inner.read_bytes() == b"mine"
    export_session(session, exporter, tmp_path / "out", force=True)
    assert contents(tmp_path / "out").keys() == whole.keys()
    assert b"mine" not in contents(tmp_path / "out").values()


@each
def test_an_export_that_is_broken_off_leaves_what_was_there(exporter, session, tmp_path):
    export_session(session, exporter, tmp_path / "out")
    before = contents(tmp_path / "out")

    def cancel(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_session(session, exporter, tmp_path / "out", force=True, progress=cancel)
    assert contents(tmp_path / "out") == before
    with pytest.raises(KeyboardInterrupt):
        export_session(session, exporter, tmp_path / "nothing", progress=cancel)
    assert list((tmp_path / "nothing").iterdir()) == []


@each
def test_its_progress_goes_forward_to_its_end(exporter, session, tmp_path):
    steps = []
    export_session(session, exporter, tmp_path / "out", progress=lambda *step: steps.append(step))
    assert steps
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)
    assert len({total for _, total in steps}) == 1
    assert all(0 <= done <= total for done, total in steps)


@each
def test_a_place_that_cannot_be_written_is_one_sentence(exporter, session, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SessionError, match=r"^Nothing can be exported to .*\.$"):
        export_session(session, exporter, tmp_path / "file")


UNMEASURED = dict.fromkeys(("npz", "liveportrait", "arkit"), "holds no raw outputs of the network")

REFUSED = {
    "no frames": {"mp4": "has no video", "covered": "has no video", "bids": "has no frames", **UNMEASURED},
    "one frame": {},
    "no video": {"mp4": "has no video: numbers alone", "covered": "has no video: numbers alone"},
    "no network": {"covered": "No face was measured in", **UNMEASURED},
}
"""What can't be exported of a session that lacks something: every other format can."""


@each
@pytest.mark.parametrize("lack", REFUSED)
def test_of_a_session_that_lacks_something_it_makes_what_can_be_made_or_says_why_not(exporter, lack, record, tmp_path):
    changes = {
        "no frames": {"frames": 0},
        "one frame": {"frames": 1},
        "no video": {"video": False},
        "no network": {"num_kp": 0, "keypoint_names": None, "measure": False},
    }
    session = Session.open(record(**changes[lack]))
    words = REFUSED[lack].get(exporter.name)
    if words is None:
        assert all(path.exists() for path in export_session(session, exporter, tmp_path / "out"))
        return
    with pytest.raises(UserError, match=words) as caught:
        export_session(session, exporter, tmp_path / "out")
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)
    assert list((tmp_path / "out").iterdir()) == []


def test_unfinished_and_unreadable_sessions_are_refused_and_left_alone(record, tmp_path):
    folder = record()
    assert len(Session.open(folder).table) == FRAMES
    manifest = Manifest.read(folder)
    replace(manifest, state="recording", owner=None).write(folder)
    before = contents(folder)
    with pytest.raises(SessionError, match=r"it was cut off; motionscope recover puts it in order\.$"):
        Session.open(folder)
    assert contents(folder) == before
    with pytest.raises(SessionError, match="does not exist"):
        Session.open(tmp_path / "none")


def test_formats_are_found_by_name():
    names = [exporter.name for exporter in EXPORTERS]
    assert len(set(names)) == len(names)
    assert len({exporter.label for exporter in EXPORTERS}) == len(names)
    assert [exporter.name for exporter in exporters_named("elan, openface,elan")] == ["elan", "openface"]
    with pytest.raises(UserError, match=r"^avi, gif is not a format: there are mp4, "):
        exporters_named("avi,elan,gif")
    with pytest.raises(UserError, match=r"^No format was named"):
        exporters_named(" ,")
