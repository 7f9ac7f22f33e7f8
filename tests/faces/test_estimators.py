"""Other estimators in a network's place: MediaPipe's FaceMesh, and an ONNX file that a package brings."""

from __future__ import annotations

import csv
import sys
from collections.abc import Generator
from contextlib import closing

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.batch.measure import measure
from app.capture.video import VideoSource
from app.core.frames import Frame
from app.core.rotation import geodesic_deg, rotation_of
from app.faces import estimators
from app.faces.estimators import FACE_MESH, create, describe, estimator_names, is_estimator
from extractor.decode_arrays import angles_from_matrix
from extractor.estimator import EstimatorBackend, EstimatorError
from extractor.types import KEYPOINT_NAMES, Angles
from tests.faces.onnx_estimator import DEGREES, SIZE, OnnxEstimator, write_model


@pytest.fixture(scope="module")
def face_mesh():
    backend = create(FACE_MESH, "cpu", 1)
    yield backend
    backend.close()


@pytest.fixture(scope="module")
def demo(assets) -> list[Frame]:
    """Every fifth frame of the demo's first second."""
    source = VideoSource(assets / "demo.mp4", paced=False)
    source.open()
    with closing(source):
        return [source.read(1.0) for _ in range(30)][::5]


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """An installed package that brings an estimator; the function that writes it gets the body of its module."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "their_estimator", raising=False)

    def install(body: str) -> None:
        (tmp_path / "their_estimator.py").write_text(body)
        about = tmp_path / "their_estimator-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: their-estimator\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(f"[{estimators.GROUP}]\nbrightness = their_estimator:make\n")
        estimator_names.cache_clear()

    yield install
    monkeypatch.undo()
    estimator_names.cache_clear()


def stills(images) -> Generator[Frame, None, None]:
    for i, image in enumerate(images):
        yield Frame(i, image, float(i), name=str(i))


def test_the_mesh_follows_the_head_and_says_what_it_does_not_know(face_mesh, demo, assets):
    with (assets / "demo.csv").open(newline="") as file:
        truth = [
            Angles(*(float(row[f"{axis}_deg"]) for axis in ("pitch", "yaw", "roll"))) for row in csv.DictReader(file)
        ]
    with closing(measure(stills([frame.image for frame in demo]), face_mesh, stills=True)) as results:
        faces = [result.primary for result in results]
    for frame, face in zip(demo, faces, strict=True):
        assert geodesic_deg(face.rotation, rotation_of(truth[frame.index])) < 15
        assert rotation_of(face.angles) == pytest.approx(face.rotation, abs=1e-4)
        points = dict(zip(KEYPOINT_NAMES, face.keypoints, strict=True))
        box = face.detection.box
        assert box.x < points["eye_outer_r"][0] < points["nose_tip"][0] < points["eye_outer_l"][0] < box.x + box.w
        assert points["brow_mid_l"][1] < points["nose_tip"][1] < points["chin"][1]
        assert np.isnan([*face.std, face.exp_magnitude, face.scale, face.quality]).all()
        assert face.logits.size == 0


def test_a_crop_without_a_face_has_no_pose(face_mesh):
    size = face_mesh.spec.crop.input_size
    motion = face_mesh.run(np.full((2, size, size, 3), 90, np.uint8))
    assert np.isnan(motion.angles_deg).all()
    assert np.isnan(motion.driven).all()
    assert len(face_mesh.run(np.empty((0, size, size, 3), np.uint8))) == 0


def test_it_agrees_with_what_others_made_of_the_mesh(face_mesh, shared):
    """On labelled photographs in a webcam's range its errors are those recorded of MediaPipe FaceMesh elsewhere."""
    folder = shared / "eval" / "aflw_dev"

    def table(name: str) -> list[dict[str, str]]:
        with (folder / name).open(newline="") as file:
            return list(csv.DictReader(file))

    def rotation(row: dict[str, str]) -> np.ndarray:
        return rotation_of(Angles(*(float(row[axis]) for axis in ("pitch", "yaw", "roll"))))

    near = [row for row in table("labels.csv") if abs(float(row["yaw"])) <= 60 and abs(float(row["pitch"])) <= 45]
    true = {row["file"]: rotation(row) for row in near if abs(float(row["roll"])) <= 45}
    theirs = {
        row["file"]: rotation(row) for row in table("peer_predictions.csv") if row["peer"] == "mediapipe_facemesh"
    }
    images = [cv2.imread(str(folder / name)) for name in true]
    with closing(measure(stills(images), face_mesh, stills=True)) as results:
        ours = {name: result.primary.rotation for name, result in zip(true, results, strict=True)}
    errors = [np.mean([geodesic_deg(said[name], true[name]) for name in true]) for said in (ours, theirs)]
    assert abs(errors[0] - errors[1]) < 0.5
    assert errors[0] < 5


