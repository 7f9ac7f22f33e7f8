import csv
import json
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import ClockPair
from app.session.exporters import export_session
from app.session.exporters.bids import BidsMotion, bids_label, first_frame_utc
from app.session.session import Session
from extractor.types import KEYPOINT_NAMES
from tests.session.exporters.conftest import FRAMES, SKIPPED, UNMEASURED

VALIDATOR = shutil.which("bids-validator-deno", path=str(Path(sys.executable).parent)) or shutil.which(
    "bids-validator-deno"
)


def read_tsv(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.fixture
def dataset(session, tmp_path):
    (root,) = export_session(session, BidsMotion(), tmp_path / "out")
    return root


def problems(root):
    """What the official validator calls errors."""
    run = subprocess.run([VALIDATOR, "--json", str(root)], capture_output=True, text=True, timeout=100)
    assert run.stdout, run.stderr
    issues = json.loads(run.stdout)["issues"]["issues"]
    return [issue for issue in issues if issue["severity"] == "error"]


@pytest.mark.skipif(VALIDATOR is None, reason="the official validator isn't installed")
def test_the_official_validator_finds_no_error(dataset, record, tmp_path):
    assert problems(dataset) == []
    bare = Session.open(record("bare", frames=1, video=False, measure=False, num_kp=0, keypoint_names=None))
    (root,) = export_session(bare, BidsMotion(), tmp_path / "bare out")
    assert problems(root) == []
    # It would see one: otherwise this test could not fail.
    next((dataset / "sub-P01" / "motion").glob("*_channels.tsv")).unlink()
    (dataset / "sub-P01" / "motion" / "unheard_of.txt").write_bytes(b"")
    assert problems(dataset)


def test_the_files_are_named_after_participant_and_task(dataset):
    stem = "sub-P01_task-freetalk_tracksys-motionscope"
    assert sorted(path.relative_to(dataset).as_posix() for path in dataset.rglob("*") if path.is_file()) == [
        "README",
        "dataset_description.json",
        "participants.json",
        "participants.tsv",
        f"sub-P01/motion/{stem}_channels.json",
        f"sub-P01/motion/{stem}_channels.tsv",
        f"sub-P01/motion/{stem}_events.json",
        f"sub-P01/motion/{stem}_events.tsv",
        f"sub-P01/motion/{stem}_motion.json",
        f"sub-P01/motion/{stem}_motion.tsv",
        "sub-P01/sub-P01_scans.tsv",
    ]
    assert (dataset / "participants.tsv").read_text() == "participant_id\tconsent\nsub-P01\tform 12\n"
    assert (dataset / "README").read_text().endswith("\nlamp\non\n")
    (scan,) = read_tsv(dataset / "sub-P01" / "sub-P01_scans.tsv")
    assert (dataset / "sub-P01" / scan["filename"]).is_file()


def test_the_columns_are_those_of_the_channels(dataset, session):
    motion = dataset / "sub-P01" / "motion"
    channels = read_tsv(next(motion.glob("*_channels.tsv")))
    lines = next(motion.glob("*_motion.tsv")).read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines]  # without a header
    assert len(rows) == FRAMES
    assert {len(row) for row in rows} == {len(channels)}
    column = {channel["name"]: [row[i] for row in rows] for i, channel in enumerate(channels)}
    assert len(column) == len(channels) == 1 + 3 + 3 + 2 * 24 + 11
    assert [float(field) for field in column["latency"]] == pytest.approx(session.table.timestamp_s.tolist(), abs=1e-6)
    table = session.table.whole
    for k in range(FRAMES):
        fields = {name: column[name][k] for name in column if name not in ("latency", "missing")}
        assert column["missing"][k] == ("1" if k in UNMEASURED else "2" if k in SKIPPED else "0")
        if k in UNMEASURED or k in SKIPPED:
            assert set(fields.values()) == {"n/a"}
            continue
        angles = [float(fields[f"head_{angle}"]) for angle in ("pitch", "yaw", "roll")]
        assert angles == pytest.approx(np.deg2rad(table.angles_deg[k]).tolist(), abs=1e-6)
        place = [100 * float(fields[f"head_{axis}"]) for axis in "xyz"]
        assert place == pytest.approx(table.position[k, :3].tolist(), abs=6e-3)
        points = [float(fields[f"{name}_{axis}"]) for name in KEYPOINT_NAMES for axis in "xy"]
        assert points == pytest.approx(table.keypoints[k].ravel().tolist(), abs=6e-4)
    units = {channel["name"]: channel["units"] for channel in channels}
    assert (units["latency"], units["head_yaw"], units["chin_x"]) == ("s", "rad", "pixel")


