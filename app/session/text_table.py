"""Reads text tables: as this app wrote them, as a crash left them, as people and spreadsheets save them.

Spreadsheets change the encoding, the separator, the decimal sign and the line ends, and people add, move and delete
columns and lines.  What is clear is read.  What isn't is left out, and said with its line and the reason.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from app.core.text import decode_text, encode_text

_SEPARATORS = (",", ";", "\t", "|")
_THOUSANDS = re.compile(r"(?<=\d)[ \u00a0\u2009\u202f'\u2019](?=\d{3}(?!\d))")
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_EITHER = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)  # 1.234: a decimal sign, or one between thousands
_GROUPED = {sign: re.compile(rf"[+-]?\d{{1,3}}([{sign}]\d{{3}})+([.,]\d*)?", re.ASCII) for sign in ".,"}
_LONGEST_QUOTE = 40


@dataclass(frozen=True, slots=True)
class TextRow:
    """A row's fields in the order of the columns that were asked for; empty where the table lacks the column."""

    line: int  # of the file, from 1
    fields: list[str]
    count: int  # fields that the line has


@dataclass(frozen=True, slots=True)
class TextTable:
    """The rows that could be taken apart, and each line that could not, with the reason."""

    columns: tuple[str, ...]  # of the file
    rows: list[TextRow]
    problems: list[tuple[int, str]]
    decimal: str  # "." or ","; empty where nothing tells

    def too_short(self, row: TextRow) -> ValueError:
        """The error for a row that lacks fields."""
        return ValueError(f"it has {row.count} fields instead of {len(self.columns)}")

    def number(self, text: str) -> float:
        """The finite number of a field.  Raises ValueError, with the reason, where it isn't clear."""
        return parse_number(text, self.decimal)


def read_text_table(
    data: bytes, columns: Sequence[str], required: Sequence[str], texts: Sequence[str] = (), *, names: bool = False
) -> TextTable:
    """Take a table apart whose header has at least the ``required`` of these ``columns``, in any order.

    ``texts``: the columns that hold no numbers.  ``names``: as in ``decode_text``.
    Raises ValueError, with the reason, when it isn't such a table.
    """
    lines = io.StringIO(decode_text(data, names=names), newline=None).readlines()
    first = next((k for k, line in enumerate(lines) if line.strip(" ,;\t\n") and not line.startswith("sep=")), 0)
    header, separator = _header(lines[first] if lines else "", columns)
    missing = [name for name in required if name not in header]
    if missing:
        raise ValueError(f"its columns differ from {', '.join(columns[:5])}: it has no {missing[0]}")
    places = [header.index(name) if name in header else None for name in columns]
    rows: list[TextRow] = []
    problems: list[tuple[int, str]] = []
    for line, found in _records(lines, first + 1, separator):
        if not isinstance(found, str) and len(found) == 1 and len(header) > 1:
            # A spreadsheet that knows another separator puts a line into one cell, and quotes what has quotes.
            found = _single(found[0], separator)
        if isinstance(found, str):
            problems.append((line, found))
            continue
        while len(found) > len(header) and not found[-1].strip():
            found.pop()
        if not any(field.strip() for field in found):
            continue
        count = len(found)
        if count > len(header):
            problems.append((line, f"it has {count} fields instead of {len(header)}"))
            continue
        found += [""] * (len(header) - count)
        rows.append(TextRow(line, ["" if place is None else found[place] for place in places], count))
    numeric = [k for k, name in enumerate(columns) if name not in texts]
    decimal = _decimal_sign((row.fields[k] for row in rows for k in numeric), separator)
    return TextTable(tuple(header), rows, problems, decimal)


