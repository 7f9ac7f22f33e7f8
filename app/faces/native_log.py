"""Keeps MediaPipe's harmless start-up messages off the terminal."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

# Its C++ parts write to file descriptor 2 before their log levels can be set from Python.
_HARMLESS = re.compile(
    rb"I\d{4} "  # glog's information lines
    rb"|INFO: Created TensorFlow Lite"
    rb"|WARNING: All log messages before absl::InitializeLog"
    rb"|W\d{4} .*inference_feedback_manager"  # says of the bundled models that they have one signature
    rb"|W\d{4} .*landmark_projection_calculator"  # FaceMesh on frames that are not square
)


def is_harmless(line: bytes) -> bool:
    """Whether a line of the native log is one of those that say nothing is wrong."""
    return _HARMLESS.match(line) is not None


@contextmanager
def native_log_filtered() -> Iterator[None]:
    """Hold back what native code writes to stderr, then pass on every line that may matter.

    It affects the whole process, so use it around short work only.
    """
    try:
        if sys.stderr is not None:
            sys.stderr.flush()
        stderr = os.dup(2)
    except (OSError, ValueError):  # a program without a console has no stderr
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            if sys.stderr is not None:
                sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)
            held.seek(0)
            rest = b"".join(line for line in held if not is_harmless(line))
            if rest:
                os.write(2, rest)
