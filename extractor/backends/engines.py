"""Which engines there are, which of them are installed, and how to get the others."""

from __future__ import annotations

import importlib.metadata
import importlib.util

ENGINES = {"torch": "", "onnxruntime": "onnx", "openvino": "openvino"}
"""Engines by the name of their package, with the extra of this program that installs it."""


class EngineError(ValueError):
    """An engine that isn't installed or can't run the network; the message is one sentence."""


def installed_engines() -> dict[str, str]:
    """The engines that can be used here, with their versions; torch is always the first."""
    return {name: importlib.metadata.version(name) for name in ENGINES if importlib.util.find_spec(name) is not None}


def require_engine(name: str) -> None:
    """Raise ``EngineError`` unless the engine exists and is installed."""
    if name not in ENGINES:
        raise EngineError(f"There is no engine {name!r}: choose auto, {', '.join(ENGINES)}.")
    if importlib.util.find_spec(name) is None:
        raise EngineError(f"The engine {name} isn't installed: pip install 'motionscope[{ENGINES[name]}]' brings it.")
