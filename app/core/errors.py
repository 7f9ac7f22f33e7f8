"""Errors that are meant to be read by the person at the screen."""

import contextlib
from collections.abc import Iterator


class UserError(Exception):
    """One clear sentence: what is wrong and, where it can be known, what to do about it.

    Commands print it on stderr and exit with 1; the window shows it in its status line.
    """


class SourceError(UserError):
    """A camera, video or image that can't be opened or read."""


class SessionError(UserError):
    """A recording that can't be started, written or read."""


class OutputError(UserError):
    """Another program that nothing can be sent to."""


def reason(error: OSError) -> str:
    """The system's own words, beginning in lower case to stand within a sentence."""
    text = error.strerror or str(error) or type(error).__name__
    return text[:1].lower() + text[1:]


def unexpected(what: str) -> str:
    """The sentence that ``what`` happened by a fault of the program; its traceback is in the log."""
    return f"{what} because of an unexpected error; the details are on stderr."


@contextlib.contextmanager
def os_errors_as(kind: type[UserError], what: str) -> Iterator[None]:
    """Raise what the system refuses meanwhile as an error of this kind: ``what`` went wrong, and why."""
    try:
        yield
    except OSError as error:
        raise kind(f"{what}: {reason(error)}.") from error


def is_readable(error: Exception) -> bool:
    """Whether it is meant for a person: weights, devices and engines have sentences of their own as well.

    Other ValueErrors are mistakes of ours.
    """
    from extractor.report import UnusableError

    return isinstance(error, (UserError, UnusableError))
