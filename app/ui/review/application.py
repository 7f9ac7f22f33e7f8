"""``motionscope review``: the review window alone, without camera, network or main window."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from app.core.ending import close_on_signals
from app.core.errors import SessionError
from app.ui.shell.display import display_problem, forget_foreign_qt

LAID_OUT_MS = 100  # from new numbers to their places in the panel

log = logging.getLogger(__name__)


def review(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """The command's words."""
    parser.description = "Look at a recorded session: picture, numbers, markers, statistics, exports."
    parser.add_argument("folder", type=Path, metavar="DIR", help="a session's folder")
    parser.add_argument("--at", type=float, metavar="SECONDS", help="where to begin")
    parser.add_argument("--screenshot", type=Path, metavar="FILE", help="save the window as PNG and close it")
    args = parser.parse_args(arguments)
    return run_review(args.folder, args.screenshot, args.at, share=args.share)


def run_review(
    folder: Path, screenshot: Path | None = None, at_s: float | None = None, *, share: bool | None = None
) -> int:
    """Show a session until its window is closed; the exit code.

    ``screenshot``: save the window as PNG once the session is shown, ``at_s`` seconds into it, and close it.
    ``share``: whether other users may read what is written; None: as remembered.
    1, with a sentence on stderr, when there is no display or the session can't be opened.
    """
    from app.session.manifest import Manifest

    if not folder.exists():
        raise SessionError(f"{folder} does not exist.")
    Manifest.read(folder)  # what is no session is said before a window opens
    forget_foreign_qt()
    problem = display_problem()
    if problem:
        print(f"motionscope: {problem}", file=sys.stderr)
        return 1
    return _run(folder, screenshot, at_s, share)


def _run(folder: Path, screenshot: Path | None, at_s: float | None, share: bool | None) -> int:
    from PyQt6 import sip
    from PyQt6.QtCore import QTimer

    from app.session.session import CutOffError
    from app.ui.review.window import ReviewWindow
    from app.ui.shell import dialogs, settings, theme
    from app.ui.shell.event_loop import HEARTBEAT_MS, make_application
    from app.ui.shell.messages import Message, Severity
    from app.ui.shell.settings import Settings, share_files

    app = make_application()
    store = Settings()
    share_files(share)
    theme.apply(app, theme.scheme_named(store.get(settings.THEME)))
    window = ReviewWindow(store)
    failures: list[str] = []

    def opened() -> None:
        if window.problem is not None and not isinstance(window.problem, CutOffError):
            failures.append(str(window.problem))
            window.close()
            return
        if at_s is not None and window.player is not None:
            window.player.seek(at_s)
        if screenshot is not None:
            QTimer.singleShot(0, picture)

    def picture() -> None:
        if window.presenter is not None:
            window.presenter.wait(30.0)
        # The statistics come a moment later; then the window is as a person sees it.
        if window.problem is None and window.measuring.statistics is None:
            window.measuring.counted.connect(lambda: QTimer.singleShot(LAID_OUT_MS, save))
        else:
            save()

    def save() -> None:
        assert screenshot is not None
        text = dialogs.save_picture(window, screenshot)
        if text:
            failures.append(text)
        window.close()

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        log.critical("unexpected error", exc_info=(kind, error, trace))
        text = f"Something unexpected went wrong ({kind.__name__}); the details are on stderr."
        window.notify(Message(text, Severity.ERROR))

    sys.excepthook = hook
    close_on_signals(window.close)
    heartbeat = QTimer()  # Python answers signals only between its own steps, so there must be some
    heartbeat.timeout.connect(lambda: None)
    heartbeat.start(HEARTBEAT_MS)
    window.opened.connect(opened)
    window.ended.connect(lambda: app.exit(1 if failures else 0))
    window.show()
    window.open(folder)
    code = app.exec()
    sys.excepthook = sys.__excepthook__
    heartbeat.stop()
    sip.delete(window)  # left to the garbage collector, widgets may outlive the application and crash it
    for failure in failures:
        print(f"motionscope: {failure}", file=sys.stderr)
    return code
