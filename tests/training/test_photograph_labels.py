"""Labels for a folder of pictures: real faces, and everything that is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from extractor.decode_arrays import angles_from_matrix as angles
from extractor.face_mesh import keypoints, mesh_rotation
from extractor.training import photographs
from extractor.training.geometry import Array, geodesic_between
from extractor.training.learning.photo_pool import PhotoPool
from extractor.training.measuring.face_mesh import FaceMesh
from extractor.training.measuring.film_evaluation import frames
from extractor.training.measuring.photo_evaluation import everybody
from extractor.training.photographs import Labeller, NoFaceError, pictures, read_picture
from extractor.training.rendering.labels import MIRROR
from extractor.types import KEYPOINT_NAMES


@pytest.fixture(scope="module")
def face(shared: Path) -> Array:
    return next(frames(shared / "clips" / "talking_590.mp4"))


@pytest.fixture(scope="module")
def labeller() -> Labeller:
    return Labeller()


def test_a_folder_becomes_shards_and_each_bad_picture_one_sentence(
    face: Array, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = tmp_path / "pictures", tmp_path / "shards"
    (folder / "inner").mkdir(parents=True)
    Image.fromarray(face).save(folder / "a.png")
    Image.fromarray(face).save(folder / "inner" / "b.JPG", format="JPEG", quality=95)
    Image.fromarray(np.full((200, 300, 3), 120, np.uint8)).save(folder / "grey.png")
    Image.fromarray(face).resize((64, 64)).save(folder / "small.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut")
    (folder / "cut.png").write_bytes((folder / "a.png").read_bytes()[:5000])
    (folder / "notes.txt").write_text("not a picture")
    outside = tmp_path / "outside"
    outside.mkdir()
    Image.fromarray(face).save(outside / "c.png")
    (folder / "leads_out.png").symlink_to(outside / "c.png")
    (folder / "leads_away").symlink_to(outside)
    words = ["--source", "mine", "--licence", "CC0-1.0", "--credit", "Nobody"]
    assert photographs.main([str(folder), "--out", str(out), *words]) == 0
    said, complaints = capsys.readouterr()
    assert said.startswith("2 pictures labelled, 5 left out")
    own = [line for line in complaints.splitlines() if line.split(":")[0].endswith((".png", ".jpg"))]
    assert sorted(line.split(":")[0] for line in own) == [
        "broken.jpg", "cut.png", "grey.png", "leads_out.png", "small.png",
    ]  # fmt: skip
    assert "links are not followed" in next(line for line in own if line.startswith("leads_out"))
    pool = PhotoPool([out])
    assert len(pool) == 2
    assert everybody(pool).kinds["source"] == ["mine", "mine"]
    assert pool.images(torch.arange(2)).shape == (2, 3, 256, 256)
    assert (pool.targets.angles_deg.abs() < 25).all()
    lids = pool.targets.points[:, [KEYPOINT_NAMES.index("lid_up_l"), KEYPOINT_NAMES.index("chin")]]
    assert (lids[:, 0, 1] < lids[:, 1, 1]).all()
    with np.load(next(out.glob("*.npz"))) as file:
        assert (str(file["licence"]), str(file["credit"])) == ("CC0-1.0", "Nobody")
        assert not any("b.JPG" in str(file[name]) for name in file.files)
        assert geodesic_between(*file["rotation"].astype(float)) < 2
    for taken, sentence in ((out, "holds shards already"), (folder / "a.png", "is no folder")):
        assert photographs.main([str(folder), "--out", str(taken)]) == 1
        (line,) = capsys.readouterr().err.splitlines()  # said before any picture is labelled
        assert sentence in line


def test_a_mirrored_picture_has_the_mirrored_label(face: Array, labeller: Labeller) -> None:
    plain, mirrored = labeller.label(face), labeller.label(np.ascontiguousarray(face[:, ::-1]))
    assert angles(mirrored.rotation) == pytest.approx(angles(plain.rotation) * [1, -1, -1], abs=1.5)
    left, right = (KEYPOINT_NAMES.index(f"mouth_{side}") for side in "lr")
    assert mirrored.points[left] == pytest.approx(plain.points[right] * [-1, 1, 1], abs=0.03)
    assert 0 <= plain.disagreement_deg < 6


def test_a_label_lies_between_those_of_the_picture_and_its_mirror_image(face: Array, labeller: Labeller) -> None:
    label = labeller.label(face)
    with FaceMesh() as mesh:
        plain, mirrored = (
            keypoints(found)
            for picture in (label.picture, label.picture[:, ::-1])
            if (found := mesh.find(picture)) is not None
        )
    points = np.stack([plain, mirrored[MIRROR] * [-1, 1, 1]])
    apart = [geodesic_between(label.rotation, turn) for turn in mesh_rotation(points)]
    assert apart == pytest.approx([label.disagreement_deg / 2] * 2, abs=0.01)
    assert label.disagreement_deg > 0.1
    assert label.points == pytest.approx(points.mean(0), abs=1e-5)


def test_poses_that_disagree_get_no_label(face: Array, labeller: Labeller, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoFaceError, match="degrees apart"):
        labeller.label(face, limit_deg=0.0)
    monkeypatch.setattr(FaceMesh, "find", lambda self, picture: None)
    with pytest.raises(NoFaceError, match="the mesh finds no face"):
        labeller.label(face)


def test_labels_are_near_those_of_three_estimators(shared: Path, labeller: Labeller) -> None:
    shard = shared / "real" / "dev.npz"
    if not shard.is_file():
        pytest.skip("no labelled photographs beside the checkout")
    pool = PhotoPool([shard], sure_deg=float("inf"))
    with np.load(shard) as file:
        theirs, points = file["rotation"].astype(float), file["points"]
    near = np.flatnonzero(np.abs(angles(theirs)[:, 1]) < 40)[::40]
    apart, off = [], []
    for row in near:
        try:
            found = labeller.label(pool.image(int(row)))
        except NoFaceError:
            continue
        apart.append(geodesic_between(found.rotation, theirs[row]))
        off.append(np.abs(found.points[:, :2] - points[row]).mean())
    assert len(apart) > 0.8 * len(near)
    assert np.median(apart) < 4
    assert np.median(off) < 0.03  # of the picture's half side


def test_pictures_are_upright_and_without_alpha(face: Array, tmp_path: Path) -> None:
    image = Image.fromarray(face[:, :400])
    exif = image.getexif()
    exif[0x0112] = 6  # lies on its side
    image.rotate(90, expand=True).save(tmp_path / "a.jpg", exif=exif, quality=97)
    assert read_picture(tmp_path / "a.jpg").shape == face[:, :400].shape
    image.convert("RGBA").save(tmp_path / "b.png")
    assert read_picture(tmp_path / "b.png").shape == face[:, :400].shape
    assert [path.name for path in pictures(tmp_path)] == ["a.jpg", "b.png"]


def test_nothing_to_label_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder, sentence in ((tmp_path, "There are no pictures"), (tmp_path / "none", "is no folder")):
        assert photographs.main([str(folder), "--out", str(tmp_path / "out")]) == 1
        assert sentence in capsys.readouterr().err
    Image.fromarray(np.zeros((64, 64, 3), np.uint8)).save(tmp_path / "black\n.png")
    assert photographs.main([str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    own = [line for line in capsys.readouterr().err.splitlines() if "black" in line]
    assert own == ["black\N{REPLACEMENT CHARACTER}.png: no face was found."]
    assert not (tmp_path / "out").exists()
