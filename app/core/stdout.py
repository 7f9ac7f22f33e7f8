"""No traceback where standard output has no reader any more (``| head``), lies on a full disk, or has an encoding that
lacks a letter of a name."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO, cast


class OutputLostError(Exception):
    """Standard output can't be written; ``sentence`` is empty where the reader has just gone, as readers may."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        words = error.strerror or str(error)
        gone = error.errno == errno.EPIPE
        self.sentence = "" if gone else f"the output can't be written: {words[:1].lower()}{words[1:]}."


class _GuardedStream:
    """A stream whose errors can be told from all others, and which writes what its encoding lacks as ``\\u65e5``."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            return int(self._told(self._stream.write, text))
        except UnicodeEncodeError as error:  # nothing of it has been written yet
            plain = text.encode(error.encoding, "backslashreplace").decode(error.encoding)
            return int(self._told(self._stream.write, plain))

    def flush(self) -> None:
        self._told(self._stream.flush)

    def _told(self, call: Any, *arguments: str) -> Any:
        try:
            return call(*arguments)
        except OSError as error:
            raise OutputLostError(error) from error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def told_stdout() -> Iterator[None]:
    """Inside, and once more at the end, a standard output that can't be written raises ``OutputLostError``."""
    stream = sys.stdout
    if stream is None:  # closed, or a window's program on Windows: print does nothing
        yield
        return
    sys.stdout = cast(TextIO, _GuardedStream(stream))
    try:
        try:
            yield
        finally:
            sys.stdout.flush()  # here, because at its own end Python would show a traceback
    except OutputLostError:
        # Python tries what is left again at its end, and complains again.
        with contextlib.suppress(OSError, ValueError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)
        raise
    finally:
        sys.stdout = stream
