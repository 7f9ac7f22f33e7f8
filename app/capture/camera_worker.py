"""The thread that talks to a camera's driver, the only one that may hang in it.

It also reconnects: a camera that was unplugged or fails is opened again after the pauses of ``CameraTiming.retry_s``.
"""

from __future__ import annotations

import enum
import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from app.capture.devices import (
    CameraDevice,
    Capture,
    CaptureFactory,
    allow_camera,
    find_again,
    is_black,
    why_not,
)
from app.capture.source import SourceInfo
from app.core.camera_format import CameraFormat
from app.core.clock import now_s
from app.core.errors import SourceError
from app.core.frames import Image

log = logging.getLogger(__name__)

QUEUE_LENGTH = 8  # frames; a quarter of a second at 30 a second
RATE_FRAMES = 60  # over so many frames the rate is measured


@dataclass(frozen=True, slots=True)
class CameraTiming:
    """How long things may take, in seconds."""

    open_s: float = 15.0  # until the first frame; Media Foundation alone can take five
    stall_s: float = 2.0  # no frame for so long: said in the status
    hang_s: float = 12.0  # no sign of life from the driver for so long: its thread is given up
    first_s: float = 5.0  # reads may fail for so long while a camera wakes up
    failing_s: float = 0.5  # reads fail for so long afterwards: the camera is lost
    retry_s: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0)  # pauses before reopening; the last one stays
    close_s: float = 0.5  # how long close waits for the driver
    black_s: float = 1.0  # black pictures for so long: said in the status


@dataclass(frozen=True, slots=True)
class CameraKind:
    """Messages about a camera that does not work, with places for its ``name`` and ``seconds``; one sentence each."""

    kind: str  # as ``SourceInfo`` has it
    silent: str  # no first picture
    empty: str  # it was opened, but reads fail
    lost: str
    stalled: str
    why_not: Callable[[CameraDevice], str]  # it can't be opened
    allow: Callable[[float], bool]  # whether this program may; may wait for so many seconds
    buffers: bool = False  # what isn't read yet waits in the connection, where a driver would drop it


ATTACHED = CameraKind(
    "camera",
    "The camera {name!r} gave no picture within {seconds:.0f} seconds: "
    "close other programs that use it, or unplug it and plug it in again.",
    "The camera {name!r} delivers no pictures: close other programs that use it, or unplug it and plug it in again.",
    "The camera {name!r} has stopped or was unplugged; it goes on by itself once it is back.",
    "The camera {name!r} has sent no picture for {seconds:.0f} seconds; "
    "if it stays so, unplug it and plug it in again.",
    why_not,
    allow_camera,
)


