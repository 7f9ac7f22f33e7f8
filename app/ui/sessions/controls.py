"""The window of all recordings, opened from the main window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6 import sip

from app.session.folders import places_elsewhere
from app.ui.review.controls import ReviewControls
from app.ui.shell import settings
from app.ui.shell.settings import Settings

if TYPE_CHECKING:  # it imports the exporters, which the main window does not wait for
    from app.ui.sessions.window import SessionsWindow


class SessionsControls:
    """Opens it, tells it of new recordings, and closes it with the main window."""

    def __init__(self, store: Settings, reviews: ReviewControls) -> None:
        self._settings = store
        self._reviews = reviews
        self.window: SessionsWindow | None = None

    def open(self) -> SessionsWindow:
        if self.window is None:
            from app.ui.sessions.window import SessionsWindow

            self.window = SessionsWindow(self._settings, self._reviews)
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()
        return self.window

    def extract(self) -> None:
        self.open().extract()

    def recorded(self, folder: Path) -> None:
        if folder.parent in places_elsewhere():  # where it began was no room: it is listed all the same
            settings.add_session_folder(self._settings, folder.parent)
        if self.window is not None:
            self.window.refresh(folder)

    def close(self) -> None:
        window, self.window = self.window, None
        if window is not None:
            window.finish()
            sip.delete(window)
