"""The files that come with the program, and its own weights among them.  No torch unless weights must be grown."""

from __future__ import annotations

import importlib.util
from os import PathLike
from pathlib import Path

from extractor.installing import install_hint, package_command
from extractor.report import WeightsError

SHIPPED = {"tiny": "motion_extractor.safetensors", "lite": "motion_extractor_lite.safetensors"}
"""Names that stand for the program's own weights, and their files where they came with it."""

DEFAULT = "lite"
"""The default weights: also meant by ``"default"``, by None, and by an empty name in settings."""

GROWN_FROM = {"tiny": "lite"}
"""Weights that need not come with the program: they are grown from others here (``extractor.growth``)."""


def find_weights(weights: str | PathLike[str] | None = None) -> Path:
    """Find the file of some weights.

    Weights that did not come with the program but can be grown are grown, and kept in the user's cache: that
    takes seconds the first time.

    Args:
        weights: A path, ``"default"`` (also None), or a name of ``SHIPPED``: ``"lite"``, ``"tiny"``.

    Returns:
        The path.  One that was given is returned whether there is a file or not.

    Raises:
        WeightsError: The named weights did not come with this copy of the program, and can't be grown here.
    """
    name = "default" if weights is None else weights
    if not isinstance(name, str) or name not in ("default", *SHIPPED):
        return Path(name).expanduser()
    name = DEFAULT if name == "default" else name
    if (path := _shipped(name)) is not None:
        return path
    if name in GROWN_FROM and (source := _shipped(GROWN_FROM[name])) is not None:
        if not _can_grow():
            hint = install_hint(package_command("torch"))
            raise WeightsError(
                f"The {name} weights are made from the {GROWN_FROM[name]} ones by torch, which is not here. {hint}."
            )
        from extractor.growth import grown_weights

        return grown_weights(source, name)
    raise WeightsError(f"The {name} weights, {SHIPPED[name]}, did not come with this copy of the program.")


def alternatives() -> tuple[str, ...]:
    """The program's own weights beside the default ones that can be had here, by name; nothing is read or grown."""
    return tuple(
        name
        for name in SHIPPED
        if name != DEFAULT
        and (_shipped(name) is not None or (_can_grow() and _shipped(GROWN_FROM.get(name, name)) is not None))
    )


def is_own(weights: str) -> bool:
    """Whether this stands for weights of the program's own and is no path; empty stands for the default ones."""
    return weights in ("", "default", *SHIPPED)


def shipped_file(folder: str, name: str) -> Path | None:
    """A file of ``assets`` or ``docs``: in the package once it is installed, and beside it in a checkout."""
    package = Path(__file__).resolve().parent
    return next((path for home in (package, package.parent) if (path := home / folder / name).is_file()), None)


def _can_grow() -> bool:
    return importlib.util.find_spec("torch") is not None


def _shipped(name: str) -> Path | None:
    return shipped_file("assets", SHIPPED[name])