def encode_rows(rows: Iterable[Iterable[str]]) -> bytes:
    """Rows as the bytes that stand in the file."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return encode_text(text.getvalue())


def parse_number(text: str, decimal: str) -> float:
    """A finite number as it is written anywhere; ``decimal`` decides where a sign may part thousands or decimals.

    Raises ValueError with the reason.
    """
    plain = _THOUSANDS.sub("", text.strip()).replace("\u2212", "-")
    if _EITHER.fullmatch(plain) and not decimal:
        raise ValueError(f"{_quoted(text)} may be a thousand times as much")
    for sign, other in ((".", ","), (",", ".")):
        grouped = _GROUPED[sign].fullmatch(plain)
        # Two signs: the last is the decimal one.  The same twice: thousands.  Once: whichever the table uses.
        several = other in plain or plain.count(sign) > 1 or (decimal == other and _EITHER.fullmatch(plain))
        if grouped and several and sign not in (grouped[2] or ""):
            plain = plain.replace(sign, "")
    plain = plain.replace(",", ".") if plain.count(",") == 1 and "." not in plain else plain
    if not _PLAIN.fullmatch(plain) or not math.isfinite(value := float(plain)):
        raise ValueError(f"{_quoted(text)} is not a number" if text.strip() else "a number is missing")
    return value


def whole_lines(data: bytes) -> bytes:
    """Without a last line that has no line feed: where a file was cut off, nobody knows what is missing there."""
    return data[: data.rfind(b"\n") + 1]


def valid_prefix(data: bytes, is_whole: Callable[[int, list[str]], bool]) -> tuple[list[str], list[list[str]]]:
    """Repairs a torn table of numbers, which a crash cut off: header and rows up to the first that isn't whole.

    ``is_whole`` is given a row's number and its fields; what it raises as ValueError or IndexError means no.
    After a power loss the end of a file may be zeros or anything else.
    """
    head, *lines = whole_lines(data).split(b"\n")
    rows: list[list[str]] = []
    for line in lines[:-1]:
        fields = line.decode("ascii", "replace").split(",")
        try:
            if not is_whole(len(rows), fields):
                break
        except (ValueError, IndexError):
            break
        rows.append(fields)
    return head.decode("ascii", "replace").split(","), rows


def _header(line: str, columns: Sequence[str]) -> tuple[list[str], str]:
    """The names in the first line and the separator by which most of them are known."""
    known = {name.casefold(): name for name in columns}
    best: tuple[list[str], str] = ([], ",")
    most = -1
    alone = _fields(line, ",")
    line = alone[0] if len(alone) == 1 else line  # all of it in one cell
    for separator in _SEPARATORS:
        fields = [field.strip() for field in _fields(line, separator)]
        names = [known.get(field.casefold(), field) for field in fields]
        count = len(set(names) & set(columns))
        if count > most:
            best, most = (names, separator), count
    return best


def _fields(line: str, separator: str) -> list[str]:
    """The fields of a line; the line itself where it can't be taken apart."""
    found = _single(line, separator)
    return [line] if isinstance(found, str) else found


def _records(lines: Sequence[str], start: int, separator: str) -> Iterator[tuple[int, list[str] | str]]:
    """Each record's first line, counted from 1, with its fields or the reason why it has none.

    A quotation mark that is opened and never closed costs its own line, not all that follow.
    """
    at = start
    while at < len(lines):
        reader = csv.reader((lines[k] for k in range(at, len(lines))), delimiter=separator, strict=True)
        base = at
        try:
            for fields in reader:
                yield at + 1, "it holds no text" if any("\0" in field for field in fields) else fields
                at = base + reader.line_num
        except csv.Error:
            yield at + 1, _single(lines[at], separator)
            at += 1


def _single(line: str, separator: str) -> list[str] | str:
    """The fields of a line in which quotation marks stand where they have no meaning."""
    try:
        fields = next(csv.reader([line], delimiter=separator), [])
    except csv.Error as error:
        return str(error)
    return "a quotation mark is not closed" if fields and fields[-1].endswith("\n") else fields


def _decimal_sign(fields: Iterator[str], separator: str) -> str:
    """The sign that parts decimals in this table, by the fields that leave no doubt."""
    found = set()
    for field in fields:
        points, commas = field.count("."), field.count(",")
        if points + commas == 0 or _EITHER.fullmatch(text := _THOUSANDS.sub("", field.strip())):
            continue
        last = max(text, key=lambda c: text.rfind(c) if c in ".," else -1)
        if field.count(last) == 1:
            if _PLAIN.fullmatch(text.replace(",", ".") if not points else text) or (points and commas):
                found.add(last)
        elif not (points and commas):  # 1.234.567
            found.add("," if last == "." else ".")
        if len(found) > 1:
            break
    if len(found) == 1:
        return found.pop()
    return "." if separator == "," else ""


def _quoted(text: str) -> str:
    text = text.strip()
    return f"“{text[:_LONGEST_QUOTE]}…”" if len(text) > _LONGEST_QUOTE else f"“{text}”"
