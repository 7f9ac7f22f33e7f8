"""The bar after a recording: review it, show its folder, record again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QAction, QKeyEvent
from PyQt6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QToolBar, QToolButton, QWidget

from app.session.stats import WriterStats
from app.ui.shell import theme
from app.ui.widgets.building import lay_out, named, push_button
from app.ui.widgets.fields import Value
from app.ui.widgets.formatting import duration
from app.ui.widgets.icons import icon


class RecordedBar(QToolBar):
    """Offers what is usually wanted of the recording that has just ended; goes with the first choice, or by Escape.

    It never takes the keyboard by itself: R, markers and all other keys go on as before.
    """

    def __init__(
        self, record: QAction, review: Callable[[Path], object], show_folder: Callable[[Path], object]
    ) -> None:
        """``record`` starts a recording, which is possible while it is enabled."""
        super().__init__("After a recording")
        self.setObjectName("recorded")
        self.setAccessibleName("After a recording")
        self.setMovable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.folder: Path | None = None  # the recording's that it is about; None: there is none
        self.setIconSize(QSize(16, 16))
        inside = QWidget()  # one part: the bar itself would hide what it has no room for behind an arrow
        inside.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._text = Value("Recorded")
        self._row = lay_out(QHBoxLayout(inside), (self._text, 1), spacing=6, margins=(4, 0, 0, 0))
        self.addWidget(inside)
        self._add("Rev&iew", "Look at this recording again: picture, curves, markers, exports", review)
        self._add("Sho&w in folder", "Show this recording's files in the file manager", show_folder)
        again = self._add("Record a&gain", "Start the next recording (R)", lambda folder: record.trigger())
        record.enabledChanged.connect(again.setEnabled)
        again.setEnabled(record.isEnabled())
        tip = "Close this bar; the recording stays in File, Open recent (Esc)"
        close = named(QToolButton(), "Close this bar", tip)
        close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        close.clicked.connect(lambda _: self.leave())
        close.setIcon(icon("close", theme.DIM))
        self._row.addWidget(close)
        self.hide()

    def offer(self, stats: WriterStats) -> None:
        self.folder = stats.folder
        text = f"{stats.folder.name} is saved: {duration(stats.seconds)}, {stats.frames} frames"
        text += f"; {stats.dropped} more could not be written in time." if stats.dropped else "."
        self._text.show_text(text, str(stats.folder))
        self.show()

    def leave(self) -> None:
        """A choice was made, or the next recording runs."""
        self.folder = None
        self.hide()

    def restore(self) -> None:
        """As it should be, after the places of all bars have been restored."""
        self.setVisible(self.folder is not None)

    def _add(self, text: str, tip: str, do: Callable[[Path], object]) -> QPushButton:
        def chosen() -> None:
            folder = self.folder
            self.leave()
            if folder is not None:
                do(folder)

        button = push_button(text, tip, chosen, text.replace("&", ""))
        self._row.addWidget(button)
        return button

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)
