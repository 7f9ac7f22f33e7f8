"""Review windows opened from the main window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6 import sip
from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QWidget

from app.session.folders import FRAMES, MANIFEST
from app.ui.shell import dialogs
from app.ui.shell.settings import Settings

if TYPE_CHECKING:  # it imports the exporters, which the main window does not wait for
    from app.ui.review.window import ReviewWindow


class ReviewControls:
    """Opens them, one for each session, and closes them with the main window."""

    def __init__(self, window: QWidget, store: Settings, recordings: Callable[[], Path]) -> None:
        self._window = window
        self._settings = store
        self._recordings = recordings
        self.windows: list[ReviewWindow] = []
        self.opened: Callable[[Path], object] = lambda folder: None  # told of every session that is opened

    def ask(self) -> None:
        folder = self._recordings()
        start = str(folder) if folder.is_dir() else ""
        dialogs.ask_folder(self._window, "Open a recorded session", start, lambda path: self.open(Path(path)))

    def open(self, folder: Path) -> ReviewWindow:
        """Show a session, in the window that shows it already where there is one."""
        for window in self._showing(folder):
            window.raise_()
            window.activateWindow()
            return window
        from app.ui.review.window import ReviewWindow

        window = ReviewWindow(self._settings)
        self.windows.append(window)
        window.ended.connect(lambda: QTimer.singleShot(0, lambda: self._forget(window)))
        window.show()
        window.open(folder)
        self.opened(folder)
        return window

    def let_go(self, folder: Path) -> bool:
        """Close the window that shows a session; False when it stays open because its markers can't be saved."""
        return self._close(self._showing(folder))

    def close(self) -> bool:
        """Close them all; False when one stays open because its annotations can't be saved."""
        return self._close(self.windows[:])

    def _showing(self, folder: Path) -> list[ReviewWindow]:
        return [each for each in self.windows if each.folder and each.folder.resolve() == folder.resolve()]

    def _close(self, windows: list[ReviewWindow]) -> bool:
        for window in windows:
            if not window.close():
                return False
            self._forget(window)
        return True

    def _forget(self, window: ReviewWindow) -> None:
        if window in self.windows:
            self.windows.remove(window)
            sip.delete(window)


def is_session(path: Path) -> bool:
    """Whether a path is a recorded session's folder, or its ``session.json`` or ``frames.csv``."""
    if path.is_dir():
        return (path / MANIFEST).is_file()
    return path.name in (MANIFEST, FRAMES) and (path.parent / MANIFEST).is_file()
