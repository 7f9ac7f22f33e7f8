"""How well a network follows a face over a film, against the mesh."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from app.core.frames import Box
from app.faces.crop import crop_square, extract
from app.faces.detector import create_detector
from app.signals.blinks import BlinkCounter
from app.signals.trust import untrusted_signals
from extractor.decode_arrays import angles_from_matrix as angles
from extractor.face_mesh import _MESH_FACE as MESH_FACE
from extractor.face_mesh import VERTICES, keypoints, mesh_rotation
from extractor.model import MotionExtractor
from extractor.training.boxes import FaceBoxes
from extractor.training.errors import TrainingError
from extractor.training.geometry import rotation
from extractor.training.measuring import film_evaluation
from extractor.training.measuring.film_evaluation import (
    closed,
    crop,
    evaluate_films,
    film_truths,
    frames,
    markdown,
    means,
    steady,
)
from extractor.types import CropSpec

FRAMES = 24


@pytest.fixture(scope="module")
def film(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first frames of a real person talking, with a black frame between them."""
    path = tmp_path_factory.mktemp("film") / "talking.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width = stream.height = 590
        stream.pix_fmt = "yuv420p"
        for i, picture in zip(range(FRAMES), frames(shared / "clips" / "talking_590.mp4"), strict=False):
            picture = np.zeros_like(picture) if i == 10 else picture
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def kept(film: Path) -> Path:
    path = film.with_name("kept.npz")
    film_truths([film], path)
    return path


def test_the_mesh_sees_what_the_face_does(film: Path, kept: Path) -> None:
    truth = film_truths([film], kept)[film]
    seen = np.isfinite(truth.points[:, 0, 0])
    assert np.flatnonzero(~seen).tolist() == [10]
    pose = angles(mesh_rotation(truth.points[seen]))
    assert np.abs(pose).max() < 30  # the person looks at the camera
    eyes, mouth, brows = truth.signals.head[seen].T
    assert 0 < eyes.min() < 0.03 < 0.08 < eyes.max() < 0.2  # a blink
    assert 0.1 < mouth.min() < mouth.max() < 0.6
    assert 0.1 < brows.min() < brows.max() < 0.4


