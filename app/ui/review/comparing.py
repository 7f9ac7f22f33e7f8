"""A second table beside the session's own: chosen, read in the background, shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PyQt6.QtCore import QObject, pyqtSignal

from app.session.analyses import Analysis, find_analyses
from app.ui.review.content import Content
from app.ui.review.loading import Loaded, load_comparison
from app.ui.review.transport import Transport
from app.ui.shell.controller import sentence
from app.ui.shell.messages import Message, Severity
from app.ui.widgets.background import Background


class Comparing(QObject):
    changed = pyqtSignal(object)  # the Content to show

    def __init__(
        self, transport: Transport, background: Background, notify: Callable[[Message], None], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._transport = transport
        self._background = background
        self._notify = notify
        self._loaded: Loaded | None = None
        self._serial = 0
        self._place = -1  # of what is compared
        transport.table_chosen.connect(self.choose)

    def use(self, loaded: Loaded | None) -> None:
        """The session; None: there is none."""
        self._loaded, self._place = loaded, -1
        self._serial += 1
        self._transport.set_tables(loaded.names if loaded is not None else ())

    @property
    def names(self) -> tuple[str, ...]:
        """What there is to compare with."""
        return self._loaded.names if self._loaded is not None else ()

    @property
    def analysis_name(self) -> str:
        """Of the analysis that is compared; empty where none is, or another curve."""
        place = self._place
        return self._loaded.analyses[place].name if self._loaded and 0 <= place < len(self._loaded.analyses) else ""

    def choose(self, place: int) -> None:
        """Show the table at this place of ``names``; -1: none."""
        loaded = self._loaded
        if loaded is None:
            return
        self._serial += 1
        serial = self._serial
        self._transport.set_tables(loaded.names, place)

        def done(content: Content) -> None:
            if serial == self._serial:
                self._place = place
                self.changed.emit(content)
                if content.second is not None:
                    self._notify(Message(f"Dashed: {content.second.name}. The lowest lane is it minus the recording."))

        def failed(error: Exception) -> None:
            if serial == self._serial:
                self._transport.set_tables(loaded.names)
                self._notify(Message(sentence(error), Severity.ERROR))

        self._background.run("compare", lambda: load_comparison(loaded, place), done, failed)

    def analysed(self, analysis: Analysis) -> None:
        """There is a new table; where it is of the session that is shown, it is compared at once."""
        self._notify(Message(f"Measured again: {analysis.folder}", Severity.GOOD))
        if self._loaded is None or analysis.folder.parent.parent.resolve() != self._loaded.session.folder.resolve():
            return
        self._loaded = replace(self._loaded, analyses=find_analyses(self._loaded.session.folder))
        if analysis.name in self._loaded.names:
            self.choose(self._loaded.names.index(analysis.name))
