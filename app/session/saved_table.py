"""Tables of measurements that a person or a spreadsheet may have saved, read as if nobody had."""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Sequence

import numpy as np

from app.core.errors import SessionError
from app.core.text import decode_text, encode_text
from app.session.table import MISSING, MISSING_REASONS, Missing, columns
from app.session.text_table import TextRow, read_text_table

_KEYPOINT = re.compile(r"kp_(\d+)_[xy]", re.ASCII)
_MOST_KEYPOINTS = 1000
_LONGEST_HEADER = 100_000  # bytes
_WHY = "|".join(MISSING_REASONS[1:]).encode()
_OURS = re.compile(rb"\d{1,9},\d+(\.\d+)?,\d{0,9},(1,1,|0,[01],(%b))(,(-?\d+(\.\d+)?)?)*" % _WHY)
_MOST_LOST = 1000  # frames without a row, as many more as there are rows


def plain_table(data: bytes) -> bytes:
    """A table's bytes without what can be undone at once, however long it is: encoding, line ends, separators."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = encode_text(decode_text(data))
    data = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    head = data.partition(b"\n")[0]
    if b"," not in head and b"." not in data and b'"' not in data:  # so that a comma can only be a decimal one
        for separator in (b";", b"\t"):
            if separator in head:
                data = data.replace(b",", b".").replace(separator, b",")
    return data if data.endswith(b"\n") else data + b"\n"


def repair_table(data: bytes, name: str, *, every_frame: bool) -> tuple[bytes, tuple[str, ...]]:
    """A table as this app writes it, out of one that a person or a spreadsheet has saved, and what was left out.

    Columns may be in any order, missing or added.  With ``every_frame`` row k becomes frame k: a frame whose line
    isn't clear, or isn't there, counts as not measured, at a time between its neighbours'.
    Raises SessionError when it isn't such a table or no row of it is clear.
    """
    text = decode_text(data[:_LONGEST_HEADER], names=True).casefold()
    if re.search(r"\bfile\b", text) and not re.search(r"\bframe\b", text):
        raise SessionError(f"{name} is a table of pictures, not of a video.")
    found = [int(number) for number in _KEYPOINT.findall(text) if int(number) < _MOST_KEYPOINTS]
    names = columns("frame", max(found, default=-1) + 1)
    rows, others, lines = _split(plain_table(data), names)
    required = ("frame", "timestamp_s", "pitch_deg", "yaw_deg", "roll_deg")
    try:
        table = read_text_table(others, names, required, ("missing",), names=True)
    except ValueError as error:
        raise SessionError(f"{name} is not a table of this app: {error}.") from error
    faults = list(table.problems)
    for row in table.rows:
        try:
            fields = _canonical(row, names, table.columns, table.number)
            if fields[3] == "1" and row.count < len(table.columns):  # spreadsheets only drop fields that are empty
                raise table.too_short(row)
            rows.append((lines[row.line - 1] if lines else row.line, fields))
        except ValueError as error:
            faults.append((row.line, str(error)))
    problems = [f"line {lines[line - 1] if lines else line}: {why}" for line, why in sorted(faults)]
    if problems and not rows:
        raise SessionError(f"The table {name} is damaged: {problems[0]}.")
    rows.sort(key=lambda item: int(item[1][0]))
    if every_frame:
        rows = _first_of_each(rows, problems)
    for k in reversed(_out_of_order([float(fields[1]) for _, fields in rows])):
        line, fields = rows.pop(k)
        problems.append(f"line {line}: its time, {float(fields[1]):g} s, is not between its neighbours'")
    whole = _one_a_frame(rows, names, problems) if every_frame else [fields for _, fields in rows]
    sentences = tuple(f"The table {name} is damaged: {problem}." for problem in problems)
    return encode_text("".join(",".join(fields) + "\n" for fields in (names, *whole))), sentences


def _split(data: bytes, names: Sequence[str]) -> tuple[list[tuple[int, list[str]]], bytes, list[int]]:
    """The rows that stand as this app writes them, with their lines, and a table of the other lines and theirs.

    A row is its frame, its time and the rest as one text: two hours are 15 million fields.
    """
    rows: list[tuple[int, list[str]]] = []
    all_lines = data.split(b"\n")
    if all_lines[0] != ",".join(names).encode():
        return rows, data, []
    others, numbers = [all_lines[0]], [1]
    for number, line in enumerate(all_lines[1:], 2):
        if line.count(b",") == len(names) - 1 and _OURS.fullmatch(line):
            rows.append((number, line.decode("ascii").split(",", 2)))
        elif line:
            others.append(line)
            numbers.append(number)
    return rows, b"\n".join(others), numbers


def _canonical(row: TextRow, names: Sequence[str], present: Sequence[str], number: Callable[[str], float]) -> list[str]:
    """A row's fields as ``row`` writes them.  Raises ValueError."""
    fields = list(row.fields)
    for k, name in enumerate(names):
        if name == "missing":
            continue
        if not fields[k].strip() and name != "frame":
            fields[k] = ""
            continue
        try:
            fields[k] = f"{number(fields[k]):.10g}"
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    measured_all = all(fields[names.index(axis)] for axis in ("pitch_deg", "yaw_deg", "roll_deg"))
    for k, name, otherwise in ((3, "success", str(int(measured_all))), (4, "inferred", fields[3])):
        fields[k] = fields[k] if name in present else (otherwise or str(int(measured_all)))
        if fields[k] not in ("0", "1"):
            raise ValueError(f"{name} is neither 0 nor 1")
    word = fields[MISSING].strip().lower() if "missing" in present else ""
    if word not in MISSING_REASONS:
        raise ValueError(f"missing is none of {', '.join(MISSING_REASONS[1:])}")
    fields[MISSING] = "" if fields[3] == "1" else word or _reason(fields[4] if "inferred" in present else "")
    for k, name in ((0, "frame"), (2, "face_id")):
        if fields[k] and not (fields[k].isdecimal() and len(fields[k]) < 10):
            raise ValueError(f"{name} is not a whole number from 0 on")
    if not fields[1]:
        raise ValueError("timestamp_s: a number is missing")
    return fields


