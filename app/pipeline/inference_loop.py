"""The inference thread: loads the network that is wanted, takes the latest frame, measures it."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.analyser import FaceAnalyser
from app.core.clock import now_s
from app.core.frames import Frame, FrameResult
from app.core.mailbox import Mailbox
from app.faces.detector import FaceDetector, create_detector
from app.faces.tracker import FaceTracker
from app.faces.wishes import FaceWishes
from app.signals.rates import Percentiles, RateMeter
from extractor.backends.base import Backend, BackendInfo

if TYPE_CHECKING:  # it imports torch, which the window does not wait for
    from extractor.weights import LoadReport

log = logging.getLogger(__name__)

IDLE_WAIT_S = 0.25
THREADS = max(1, (os.cpu_count() or 1) - 1)  # one core is for capture, encoding and painting


@dataclass(frozen=True, slots=True)
class NetworkChoice:
    weights: str | None = None  # as in LaunchOptions
    device: str = "auto"
    engine: str = "auto"


class InferenceLoop:
    """Owns the detector, the tracker and the backend; all of them live on its thread."""

    def __init__(
        self,
        frames: Mailbox[Frame],
        on_result: Callable[[FrameResult], None],
        choice: NetworkChoice,
        faces: int = 1,
    ) -> None:
        self.wishes = FaceWishes(faces)
        self._frames = frames
        self._on_result = on_result  # on the inference thread; must not block
        self._lock = threading.Lock()
        self._wanted: NetworkChoice | None = choice
        self._forget = False
        self._stopping = False
        self._detector: FaceDetector | None = None
        self._backend: Backend | None = None
        self._analyser: FaceAnalyser | None = None
        self.loading = True
        self.error = ""
        self.rate = RateMeter()
        self.latency = Percentiles()
        self.inferred = 0
        self._thread = threading.Thread(target=self._run, name="inference", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def switch(self, choice: NetworkChoice) -> None:
        """Load another network; the present one goes on should that fail."""
        with self._lock:
            self._wanted = choice
            self.loading = True

    def new_source(self) -> None:
        """The next frame has nothing to do with the last one: forget faces and rates."""
        with self._lock:
            self._forget = True
            self.inferred = 0
            self.rate.clear()
            self.latency.clear()

    def stop(self, timeout_s: float = 10.0) -> None:
        self._stopping = True
        self._frames.close()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    @property
    def ready(self) -> bool:
        return self._analyser is not None

    @property
    def network(self) -> BackendInfo | None:
        backend = self._backend
        return backend.info if backend else None

    @property
    def report(self) -> LoadReport | None:
        backend = self._backend
        return backend.report if backend else None

    def _run(self) -> None:
        try:
            while not self._stopping:
                self._load_if_wanted()
                frame = self._frames.take(IDLE_WAIT_S)
                if frame is not None and self._analyser is not None:
                    self._measure(self._analyser, frame)
        finally:
            self._analyser = None
            if self._detector:
                self._detector.close()
            if self._backend:
                self._backend.close()

    def _load_if_wanted(self) -> None:
        with self._lock:
            wanted, self._wanted = self._wanted, None
        if wanted is None:
            return
        try:
            # torch and MediaPipe take seconds to import: here they do not delay the window.
            from extractor.backends import create_backend

            backend = create_backend(wanted.weights, wanted.device, THREADS, wanted.engine)
            if self._detector is None:
                self._detector = create_detector()
            previous, self._backend = self._backend, backend
            self._analyser = FaceAnalyser(self._detector, FaceTracker(), backend, every_frame=False)
            self.error = ""
            if previous:
                previous.close()
        except ValueError as error:  # weights or device, in one sentence
            self.error = str(error)
        except Exception:
            log.exception("loading the network failed")
            self.error = "The network can't be loaded because of an unexpected error; the details are on stderr."
        finally:
            with self._lock:
                self.loading = self._wanted is not None

    def _measure(self, analyser: FaceAnalyser, frame: Frame) -> None:
        with self._lock:
            forget, self._forget = self._forget, False
        if forget:
            analyser.forget()
            self.wishes.forget()
        self.wishes.fulfil(analyser.tracker)
        try:
            result = analyser.analyse(frame)
        except Exception:  # one bad frame must not end a recording
            log.exception("frame %d could not be analysed", frame.index)
            self.error = "A frame could not be analysed because of an unexpected error; the details are on stderr."
            result = FrameResult(frame, (), now_s())
        self.inferred += 1
        self.rate.tick()
        self.latency.add(result.latency_ms)
        self._on_result(result)
