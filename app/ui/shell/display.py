"""Can Qt open a window here?  Qt itself aborts the program when it can't, so this asks before it does."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from pathlib import Path

from app.core.system import missing_packages, remedy

FOREIGN_VARIABLES = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR")  # cv2 points them at its own Qt 5

NO_DISPLAY = (
    "There is no display to open a window on. Start it from a graphical session, under xvfb-run -a, "
    "or use motionscope extract, which needs none."
)


def has_display() -> bool:
    """Whether a window can be opened here; if not, the reason and the remedy are on stderr."""
    forget_foreign_qt()
    problem = display_problem()
    if problem:
        print(f"motionscope: {problem}", file=sys.stderr)
    return not problem


def forget_foreign_qt() -> None:
    """Remove what importing cv2 set; Qt would look for its plugins there."""
    for name in FOREIGN_VARIABLES:
        os.environ.pop(name, None)


def display_problem() -> str:
    """One sentence on why no window can be opened, and the remedy; empty when nothing speaks against it."""
    if not sys.platform.startswith("linux"):
        return ""
    asked = os.environ.get("QT_QPA_PLATFORM", "").partition(";")[0].partition(":")[0]
    if asked not in ("", "xcb", "wayland"):
        return _loading_problem(None)  # offscreen, vnc and the like need no display
    if asked != "xcb" and os.environ.get("WAYLAND_DISPLAY"):
        return _loading_problem(None)
    if not os.environ.get("DISPLAY"):
        return NO_DISPLAY
    return _loading_problem("libqxcb.so") or _connection_problem()


def _loading_problem(plugin: str | None) -> str:
    """Qt's libraries and the platform plugin, loaded as Qt will load them."""
    try:
        import PyQt6.QtWidgets  # noqa: F401

        path = _plugin(plugin) if plugin else None
        if path is not None:
            ctypes.CDLL(str(path))
    except (ImportError, OSError) as error:
        packages = missing_packages()
        advice = f"install it with: {remedy(packages)}" if packages else f"the system says: {error}"
        return f"Qt can't open a window because a system library is missing; {advice}"
    return ""


def _plugin(name: str) -> Path | None:
    """The platform plugin that came with PyQt6; None where Qt belongs to the system and was tested there."""
    spec = importlib.util.find_spec("PyQt6")
    for folder in (spec.submodule_search_locations if spec is not None else None) or ():
        path = Path(folder) / "Qt6" / "plugins" / "platforms" / name
        if path.is_file():
            return path
    return None


def _connection_problem() -> str:
    """Whether an X server answers at DISPLAY."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return ""  # the plugin was loaded, so Qt knows better
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    refused = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    return f"No display answers at DISPLAY={os.environ['DISPLAY']}. {NO_DISPLAY}" if refused else ""
