"""Packages: which version is there, and what to type for one that is missing, by how this program came to be here."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MADE_BY_RUN = "whole"
"""The file of an environment in which ``run.py`` keeps the folder that it lies in."""


BUILDS = ("gpu", "directml", "openvino", "silicon")
"""Builds of ONNX Runtime that are published under a name of their own."""


def package_version(name: str) -> str:
    """The version of an engine's package, which has other names where it is built for an accelerator."""
    for distribution in (name, *(f"{name}-{build}" for build in BUILDS)):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return importlib.metadata.version(distribution)
    return "of unknown version"


def extra_command(extra: str) -> str:
    """The command that adds an extra to this program; empty where nothing can be added."""
    if is_frozen():
        return ""
    run = _run_script()
    if run is not None:
        return _line("py" if os.name == "nt" else "python3", run, "add", extra)
    if (ROOT / "run.py").is_file():  # a checkout in an environment of somebody's own
        return _pip("-c", ROOT / "constraints.txt", f"{ROOT}[{extra}]")
    return _pip(f"motionscope[{extra}]")


def package_command(requirement: str) -> str:
    """The command that adds a package to the environment of this program; empty where nothing can be added."""
    return "" if is_frozen() else _pip(requirement)


def install_hint(command: str) -> str:
    """A sentence around one of these commands, without its full stop, so that nobody types that."""
    if not command:
        return "This program holds no more than it came with: install Motionscope with pip to add to it"
    return f"Install it with {command}"


def is_frozen() -> bool:
    """Whether this is the program that holds its own Python."""
    return bool(getattr(sys, "frozen", False))


def _run_script() -> Path | None:
    """The ``run.py`` that made the environment in use; None where another hand did."""
    try:
        run = Path(Path(sys.prefix, MADE_BY_RUN).read_text(encoding="utf-8").strip(), "run.py")
    except (OSError, ValueError):
        return None
    return run if run.is_file() else None


def _pip(*words: str | Path) -> str:
    return _line(sys.executable, "-m", "pip", "install", *words)


def _line(*words: str | Path) -> str:
    return " ".join(f'"{word}"' if set(str(word)) & set(" []<>") else str(word) for word in words)