def _reason(inferred: str) -> str:
    """The reason for a missing pose in tables of versions that did not write it."""
    return {"1": Missing.NO_FACE, "0": Missing.SKIPPED}.get(inferred, Missing.UNKNOWN).word


def _first_of_each(rows: list[tuple[int, list[str]]], problems: list[str]) -> list[tuple[int, list[str]]]:
    """One row for each frame, without frames that can't be; ``rows`` are in the order of frames."""
    kept: list[tuple[int, list[str]]] = []
    for line, fields in rows:
        if kept and kept[-1][1][0] == fields[0]:
            problems.append(f"line {line}: frame {fields[0]} stands in line {kept[-1][0]} already")
        elif int(fields[0]) >= 2 * len(rows) + _MOST_LOST:
            problems.append(f"line {line}: there can't be a frame {fields[0]} in {len(rows)} rows")
        else:
            kept.append((line, fields))
    return kept


def _one_a_frame(rows: list[tuple[int, list[str]]], names: Sequence[str], problems: list[str]) -> list[list[str]]:
    """A row for every frame, empty where there was none."""
    by_frame = {int(fields[0]): fields for _, fields in rows}
    count = max(by_frame, default=-1) + 1
    lost = [frame for frame in range(count) if frame not in by_frame]
    if not lost:
        return list(by_frame.values())
    some = ", ".join(map(str, lost[:5])) + (f" and {len(lost) - 5} more" if len(lost) > 5 else "")
    problems.append(f"frame {some} has no row that is clear, so it counts as not measured")
    times = np.interp(range(count), list(by_frame), [float(fields[1]) for fields in by_frame.values()])
    blank = ["", "0", "0", Missing.UNKNOWN.word, *[""] * (len(names) - 6)]
    return [by_frame.get(k) or [str(k), f"{times[k]:.6f}", *blank] for k in range(count)]


def _out_of_order(values: Sequence[float]) -> list[int]:
    """The places of the fewest values without which the others never decrease."""
    tails: list[float] = []  # the least last value of an ordered part, by its length
    lengths = []
    for value in values:
        lengths.append(bisect.bisect_right(tails, value))
        tails[lengths[-1] : lengths[-1] + 1] = [value]
    out, wanted = [], len(tails) - 1
    for place in reversed(range(len(values))):
        if lengths[place] == wanted:
            wanted -= 1
        else:
            out.append(place)
    return out[::-1]
