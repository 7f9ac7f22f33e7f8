"""The choice of a network, and its loading on a thread."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

from app.core.errors import unexpected
from app.core.threads import network_threads
from app.faces.estimators import create
from extractor.backends.base import Backend

log = logging.getLogger(__name__)

THREADS = network_threads()


@dataclass(frozen=True, slots=True)
class NetworkChoice:
    """Weights, device and engine."""

    weights: str | None = None  # as in LaunchOptions, or an estimator's name
    device: str = "auto"
    engine: str = "auto"

    def load(self) -> Backend:
        """Takes seconds.  Raises ValueError, in one sentence, where the weights or the device can't be used."""
        return create(self.weights, self.device, THREADS, self.engine, measure=False)


class Loading:
    """Loads a network on a thread of its own; ``backend`` or ``error`` once it has ``finished``."""

    def __init__(self, choice: NetworkChoice, what: str) -> None:
        """``what``: how an error names the network, such as "The second network"."""
        self.backend: Backend | None = None
        self.error = ""  # one sentence
        self._choice = choice
        self._what = what
        self._thread = threading.Thread(target=self._load, name="load network", daemon=True)
        self._thread.start()

    @property
    def finished(self) -> bool:
        """Whether loading has ended, successfully or not."""
        return not self._thread.is_alive()

    def take(self) -> Backend | None:
        """The network once it is there, and then never again."""
        if not self.finished:
            return None
        backend, self.backend = self.backend, None
        return backend

    def close(self) -> None:
        """Wait for it, and free what nobody has taken."""
        self._thread.join()
        backend = self.take()
        if backend is not None:
            backend.close()

    def _load(self) -> None:
        try:
            self.backend = self._choice.load()
        except ValueError as error:  # weights or device, in one sentence
            self.error = str(error)
        except Exception:
            log.exception("loading failed")
            self.error = unexpected(f"{self._what} can't be loaded")
