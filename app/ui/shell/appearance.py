"""Dark or light: as the system has it, until somebody chooses."""

from __future__ import annotations

from typing import cast

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QApplication

from app.ui.shell import settings, theme
from app.ui.shell.settings import Settings
from app.ui.shell.theme import Scheme

SYSTEM = "system"


class Appearance(QObject):
    """Keeps the theme and what is remembered of it in step."""

    def __init__(self, store: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self._settings = store
        hints = QGuiApplication.styleHints()
        if hints is not None:
            hints.colorSchemeChanged.connect(lambda _: self._apply())
        store.watch(self, (settings.THEME,), self._apply)
        self._apply()

    def toggle(self) -> None:
        """The other scheme; where that is the system's own, the system is followed again."""
        wanted = Scheme.LIGHT if theme.scheme() is Scheme.DARK else Scheme.DARK
        self._settings.set(settings.THEME, SYSTEM if wanted is theme.system_scheme() else wanted.value)

    def _apply(self) -> None:
        wanted = theme.scheme_named(self._settings.get(settings.THEME))
        if wanted is not theme.scheme():
            theme.apply(cast(QApplication, QApplication.instance()), wanted)
