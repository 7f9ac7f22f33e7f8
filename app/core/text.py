"""Text in files: written as UTF-8, read in any encoding that editors and spreadsheets use."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

ENCODING = "utf-8"
ERRORS = "surrogateescape"  # a file name that isn't UTF-8 survives the way through a table

_HALVES = re.compile("[\ud800-\udc7f\udd00-\udfff]")  # of surrogate pairs, without the ones that ERRORS uses
# Five bytes mean nothing in Windows-1252; they are the control characters of Latin-1.
_WESTERN = {0xDC00 + byte: bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(0x80, 0x100)}
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_STRAY_COMMA = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])')
_LOOKED_AT = 200  # bytes that tell UTF-16 without a mark


def encode_text(text: str) -> bytes:
    """The bytes of ``text``; half an emoji, which can be pasted but not be written, becomes U+FFFD."""
    try:
        return text.encode(ENCODING, ERRORS)
    except UnicodeEncodeError:
        return _HALVES.sub("\ufffd", text).encode(ENCODING, ERRORS)


def decode_text(data: bytes, *, names: bool = False) -> str:
    """The text of a file that a person may have saved: UTF-8 or UTF-16, with or without a byte order mark.

    Any other byte is taken for Windows-1252, which spreadsheets write in western Europe; with ``names`` it is kept
    as ``ERRORS`` does, for a name of a file must lead to that file.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace") if encoding != ENCODING else _decode(data[3:], names)
    start = data[:_LOOKED_AT]
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(start) > 3 and not any(start[first::2]) and all(start[1 - first :: 2]):
            return data.decode(encoding, "replace")
    return _decode(data, names)


def decode_json(data: bytes) -> Any:
    """Parse JSON that a person may have saved: a comma too many and line breaks in texts do no harm.

    Bytes that are no UTF-8 are kept as ``ERRORS`` does.  Raises ValueError with the line and the reason.
    """
    text = decode_text(data, names=True)
    try:
        return json.loads(_STRAY_COMMA.sub(r"\1", text), strict=False)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}: {error.msg[:1].lower()}{error.msg[1:]}") from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except ValueError as error:
        raise ValueError("a number in it is too long") from error


def plain_letters(text: str) -> str:
    """``text`` in ASCII: letters without their accents ("Jörg" is "Jorg"), without what has no such letter."""
    return unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode()


def western(text: str) -> str:
    """``text`` with the bytes that ``ERRORS`` has kept taken for Windows-1252."""
    return text if text.isascii() else text.translate(_WESTERN)


def _decode(data: bytes, names: bool) -> str:
    text = data.decode(ENCODING, ERRORS)
    return text if names else western(text)
