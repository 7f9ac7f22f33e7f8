"""``identities.json``: what the faces of a table are called, and which are one person; the table stays as it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from app.core.errors import SessionError, os_errors_as
from app.core.records import Between, Count, RecordError, build, read_record, write_record
from app.core.text import western
from app.session.annotations import keep_original
from app.session.folders import IDENTITIES

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Identity:
    """A person: their numbers in the tables (``face_id``) and their name."""

    face_ids: Annotated[tuple[Count, ...], Between(1)]
    name: str = ""

    @property
    def number(self) -> int:
        """The number by which the person goes."""
        return min(self.face_ids)


@dataclass(frozen=True, slots=True)
class Identities:
    """People with a name or several numbers; every other number is a person without a name."""

    people: tuple[Identity, ...] = ()

    def of(self, number: int) -> Identity:
        """The person who goes by this number."""
        return next((person for person in self.people if person.number == number), Identity((number,)))

    @property
    def names(self) -> dict[int, str]:
        """The names of people who have one, by their numbers."""
        return {person.number: person.name for person in self.people if person.name}

    def label(self, number: int) -> str:
        """How a sentence names the person."""
        return self.names.get(number, f"face {number}")

    def numbers(self, face_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """(N,) by which numbers these recorded ones, (N,), go."""
        result = face_ids
        for person in self.people:
            result = np.where(np.isin(face_ids, person.face_ids), person.number, result)
        return result

    def named(self, number: int, name: str) -> Identities:
        """The same with this name for a person; empty: none."""
        return self._replacing(dataclasses.replace(self.of(number), name=_line(name)))

    def merged(self, numbers: Sequence[int]) -> Identities:
        """The same with one person in the place of these, who has the first of their names."""
        people = [self.of(number) for number in sorted(numbers)]
        name = next((person.name for person in people if person.name), "")
        return self._replacing(Identity(tuple(sorted(k for person in people for k in person.face_ids)), name))

    def separated(self, number: int) -> Identities:
        """The same with a person for each of the numbers; the first one keeps the name."""
        return self._replacing(Identity((number,), self.of(number).name))

    def _replacing(self, person: Identity) -> Identities:
        apart = {person.number, *person.face_ids}
        others = tuple(other for other in self.people if not apart & set(other.face_ids))
        known = (person,) if person.name or len(person.face_ids) > 1 else ()
        return Identities(tuple(sorted((*others, *known), key=lambda one: one.number)))


def _line(text: str) -> str:
    """The part of a text that every format can hold: one printable line."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def read_identities(folder: Path) -> Identities:
    """The identities of the table in this folder; none where nobody said anything.  Raises SessionError."""

    def parse(values: Any) -> Identities:
        people = tuple(
            dataclasses.replace(person, name=_line(western(person.name))) for person in build(Identities, values).people
        )
        ids = [number for person in people for number in person.face_ids]
        if len(ids) > len(set(ids)):
            raise RecordError("a number is there twice")
        return Identities(people)

    try:
        return read_record(folder / IDENTITIES, SCHEMA, parse)
    except FileNotFoundError:
        return Identities()


def write_identities(folder: Path, identities: Identities, known: Identities) -> None:
    """Replace the file in one step; a copy is kept of one that says something else than ``known``.

    Raises SessionError.
    """
    path = folder / IDENTITIES
    with os_errors_as(SessionError, f"The names of the faces can't be saved in {path}"):
        try:
            strange = read_identities(folder) != known
        except SessionError:
            strange = True
        if strange and path.exists():
            keep_original(path)
        write_record(path, {"schema": SCHEMA, **dataclasses.asdict(identities)})
