"""``motionscope review``: the review window alone, without camera, network or main window."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from app.commands.arguments import add_share


def run(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """Show a session until its window is closed; the exit code."""
    add_share(parser)
    parser.description = "Look at a recorded session: picture, numbers, markers, statistics, exports."
    parser.add_argument("folder", type=Path, metavar="DIR", help="a session's folder")
    parser.add_argument("--at", type=float, metavar="SECONDS", help="where to begin")
    parser.add_argument("--screenshot", type=Path, metavar="FILE", help="save the window as PNG and close it")
    args = parser.parse_args(arguments)
    from app.ui.review.application import run_review

    return run_review(args.folder, args.screenshot, args.at, share=args.share)
