"""QApplication and what surrounds it: look, signals, errors that nobody caught."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from types import TracebackType

from PyQt6 import sip
from PyQt6.QtCore import QLocale, QTimer
from PyQt6.QtGui import QIcon
from PyQt6.QtWidgets import QApplication

from app import __version__
from app.core.ending import close_on_signals
from app.core.launch_options import LaunchOptions
from app.core.plain_locale import keep_plain_locale, use_plain_locale
from app.ui.shell import theme
from app.ui.shell.messages import Message, Severity
from app.ui.shell.settings import Settings
from app.ui.shell.window import MainWindow
from extractor.shipped import shipped_file

log = logging.getLogger(__name__)

HEARTBEAT_MS = 250  # Python answers signals only between its own steps, so there must be some


def run(options: LaunchOptions, prepare: Callable[[MainWindow], None] | None = None) -> int:
    """Show the window until it is closed; the exit code.  ``prepare`` gets it before it is shown."""
    app = make_application()
    window = MainWindow(options, Settings())
    if prepare is not None:
        prepare(window)
    install_excepthook(window)
    install_signals(window)
    heartbeat = QTimer()
    heartbeat.timeout.connect(lambda: None)
    heartbeat.start(HEARTBEAT_MS)
    window.ended.connect(app.exit)
    window.show()
    code = app.exec()
    for failure in window.failures:
        print(f"motionscope: {failure}", file=sys.stderr)
    sys.excepthook = sys.__excepthook__
    heartbeat.stop()
    sip.delete(window)  # left to the garbage collector, widgets may outlive the application and crash it
    return code


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


def install_excepthook(window: MainWindow) -> None:
    """An exception in a slot would abort the program: log it, and say so in the status line."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            window.close()
            return
        log.critical("unexpected error", exc_info=(kind, error, trace))
        text = f"Something unexpected went wrong ({kind.__name__}); the details are on stderr."
        window.state.show_notice(Message(text, Severity.ERROR))

    sys.excepthook = hook


def install_signals(window: MainWindow) -> None:
    """The first signal to end closes the window as a person would; the next one is the system's again."""
    close_on_signals(lambda: QTimer.singleShot(0, window.close))
