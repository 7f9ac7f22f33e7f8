"""A second network, or another estimator, beside the first, on the same faces of the same frames: to compare them."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace

from app.core.clock import now_s
from app.core.frames import FrameResult, SecondResult
from app.faces.analyser import face_result
from app.faces.crop import box_behind, crop_square, extract_all
from app.pipeline.network_choice import Loading, NetworkChoice
from app.signals.rates import Percentiles
from extractor.backends.base import Backend, BackendInfo
from extractor.report import LoadReport
from extractor.types import CropSpec

log = logging.getLogger(__name__)

UNMEASURED = "The second network failed because of an unexpected error and was switched off; the details are on stderr."


@dataclass(frozen=True, slots=True)
class SecondStatus:
    """How the second network stands."""

    weights: str | None  # as asked for
    loading: bool
    error: str  # one sentence; there is no second network then
    network: BackendInfo | None  # None until it runs
    report: LoadReport | None
    infer_ms: float  # crops, network and decoding of a frame, median; NaN before the first


class SecondNetwork:
    """Loads on a thread of its own, so that the first goes on meanwhile; runs on the inference thread.

    ``use`` and ``status`` may be called from any thread, everything else belongs to the inference thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._choice: NetworkChoice | None = None
        self._asked = self._served = 0  # how often ``use`` was called, and what ``advance`` has seen of it
        self._error = ""
        self._loader: Loading | None = None
        self._given_up: list[Loading] = []  # those that still load what nobody wants any more
        self._backend: Backend | None = None
        self._times = Percentiles()

    def use(self, choice: NetworkChoice | None) -> None:
        """This one from now on; None: no second network.  Takes effect before the next frame."""
        with self._lock:
            self._choice, self._error = choice, ""
            self._asked += 1

    @property
    def status(self) -> SecondStatus | None:
        """None while no second network is asked for."""
        with self._lock:
            choice, error, served = self._choice, self._error, self._asked == self._served
            backend = self._backend if served else None
        if choice is None:
            return None
        infer_ms, _ = self._times.median_and_p95()
        return SecondStatus(
            choice.weights,
            loading=backend is None and not error,
            error=error,
            network=backend.info if backend else None,
            report=backend.report if backend else None,
            infer_ms=infer_ms if backend else float("nan"),
        )

    def advance(self) -> None:
        """Do what has been asked for since the last call, and let a network that has been loaded take part."""
        with self._lock:
            new = self._asked != self._served
        if new:
            self._drop()
            with self._lock:  # only now: a status in between must not show the one before as this one
                choice, self._served = self._choice, self._asked
            if self._loader is not None:
                self._given_up.append(self._loader)
            self._loader = Loading(choice, "The second network") if choice is not None else None
        if self._loader is not None and self._loader.finished:
            loader, self._loader = self._loader, None
            self._backend = loader.take()
            self._fail(loader.error)
        if self._given_up:
            still = [loader for loader in self._given_up if not loader.finished]
            for loader in self._given_up:
                if loader not in still:
                    loader.close()
            self._given_up = still

    def measure(self, result: FrameResult, crop: CropSpec) -> FrameResult:
        """Add the second network's results, if one runs, to ``result``, whose faces were cropped by ``crop``."""
        backend = self._backend
        if backend is None:
            return result
        if not result.faces:
            return replace(result, second=SecondResult(()))
        started_s = now_s()
        try:
            spec, trained = backend.spec.crop, backend.report.pose_trained
            transforms = [crop_square(box_behind(face.crop_to_frame, crop), spec) for face in result.faces]
            motion = backend.run(extract_all(result.frame.image, transforms, spec.input_size))
            faces = tuple(
                face_result(face.face_id, face.detection, transform, motion, i, trained)
                for i, (face, transform) in enumerate(zip(result.faces, transforms, strict=True))
            )
        except Exception:  # the first network's numbers must not suffer
            log.exception("the second network could not measure frame %d", result.frame.index)
            self._fail(UNMEASURED)
            self._drop()
            return result
        finished_s = now_s()
        infer_ms = (finished_s - started_s) * 1e3
        self._times.add(infer_ms)
        # Nobody sees the first network's numbers before the second one's are there: that is their latency.
        return replace(result, second=SecondResult(faces, infer_ms), finished_s=finished_s)

    def close(self) -> None:
        """End it; waits for what is being loaded."""
        self._drop()
        for loader in (*self._given_up, *([self._loader] if self._loader is not None else [])):
            loader.close()
        self._loader, self._given_up = None, []

    def _fail(self, error: str) -> None:
        with self._lock:
            if self._asked == self._served:  # else it says nothing about what is asked for now
                self._error = error

    def _drop(self) -> None:
        with self._lock:
            backend, self._backend = self._backend, None
        self._times.clear()
        if backend is not None:
            backend.close()
