"""Finds the fastest engine behind a running network, and has it ready to take over."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from extractor.backends.base import Backend

if TYPE_CHECKING:
    from app.pipeline.inference_loop import NetworkChoice

log = logging.getLogger(__name__)


class EngineSwitch:
    """For one choice of network: measures in another process, then loads the winner on a thread of its own."""

    def __init__(self, choice: NetworkChoice, threads: int) -> None:
        from extractor.backends.prepare import Preparation

        self._choice = choice
        self._threads = threads
        self._preparation = Preparation(choice.weights, choice.device, threads)
        self._loader: threading.Thread | None = None
        self._ready: Backend | None = None
        self._closed = False

    @property
    def progress(self) -> str:
        """What is being done, in words; empty at the end."""
        return self._preparation.progress

    def take(self) -> Backend | None:
        """The faster engine once it is ready, and then never again; call it now and then, on one thread."""
        if self._loader is None:
            if self._preparation.finished:
                self._loader = threading.Thread(target=self._load, name="load engine", daemon=True)
                self._loader.start()
            return None
        ready, self._ready = self._ready, None
        return ready

    @property
    def over(self) -> bool:
        """Nothing more will come."""
        return self._loader is not None and not self._loader.is_alive() and self._ready is None

    def close(self) -> None:
        self._closed = True
        self._preparation.close()
        if self._loader is not None:
            self._loader.join()
        if self._ready is not None:
            self._ready.close()
            self._ready = None

    def _load(self) -> None:
        if self._closed or not self._preparation.succeeded:
            return
        from extractor.backends import create_backend

        choice = self._choice
        try:
            self._ready = create_backend(choice.weights, choice.device, self._threads, choice.engine, measure=False)
        except ValueError as error:  # the present engine goes on
            log.warning("%s", error)
