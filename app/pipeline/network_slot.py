"""The networks of the analysis: the one that measures, a faster candidate for its place, and one compared with it."""

from __future__ import annotations

import logging

from app.faces.estimators import is_estimator
from app.pipeline.network_choice import THREADS, Loading, NetworkChoice
from app.pipeline.second_network import SecondNetwork
from extractor.backends.base import Backend

log = logging.getLogger(__name__)


class Candidate:
    """The fastest engine for a choice of network: measured in another process, then loaded on a thread of its own."""

    def __init__(self, choice: NetworkChoice) -> None:
        from extractor.backends.prepare import Preparation

        self._choice = choice
        self._preparation = Preparation(choice.weights, choice.device, THREADS)
        self._loading: Loading | None = None

    @property
    def progress(self) -> str:
        """The present step, in words; empty at the end."""
        return self._preparation.progress

    def take(self) -> Backend | None:
        """The faster engine once it is ready, and then never again; call it now and then, on one thread."""
        if self._loading is not None:
            return self._loading.take()
        if self._preparation.succeeded:
            self._loading = Loading(self._choice, "The faster engine")
        return None

    @property
    def over(self) -> bool:
        """Nothing more will come."""
        if self._loading is None:
            return self._preparation.finished and not self._preparation.succeeded
        return self._loading.finished and self._loading.backend is None

    def close(self) -> None:
        self._preparation.close()
        if self._loading is not None:
            self._loading.close()
            if self._loading.error:  # the present engine goes on
                log.warning("%s", self._loading.error)


class NetworkSlot:
    """Current, candidate and second network; the inference thread owns them unless another thread is named."""

    def __init__(self) -> None:
        self.current: Backend | None = None  # any thread may read it
        self.second = SecondNetwork()
        self._choice = NetworkChoice()
        self._candidate: Candidate | None = None

    @property
    def preparing(self) -> str:
        """The present step of the search for a faster engine, in words; empty otherwise.  Any thread may ask."""
        candidate = self._candidate
        return candidate.progress if candidate is not None else ""

    def put(self, backend: Backend, choice: NetworkChoice) -> None:
        """Measure by this one from now on."""
        self._drop_candidate()
        self._choice = choice
        self._take_its_place(backend)

    def look_for_a_faster_engine(self) -> None:
        """Begin the search where the present engine was a guess.  Raises OSError where no process can be started."""
        from extractor.backends.prepare import is_needed

        choice = self._choice
        if not is_estimator(choice.weights) and is_needed(choice.weights, choice.device, THREADS, choice.engine):
            self._candidate = Candidate(choice)

    def promote(self) -> bool:
        """Let the candidate take over if it is ready; whether it did."""
        candidate = self._candidate
        if candidate is None:
            return False
        backend = candidate.take()
        if backend is not None:
            self._take_its_place(backend)
        if candidate.over:
            self._drop_candidate()
        return backend is not None

    def fall_back(self, engine: str) -> None:
        """Let this engine take over, on the CPU, because the present one fails; raises what loading it raises."""
        backend = NetworkChoice(self._choice.weights, "cpu", engine).load()
        self._drop_candidate()  # it would bring the one that failed
        self._take_its_place(backend)

    def close(self) -> None:
        self.second.close()
        self._drop_candidate()
        self._close(self.current)

    def _take_its_place(self, backend: Backend) -> None:
        previous, self.current = self.current, backend
        self._close(previous)

    def _drop_candidate(self) -> None:
        candidate, self._candidate = self._candidate, None
        self._close(candidate)

    @staticmethod
    def _close(part: Backend | Candidate | None) -> None:
        try:
            if part is not None:
                part.close()
        except Exception:  # what comes after it goes on nevertheless
            log.exception("a network could not be closed")
