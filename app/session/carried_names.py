"""Names of faces for a table that was measured again: the faces are the same, their numbers differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.session.identities import Identities, Identity
from app.session.lazy_table import LazyTable

BOX = ("box_x", "box_y", "box_w", "box_h")
SAME = 0.5  # overlap (intersection over union) from which the boxes of one frame are of one face
CLEAR = 0.9  # share of the frames with both in which a face and a person must be at the same place


@dataclass(frozen=True, slots=True, eq=False)
class SeenFaces:
    """All faces of a measurement, M of them in the order of their frames."""

    frame: NDArray[np.int64]  # (M,)
    number: NDArray[np.int64]  # (M,)
    box: NDArray[np.float64]  # (M, 4) x, y, width, height

    @classmethod
    def of(cls, *tables: LazyTable | None) -> SeenFaces:
        """The faces of ``frames.csv`` and, if there is one, ``faces.csv``.  Raises SessionError."""
        known = [table for table in tables if table is not None]
        frame = np.concatenate([table.frame[table.success] for table in known])
        order = np.argsort(frame, kind="stable")
        number = np.concatenate([table.face_id[table.success] for table in known])
        box = np.concatenate([table.columns(BOX)[table.success] for table in known])
        return cls(frame[order], number[order], box[order])


def carried_over(known: Identities, recorded: SeenFaces, again: SeenFaces) -> tuple[Identities, tuple[str, ...]]:
    """The people of ``known`` among the faces ``again``, and the names of the people who are not clear.

    A face is a person if it was where the person was recorded in ``CLEAR`` of the frames in which both were seen,
    and of those in which it was where anybody was.
    """
    first, last = (np.searchsorted(again.frame, recorded.frame, side=side) for side in ("left", "right"))
    counts = last - first
    ours = np.repeat(np.arange(len(counts)), counts)
    theirs = np.arange(len(ours)) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(first, counts)
    same = _overlap(recorded.box[ours], again.box[theirs]) >= SAME
    person, face = known.numbers(recorded.number)[ours], again.number[theirs]
    people, unclear = [], []
    for one in known.people:
        numbers: list[int] = []
        for number in np.unique(face[same & (person == one.number)]).tolist():
            both = (person == one.number) & (face == number)
            at_place = int((same & both).sum())
            if at_place >= CLEAR * max(both.sum(), (same & (face == number)).sum()):
                numbers.append(number)
            else:
                unclear.append(known.label(one.number))
        if numbers:
            people.append(Identity(tuple(numbers), one.name))
        else:
            unclear.append(known.label(one.number))
    return Identities(tuple(sorted(people, key=lambda one: one.number))), tuple(dict.fromkeys(unclear))


def _overlap(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """(P,) intersection over union of boxes (P, 4)."""
    low = np.maximum(one[:, :2], other[:, :2])
    high = np.minimum(one[:, :2] + one[:, 2:], other[:, :2] + other[:, 2:])
    common = np.clip(high - low, 0, None).prod(axis=1)
    return np.asarray(common / (one[:, 2:].prod(axis=1) + other[:, 2:].prod(axis=1) - common))
