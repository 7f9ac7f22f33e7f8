"""Two real networks on the same frames: each gets its own crop, and the first one's numbers stay what they were."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from app.capture.resolve import resolve_source
from app.capture.video import VideoSource
from app.core.clock import now_s
from app.core.frames import Frame, FrameResult
from app.faces.analyser import FaceAnalyser
from app.faces.crop import box_behind, crop_square
from app.faces.detector import create_detector
from app.faces.tracker import FaceTracker
from app.pipeline import Pipeline
from app.pipeline.network_choice import NetworkChoice
from app.pipeline.second_network import SecondNetwork
from app.session.folders import claim_folder
from app.session.session import Session
from app.signals.history import COLUMNS
from extractor.backends import create_backend
from extractor.backends.base import Backend
from extractor.backends.torch_backend import TorchBackend
from extractor.decode import decode
from extractor.model import MotionExtractor
from extractor.types import CropSpec
from extractor.weights import LIVEPORTRAIT_CROP
from tests.factories import write_checkpoints
from tests.waiting import PATIENCE_S, wait_until


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_checkpoints(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def frame() -> Frame:
    """One of the demo, with a face."""
    source = VideoSource(Path(__file__).resolve().parents[2] / "assets" / "demo.mp4")
    source.open()
    try:
        frame = source.read(PATIENCE_S)
    finally:
        source.close()
    assert frame is not None
    return frame


@pytest.fixture(scope="module")
def first() -> Iterator[Backend]:
    backend = create_backend(None, "cpu", 1)
    yield backend
    backend.close()


@pytest.fixture(scope="module")
def measured(frame: Frame, first: Backend) -> FrameResult:
    detector = create_detector()
    try:
        result = FaceAnalyser(detector, FaceTracker(), first).analyse(frame)
    finally:
        detector.close()
    assert result.faces
    return result


@pytest.fixture
def second() -> Iterator[SecondNetwork]:
    network = SecondNetwork()
    yield network
    network.close()
    assert "load second network" not in {thread.name for thread in threading.enumerate()}


def settled(second: SecondNetwork) -> None:
    second.advance()
    wait_until(lambda: second.status is None or not second.status.loading, second.advance)


def test_nothing_is_asked_for_at_first_and_nothing_changes(
    second: SecondNetwork, measured: FrameResult, first: Backend
):
    second.advance()
    assert second.status is None
    assert second.measure(measured, first.spec.crop) is measured


def test_an_exported_variant_agrees(second: SecondNetwork, measured: FrameResult, first: Backend, files):
    second.use(NetworkChoice(str(files["half"]), "cpu", "torch"))
    settled(second)
    result = second.measure(measured, first.spec.crop)
    a, b = result.primary, result.second_primary
    assert b is not None
    assert a.crop_to_frame.tolist() == b.crop_to_frame.tolist()  # the same spec: the same pixels
    assert np.abs(np.subtract(a.angles, b.angles)).max() < 0.1
    assert np.abs(a.keypoints - b.keypoints).max() < 1.0
    assert result.faces is measured.faces
    assert result.second.infer_ms > 0
    assert result.finished_s > measured.finished_s
    assert second.status.infer_ms == result.second.infer_ms


def test_liveportraits_crop_and_size_are_its_own(second: SecondNetwork, measured: FrameResult, first: Backend, files):
    """What it says is what the network itself says of the crop that its own framing asks for."""
    second.use(NetworkChoice(str(files["liveportrait"]), "cpu", "torch"))
    settled(second)
    report = second.status.report
    assert (report.spec.num_kp, report.spec.crop) == (21, LIVEPORTRAIT_CROP)
    face = second.measure(measured, first.spec.crop).second_primary
    assert face.kp.shape == (21, 3)
    assert face.face_id == measured.primary.face_id

    import cv2

    box = box_behind(measured.primary.crop_to_frame, first.spec.crop)
    square = crop_square(box, LIVEPORTRAIT_CROP)
    assert np.allclose(face.crop_to_frame, square.crop_to_frame)
    image = cv2.copyMakeBorder(measured.frame.image, 400, 400, 400, 400, cv2.BORDER_REPLICATE)
    left, top = square.left + 400, square.top + 400
    part = image[top : top + square.side, left : left + square.side]
    method = cv2.INTER_AREA if square.side > 256 else cv2.INTER_LINEAR
    crop = cv2.cvtColor(cv2.resize(part, (256, 256), interpolation=method), cv2.COLOR_BGR2RGB)
    network = MotionExtractor.from_checkpoint(files["liveportrait"]).eval()
    with torch.inference_mode():
        motion = decode(network(torch.from_numpy(crop).permute(2, 0, 1)[None].float() / 255))
    assert np.allclose(motion.angles_deg[0].numpy(), face.angles, atol=1e-2)


def test_an_estimator_takes_the_same_place(second: SecondNetwork, measured: FrameResult, first: Backend):
    second.use(NetworkChoice("facemesh", "cpu"))
    settled(second)
    assert second.status.report.summary.startswith("MediaPipe FaceMesh")
    face = second.measure(measured, first.spec.crop).second_primary
    assert face.face_id == measured.primary.face_id
    assert np.abs(np.subtract(face.angles, measured.primary.angles)).max() < 20
    apart = np.abs(face.keypoints - measured.primary.keypoints).mean()  # the same 24 points, by other means
    assert apart < 0.1 * measured.primary.detection.box.w
    assert np.isnan(face.std).all()


def test_a_backbone_measures_no_pose(second: SecondNetwork, measured: FrameResult, first: Backend, files):
    second.use(NetworkChoice(str(files["backbone"]), "cpu", "torch"))
    settled(second)
    assert second.status.report.layout == "backbone"
    assert not second.measure(measured, first.spec.crop).second_primary.pose_trained


@pytest.mark.parametrize("name", ["bad", "gone"])
def test_what_cant_be_loaded_is_said_in_a_sentence(second, measured, first, files, tmp_path, name):
    path = files.get(name, tmp_path / "gone.safetensors")
    second.use(NetworkChoice(str(path), "cpu", "torch"))
    settled(second)
    error = second.status.error
    assert str(path) in error
    assert error.endswith(".")
    assert "\n" not in error
    assert second.measure(measured, first.spec.crop) is measured
    second.use(NetworkChoice(str(files["half"]), "cpu", "torch"))  # another one may be tried
    settled(second)
    assert second.status.error == ""
    second.use(None)
    second.advance()
    assert second.status is None
    assert second.measure(measured, first.spec.crop) is measured


def test_one_that_fails_is_switched_off_and_the_first_goes_on(second, measured, first, files, monkeypatch, caplog):
    second.use(NetworkChoice(str(files["half"]), "cpu", "torch"))
    settled(second)

    def fail(backend, crops):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(TorchBackend, "run", fail)
    assert second.measure(measured, first.spec.crop) is measured
    assert "switched off" in second.status.error
    assert second.status.network is None
    assert second.measure(measured, first.spec.crop) is measured


def test_choices_that_follow_each_other_quickly_leave_only_the_last(second: SecondNetwork, files):
    for name in ("half", "liveportrait", "bad", "liveportrait"):
        second.use(NetworkChoice(str(files[name]), "cpu", "torch"))
        second.advance()
    settled(second)
    assert second.status.report.spec.num_kp == 21
    assert second.status.error == ""


@pytest.mark.parametrize("spec", [CropSpec(), CropSpec(1.85, 0.16, 256), CropSpec(0.7, -0.4, 96)])
@pytest.mark.parametrize("centre", [(-30.5, 7.25), (320.0, 240.5)])
def test_the_box_behind_a_crop_gives_the_same_crop(spec: CropSpec, centre: tuple[float, float]):
    from app.core.frames import Box

    for longer in (33.3, 150.0, 411.7):
        square = crop_square(Box(centre[0] - longer / 2, centre[1] - longer / 3, longer, longer / 1.5), spec)
        box = box_behind(square.crop_to_frame, spec)
        assert crop_square(box, spec) == square
        assert abs(box.w - longer) <= 0.5 / spec.side + 1e-3


def wait_for(condition: Callable[[], bool], annotation: threading.Event) -> None:
    end_s = now_s() + PATIENCE_S
    while not condition():
        assert now_s() < end_s
        annotation.wait(0.05)
        annotation.clear()


def test_in_the_pipeline_recordings_stay_those_of_the_first(files, tmp_path: Path):
    pipeline, results, annotation = Pipeline(None, "cpu"), [], threading.Event()

    def add(result: FrameResult) -> None:
        results.append(result)
        annotation.set()

    pipeline.subscribe(add)
    pipeline.start()
    try:
        pipeline.set_source(resolve_source("demo").source)
        wait_for(lambda: len(results) >= 2, annotation)
        assert all(result.second is None for result in results)
        assert pipeline.status().second is None
        pipeline.compare_with(str(files["liveportrait"]), "cpu", "torch")
        wait_for(lambda: bool(results[-1].second and results[-1].second.faces), annotation)
        pipeline.start_recording(lambda: claim_folder(tmp_path / "take"))
        start = len(results)
        wait_for(lambda: len(results) >= start + 10, annotation)
        pipeline.recorder.stop(wait=True)
        pipeline.compare_with(None)
        wait_for(lambda: results[-1].second is None, annotation)
        columns = [COLUMNS.index(f"difference_{name}_deg") for name in ("pitch", "yaw", "roll", "angle")]
        rows = {row[0]: row[columns] for row in pipeline.history.last(600)}
    finally:
        pipeline.close()
    both = [result for result in results if result.second_primary is not None]
    assert len(both) >= 10
    for result in both:
        wanted = np.subtract(result.second_primary.angles, result.primary.angles)
        assert np.allclose(rows[result.frame.captured_s][:3], wanted)
        assert rows[result.frame.captured_s][3] > 0
    assert np.isnan(rows[results[0].frame.captured_s]).all()
    table = Session.open(tmp_path / "take").table
    measured = np.array([result.primary.angles for result in results if result.primary is not None])
    recorded = table.angles_deg[table.success]
    assert len(recorded) >= 5
    for angles in recorded:
        assert np.abs(measured - angles).max(axis=1).min() < 1e-3
