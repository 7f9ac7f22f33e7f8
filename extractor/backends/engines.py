"""The engines, each declared once: which there are, which of them are installed, and how to get the others."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass

from extractor.backends.base import EngineError
from extractor.installing import install_hint, package_command, package_version


@dataclass(frozen=True, slots=True)
class Engine:
    """One way to run a network: a package, and how its layers compute where that isn't the package's own choice."""

    package: str
    backend: str  # the class, as "module:class"; it takes weights, device, threads and ``precision``
    precision: str = ""  # "bfloat16", "int8"
    guess: int = 0  # its place among those tried before torch where nothing has been measured yet; 0: none


_TORCH = "extractor.backends.torch_backend:TorchBackend"
_OPENVINO = "extractor.backends.openvino_backend:OpenVinoBackend"
_ONNX = "extractor.backends.onnx_backend:OnnxBackend"
ENGINES = {
    "torch": Engine("torch", _TORCH),
    "torch-bf16": Engine("torch", _TORCH, "bfloat16"),
    "openvino": Engine("openvino", _OPENVINO, guess=2),
    # The first of the two that could run was the fastest on every processor tried.
    "openvino-int8": Engine("openvino", _OPENVINO, "int8", guess=1),
    "onnxruntime": Engine("onnxruntime", _ONNX),
    "onnxruntime-int8": Engine("onnxruntime", _ONNX, "int8"),
}
"""The engines by the names that a person gives them.  int8 needs weights with a recipe (``extractor.quantisation``)."""

_PRECISIONS = {"bfloat16": "16-bit numbers", "int8": "8-bit integers"}


def engine_packages() -> tuple[str, ...]:
    """The packages that engines need, installed or not; torch is the first."""
    return tuple(dict.fromkeys(engine.package for engine in ENGINES.values()))


def installed_packages() -> dict[str, str]:
    """The packages that can be used here, with their versions; torch, where it is, is the first."""
    return {name: package_version(name) for name in engine_packages() if importlib.util.find_spec(name) is not None}


def installed_engines() -> dict[str, str]:
    """The engines that can be used here, with their packages' versions; torch, where it is, is the first."""
    packages = installed_packages()
    return {name: packages[engine.package] for name, engine in ENGINES.items() if engine.package in packages}


def engine_label(name: str) -> str:
    """What people read for an engine: its name, and how it computes in words."""
    words = _PRECISIONS.get(ENGINES[name].precision)
    return f"{name} ({words})" if words else name


def engine_named(package: str, dtype: str) -> str:
    """The name by which to make again the engine that reported these (``BackendInfo``)."""
    exact = (name for name, engine in ENGINES.items() if (engine.package, engine.precision) == (package, dtype))
    return next(exact, package)


def require_engine(name: str) -> None:
    """Raise ``EngineError`` unless the engine exists and is installed."""
    if name not in ENGINES:
        raise EngineError(f"There is no engine {name!r}: choose auto, {', '.join(ENGINES)}.")
    package = ENGINES[name].package
    if importlib.util.find_spec(package) is None:
        raise EngineError(f"The engine {name} isn't installed. {install_hint(package_command(package))}")
