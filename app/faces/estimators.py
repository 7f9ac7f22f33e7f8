"""Estimators by name: weights of this project's network, or another estimator in its place."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from os import PathLike
from typing import TYPE_CHECKING, cast

from extractor.face_mesh import FACE_MESH
from extractor.plain import read_report
from extractor.shipped import find_weights

if TYPE_CHECKING:
    from extractor.backends.base import Backend
    from extractor.estimator import Estimator
    from extractor.report import LoadReport

GROUP = "motionscope.estimators"
"""Entry points of this group are further estimators: a name, and what makes one when it is called without arguments."""


@dataclass(frozen=True, slots=True)
class EstimatorSpec:
    """A row of the estimators that come with the program, declared as packages declare theirs."""

    title: str  # what people read
    entry: EntryPoint


OWN = {
    FACE_MESH: EstimatorSpec(
        "MediaPipe FaceMesh", EntryPoint(FACE_MESH, "app.faces.face_mesh:FaceMeshEstimator", GROUP)
    ),
}
"""The program's own estimators by their names."""


@functools.cache  # looking through the installed packages takes a tenth of a second
def estimator_names() -> tuple[str, ...]:
    """The program's own first, then those that installed packages bring; nothing of them is imported."""
    found = sorted(entry.name for entry in entry_points(group=GROUP))
    return tuple(dict.fromkeys((*OWN, *found)))


def is_estimator(weights: str | PathLike[str] | None) -> bool:
    """Whether this names an estimator and no weights."""
    return isinstance(weights, str) and (weights in OWN or weights in estimator_names())


def create(
    weights: str | None, device: str, threads: int | None, engine: str = "auto", *, measure: bool = True
) -> Backend:
    """An estimator of this name, or else the network of these weights; see ``extractor.backends.create_backend``.

    Raises what that raises, and EstimatorError, in one sentence.
    """
    if weights is not None and is_estimator(weights):
        from extractor.estimator import EstimatorBackend

        return EstimatorBackend(_make(weights))
    from extractor.backends import create_backend  # torch takes seconds to import

    return create_backend(weights, device, threads, engine, measure=measure)


def describe(weights: str | None) -> LoadReport:
    """Read the report of an estimator or a file of weights, all of it.  Raises as ``create`` does."""
    if weights is not None and is_estimator(weights):
        backend = create(weights, "cpu", 1)
        backend.close()
        return backend.report
    return read_report(find_weights(weights))


def _make(name: str) -> Estimator:
    from extractor.estimator import EstimatorError

    entry = OWN[name].entry if name in OWN else next(iter(entry_points(group=GROUP, name=name)))
    try:
        return cast("Estimator", entry.load()())
    except EstimatorError:
        raise
    except Exception as error:  # another program's
        raise EstimatorError(
            f"The estimator {name} ({entry.value}) can't be made ({type(error).__name__}: {error})."
        ) from error
