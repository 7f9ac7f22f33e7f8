"""Small damages of bytes, JSON and tables, each drawn from a seeded generator."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

WRONG: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2**31, 2**63, -(2**63), 10**400, 0.5, -0.0, 1e308, -1e308, float("nan"), float("inf"),
    "", "x", "\0", "\ud800", "../../etc/passwd", "=1+1", "a" * 5000, [], [1], {}, {"a": 1}, [[[[]]]],
)  # fmt: skip
"""Values of any type, in the place of any other."""

FIELDS = (
    b"",
    b"nan",
    b"inf",
    b"-1",
    b"1e999",
    b"9" * 400,
    b"x",
    b'"',
    b'"a\nb"',
    b"\xff\xfe",
    b"0x1f",
    b"1,2",
    b" 1",
    b"\0",
)
BOMBS = (b"[" * 100_000, b'{"a":' * 100_000, b"null", b"[]", b'""', b"1", b"NaN", b"", b"9" * 100_000)


def damage_bytes(rng: random.Random, data: bytes) -> bytes:
    """Bits flipped, bytes cut out, doubled, zeroed or put in, the end cut off."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 5, 30))):
        if not out:
            return bytes(rng.randbytes(rng.randrange(64)))
        at = rng.randrange(len(out))
        length = rng.choice((1, 2, 4, 16, 100, 5000))
        what = rng.randrange(7)
        if what == 0:
            out[at] ^= 1 << rng.randrange(8)
        elif what == 1:
            del out[at : at + length]
        elif what == 2:
            out[at:at] = out[at : at + length]
        elif what == 3:
            out[at : at + length] = bytes(min(length, len(out) - at))
        elif what == 4:
            out[at:at] = rng.randbytes(length)
        elif what == 5:
            number = rng.choice((0, 1, 2**31 - 1, 2**32 - 1, 2**63 - 1, 2**64 - 1, rng.getrandbits(64)))
            size = rng.choice((1, 2, 4, 8))
            out[at : at + size] = (number & ((1 << 8 * size) - 1)).to_bytes(size, rng.choice(("little", "big")))
        elif rng.random() < 0.3:
            del out[at:]
    return bytes(out)


def damage_json(rng: random.Random, data: bytes) -> bytes:
    """A value changed, left out or put in, anywhere in it; now and then the bytes themselves."""
    if rng.random() < 0.15:
        return damage_bytes(rng, data)
    if rng.random() < 0.05:
        return rng.choice(BOMBS)
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):  # it is damaged already
        return damage_bytes(rng, data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        value = _change(rng, value)
    try:
        return json.dumps(value, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
    except ValueError:  # it was put into itself
        return damage_bytes(rng, data)


def _change(rng: random.Random, value: Any) -> Any:
    if not isinstance(value, (dict, list)) or not value or rng.random() < 0.15:
        return rng.choice(WRONG)
    key = rng.choice(list(value)) if isinstance(value, dict) else rng.randrange(len(value))
    what = rng.random()
    if what < 0.15:
        del value[key]
    elif what < 0.2 and isinstance(value, list):
        value.extend([value[key]] * rng.choice((1, 1000)))
    else:
        value[key] = _change(rng, value[key])
    return value


def damage_table(rng: random.Random, data: bytes) -> bytes:
    """Fields, rows and columns changed, left out or doubled."""
    if rng.random() < 0.3:
        return damage_bytes(rng, data)
    lines = data.split(b"\n")
    for _ in range(rng.choice((1, 1, 2, 10))):
        at = rng.randrange(len(lines))
        fields = lines[at].split(b",")
        what = rng.randrange(7)
        if what == 0:
            fields[rng.randrange(len(fields))] = rng.choice(FIELDS)
        elif what == 1:
            del fields[rng.randrange(len(fields))]
        elif what == 2:
            fields.insert(rng.randrange(len(fields) + 1), rng.choice(FIELDS))
        elif what == 3:
            rng.shuffle(fields)
        lines[at] = b",".join(fields)
        if what == 4:
            del lines[at]
            lines = lines or [b""]
        elif what == 5:
            lines.insert(at, rng.choice(lines))
        elif what == 6:
            lines[at] = lines[at].replace(b",", rng.choice((b";", b"\t", b",,"))) + rng.choice((b"", b"\r", b" "))
    return b"\n".join(lines)


Damage = Callable[[random.Random, bytes], bytes]


def damage_of(name: str) -> Damage:
    """What fits a file of this name."""
    ending = name.rpartition(".")[2]
    return {"json": damage_json, "csv": damage_table, "jsonl": damage_table}.get(ending, damage_bytes)