class Phase(enum.Enum):
    """How far the thread of a camera is."""

    OPENING = "opening"
    STREAMING = "streaming"
    LOST = "lost"  # waiting to reopen
    REFUSED = "refused"  # the first opening failed: it is over


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A picture as grabbed."""

    index: int
    image: Image
    captured_s: float


class CameraWorker:
    """Opens the camera, drains it into a short queue, reopens it when it fails.

    The owner may give a worker up at any time: it then ends as soon as the driver lets it, and
    frees the camera itself, because releasing it from another thread crashes some drivers.
    """

    def __init__(
        self,
        device: CameraDevice,
        wanted: CameraFormat | None,
        timing: CameraTiming,
        factory: CaptureFactory,
        lister: Callable[[], tuple[CameraDevice, ...]],
        kind: CameraKind,
        *,
        first_index: int = 0,
        reopening: bool = False,
    ) -> None:
        self._device = device
        self._wanted = wanted or CameraFormat()
        self._asked = str(wanted) if wanted is not None else ""
        self._timing = timing
        self._factory = factory
        self._lister = lister
        self._kind = kind
        self._changed = threading.Condition()
        self._shots: deque[Shot] = deque()
        self._times: deque[float] = deque(maxlen=RATE_FRAMES)
        self._stop = threading.Event()
        self._index = first_index
        self._black_since: float | None = None
        self._was_open = reopening  # then a refusal is a reason to try again, not to give up
        self.phase = Phase.LOST if reopening else Phase.OPENING
        self.reason = ""  # why it was refused
        self.info: SourceInfo | None = None
        self.dropped = 0
        self.alive_s = now_s()  # when the driver last returned
        self._thread = threading.Thread(target=self._run, name=f"camera {device.index}", daemon=True)
        self._thread.start()

    # ------------------------------------------------------------------ for the owner

    def take(self, timeout_s: float) -> Shot | None:
        """The oldest shot not yet taken, waiting for one up to ``timeout_s``."""
        with self._changed:
            self._changed.wait_for(lambda: self._shots or self._stop.is_set(), timeout_s)
            self._changed.notify_all()  # there is room for another
            return self._shots.popleft() if self._shots else None

    def wait_opened(self, timeout_s: float) -> None:
        """Until the first frame is there, the camera was refused or given up, at most ``timeout_s``."""
        with self._changed:
            self._changed.wait_for(lambda: self.phase is not Phase.OPENING or self._stop.is_set(), timeout_s)

    def give_up(self, wait_s: float = 0.0) -> None:
        """End the thread; it frees the camera, at the latest when the driver returns."""
        self._stop.set()
        with self._changed:
            self._changed.notify_all()
        self._thread.join(wait_s)

    @property
    def next_index(self) -> int:
        """The index of the next frame."""
        return self._index

    @property
    def last_shot_s(self) -> float | None:
        """The time of the last frame; None before the first."""
        return self._times[-1] if self._times else None

    @property
    def fps(self) -> float:
        """Measured over the last frames; 0 before there are two."""
        with self._changed:
            times = tuple(self._times)
        return (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 and times[-1] > times[0] else 0.0

    @property
    def black(self) -> bool:
        """Whether all pictures have been black for a while."""
        since = self._black_since
        return since is not None and now_s() - since >= self._timing.black_s

    # ------------------------------------------------------------------ on the thread

    def _run(self) -> None:
        attempt = 0
        if self._was_open and self._stop.wait(self._timing.retry_s[0]):
            return
        while not self._stop.is_set():
            try:
                streamed = self._open_and_stream()
            except SourceError as error:
                self.reason = str(error)
                streamed = False
            except Exception as error:  # a driver raises what it likes
                log.warning("camera %s: %s", self._device.name, error)
                self.reason = self._kind.why_not(self._device)
                streamed = False
            if self._stop.is_set():
                return
            if not streamed and not self._was_open:
                self._enter(Phase.REFUSED)
                return
            self._enter(Phase.LOST)
            attempt = 0 if streamed else attempt + 1
            pauses = self._timing.retry_s
            if self._stop.wait(pauses[min(attempt, len(pauses) - 1)]):
                return

    def _open_and_stream(self) -> bool:
        """Stream until the camera fails; False when there wasn't one frame."""
        self._alive()
        if self._was_open:
            found = find_again(self._device, self._lister())
            if found is None and self._device.backend != cv2.CAP_ANY:
                return False
            self._device = found or self._device  # where cameras can't be listed, the index must do
        if not self._kind.allow(self._timing.open_s):
            self.reason = self._kind.why_not(self._device)
            return False
        capture = self._factory(self._device.index, self._device.backend)
        self._alive()
        try:
            if not capture.isOpened():
                self.reason = self._kind.why_not(self._device)
                return False
            self._ask(capture)
            return self._drain(capture)
        finally:
            capture.release()
            self._alive()

    def _ask(self, capture: Capture) -> None:
        """The pixel format before the size: with the other order drivers keep raw video at 5 to 10 frames a second."""
        wanted = self._wanted
        capture.set(cv2.CAP_PROP_FOURCC, float(cv2.VideoWriter.fourcc(*wanted.fourcc.ljust(4))))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, wanted.width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, wanted.height)
        capture.set(cv2.CAP_PROP_FPS, wanted.fps)
        self._alive()

    def _drain(self, capture: Capture) -> bool:
        failing_since: float | None = None
        streamed = False
        while not self._stop.is_set():
            grabbed = capture.grab()
            captured_s = now_s()
            self._alive()
            good, raw = capture.retrieve() if grabbed else (False, None)
            if self._stop.is_set():
                break
            if not good or raw is None or raw.size == 0:
                failing_since = captured_s if failing_since is None else failing_since
                if captured_s - failing_since >= (self._timing.failing_s if streamed else self._timing.first_s):
                    self.reason = self._kind.empty.format(name=self._device.name)
                    break
                self._stop.wait(0.01)  # a lost camera fails at once, again and again
                continue
            failing_since = None
            image = _as_bgr(raw)
            if not streamed:
                streamed = self._was_open = True
                self.info = _granted(self._kind.kind, self._device, capture, image, self._asked)
                self._times.clear()
            self._put(Shot(self._index, image, captured_s))
        return streamed

    def _put(self, shot: Shot) -> None:
        self._index += 1
        if not is_black(shot.image):
            self._black_since = None
        elif self._black_since is None:
            self._black_since = shot.captured_s
        with self._changed:
            if self._kind.buffers:
                self._changed.wait_for(lambda: len(self._shots) < QUEUE_LENGTH or self._stop.is_set())
                self._alive()
            if len(self._shots) >= QUEUE_LENGTH:
                self._shots.popleft()  # the oldest: the newest is what a live view needs
                self.dropped += 1
            self._shots.append(shot)
            self._times.append(shot.captured_s)
            self.phase = Phase.STREAMING
            self._changed.notify_all()

    def _enter(self, phase: Phase) -> None:
        with self._changed:
            self.phase = phase
            self._black_since = None
            self._changed.notify_all()

    def _alive(self) -> None:
        self.alive_s = now_s()


def _granted(kind: str, device: CameraDevice, capture: Capture, image: Image, asked: str) -> SourceInfo:
    """The granted format: the size comes from the picture itself, as drivers misreport it."""
    height, width = image.shape[:2]
    fps = capture.get(cv2.CAP_PROP_FPS)
    code = int(capture.get(cv2.CAP_PROP_FOURCC))
    letters = bytes(code >> shift & 0xFF for shift in (0, 8, 16, 24)) if code > 0 else b""
    fourcc = letters.decode("ascii", "replace").strip("\0 ")
    fourcc = fourcc if fourcc.isascii() and fourcc.isprintable() else ""
    return SourceInfo(kind, device.name, width, height, fps if 0 < fps < 1000 else 0.0, fourcc, asked)


def _as_bgr(raw: np.ndarray) -> Image:  # type: ignore[type-arg]
    if raw.ndim == 2 or raw.shape[2] == 1:
        return np.asarray(cv2.cvtColor(raw, cv2.COLOR_GRAY2BGR), np.uint8)  # infrared cameras
    return np.ascontiguousarray(raw[..., :3], np.uint8)
