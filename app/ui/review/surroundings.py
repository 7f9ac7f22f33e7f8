"""What of the review window stays when another session is opened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QWidget

from app.ui.review.exports import Exports
from app.ui.review.panes import Panes
from app.ui.shell.messages import Message
from app.ui.shell.settings import Settings
from app.ui.widgets.background import Background


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Widgets, actions and helpers that each session is shown with."""

    window: QWidget
    panes: Panes
    commands: dict[str, QAction]
    store: Settings
    background: Background
    exports: Exports
    notify: Callable[[Message], None]
