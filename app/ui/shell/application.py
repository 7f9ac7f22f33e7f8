"""The way into the window.  Imports Qt only after it is known that Qt can start."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from app.core.launch_options import LaunchOptions
from app.ui.shell.display import has_display

if TYPE_CHECKING:  # it imports Qt
    from app.ui.shell.window import MainWindow


def run_window(options: LaunchOptions, prepare: Callable[[MainWindow], None] | None = None) -> int:
    """Show the window until it is closed; the exit code.  ``prepare`` gets it before it is shown.

    0 normally; 1, with sentences on stderr, when there is no display, when the source or the
    weights that were asked for failed, or when the recording or the screenshot did.
    """
    if not has_display():
        return 1
    from app.ui.shell.event_loop import run

    return run(options, prepare)