def test_the_sidecars_count_and_describe(dataset, session):
    motion = dataset / "sub-P01" / "motion"
    sidecar = json.loads(next(motion.glob("*_motion.json")).read_text(encoding="utf-8"))
    assert sidecar["TaskName"] == "free talk"
    assert sidecar["SamplingFrequency"] == 30.0
    times = session.table.timestamp_s
    assert sidecar["SamplingFrequencyEffective"] == pytest.approx((FRAMES - 1) / times[-1])
    assert (sidecar["ORNTChannelCount"], sidecar["POSChannelCount"], sidecar["MotionChannelCount"]) == (3, 51, 66)
    kinds = Counter(channel["type"] for channel in read_tsv(next(motion.glob("*_channels.tsv"))))
    said = {name: count for name, count in sidecar.items() if name.endswith("ChannelCount") and count}
    assert said == {"MotionChannelCount": 66, **{f"{kind}ChannelCount": count for kind, count in kinds.items()}}
    frames = json.loads(next(motion.glob("*_channels.json")).read_text(encoding="utf-8"))["reference_frame"]["Levels"]
    used = {channel["reference_frame"] for channel in read_tsv(next(motion.glob("*_channels.tsv")))}
    assert used - {"n/a"} == set(frames)
    # R = Rz Ry Rx turns about the fixed axes x, then y, then z.
    assert (frames["camera"]["RotationOrder"], frames["camera"]["SpatialAxes"]) == ("XYZ", "RDF")


def test_the_events_are_the_annotations_in_the_order_of_time(record, tmp_path):
    annotations = (("b", 'a "quoted"\tnote', 0.5, 0.4), ("", "", 0.0, 0.1))
    (root,) = export_session(Session.open(record(annotations=annotations)), BidsMotion(), tmp_path / "out")
    first, second = read_tsv(next(root.rglob("*_events.tsv")))
    assert (first["onset"], first["duration"], first["trial_type"]) == ("0.100000", "0.000000", "n/a")
    assert (second["onset"], second["duration"], second["trial_type"]) == ("0.400000", "0.500000", "b")
    assert second["note"] == "a 'quoted' note"


def test_a_session_without_names_gets_neutral_ones(record, tmp_path):
    (root,) = export_session(Session.open(record(participant="頭", task="-")), BidsMotion(), tmp_path / "out")
    assert next(root.rglob("*_motion.tsv")).name == "sub-unknown_task-recording_tracksys-motionscope_motion.tsv"


@given(st.text())
def test_labels_keep_only_what_bids_allows(text):
    label = bids_label(text)
    assert label == "" or (label.isascii() and label.isalnum())


@pytest.mark.parametrize(
    ("text", "label"), [("Jörg Groß / 07", "JorgGross07"), ("Zoë", "Zoe"), ("P-07", "P07"), ("李", "")]
)
def test_labels_keep_the_letters_of_names(text, label):
    assert bids_label(text) == label


def test_the_time_of_the_first_frame_is_in_utc(session):
    manifest = replace(session.manifest, clocks=(ClockPair(10.0, 1_700_000_000.0),), first_frame_monotonic_s=12.25)
    assert first_frame_utc(manifest) == "2023-11-14T22:13:22.250000Z"
    assert first_frame_utc(replace(manifest, first_frame_monotonic_s=None)) == "2023-11-14T22:13:20.000000Z"
