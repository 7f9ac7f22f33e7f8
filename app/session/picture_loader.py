"""Pictures for a window that must not wait: asked for by number, decoded on a thread, the latest request wins."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from app.core.errors import SessionError
from app.core.mailbox import Mailbox
from app.session.pictures import Picture, PictureReader

log = logging.getLogger(__name__)


class PictureLoader:
    """``request`` from one thread; ``pictures`` then holds the latest that is ready.

    ``arrived`` is called on the loader's thread whenever there is something new: a picture, or
    ``error``.  What a long jump passes comes as pictures too, so that the eye sees it move.
    """

    def __init__(self, open_video: Callable[[], PictureReader], arrived: Callable[[], object]) -> None:
        """``open_video`` is called on the thread, for a slow disk; what it raises becomes ``error``."""
        self.pictures: Mailbox[Picture] = Mailbox()
        self.error = ""  # one sentence; the latest request's, empty when it went well
        self.opened = threading.Event()  # whether it worked or not
        self._open_video = open_video
        self._arrived = arrived
        self._wanted: Mailbox[int] = Mailbox()
        self._latest = -1
        self._idle = threading.Event()
        self._idle.set()
        self._stopped = self._ended = False
        self._thread = threading.Thread(target=self._run, name="decode for review", daemon=True)
        self._thread.start()

    def request(self, number: int) -> None:
        """Decode frame ``number`` next; what was asked for before doesn't matter any more."""
        self._latest = number
        self._idle.clear()
        self._wanted.put(number)
        if self._ended:  # nobody will answer
            self._idle.set()

    def wait(self, timeout_s: float) -> bool:
        """Wait until the latest request has been answered; False when it wasn't in time."""
        return self._idle.wait(timeout_s)

    def close(self, timeout_s: float = 5.0) -> None:
        """No thread is left, unless its disk hangs."""
        self._stopped = True
        self._wanted.close()
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            log.warning("the video is still being decoded while its window closes")

    def _run(self) -> None:
        try:
            reader = self._open()
            self.opened.set()
            if reader is not None:
                try:
                    self._answer(reader)
                finally:
                    reader.close()
        finally:
            self._ended = True
            self._idle.set()

    def _open(self) -> PictureReader | None:
        try:
            return self._open_video()
        except SessionError as error:
            self._fail(str(error))
        except Exception as error:  # a decoder's own: the window lives on without pictures
            log.exception("opening the video")
            self._fail(f"The video can't be opened ({type(error).__name__}).")
        return None

    def _answer(self, reader: PictureReader) -> None:
        while not self._stopped:
            number = self._wanted.take(None)
            if number is not None:
                self._serve(reader, number)
                if self._latest == number:
                    self._idle.set()
            elif self._wanted.closed:
                return

    def _serve(self, reader: PictureReader, number: int) -> None:
        def go_on(passed: Picture | None) -> bool:
            if passed is not None and not self._stopped:
                self._deliver(passed)
            # A request for a frame a little ahead is served best by going on.
            return not self._stopped and number <= self._latest <= number + 8

        try:
            picture = reader.frame_at(number, go_on)
        except (SessionError, IndexError) as error:
            self._fail(str(error))
            return
        except Exception as error:
            log.exception("decoding frame %d", number)
            self._fail(f"Frame {number} can't be decoded ({type(error).__name__}).")
            return
        if picture is not None:
            self.error = ""
            self._deliver(picture)

    def _deliver(self, picture: Picture) -> None:
        self.pictures.put(picture)
        self._arrived()

    def _fail(self, text: str) -> None:
        self.error = text
        self._arrived()