def test_what_it_is_stands_in_its_report(face_mesh):
    report = describe(FACE_MESH)
    assert report == face_mesh.report
    assert report.summary.startswith("MediaPipe FaceMesh")
    assert (report.name, report.pose_trained, report.layout) == ("facemesh", True, "estimator")
    assert report.path.is_file()  # in the wheel: nothing is downloaded
    assert face_mesh.info.summary.startswith("runs with mediapipe 0.10")


def test_names_are_those_of_estimators_and_not_of_weights():
    assert is_estimator(FACE_MESH)
    assert not any(map(is_estimator, (None, "", "lite", "/a/file.safetensors")))


def test_a_package_brings_an_onnx_file(plugin, tmp_path, demo):
    write_model(tmp_path / "model.onnx")
    plugin(
        "from pathlib import Path\n"
        "from tests.faces.onnx_estimator import OnnxEstimator\n"
        "def make():\n"
        "    return OnnxEstimator(Path(__file__).with_name('model.onnx'))\n"
    )
    assert estimator_names() == (FACE_MESH, "brightness")
    with closing(create("brightness", "auto", None)) as backend:
        white = backend.run(np.full((1, SIZE, SIZE, 3), 255, np.uint8))
        assert white.angles_deg[0] == pytest.approx([0, DEGREES, 0], abs=1e-3)
        (result,) = measure(stills([demo[0].image]), backend, stills=True)
    face = result.primary
    assert 0 < face.angles.yaw_deg < DEGREES
    assert (face.angles.pitch_deg, face.angles.roll_deg) == pytest.approx((0, 0), abs=1e-4)
    assert face.std == Angles(2.0, 2.0, 2.0)
    assert face.keypoints.shape == (0, 2)
    assert describe("brightness").summary == "Takes brightness for yaw"


@pytest.mark.parametrize("body", ["raise RuntimeError('no licence')", "def make(): return 1 / 0", "", "import nowhere"])
def test_one_that_cannot_be_made_is_a_sentence(plugin, body):
    plugin(body)
    with pytest.raises(EstimatorError, match="The estimator brightness") as caught:
        create("brightness", "auto", None)
    assert str(caught.value).endswith(").")


def test_a_model_that_is_gone_is_a_sentence(tmp_path):
    write_model(tmp_path / "model.onnx")
    estimator = OnnxEstimator(tmp_path / "model.onnx")
    (tmp_path / "model.onnx").unlink()
    with pytest.raises(EstimatorError, match="can't be read"):
        EstimatorBackend(estimator)


def test_other_crops_are_refused(face_mesh):
    for crops in (np.zeros((1, 100, 100, 3), np.uint8), np.zeros((1, 256, 256, 3), np.float32)):
        with pytest.raises(ValueError, match="Crops must be"):
            face_mesh.run(crops)


@given(st.tuples(st.floats(-180, 180), st.floats(-89, 89), st.floats(-180, 180)))
def test_angles_come_back_from_their_rotation(angles):
    assert rotation_of(Angles(*angles_from_matrix(rotation_of(Angles(*angles))))) == pytest.approx(
        rotation_of(Angles(*angles)), abs=1e-4
    )
