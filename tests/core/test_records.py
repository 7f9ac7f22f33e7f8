"""JSON becomes a record or one clause says what is wrong with it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Annotated

import pytest

from app.core.records import MOST_BYTES, Between, RecordError, build, parse_json, read_json


@dataclass(frozen=True)
class Inner:
    size: Annotated[int, Between(0, 9)]


@dataclass(frozen=True)
class Outer:
    name: str
    inner: Inner
    rate: float = 1.0
    on: bool = False
    many: tuple[Inner, ...] = ()
    some: Annotated[tuple[str, ...], Between(1, 2)] = ("x",)
    maybe: Annotated[float, Between(0)] | None = None


SOUND = {"name": "x", "inner": {"size": 3}}


def test_what_is_missing_gets_its_default_and_what_is_unknown_is_left_out():
    assert build(Outer, {**SOUND, "later": {"version": 2}}) == Outer("x", Inner(3))


def test_every_kind_of_field():
    values = {"rate": 2, "on": True, "many": [{"size": 0}, {"size": 9}], "some": ["a", "b"], "maybe": 0.5}
    record = build(Outer, {**SOUND, **values})
    assert record == Outer("x", Inner(3), 2.0, True, (Inner(0), Inner(9)), ("a", "b"), 0.5)
    assert type(record.rate) is float
    assert build(Outer, {**SOUND, "maybe": None}).maybe is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": 5}, "name isn't text"),
        ({"name": None}, "name isn't text"),
        ({"inner": None}, "inner isn't an object"),
        ({"inner": {}}, "inner.size is missing"),
        ({"inner": {"size": True}}, "inner.size isn't a whole number"),
        ({"inner": {"size": 1.0}}, "inner.size isn't a whole number"),
        ({"inner": {"size": 10}}, "inner.size makes no sense"),
        ({"inner": {"size": 10**400}}, "inner.size makes no sense"),
        ({"rate": "1"}, "rate isn't a number"),
        ({"rate": float("nan")}, "rate isn't a number"),
        ({"rate": 10**400}, "rate isn't a number"),
        ({"on": 1}, "on isn't true or false"),
        ({"many": {}}, "many isn't a list"),
        ({"many": [{"size": 1}, []]}, "many[1] isn't an object"),
        ({"some": []}, "some makes no sense"),
        ({"maybe": -0.1}, "maybe makes no sense"),
    ],
)
def test_what_does_not_fit_is_named(change, words):
    with pytest.raises(RecordError) as caught:
        build(Outer, {**SOUND, **change})
    assert str(caught.value) == words


@pytest.mark.parametrize("value", [None, [], 1, "x"])
def test_what_is_no_object(value):
    with pytest.raises(RecordError, match=r"^it isn't an object$"):
        build(Outer, value)


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[" * 100_000, b'{"a":' * 100_000, b"9" * 100_000])
def test_what_is_no_json(data):
    with pytest.raises(RecordError, match=r"^it isn't JSON: (line 1|it is nested|a number)"):
        parse_json(data)


def test_a_file_that_would_fill_the_memory_is_not_read(tmp_path):
    path = tmp_path / "large.json"
    path.touch()
    os.truncate(path, MOST_BYTES + 1)
    with pytest.raises(OSError, match="it is larger than 16 MB"):
        read_json(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes by name")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(OSError, match="is no file"):
        read_json(tmp_path / "pipe.json")
