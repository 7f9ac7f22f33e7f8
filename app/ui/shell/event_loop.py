"""QApplication and what surrounds it: look, signals, errors that nobody caught."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from PyQt6 import sip
from PyQt6.QtCore import QLocale, QTimer
from PyQt6.QtGui import QIcon
from PyQt6.QtWidgets import QApplication, QWidget

from app import __version__
from app.core.ending import close_on_signals
from app.core.launch_options import LaunchOptions
from app.core.plain_locale import keep_plain_locale, use_plain_locale
from app.ui.shell import theme
from app.ui.shell.messages import Message, Severity
from app.ui.shell.settings import Settings
from app.ui.shell.window import MainWindow
from extractor.shipped import shipped_file

if TYPE_CHECKING:  # it imports the exporters, which the main window does not wait for
    from app.ui.review.window import ReviewWindow

log = logging.getLogger(__name__)

HEARTBEAT_MS = 250  # Python answers signals only between its own steps, so there must be some


def run(options: LaunchOptions, prepare: Callable[[MainWindow], None] | None = None) -> int:
    """Show the window until it is closed; the exit code.  ``prepare`` gets it before it is shown."""
    app = make_application()
    window = MainWindow(options, Settings())
    if prepare is not None:
        prepare(window)
    return run_until_ended(app, window, window.state.show_notice, window.failures)


def run_until_ended(
    app: QApplication, window: MainWindow | ReviewWindow, notify: Callable[[Message], object], failures: list[str]
) -> int:
    """Show a window until its ``ended``; the exit code: 1, with the sentences on stderr, when there are ``failures``.

    The first signal to end closes the window as a person would; the next one is the system's again.
    """
    install_excepthook(window, notify)
    close_on_signals(lambda: QTimer.singleShot(0, window.close))
    heartbeat = QTimer()
    heartbeat.timeout.connect(lambda: None)
    heartbeat.start(HEARTBEAT_MS)
    window.ended.connect(lambda *_: app.exit())
    window.show()
    app.exec()
    for failure in failures:
        print(f"motionscope: {failure}", file=sys.stderr)
    sys.excepthook = sys.__excepthook__
    heartbeat.stop()
    sip.delete(window)  # left to the garbage collector, widgets may outlive the application and crash it
    return 1 if failures else 0


def make_application() -> QApplication:
    """The one place where a QApplication is made.  Spin boxes keep the person's decimal comma, C libraries do not."""
    QLocale()  # Qt reads the person's number format from the environment once, so before that is changed
    keep_plain_locale()
    app = QApplication([sys.argv[0]])
    use_plain_locale()  # where setlocale() does not look at the environment (Windows)
    app.setApplicationName("motionscope")
    app.setApplicationDisplayName("Motionscope")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("motionscope")  # under which a desktop finds the entry and the icon
    app.setWindowIcon(QIcon(str(shipped_file("assets", "icon.svg"))))
    app.setQuitOnLastWindowClosed(False)  # the window ends by itself, when the recording is whole
    theme.apply(app)
    return app


def install_excepthook(window: QWidget, notify: Callable[[Message], object]) -> None:
    """An exception in a slot would abort the program: log it, and say so in the status line."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            window.close()
            return
        log.critical("unexpected error", exc_info=(kind, error, trace))
        text = f"Something unexpected went wrong ({kind.__name__}); the details are on stderr."
        notify(Message(text, Severity.ERROR))

    sys.excepthook = hook
