"""A second table beside the session's own: chosen, read in the background, shown."""

from __future__ import annotations

from dataclasses import replace

from PyQt6.QtCore import QObject, pyqtSignal

from app.session.analyses import Analysis, find_analyses
from app.ui.review.content import Content
from app.ui.review.loading import Loaded, load_comparison
from app.ui.review.panes import Surroundings
from app.ui.shell.controller import sentence
from app.ui.shell.messages import Message, Severity


class Comparing(QObject):
    """Chooses the second table and reads it."""

    changed = pyqtSignal(object)  # the Content to show

    def __init__(self, loaded: Loaded, around: Surroundings, parent: QObject) -> None:
        super().__init__(parent)
        self._transport = around.panes.transport
        self._background = around.background
        self._notify = around.notify
        self._transport.table_chosen.connect(self.choose)
        self.use(loaded)

    def use(self, loaded: Loaded) -> None:
        """The session with the curves of a face, compared with nothing yet."""
        self._loaded, self._place = loaded, -1  # of what is compared
        self._background.forget("compare")
        self._transport.set_tables(loaded.names)

    def close(self) -> None:
        self._background.forget("compare")
        self._transport.set_tables(())

    @property
    def names(self) -> tuple[str, ...]:
        return self._loaded.names

    @property
    def analysis_name(self) -> str:
        """The name of the analysis that is compared; empty where none is, or another curve."""
        place = self._place
        return self._loaded.analyses[place].name if 0 <= place < len(self._loaded.analyses) else ""

    def choose(self, place: int) -> None:
        """Show the table at this place of ``names``; -1: none."""
        loaded = self._loaded
        self._transport.set_tables(loaded.names, place)

        def done(content: Content) -> None:
            self._place = place
            self.changed.emit(content)
            if content.second is not None:
                self._notify(Message(f"Dashed: {content.second.name}. The lowest lane is it minus the recording."))

        def failed(error: Exception) -> None:
            self._transport.set_tables(loaded.names)
            self._notify(Message(sentence(error), Severity.ERROR))

        self._background.run("compare", lambda: load_comparison(loaded, place), done, failed, latest=True)

    def analysed(self, analysis: Analysis) -> None:
        """There is a new table; where it is of this session, it is compared at once."""
        if analysis.folder.parent.parent.resolve() != self._loaded.session.folder.resolve():
            return
        self._loaded = replace(self._loaded, analyses=find_analyses(self._loaded.session.folder))
        if analysis.name in self._loaded.names:
            self.choose(self._loaded.names.index(analysis.name))
