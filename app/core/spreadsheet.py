"""Text for spreadsheets, which take some of it for a formula: ``=HYPERLINK(...)`` sends what stands beside it away.

Exports made for spreadsheets and copied tables go through ``as_cell``.  Everything else keeps the exact text.
"""

from __future__ import annotations

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # and their full-width forms


def is_formula(text: str) -> bool:
    """Whether a spreadsheet might run it."""
    return text.lstrip(" ").startswith(_STARTS)


def as_cell(text: str) -> str:
    """The same text behind an apostrophe where it might be run, or where it begins with one, so that none is lost."""
    return f"'{text}" if is_formula(text) or text.startswith("'") else text
