"""``motionscope check``: what this machine has, and what it lacks with the command that brings it."""

from __future__ import annotations

import argparse
import importlib.metadata
import io
import platform
import sys
from collections.abc import Sequence

from app import __version__
from app.commands.arguments import add_network
from app.core.system import missing_packages, remedy
from extractor.installing import is_frozen, package_command

PACKAGES = (
    "mediapipe",
    "opencv-python",
    "opencv-contrib-python",
    "numpy",
    "av",
    "PyQt6",
    "pyqtgraph",
    "safetensors",
    "pyarrow",
)
"""Distributions that nothing goes without, beside the engines; the bundle carries their versions, too."""


def run(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """1 when something essential is missing."""
    parser.description = "Print versions, cameras, devices, weights, and what this machine lacks."
    add_network(parser)
    args = parser.parse_args(arguments)
    return check(args.weights, args.device, args.engine)


def check(weights: str | None, device: str = "auto", engine: str = "auto") -> int:
    """Print the report; 0 when the app can run, 1 when something essential is missing."""
    problems: list[str] = []
    python = f"Python {platform.python_version()}{' of its own' if is_frozen() else ''}"
    print(f"motionscope {__version__}, {python}, {platform.platform()}")
    print("packages   " + ", ".join(_version(name, problems) for name in PACKAGES))
    _check_opencv(problems)
    print("cameras    " + _cameras())
    print("devices    " + _devices())
    print("engines    " + _engines())
    print("weights    " + _weights(weights, device, engine, problems))
    print("faces      " + _detector(problems))
    print("recording  " + _encoder(problems))
    print("tables     " + _tables(problems))
    print("sound      " + _sound())
    print("outputs    " + _outputs())
    packages = missing_packages()
    if packages:
        problems.append("System libraries are missing: " + remedy(packages))
    for problem in problems:
        print(f"motionscope: {problem}", file=sys.stderr)
    print("ready" if not problems else f"not ready: {len(problems)} problem(s), see above")
    return 1 if problems else 0


def _version(name: str, problems: list[str]) -> str:
    try:
        return f"{name} {importlib.metadata.version(name)}"
    except importlib.metadata.PackageNotFoundError:
        problems.append(f"The package {name} is missing{_brought_by(package_command(name))}.")
        return f"{name} missing"


def _brought_by(command: str) -> str:
    return f" ({command})" if command else ""


def _check_opencv(problems: list[str]) -> None:
    """MediaPipe brings a second OpenCV into the same folder; two versions there overwrite each other."""
    versions = set()
    for name in ("opencv-python", "opencv-contrib-python"):
        try:
            versions.add(importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            return
    if len(versions) > 1:
        problems.append("opencv-python and opencv-contrib-python differ in version; install the same version of both.")


def _cameras() -> str:
    from app.capture.resolve import list_sources
    from app.capture.source import DEMO

    names = [f"{choice.spec}: {choice.label}" for choice in list_sources() if choice.spec != DEMO]
    return "; ".join(names) if names else "none found; the window plays the built-in demo"


def _devices() -> str:
    from extractor.backends import available_devices

    return ", ".join(f"{device.id} ({device.name})" for device in available_devices())


def _engines() -> str:
    from extractor.backends.engines import engine_packages, installed_packages

    installed = installed_packages()
    missing = [name + _brought_by(package_command(name)) for name in engine_packages() if name not in installed]
    there = ", ".join(f"{name} {version}" for name, version in installed.items())
    return f"{there}; not installed: {', '.join(missing)}" if missing else there


def _weights(weights: str | None, device: str, engine: str, problems: list[str]) -> str:
    from extractor.backends import create_backend

    try:
        backend = create_backend(weights, device, engine=engine)
    except ValueError as error:
        problems.append(str(error))
        return "not usable"
    try:
        report = backend.report
        return f"{report.path.name}: {report.summary}, {backend.info.summary}"
    finally:
        backend.close()


def _detector(problems: list[str]) -> str:
    import numpy as np

    from app.faces.detector import create_detector

    try:
        detector = create_detector()
        detector.detect(np.zeros((64, 64, 3), np.uint8))
        detector.close()
    except Exception as error:  # MediaPipe raises what its C++ parts happen to raise
        problems.append(f"MediaPipe's face detector does not run: {error}")
        return "not usable"
    return "MediaPipe's face detector runs"


def _sound() -> str:
    """Recording works without."""
    from app.core.errors import SourceError
    from app.sound.device import microphones

    try:
        return "microphones " + (", ".join(microphones()) or "none")
    except SourceError as error:
        return str(error)


def _outputs() -> str:
    from app.outputs.catalogue import OUTPUTS

    words = []
    for spec in OUTPUTS:
        there, detail = spec.found()
        words.append(f"{'' if there else 'no '}{spec.title} {detail}".rstrip())
    return ", ".join(words)


def _encoder(problems: list[str]) -> str:
    import av

    codecs = [name for name in ("libx264", "ffv1") if name in av.codecs_available]
    if "libx264" not in codecs:
        problems.append("PyAV was built without libx264, so video can't be recorded: reinstall av from PyPI.")
    return f"video codecs {', '.join(codecs)}" if codecs else "no video codec"


def _tables(problems: list[str]) -> str:
    """Installed is not enough: it consists of libraries that load one another."""
    try:
        import pyarrow.parquet  # noqa: F401  (an export wants it)
        from pyarrow import compute, csv

        compute.sum(csv.read_csv(io.BytesIO(b"frame\n1\n"))["frame"])
    except (ImportError, OSError) as error:
        problems.append(f"Recordings can't be read, because pyarrow does not run: {error}")
        return "not usable"
    return "CSV can be read, Parquet can be written"
