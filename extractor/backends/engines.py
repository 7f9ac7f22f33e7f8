"""Which engines there are, which of them are installed, and how to get the others."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util

ENGINES = {"torch": "", "onnxruntime": "onnx", "openvino": "openvino"}
"""Engines by the name of their package, with the extra of this program that installs it."""

BUILDS = ("gpu", "directml", "openvino", "silicon")
"""Builds of ONNX Runtime that are published under a name of their own."""


class EngineError(ValueError):
    """An engine that isn't installed or can't run the network; the message is one sentence."""


def installed_engines() -> dict[str, str]:
    """The engines that can be used here, with their versions; torch is always the first."""
    return {name: _version(name) for name in ENGINES if importlib.util.find_spec(name) is not None}


def _version(name: str) -> str:
    """Of the package, which has other names where it is built for an accelerator."""
    for distribution in (name, *(f"{name}-{build}" for build in BUILDS)):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return importlib.metadata.version(distribution)
    return "of unknown version"


def first_line(error: Exception) -> str:
    """What an engine's exception says first, without the full stop."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].strip().rstrip(".")


def require_engine(name: str) -> None:
    """Raise ``EngineError`` unless the engine exists and is installed."""
    if name not in ENGINES:
        raise EngineError(f"There is no engine {name!r}: choose auto, {', '.join(ENGINES)}.")
    if importlib.util.find_spec(name) is None:
        raise EngineError(f"The engine {name} isn't installed: pip install 'motionscope[{ENGINES[name]}]' brings it.")