def test_a_film_that_is_known_is_not_looked_at_again(film: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(film_evaluation, "truth_of", lambda path: pytest.fail(f"{path} was looked at again"))
    copy = film.with_name("renamed.mp4")
    copy.write_bytes(film.read_bytes())
    assert np.array_equal(film_truths([copy], kept)[copy].boxes, film_truths([film], kept)[film].boxes, equal_nan=True)


def test_the_mesh_follows_itself_and_shipped_weights_follow_it(
    film: Path, kept: Path, assets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = MotionExtractor.from_checkpoint(assets / "motion_extractor_lite.safetensors")
    assert network.report is not None
    found = evaluate_films(network, [film], network.report.spec.crop, kept)
    figures = found[film.name]
    assert (figures.frames, figures.faces) == (FRAMES, FRAMES - 1)
    assert all(-1 <= value <= 1 for value in figures.correlation.values())
    monkeypatch.setattr(film_evaluation, "network_signals", lambda network, path, truth, spec: truth.signals)
    perfect = evaluate_films(network, [film], network.report.spec.crop, kept)[film.name]
    assert perfect.correlation
    assert set(perfect.correlation.values()) == {1.0}
    assert set(perfect.derived_correlation.values()) == {1.0}
    said = film_evaluation.for_metadata({film.name: perfect})
    assert said["signal_correlation"] == perfect.derived_correlation
    spec = network.report.spec
    assert "blink" not in untrusted_signals(spec, {"errors": {"clips": said}}, True)  # the app reads it
    assert "blink" in untrusted_signals(
        spec, {"errors": {"clips": {**said, "signal_correlation": {"blink": 0.2}}}}, True
    )
    assert f"| {film.name} | {FRAMES - 1} of {FRAMES} |" in markdown({film.name: perfect})


def test_the_mesh_s_blinks_are_the_apps(film: Path, kept: Path) -> None:
    """The eyes that the mesh sees closed are those that the app's counter would count as a blink."""
    truth = film_truths([film], kept)[film]
    left, right, blink = truth.signals.derived[:, [3, 4, 5]].T
    counter = BlinkCounter()
    theirs = [counter.update(i / 25, a, b) for i, (a, b) in enumerate(zip(left, right, strict=True))]
    seen = np.isfinite(blink)
    assert np.array_equal(np.array(theirs)[seen], blink[seen])
    assert counter.count == 1
    assert closed(np.array([0.1, 0.5, 0.7, 0.5, np.nan, 0.4, 0.3, 0.5])).tolist()[:4] == [0, 0, 1, 1]


def test_means_count_only_films_in_which_a_signal_moves() -> None:
    assert means([{"eyes": 0.5}, {"eyes": 0.7, "brows": 0.2}]) == pytest.approx({"eyes": 0.6, "brows": 0.2})
    assert means([]) == {}


def test_crops_are_the_apps() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (120, 160, 3), dtype=np.uint8)
    for box in (Box(50, 30, 40, 36), Box(-20, -10, 60, 60), Box(140, 100, 30, 44)):
        for spec in (CropSpec(2.15, 0.054, 64), CropSpec(1.85, 0.16, 128)):
            own = crop(picture, (box.x + box.w / 2, box.y + box.h / 2, max(box.w, box.h)), spec)
            theirs = extract(np.ascontiguousarray(picture[..., ::-1]), crop_square(box, spec))
            assert np.array_equal(own, theirs)


def test_faces_of_films_are_found_where_the_app_finds_them(shared: Path) -> None:
    picture = next(frames(shared / "clips" / "s18.mp4"))
    detector = create_detector(stills=True)
    own = detector.detect(np.ascontiguousarray(picture[..., ::-1]))[0].box
    detector.close()
    with FaceBoxes() as looks:
        found = looks.find_in_frame(picture)
        assert found is not None
        again = looks.find_in_frame(picture, found)
    for box in (found, again):
        assert box == pytest.approx((own.x + own.w / 2, own.y + own.h / 2, max(own.w, own.h)), abs=0.04 * own.w)


def test_boxes_are_steadied_without_lag_and_holes_stay() -> None:
    way = np.stack([np.arange(40.0), np.full(40, 5.0), np.full(40, 80.0)], axis=1)
    trembling = way + np.random.default_rng(1).normal(0, 1, way.shape)
    trembling[20] = np.nan
    found = steady(trembling)
    assert np.isnan(found[20]).all()
    inner = np.r_[8:18, 23:32]
    assert np.abs(found[inner] - way[inner]).mean() < 0.5
    assert np.abs((found - way)[inner].mean(0)).max() < 0.5


def test_bad_films_and_nameless_keypoints_are_one_sentence(tmp_path: Path) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"no film")
    network = MotionExtractor(backbone="atto").eval()
    for path in (bad, tmp_path / "none.mp4"):
        with pytest.raises(TrainingError, match=r"can't be read"):
            evaluate_films(network, [path], CropSpec())
    with pytest.raises(TrainingError, match="no names"):
        evaluate_films(MotionExtractor(num_kp=21, backbone="atto"), [bad], CropSpec())


def test_a_damaged_cache_is_one_sentence(film: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache.npz"
    cache.write_bytes(b"PK\x03\x04 cut")
    with pytest.raises(TrainingError, match="can't be read from"):
        film_truths([film], cache)


def test_the_mean_face_laid_on_points_gives_their_pose() -> None:
    turns = np.stack([rotation(15, -20, 5), rotation(-10, 30, -8)])
    points = 2.5 * MESH_FACE[:, :3] @ turns.transpose(0, 2, 1) + 0.3
    assert mesh_rotation(points) == pytest.approx(turns, abs=1e-6)
    points[:, 20] += 0.3 * turns[:, :, 1]  # an open mouth is hardly a pose
    assert angles(mesh_rotation(points)) == pytest.approx(angles(turns), abs=2)
    assert np.isnan(mesh_rotation(np.full((1, 24, 3), np.nan))).all()
    mesh = np.random.default_rng(2).random((478, 3))
    assert keypoints(mesh)[15] == pytest.approx((mesh[276] + mesh[300]) / 2)
    assert len(VERTICES) == 24
