"""``motionscope extract`` on real files: the demo, frames cut from it, and everything that can be wrong."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from app.batch.plan import Place, find_work
from app.commands.cli import main
from app.core.errors import UserError
from app.core.position import FaceSize, parse_field_of_view
from app.core.tilt import levelled_deg, parse_camera_tilt
from app.session.session import Session
from tests.factories import read_pictures, write_video


@pytest.fixture(scope="session")
def material(tmp_path_factory: pytest.TempPathFactory, assets: Path) -> Path:
    """A short cut of the demo, three of its frames as pictures, and a picture and a video of nothing."""
    folder = tmp_path_factory.mktemp("material folder ü")
    with av.open(str(assets / "demo.mp4")) as video:
        frames = [frame.to_ndarray(format="bgr24") for _, frame in zip(range(24), video.decode(video=0), strict=False)]
    for i in (0, 8, 16):
        (folder / f"face {i}.jpg").write_bytes(cv2.imencode(".jpg", frames[i])[1].tobytes())
    noise = np.random.default_rng(0).integers(0, 255, (120, 160, 3), np.uint8)
    (folder / "nobody.png").write_bytes(cv2.imencode(".png", noise)[1].tobytes())
    write_video(folder / "clip.mp4", frames)
    write_video(folder / "empty room.mp4", [np.full((120, 160, 3), 90, np.uint8)] * 5)
    return folder


def run(*words: str | Path) -> int:
    weights = () if "--weights" in words else ("--weights", "lite")  # the default ones in the command as users type it
    return main(["extract", *map(str, words), *weights, "--device", "cpu", "--quiet"])


def test_a_folder_gives_a_session_per_video_and_one_table_of_images(material, tmp_path, capsys):
    assert run(material, "--out", tmp_path / "out") == 0
    captured = capsys.readouterr()
    assert "6 of 6 files measured" in captured.out
    assert captured.err == "motionscope: No face was found in 2 files, such as empty room.mp4.\n"

    session = Session.open(tmp_path / "out" / "clip")
    assert session.manifest.header.media is not None
    assert session.manifest.header.media.path.endswith("clip.mp4")
    assert session.table.success.all()
    assert np.allclose(session.table.timestamp_s, np.arange(24) / 30, atol=1e-3)
    assert not (tmp_path / "out" / "clip" / "video.mkv").exists()

    empty = Session.open(tmp_path / "out" / "empty room")
    assert not empty.table.success.any()
    assert np.isnan(empty.table.whole.numbers).all()

    names, images = read_pictures(tmp_path / "out" / "images.csv")
    assert dict(zip(names, images.success.tolist(), strict=True)) == {
        "face 0.jpg": True,
        "face 8.jpg": True,
        "face 16.jpg": True,
        "nobody.png": False,
    }
    with (tmp_path / "out" / "images.csv").open(newline="", encoding="utf-8") as file:
        assert next(csv.reader(file))[:5] == ["file", "timestamp_s", "face_id", "success", "inferred"]
    assert images.inferred.all()


def test_two_films_that_were_given_one_folder_keep_their_results_apart(material, tmp_path, monkeypatch):
    out = tmp_path / "out"  # as happens to a/Clip.mp4 and b/clip.mp4 where capital letters make no difference
    monkeypatch.setattr("app.batch.extract.find_places", lambda videos, *_, **__: [Place(out / "clip")] * len(videos))
    assert run(material / "clip.mp4", material / "empty room.mp4", "--out", out) == 0
    manifests = [Session.open(out / name).manifest for name in ("clip", "clip-2")]
    assert [manifest.frames for manifest in manifests] == [24, 5]


def test_one_broken_file_does_not_stop_the_rest(material, tmp_path, capsys):
    folder = tmp_path / "in"
    shutil.copytree(material, folder)
    (folder / "text.mp4").write_text("this is no video")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing follows")
    assert run(folder, "--out", tmp_path / "out") == 1
    captured = capsys.readouterr()
    assert "6 of 8 files measured" in captured.out
    complaints = captured.err.splitlines()
    assert len([line for line in complaints if "text.mp4" in line]) == 1
    assert len([line for line in complaints if "broken.jpg" in line]) == 1
    assert Session.open(tmp_path / "out" / "clip").table.success.all()
    names, table = read_pictures(tmp_path / "out" / "images.csv")
    assert not table.success[names.index("broken.jpg")]


def test_a_second_run_replaces_the_first_but_never_a_recording(material, tmp_path):
    out = tmp_path / "out"
    assert run(material / "clip.mp4", "--out", out) == 0
    assert run(material / "clip.mp4", "--out", out) == 0
    assert [entry.name for entry in out.iterdir()] == ["clip"]
    (out / "clip" / "video.mkv").write_bytes(b"precious")
    assert run(material / "clip.mp4", "--out", out, "--force") == 0
    assert sorted(entry.name for entry in out.iterdir()) == ["clip", "clip-2"]
    assert (out / "clip" / "video.mkv").read_bytes() == b"precious"


def test_videos_of_the_same_name_get_folders_of_their_own(material, tmp_path):
    for sub in ("a", "b"):
        (tmp_path / "in" / sub).mkdir(parents=True)
        shutil.copy(material / "empty room.mp4", tmp_path / "in" / sub / "clip.mp4")
    shutil.copy(material / "empty room.mp4", tmp_path / "in" / "a" / "clip.mov")
    assert run(tmp_path / "in", "--out", tmp_path / "out") == 0
    assert {p.parent.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("frames.csv")} == {
        "a/clip.mp4",
        "a/clip.mov",
        "b/clip",
    }


@pytest.mark.parametrize(
    ("path", "said"),
    [("no such file.mp4", "no such file.mp4 does not exist."), ("*.nothing", "No file matches *.nothing.")],
)
def test_a_path_that_does_not_exist_is_one_sentence(path, said, tmp_path, capsys):
    assert run(path, "--out", tmp_path / "out") == 1
    assert capsys.readouterr().err.strip() == f"motionscope: {said}"
    assert not (tmp_path / "out").exists()


def test_a_path_that_does_not_exist_stops_none_of_the_others(material, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(tmp_path / "none.mp4", material / "clip.mp4", "--out", out) == 1
    captured = capsys.readouterr()
    assert captured.err.splitlines()[-1] == f"motionscope: {tmp_path / 'none.mp4'} does not exist."
    assert captured.out.splitlines()[-1] == f"1 of 1 files measured, results in {out}"


def test_a_folder_without_pictures_is_one_sentence(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing to see")
    with pytest.raises(UserError, match="No video and no image"):
        find_work([str(tmp_path)])


def test_patterns_and_repeated_names_give_each_file_once(material):
    work = find_work([str(material / "*.mp4"), str(material), str(material / "clip.mp4")])
    assert sorted(item.path.name for item in work.videos) == ["clip.mp4", "empty room.mp4"]
    assert len(work.images) == 4


@pytest.mark.parametrize("content", [b"", b"not a checkpoint"])
def test_bad_weights_are_one_sentence_and_nothing_is_written(content, material, tmp_path, capsys):
    (tmp_path / "bad.pth").write_bytes(content)
    assert run(material, "--out", tmp_path / "out", "--weights", tmp_path / "bad.pth") == 1
    err = capsys.readouterr().err
    assert err.startswith("motionscope: ")
    assert "bad.pth" in err
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_the_command_as_users_type_it(material, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "app", "extract", str(material / "face 0.jpg"), "--out", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONWARNINGS": "default"},
    )
    assert done.returncode == 0, done.stderr
    assert "1 of 1 files measured" in done.stdout
    # Nothing on stderr but the progress bar: nothing of the libraries.
    assert all("1 files" in line for line in done.stderr.splitlines() if line.strip()), done.stderr


def test_real_faces_are_found_and_lie_where_their_labels_are(shared, tmp_path):
    """None missed, and the faces agree with the labels far better than a constant guess would (geodesic 26)."""
    labels = shared / "eval" / "aflw_dev"
    if not labels.is_dir():
        pytest.skip("no labelled faces beside the checkout")
    assert run(labels, "--out", tmp_path / "out") == 0
    names, table = read_pictures(tmp_path / "out" / "images.csv")
    assert table.success.all()
    with (labels / "labels.csv").open(newline="") as file:
        true = {row["file"]: [float(row[name]) for name in ("pitch", "yaw", "roll")] for row in csv.DictReader(file)}
    errors = np.array([table.angles_deg[i] - true[name] for i, name in enumerate(names)])
    usual = np.abs([true[name] for name in names]).max(1) < 45
    assert np.abs(errors[usual]).mean() < 8.0


def test_the_manifest_says_with_what_it_was_measured(material, tmp_path):
    assert run(material / "clip.mp4", "--out", tmp_path) == 0
    header = json.loads((tmp_path / "clip" / "session.json").read_text(encoding="utf-8"))["header"]
    assert len(header["weights_sha256"]) == 64
    assert header["engine"] == "torch"
    assert header["device"].startswith("cpu")


def test_the_tilt_of_the_camera_is_kept_with_the_film_and_another_one_measures_it_again(material, tmp_path, capsys):
    words = (material / "clip.mp4", "--out", tmp_path / "out", "--camera-tilt")
    for tilt, earlier in (("-20,3", False), ("-20,3", True), ("10", False)):
        assert run(*words, tilt) == 0
        assert ("1 of them earlier" in capsys.readouterr().out) is earlier
        session = Session.open(tmp_path / "out" / "clip")
        assert session.manifest.header.camera_tilt == parse_camera_tilt(tilt)
        np.testing.assert_allclose(
            session.levelled_deg(session.table), levelled_deg(session.table.angles_deg, parse_camera_tilt(tilt))
        )


def test_field_of_view_and_face_size_are_kept_and_the_distance_hangs_on_them(material, tmp_path, capsys):
    words = (material / "clip.mp4", material / "face 0.jpg", "--out", tmp_path / "out", "--field-of-view")
    means, pictures = [], []
    for view, earlier in (("60", False), ("60", True), ("30", False)):
        assert run(*words, view) == 0
        assert ("2 of them earlier" in capsys.readouterr().out) is earlier
        session = Session.open(tmp_path / "out" / "clip")
        assert session.manifest.header.field_of_view == parse_field_of_view(view)
        means.append(session.table.whole.position[:, :3].mean(axis=0))
        pictures.append(read_pictures(tmp_path / "out" / "images.csv")[1].position[0, 2])
    assert run(*words, "30", "--pupil-distance", "60") == 0
    assert "earlier" not in capsys.readouterr().out
    session = Session.open(tmp_path / "out" / "clip")
    assert session.manifest.header.face_size == FaceSize(60.0)
    child = session.table.whole.position[:, :3].mean(axis=0)
    assert run(*words, "30", "--pupil-distance", "48") == 0
    smaller = Session.open(tmp_path / "out" / "clip").table.whole.position[:, :3].mean(axis=0)
    assert smaller == pytest.approx(child * 0.8, rel=1e-3, abs=0.02)
    depth = np.tan(np.radians(30)) / np.tan(np.radians(15))  # what lies before the middle of the face stays as it is
    assert means[2] == pytest.approx(means[0] * (1, 1, depth), rel=0.1, abs=0.5)
    assert pictures[2] == pytest.approx(pictures[0] * depth, rel=0.1)
