"""A faster engine takes over between two frames: not during a recording, and the faces stay who they are."""

from __future__ import annotations

import dataclasses
import threading

import pytest

from app.capture.demo import DemoSource
from app.core.frames import Frame, FrameResult
from app.core.mailbox import Mailbox
from app.pipeline import network_slot
from app.pipeline.inference_loop import InferenceLoop
from app.pipeline.network_choice import THREADS, NetworkChoice
from extractor.backends import Backend, create_backend


class FasterEngine:
    """Stands where ``Candidate`` does: the same network under another name, ready from the beginning."""

    def __init__(self, choice: NetworkChoice) -> None:
        self.progress = "trying"
        self.closed = False
        backend = create_backend(None, "cpu", THREADS, "torch")
        backend.info = dataclasses.replace(backend.info, engine="faster")
        self._backend: Backend | None = backend

    def take(self) -> Backend | None:
        backend, self._backend = self._backend, None
        return backend

    @property
    def over(self) -> bool:
        return self._backend is None

    def close(self) -> None:
        self.closed = True


def test_it_waits_for_the_recording_and_keeps_the_faces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_slot, "Candidate", FasterEngine)
    monkeypatch.setattr("extractor.backends.prepare.is_needed", lambda *_: True)
    frames: Mailbox[Frame] = Mailbox()
    results: list[tuple[str, FrameResult]] = []
    measured, recording = threading.Semaphore(0), threading.Event()
    recording.set()

    def note(result: FrameResult) -> None:
        assert loop.network is not None
        results.append((loop.network.engine, result))
        measured.release()

    loop = InferenceLoop(frames, note, NetworkChoice(None, "cpu", "torch"), may_switch=lambda: not recording.is_set())
    source = DemoSource(paced=False)
    source.open()
    loop.start()

    def measure(count: int) -> None:
        for _ in range(count):
            frame = None
            while frame is None:
                frame = source.read(1.0)
            frames.put(frame)
            assert measured.acquire(timeout=60)

    try:
        measure(3)
        assert loop.networks.preparing == "trying"
        assert {engine for engine, _ in results} == {"torch"}
        recording.clear()
        measure(4)
        assert results[-1][0] == "faster"
        assert loop.networks.preparing == ""
        assert len({face.face_id for _, result in results for face in result.faces}) == 1
    finally:
        loop.stop()
        source.close()
