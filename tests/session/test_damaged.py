"""One damaged session is no reason to miss the others."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import numpy as np
import pytest

from app.commands.recover import recover_all
from app.core.errors import SessionError
from app.session.exporters import export_session, exporters_named
from app.session.manifest import Manifest
from app.session.motion import open_motion, record_type, whole_size
from app.session.recovery import find_unfinished
from app.session.session import Session
from app.session.writer import SessionWriter

DAMAGES = {
    "no clocks": {"clocks": []},
    "a clock of another kind": {"clocks": [5]},
    "another time": {"clocks": [{"monotonic_s": 1.0, "unix_s": 1e300}]},
    "owner": {"owner": {"pid": [1], "started_unix_s": 0}},
    "owner's number": {"owner": {"pid": -1, "started_unix_s": 0}},
    "a large owner": {"owner": {"pid": 10**30, "started_unix_s": 0}},
    "no number": {"duration_s": float("nan")},
    "a long header": {"header": {"source": []}},
    "keypoints": {"header": {"source": {}, "num_kp": 10**9}},
}


@pytest.fixture
def sound(tmp_path, header, make_frame):
    """A recording that was cut off, between whatever else is in the folder of recordings."""
    folder = tmp_path / "m"
    folder.mkdir()
    with SessionWriter(folder, header) as writer:
        for k in range(3):
            assert writer.add_frame(make_frame(k))
    replace(Manifest.read(folder), state="recording").write(folder)
    return folder


def damaged(sound, name):
    folder = sound.with_name(name)
    folder.mkdir()
    return folder / "session.json"


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("name", ["a", "z"])
def test_values_of_another_kind(sound, name, damage, capsys):
    path = damaged(sound, name)
    values = json.loads((sound / "session.json").read_text(encoding="utf-8"))
    path.write_text(json.dumps({**values, **damage}), encoding="utf-8")
    assert [item.folder for item in find_unfinished(sound.parent)] == [sound]
    with pytest.raises(SessionError, match=r"session.json is damaged: [^.]+"):
        Manifest.read(path.parent)
    assert recover_all([sound.parent, path.parent]) == 1
    said = capsys.readouterr()
    assert "recovered 3 frames" in said.out
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("kind", ["nested", "pipe", "folder", "large", "link", "loop"])
def test_things_that_are_no_manifest(sound, kind):
    path = damaged(sound, "a")
    if kind == "nested":
        path.write_bytes(b"[" * 1_000_000)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "large":
        path.touch()
        os.truncate(path, 1 << 40)
    else:
        path.symlink_to("/dev/zero" if kind == "link" else "session.json")
    assert [item.folder for item in find_unfinished(sound.parent)] == [sound]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_read(sound):
    path = damaged(sound, "a")
    path.write_bytes((sound / "session.json").read_bytes())
    path.parent.chmod(0o100)
    assert [item.folder for item in find_unfinished(sound.parent)] == [sound]
    path.parent.chmod(0o700)


@pytest.mark.parametrize("time", ["nan", "inf", "1e300", "-1e13"])
def test_a_row_whose_time_is_no_number_ends_what_is_recovered(sound, time):
    """Its time would stand in session.json, which nobody could read any more."""
    table = (sound / "frames.csv").read_text(encoding="utf-8").split("\n")
    fields = table[3].split(",")
    table[3] = ",".join([fields[0], time, *fields[2:]])
    (sound / "frames.csv").write_text("\n".join(table), encoding="utf-8")
    assert recover_all([sound]) == 0
    assert Manifest.read(sound).frames == 3


def test_names_of_other_keypoints_are_not_drawn_or_exported(sound, tmp_path):
    """One name more than there are keypoints once ended the annotated video with an IndexError."""
    values = json.loads((sound / "session.json").read_text(encoding="utf-8"))
    values["state"] = "complete"
    values["header"]["keypoint_names"].insert(0, "third_eye")
    (sound / "session.json").write_text(json.dumps(values), encoding="utf-8")
    session = Session.open(sound)
    assert session.manifest.header.keypoint_names is None
    for exporter in exporters_named("mp4,bids"):
        export_session(session, exporter, tmp_path / "out")
    session = Session.open(sound, lenient=True)
    assert session.manifest.header.keypoint_names is None
    session.close()


def test_frames_all_at_one_time_have_no_rate(sound, tmp_path):
    """It once ended the BIDS export with a ZeroDivisionError."""
    values = json.loads((sound / "session.json").read_text(encoding="utf-8"))
    (sound / "session.json").write_text(json.dumps({**values, "state": "complete"}), encoding="utf-8")
    lines = (sound / "frames.csv").read_text(encoding="utf-8").split("\n")
    rows = [line.split(",") for line in lines[1:-1]]
    lines[1:-1] = [",".join([fields[0], "0.000000", *fields[2:]]) for fields in rows]
    (sound / "frames.csv").write_text("\n".join(lines), encoding="utf-8")
    export_session(Session.open(sound), exporters_named("bids")[0], tmp_path / "out")
    (sidecar,) = (tmp_path / "out").rglob("*_motion.json")
    assert "SamplingFrequencyEffective" not in json.loads(sidecar.read_text(encoding="utf-8"))


@pytest.mark.parametrize("frames", [(0, 1_096_810_496, 1), (0, 0, 1), (1, 0, 2), (0, 1, 2)])
def test_raw_outputs_out_of_order_end_where_the_order_does(tmp_path, frames):
    """A frame's number that is none of the table's once ended the NumPy export with an IndexError."""
    kind = record_type(2, 3)
    records = np.zeros(3, kind)
    records["frame"] = frames
    path = tmp_path / "motion.bin"
    header = b'{"format": "motionscope.motion", "version": 1, "num_kp": 2, "num_bins": 3}\n'
    path.write_bytes(header + records.tobytes())
    kept = open_motion(path).below(3)["frame"].tolist()
    assert kept == {1: [0, 1, 2], 0: [frames[0]]}[int(frames == (0, 1, 2))]
    assert whole_size(path, 3) == len(header) + len(kept) * kind.itemsize
