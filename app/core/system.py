"""Cores, and system libraries that pip can't bring.

Standard library only: ``run.py`` uses it before anything is installed.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from pathlib import Path

# Library that must be loadable -> Debian package that holds it.  Qt's xcb plugin and OpenCV
# link against these, and a minimal system has none of them.
SYSTEM_LIBRARIES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}


def missing_packages(for_tests: bool = False) -> list[str]:
    """Debian names of what Qt, OpenCV and, for the tests, a virtual screen still need; none off Linux."""
    if not sys.platform.startswith("linux"):
        return []
    packages = [package for library, package in SYSTEM_LIBRARIES.items() if not _loadable(library)]
    if not any(Path("/usr/share/fonts").rglob("*.[to]tf")):
        packages.append("fonts-dejavu-core")  # without any font Qt draws boxes
    if for_tests and not shutil.which("xvfb-run"):
        packages += ["xvfb", "xauth"]
    return packages


def install_command(packages: list[str]) -> list[str]:
    """The command that installs these Debian packages."""
    return ["apt-get", "install", "-y", "--no-install-recommends", *packages]


def remedy(packages: list[str]) -> str:
    """The command to type, or where there is no apt, the libraries to install."""
    if shutil.which("apt-get"):
        return "sudo " + " ".join(install_command(packages))
    return "install (named as in Debian): " + " ".join(packages)


def _loadable(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def usable_cores() -> int:
    """Cores that this process may run on."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
