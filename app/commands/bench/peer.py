"""MediaPipe FaceMesh from the installed package beside our own way, on the same frames.

FaceMesh finds 468 landmarks and no pose, so the two do not do the same; it is what most programs
of this kind run.  Both take blocks of frames in turns: whatever else the machine does hits both,
and the threads that one of them leaves spinning have stopped for most of the other's block.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

import cv2

from app.capture.resolve import resolve_source
from app.capture.source import Source, SourceState
from app.commands.bench.options import BenchOptions
from app.commands.bench.report import Peer, Spread
from app.core.clock import now_s
from app.core.errors import UserError
from app.core.frames import Frame
from app.faces.analyser import FaceAnalyser
from app.faces.detector import create_detector
from app.faces.estimators import create
from app.faces.mediapipe_import import import_mediapipe
from app.faces.native_log import native_log_filtered
from app.faces.tracker import FaceTracker
from app.pipeline.network_choice import THREADS

BLOCK = 30  # frames; the first block of both is their warm-up
READ_TIMEOUT_S = 1.0

NAME = "MediaPipe FaceMesh"


@dataclass(slots=True)
class _Side:
    """One of the two: ``measure`` at a frame says whether it found a face."""

    measure: Callable[[Frame], bool]
    times_ms: list[float] = field(default_factory=list)
    cpu_s: float = 0.0
    found: int = 0

    def take(self, frames: Sequence[Frame], counts: bool) -> None:
        cpu_started = time.process_time()
        for frame in frames:
            begun = now_s()
            found = self.measure(frame)
            elapsed_ms = (now_s() - begun) * 1e3
            if counts:
                self.times_ms.append(elapsed_ms)
                self.found += found
        if counts:
            self.cpu_s += time.process_time() - cpu_started


def compare(options: BenchOptions) -> Peer:
    """Both on the source for about the time to be measured, after a block of warm-up.  Raises UserError."""
    # Its graphs speak from threads of their own, at their start and at their first frame.
    with native_log_filtered(), ExitStack() as stack:
        import_mediapipe()
        from mediapipe.python.solutions.face_mesh import FaceMesh

        mesh = stack.enter_context(FaceMesh(static_image_mode=False, max_num_faces=1))
        detector = create_detector()
        stack.callback(detector.close)
        backend = create(options.weights, options.device, THREADS, options.engine)
        stack.callback(backend.close)
        source = resolve_source(options.source, camera_request=options.camera_request).source
        stack.callback(source.close)
        analyser = FaceAnalyser(detector, FaceTracker(), backend)
        ours = _Side(lambda frame: bool(analyser.analyse(frame).faces))
        peer = _Side(
            lambda frame: bool(mesh.process(cv2.cvtColor(frame.image, cv2.COLOR_BGR2RGB)).multi_face_landmarks)
        )
        source.open()
        _take_turns(source, ours, peer, options.seconds)
    ours_ms, peer_ms = Spread.of(ours.times_ms), Spread.of(peer.times_ms)
    if ours_ms is None or peer_ms is None:
        raise UserError(f"{options.source} is too short to compare with {NAME}: more than {BLOCK} frames are needed.")
    count = len(ours.times_ms)
    return Peer(
        name=NAME,
        frames=count,
        ours_ms=ours_ms,
        peer_ms=peer_ms,
        ratio=ours_ms.median / peer_ms.median,
        ours_cpu_ms=ours.cpu_s * 1e3 / count,
        peer_cpu_ms=peer.cpu_s * 1e3 / count,
        ours_found=ours.found,
        peer_found=peer.found,
    )


def _take_turns(source: Source, ours: _Side, peer: _Side, seconds: float) -> None:
    order = [ours, peer]
    warm = False
    ends_s = now_s() + seconds
    while not warm or now_s() < ends_s or not ours.times_ms:
        frames = _read(source)
        if not frames:
            return
        for side in order:
            side.take(frames, warm)
        order.reverse()
        if not warm:
            warm, ends_s = True, now_s() + seconds


def _read(source: Source) -> list[Frame]:
    """The next frames, fewer at the end of a source that does not repeat."""
    frames: list[Frame] = []
    while len(frames) < BLOCK and source.status.state not in (SourceState.ENDED, SourceState.FAILED):
        frame = source.read(READ_TIMEOUT_S)
        if frame is not None:
            frames.append(frame)
    return frames
