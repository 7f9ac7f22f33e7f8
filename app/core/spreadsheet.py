"""Text for spreadsheets, which take some of it for a formula: ``=HYPERLINK(...)`` sends what stands beside it away.

Exports made for spreadsheets and copied tables go through ``as_cell``.  Everything else keeps the exact text.
"""

from __future__ import annotations

import re

from app.core.plain_locale import decimal_sign

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # and their full-width forms
_NUMBER = re.compile(r"(?m)(?<=\t)([+-]?\d+)\.(\d+)(?=\t|$)")


def is_formula(text: str) -> bool:
    """Whether a spreadsheet might run it."""
    return text.lstrip(" ").startswith(_STARTS)


def as_cell(text: str) -> str:
    """The same text behind an apostrophe where it might be run, or where it begins with one, so that none is lost."""
    return f"'{text}" if is_formula(text) or text.startswith("'") else text


def with_decimal_sign(lines: str) -> str:
    """Tab-separated lines, the numbers behind a tab with the decimal sign of the person's system.

    Where that is a comma, a spreadsheet takes 2.7 for the second of July.
    """
    return _NUMBER.sub(rf"\1{decimal_sign()}\2", lines)
