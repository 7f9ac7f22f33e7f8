"""The way into the window.  Imports Qt only after it is known that Qt can start."""

from __future__ import annotations

import sys

from app.options import LaunchOptions
from app.ui.display import display_problem, forget_foreign_qt


def run_window(options: LaunchOptions) -> int:
    """Show the window until it is closed; the exit code.

    0 normally; 1, with sentences on stderr, when there is no display, when the source or the
    weights that were asked for failed, or when the recording or the screenshot did.
    """
    forget_foreign_qt()
    problem = display_problem()
    if problem:
        print(f"motionscope: {problem}", file=sys.stderr)
        return 1
    from app.ui.event_loop import run

    return run(options)
