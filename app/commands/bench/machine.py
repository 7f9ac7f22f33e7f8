"""The environment of a measurement: the machine, the versions, and this process's memory."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
import sys
from pathlib import Path

import psutil

from app import __version__
from app.commands.bench.report import Machine
from app.core.system import usable_cores
from extractor.backends.devices import cpu_name
from extractor.backends.engines import engine_packages

PACKAGES = (*engine_packages(), "mediapipe", "opencv-python", "av", "numpy", "PyQt6")


def describe_machine() -> Machine:
    """The computer that measures."""
    return Machine(
        cpu=cpu_name(),
        logical_cores=os.cpu_count() or 1,
        usable_cores=usable_cores(),
        memory_gb=psutil.virtual_memory().total / 1e9,
        os=platform.platform(),
        load_1min=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        versions=versions(),
    )


def versions() -> dict[str, str]:
    """The versions of this program, Python and the packages that matter here, as far as they are installed."""
    found = {"motionscope": __version__, "python": platform.python_version()}
    for name in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def resident_mb() -> float:
    """The memory that this process has resident now."""
    return float(psutil.Process().memory_info().rss) / 1e6


def peak_mb() -> float:
    """The most memory this process ever had resident."""
    if sys.platform == "win32":
        return float(psutil.Process().memory_info().peak_wset) / 1e6
    with contextlib.suppress(OSError, ValueError):
        # On Linux getrusage says at least what the process used that started this one.
        for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def process_age_s(unix_s: float) -> float:
    """How long this process had existed at a time of the wall clock."""
    return unix_s - float(psutil.Process().create_time())
