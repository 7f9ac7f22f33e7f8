"""The inference thread: loads the network that is wanted, takes the latest frame, measures it."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from app.core.clock import now_s
from app.core.errors import unexpected
from app.core.frames import Frame, FrameResult
from app.core.mailbox import Mailbox
from app.core.position import ASSUMED, FaceSize
from app.faces.analyser import FaceAnalyser
from app.faces.detector import FaceDetector, create_detector
from app.faces.matching import preload
from app.faces.selection import FaceSelection
from app.faces.tracker import FaceTracker
from app.pipeline.network_choice import NetworkChoice
from app.pipeline.network_slot import NetworkSlot
from app.pipeline.repair import Failures, Part
from app.signals.rates import Percentiles, RateMeter
from extractor.backends.base import BackendInfo
from extractor.report import LoadReport

T = TypeVar("T")
log = logging.getLogger(__name__)

IDLE_WAIT_S = 0.25
DETECTOR_AGAIN_S = (2.0, 5.0, 15.0, 60.0)  # pauses before a detector that could not be made is tried again
NO_DETECTOR = "The face detector can't be started, and is tried again; the details are on stderr."
RESTARTED = "The analysis failed because of an unexpected error and began anew; the details are on stderr."


class InferenceLoop:
    """Owns the detector, the tracker and the backend; all of them live on its thread."""

    def __init__(
        self,
        frames: Mailbox[Frame],
        on_result: Callable[[FrameResult], None],
        choice: NetworkChoice,
        faces: int = 1,
        may_switch: Callable[[], bool] = lambda: True,
        on_takeover: Callable[[str], None] = lambda _: None,
    ) -> None:
        """``may_switch``: whether a faster engine may take over just now; a recording should have one engine.

        ``on_takeover`` hears, on the inference thread, when another engine takes over because one failed.
        """
        self.faces = FaceSelection(faces)
        self.field_of_view = ASSUMED
        self.face_size: FaceSize | None = None
        self._frames = frames
        self._on_result = on_result  # on the inference thread; must not block
        self._lock = threading.Lock()
        self._wanted: NetworkChoice | None = choice
        self._forget = False
        self._stopping = threading.Event()
        self._may_switch = may_switch
        self._on_takeover = on_takeover
        self._choice = choice  # how the present backend was chosen, or the one that is being loaded
        self._detector_failed = 0  # how often in a row it could not be made
        self._again_s = math.inf  # when that is tried again
        self.failures = Failures()
        self._trouble = ""
        self._detector: FaceDetector | None = None
        self._detector_coming: Future[FaceDetector] | None = None
        self.networks = NetworkSlot()
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
        self._stopping.set()
        self._frames.close()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    @property
    def ready(self) -> bool:
        """Whether a network is loaded, so that frames can be measured."""
        return self._analyser is not None

    @property
    def network(self) -> BackendInfo | None:
        """The current network's engine and device; None before the first is loaded."""
        backend = self.networks.current
        return backend.info if backend else None

    @property
    def report(self) -> LoadReport | None:
        """The current network's weights; None before the first is loaded."""
        backend = self.networks.current
        return backend.report if backend else None

    @property
    def trouble(self) -> str:
        """Why frames are not measured although a network is there, in one sentence; empty after a good frame."""
        return self.failures.problem or self._trouble

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._step()
            except Exception:  # the last net: whatever it is, the thread goes on, with people it has not seen before
                log.exception("the analysis failed and begins anew")
                self._trouble = RESTARTED
                self._analyse_anew()
                self._stopping.wait(IDLE_WAIT_S)  # not to spin where it fails at once again
        self._analyser = None
        for part in (self.networks, self._detector_made()):
            try:
                if part is not None:
                    part.close()
            except Exception:  # the others must be let go of, too
                log.exception("a part of the analysis could not be closed")

    def _step(self) -> None:
        self._load_if_wanted()
        self._switch_if_ready()
        self.networks.second.advance()
        frame = self._frames.take(IDLE_WAIT_S)
        if frame is not None and self._analyser is not None:
            self._measure(self._analyser, frame)

    def _detector_made(self) -> FaceDetector | None:
        """The detector, also one that has just been made and never used."""
        if self._detector is None and self._detector_coming is not None and not self._detector_coming.exception():
            return self._detector_coming.result()
        return self._detector

    def _load_if_wanted(self) -> None:
        with self._lock:
            wanted, self._wanted = self._wanted, None
        if wanted is None and now_s() >= self._again_s:
            wanted = self._choice
        if wanted is None:
            return
        self._choice, self._again_s = wanted, math.inf
        try:
            # torch and MediaPipe take seconds to import: here they do not delay the window.
            if self._detector_coming is None:
                self._detector_coming = _elsewhere(create_detector)
            backend = wanted.load()
            if self._detector is None and self._detector_coming.exception() is not None:
                self._make_detector_later(self._detector_coming.exception())
                backend.close()
                return
            self._detector, self._detector_failed = self._detector_made(), 0
            self.networks.put(backend, wanted)
            self._analyse_anew()
            self.failures = Failures()
            self.error = self._trouble = ""
            if self.faces.max_faces > 1:  # one face does not pay for it
                threading.Thread(target=preload, name="load assignment", daemon=True).start()
            self.networks.look_for_a_faster_engine()
        except ValueError as error:  # weights or device, in one sentence
            self.error = str(error)
        except Exception:
            log.exception("loading the network failed")
            self.error = unexpected("The network can't be loaded")
        finally:
            with self._lock:
                self.loading = self._wanted is not None

    def _make_detector_later(self, error: BaseException | None) -> None:
        """It could not be made: try again after a while, and say so meanwhile."""
        if not self._detector_failed:
            log.error("the face detector can't be made", exc_info=error)
        self._detector_coming = None
        self.error = NO_DETECTOR
        self._again_s = now_s() + DETECTOR_AGAIN_S[min(self._detector_failed, len(DETECTOR_AGAIN_S) - 1)]
        self._detector_failed += 1

    def _switch_if_ready(self) -> None:
        """Let the faster engine take over between two frames; the faces stay who they were."""
        if self._analyser is not None and self._may_switch() and self.networks.promote():
            self._analyse_anew(self._analyser.tracker)

    def _analyse_anew(self, tracker: FaceTracker | None = None) -> None:
        """Analyse with the present detector and network; without ``tracker`` nobody is known yet."""
        if self._detector is not None and self.networks.current is not None:
            tracker = tracker or FaceTracker()
            self._analyser = FaceAnalyser(self._detector, tracker, self.networks.current, every_frame=False)

    def _measure(self, analyser: FaceAnalyser, frame: Frame) -> None:
        with self._lock:
            forget, self._forget = self._forget, False
        if forget:
            analyser.forget()
            self.faces.forget()
        part = Part.DETECTOR
        try:
            self.faces.apply(analyser.tracker)
            analyser.field_of_view = self.field_of_view
            analyser.face_size = self.face_size
            found = analyser.find(frame)
            part = Part.ENGINE
            result = analyser.finish(found)
            if self.networks.current is not None:
                result = self.networks.second.measure(result, self.networks.current.spec.crop)
        except Exception:  # one bad frame must not end a recording
            if not self.failures.problem:  # once, not with every frame
                log.exception("frame %d could not be analysed", frame.index)
            result = FrameResult(frame, (), now_s(), failed=True)
            if self.failures.count(part):
                self._replace(part)
        else:
            self.failures.good(*[Part.DETECTOR] * found.looked, *[Part.ENGINE] * bool(found.faces))
            self._trouble = ""
        self.inferred += 1
        self.rate.tick()
        self.latency.add(result.latency_ms)
        self._on_result(result)

    def _replace(self, part: Part) -> None:
        """Make the detector again, or let another engine take over; should that fail, the present one is tried on."""
        try:
            if part is Part.DETECTOR:
                detector, old = create_detector(), self._detector
                self._detector = detector
                if old is not None:
                    old.close()
            else:
                self._take_over()
        except Exception:
            log.exception("%s could not be replaced", part.value)
        self._analyse_anew()

    def _take_over(self) -> None:
        from extractor.backends import installed_engines

        assert self.networks.current is not None
        failed = self.networks.current.info
        engine = self.failures.next_engine(failed, installed_engines())
        self.networks.fall_back(engine)
        message = f"{engine} on cpu took over: {failed.engine} on {failed.device} failed"
        log.warning("%s. %s", message, self.failures.problem)
        self._on_takeover(message)


def _elsewhere(work: Callable[[], T]) -> Future[T]:
    """Call it on a thread of its own; ``result`` waits, and raises what it raised."""
    future: Future[T] = Future()

    def call() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=call, name="load detector", daemon=True).start()
    return future
