"""JSON of a file as a frozen record: its types and ranges are checked here, so that nobody behind has to.

A record is a dataclass.  Its fields are text, numbers, truth values, further records, tuples of one
kind (``tuple[X, ...]``), any of these or None; ``Annotated[..., Between(low, high)]`` bounds a number
or a tuple's length.  What a later version has added is left out; what is missing gets its default.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast

from app.core.errors import SessionError, reason
from app.core.text import decode_json, encode_text
from extractor import files

T = TypeVar("T")

MOST_BYTES = 16 * 1024 * 1024  # a day's recording has 200 kB of it; what is larger would only fill the memory


class RecordError(ValueError):
    """The fault of a record, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Between:
    """The least and the most that a number, or a tuple's length, may be."""

    least: float
    most: float = math.inf


Count = Annotated[int, Between(0, 2**53)]
Side = Annotated[int, Between(0, 2**16)]
"""A side of a picture, in pixels."""
Number = Annotated[float, Between(-1e12, 1e12)]


@dataclass(frozen=True, slots=True)
class Versioned:
    """The field that every such file has."""

    schema: Count


def read_json(path: Path) -> Any:
    """Parse a file.  Raises OSError, and RecordError where it isn't JSON or far too large."""
    return parse_json(files.read(path, MOST_BYTES))


def parse_json(data: bytes) -> Any:
    """Parse bytes.  Raises RecordError."""
    try:
        return decode_json(data)
    except ValueError as error:
        raise RecordError(f"it isn't JSON: {error}") from error


def read_record(path: Path, newest: int, parse: Callable[[Any], T]) -> T:
    """Read a file that states the schema it was written by.

    Args:
        path: The file.
        newest: The newest schema that this version knows.
        parse: Makes the record of the JSON; may raise RecordError.

    Raises:
        FileNotFoundError: There is no file.
        SessionError: The file can't be read, is damaged, or has a newer schema.
    """
    try:
        values = read_json(path)
        if build(Versioned, values).schema > newest:
            raise SessionError(f"{path} was written by a newer version of the app: please update.")
        return parse(values)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise SessionError(f"{path} can't be read: {reason(error)}.") from error
    except RecordError as error:
        raise SessionError(f"{path} is damaged: {error}.") from error


def write_record(path: Path, values: Mapping[str, object]) -> None:
    """Replace a file by this JSON in one step.  Raises OSError."""
    files.write_whole(path, encode_text(json.dumps(values, indent=1, ensure_ascii=False)) + b"\n")


def build(kind: type[T], value: object, name: str = "") -> T:
    """A record of what ``json`` has read; ``name`` stands in the error.  Raises RecordError."""
    if not isinstance(value, dict):
        raise RecordError(f"{name or 'it'} isn't an object")
    given = {}
    for key, (hint, required) in _fields(cast("Any", kind)).items():
        if key in value:
            given[key] = _checked(hint, value[key], f"{name}.{key}" if name else key)
        elif required:
            raise RecordError(f"{f'{name}.{key}' if name else key} is missing")
    return kind(**given)


@functools.cache
def _fields(kind: Any) -> dict[str, tuple[Any, bool]]:
    hints = typing.get_type_hints(kind, include_extras=True)
    missing = dataclasses.MISSING
    return {
        field.name: (hints[field.name], field.default is missing and field.default_factory is missing)
        for field in dataclasses.fields(kind)
        if field.init
    }


def _checked(hint: Any, value: Any, name: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        checked = _checked(arguments[0], value, name)
        size = len(checked) if isinstance(checked, tuple) else checked
        for bounds in arguments[1:]:
            if not bounds.least <= size <= bounds.most:
                raise RecordError(f"{name} makes no sense")
        return checked
    if origin in (types.UnionType, typing.Union):
        if value is None and type(None) in arguments:
            return None
        (inner,) = (argument for argument in arguments if argument is not type(None))
        return _checked(inner, value, name)
    if origin is tuple:
        if not isinstance(value, list):
            raise RecordError(f"{name} isn't a list")
        return tuple(_checked(arguments[0], item, f"{name}[{i}]") for i, item in enumerate(value))
    if dataclasses.is_dataclass(hint):
        return build(cast("Any", hint), value, name)
    if hint is float and type(value) is int and abs(value) <= 2**53:
        return float(value)
    if type(value) is not hint or (hint is float and not math.isfinite(value)):
        raise RecordError(f"{name} isn't {_WORDS[hint]}")
    return value


_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
