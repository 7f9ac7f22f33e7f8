"""Keeps C libraries from reading and writing as the person's language does.

MediaPipe's graphs are texts, and so is much of what FFmpeg, OpenVINO and OpenMP read: with a decimal comma "0.5"
is 0, and with Turkish letters "INFERENCE" in lower case is no longer "inference".
"""

from __future__ import annotations

import ctypes
import functools
import locale
import os
import sys

_CATEGORIES = (
    "LC_CTYPE", "LC_NUMERIC", "LC_COLLATE", "LC_MONETARY", "LC_MESSAGES", "LC_TIME", "LC_PAPER", "LC_NAME",
    "LC_ADDRESS", "LC_TELEPHONE", "LC_MEASUREMENT", "LC_IDENTIFICATION",
)  # fmt: skip
_PLAIN_LETTERS = "C" if os.name == "nt" else "C.UTF-8"  # the encoding of file names stays


@functools.cache
def decimal_sign() -> str:
    """What the person's system writes in numbers, a comma or else a point; what it was before it was made plain."""
    try:
        locale.setlocale(locale.LC_NUMERIC, "")
    except locale.Error:
        return "."  # the environment names a locale that isn't installed
    sign = locale.localeconv()["decimal_point"]
    locale.setlocale(locale.LC_NUMERIC, "C")
    return "," if sign == "," else "."


def use_plain_locale() -> None:
    """Let C functions of this process use a decimal point, and the letters and words of English, from now on."""
    decimal_sign()
    locale.setlocale(locale.LC_NUMERIC, "C")
    if sys.platform != "win32":
        locale.setlocale(locale.LC_MESSAGES, "C")  # why the system refuses something stands within our sentences
    if not _letters_are_plain():
        locale.setlocale(locale.LC_CTYPE, _PLAIN_LETTERS)


def keep_plain_locale() -> None:
    """As ``use_plain_locale``, and it stays so when a library takes over the locale of the environment.

    Qt, GTK and input methods call ``setlocale(LC_ALL, "")``, so the environment of this process and its children is
    changed too.  ``LC_ALL`` outranks all others; its value is kept for every category that does no harm, and for the
    language of messages: a file manager that is opened from here speaks the person's.
    """
    use_plain_locale()
    everything = os.environ.pop("LC_ALL", "")
    if everything:
        os.environ.update(dict.fromkeys(_CATEGORIES, everything))
    os.environ["LC_NUMERIC"] = "C"
    before = locale.setlocale(locale.LC_CTYPE)
    locale.setlocale(locale.LC_CTYPE, "")
    if not _letters_are_plain():
        os.environ["LC_CTYPE"] = _PLAIN_LETTERS
    locale.setlocale(locale.LC_CTYPE, before)


def _letters_are_plain() -> bool:
    library = ctypes.CDLL("ucrtbase" if os.name == "nt" else None)
    return bool(library.tolower(ord("I")) == ord("i"))
