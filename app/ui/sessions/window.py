"""The window of all recordings: puts the parts together and does what its actions say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PyQt6.QtCore import QEvent, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QCloseEvent, QHideEvent, QShowEvent
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QListWidget,
    QMainWindow,
    QMenu,
    QSplitter,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from app.session.listing import SessionState, SessionSummary
from app.ui.review.controls import ReviewControls
from app.ui.sessions.extract_dialog import ExtractDialog
from app.ui.sessions.model import SessionModel
from app.ui.sessions.pictures import Thumbnails
from app.ui.sessions.reader import SessionReader
from app.ui.sessions.view import SessionList
from app.ui.sessions.work import SessionWork
from app.ui.shell import dialogs, settings
from app.ui.shell.commands import SESSIONS, add_entry, build_actions, fill_menus, key_lines
from app.ui.shell.files import show_in_files
from app.ui.shell.keys_dialog import show_keys
from app.ui.shell.messages import Message, Severity
from app.ui.shell.settings import Settings
from app.ui.shell.status_line import StatusLine, status_bar
from app.ui.widgets.building import heading, lay_out, named, push_button, resize_within_screen, search_line, there
from app.ui.widgets.fields import dim_label
from app.ui.widgets.formatting import size
from app.ui.widgets.plain_text import without_mnemonic

IN_THE_BAR = ("review", "rename", "export", "reanalyse", "delete", "extract")
_ONE = {"review", "show_folder"}  # actions that take a single session
_SOME = {"rename", "delete", "export", "reanalyse", "recover"}


class SessionsWindow(QMainWindow):
    """Lists the sessions of the recordings folder and of those that were added; closed, it is only hidden."""

    listed = pyqtSignal()  # the folders have been read once more

    def __init__(self, store: Settings, reviews: ReviewControls) -> None:
        super().__init__()
        self.setWindowTitle("Recordings")
        self._settings = store
        self.reviews = reviews
        self._reading = True  # for the first time
        self._extract: ExtractDialog | None = None
        self.commands = build_actions(self, SESSIONS, self._slots(), store)
        self.thumbnails = Thumbnails(self)
        self.model = SessionModel(self.thumbnails, self)
        self.reader = SessionReader(self)
        self._build()
        self.work = SessionWork(
            self, store, reviews, self.notify, self.problems.add, self.reader.read_again, self.list.choose_when_listed
        )
        self.reader.found.connect(self.model.add)
        self.reader.gone.connect(self.model.remove)
        self.reader.listed.connect(self._listed)
        self.model.modelReset.connect(self._refresh)
        self.model.dataChanged.connect(lambda *_: self._refresh())
        resize_within_screen(self, QSize(1100, 680))
        self.restoreGeometry(store.get(settings.SESSIONS_GEOMETRY))
        self._show_folders()
        store.watch(self, (settings.SESSION_FOLDERS,), self._show_folders)
        self._refresh()

    def _build(self) -> None:
        menus = fill_menus(there(self.menuBar()), SESSIONS, self.commands)
        self.folders_menu = QMenu("Listed &folders", self)
        self.folders_menu.setToolTipsVisible(True)
        self.folders_menu.aboutToShow.connect(self._fill_folders)
        menus["&View"].addMenu(self.folders_menu)
        tools = QToolBar("Recordings")
        tools.setObjectName("recordings")
        tools.setMovable(False)
        tools.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        tools.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        for name in IN_THE_BAR:
            if name == "extract":
                tools.addSeparator()
            tools.addAction(self.commands[name])
        self.addToolBar(tools)
        words = "Search for name, participant, task or date"
        self.search = search_line("Search the recordings", words, self.model.search)
        self.search.returnPressed.connect(lambda: self.list.setFocus())
        self.list = SessionList(self.model)
        for name in ("review", "show_folder", "rename", "export", "reanalyse", "recover", "delete"):
            self.list.addAction(self.commands[name])
        self.commands["review"].setShortcutContext(Qt.ShortcutContext.WidgetShortcut)  # not Return in the search
        self.list.doubleClicked.connect(lambda _: self.commands["review"].trigger())
        there(self.list.selectionModel()).selectionChanged.connect(lambda *_: self._refresh())
        self.problems = _Problems()
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.list)
        split.addWidget(self.problems)
        split.setStretchFactor(0, 1)
        split.setChildrenCollapsible(False)
        middle = QWidget()
        lay_out(QVBoxLayout(middle), self.search, (split, 1), spacing=8, margins=(8, 8, 8, 0))
        self.setCentralWidget(middle)
        self.status_line = StatusLine()
        self.about = named(dim_label(""), "How many")
        self.about.setContentsMargins(8, 0, 8, 0)
        self.setStatusBar(status_bar(self.status_line, self.about))
        self.list.setFocus()

    def _slots(self) -> dict[str, Callable[..., object]]:
        return {
            "review": lambda: self.reviews.open(self.list.chosen[0].folder),
            "show_folder": lambda: show_in_files(self.list.chosen[0].folder, self.notify),
            "rename": lambda: self.work.ask_new_name(self.list.chosen),
            "delete": lambda: self.work.ask_deletion(self.list.chosen),
            "recover": lambda: self.work.recover(
                [one for one in self.list.chosen if one.state is SessionState.UNFINISHED]
            ),
            "export": lambda: self.work.ask_formats(self._complete()),
            "reanalyse": lambda: self.work.ask_weights(self._complete()),
            "extract": self.extract,
            "close": self.close,
            "search": lambda: self.search.setFocus(Qt.FocusReason.ShortcutFocusReason),
            "select_all": lambda: self.list.selectAll(),
            "refresh": self._read_all,
            "add_folder": self._ask_folder,
            "keys": lambda: show_keys(self, key_lines(SESSIONS)),
        }

    def refresh(self, folder: Path) -> None:
        self.reader.read_again([folder])

    def _read_all(self) -> None:
        self.notify(Message("Reading all folders again…", Severity.BUSY))
        self.reader.read_again()

    def _show_folders(self) -> None:
        self._roots = settings.session_folders(self._settings)
        self.reader.start(self._roots)

    def _listed(self, problems: tuple[str, ...]) -> None:
        self._reading = False
        own = f"{self._roots[0]} does not exist."  # nothing was recorded yet
        others = [problem for problem in problems if problem != own]
        if others:
            self.notify(Message(" ".join(others), Severity.WARNING))
        elif self.status_line.message.severity is Severity.BUSY:
            self.notify(Message(""))
        self._refresh()
        self.listed.emit()

    def _refresh(self) -> None:
        """What can be done with what is selected, and how much that is."""
        chosen = self.list.chosen
        for name in _ONE:
            self.commands[name].setEnabled(len(chosen) == 1)
        for name in _SOME:
            self.commands[name].setEnabled(bool(chosen))
        for name in ("export", "reanalyse"):
            self.commands[name].setEnabled(bool(self._complete()))
        self.commands["recover"].setEnabled(any(one.state is SessionState.UNFINISHED for one in chosen))
        shown, count = len(self.model.sessions), self.model.count
        text = "1 recording" if count == 1 else f"{count} recordings"
        if shown != count:
            text = f"{shown} of {text}"
        if chosen:
            text += f", {len(chosen)} selected, {size(sum(one.bytes for one in chosen))}"
        self.about.setText(text)
        if len(chosen) == 1 and chosen[0].remark:
            self.notify(Message(chosen[0].remark, _SEVERITY[chosen[0].state]))
        elif self.status_line.message.text in {one.remark for one in self.model.sessions if one.remark}:
            self.notify(Message(""))
        if self._reading:
            self.list.show_empty("Reading…")
        elif count:
            self.list.show_empty("Nothing here matches the search.")
        else:
            self.list.show_empty(f"No recordings yet; they will be in {self._roots[0]}")

    def _complete(self) -> list[SessionSummary]:
        return [one for one in self.list.chosen if one.state is SessionState.COMPLETE]

    def _ask_folder(self) -> None:
        dialogs.ask_folder(self, "Folder with recordings", "", lambda folder: self.add_folder(Path(folder)))

    def add_folder(self, folder: Path) -> None:
        """List the sessions in this folder, too, from now on; one that lies in a listed folder is listed already."""
        settings.add_session_folder(self._settings, folder)
        self.reader.read_again()

    def _fill_folders(self) -> None:
        """The folders; those that were added are taken off the list by choosing them."""
        self.folders_menu.clear()
        added = [str(folder) for folder in self._settings.get(settings.SESSION_FOLDERS)]
        for folder in map(str, self._roots):
            kept = [other for other in added if other != folder]
            tip = "Take this folder off the list; nothing in it is changed"
            action = add_entry(
                self.folders_menu,
                without_mnemonic(folder),
                partial(self._settings.set, settings.SESSION_FOLDERS, kept),
                tip,
            )
            action.setCheckable(True)
            action.setChecked(True)
            action.setEnabled(folder in added)

    def extract(self) -> None:
        if self._extract is None:
            self._extract = ExtractDialog(self, self._settings, self.add_folder)
        self._extract.show()
        self._extract.raise_()
        self._extract.activateWindow()  # the window before it, which may be new, asked for the same

    def notify(self, message: Message) -> None:
        self.status_line.show_message(message)

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if there(event).type() == QEvent.Type.WindowStateChange:
            self.reader.watch(self.isVisible() and not self.isMinimized())

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self.reader.watch(True)
        if settings.session_folders(self._settings) != self._roots:  # recordings go elsewhere meanwhile
            self._show_folders()

    def hideEvent(self, event: QHideEvent | None) -> None:
        super().hideEvent(event)
        self.reader.watch(False)

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """What runs goes on; the list is there again at once when it is wanted."""
        self._settings.set(settings.SESSIONS_GEOMETRY, self.saveGeometry())
        super().closeEvent(event)

    def finish(self) -> None:
        """For the program's end: nothing half-made, no process and no thread are left."""
        self.close()
        if self._extract is not None:
            self._extract.finish()
        self.work.close()
        self.reader.close(2.0)
        self.thumbnails.close(2.0)


_SEVERITY = {
    SessionState.COMPLETE: Severity.INFO,
    SessionState.RECORDING: Severity.INFO,
    SessionState.UNFINISHED: Severity.WARNING,
    SessionState.DAMAGED: Severity.ERROR,
}


class _Problems(QFrame):
    """Sentences about what failed, which stay until somebody clears them; not there while there are none."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = named(QListWidget(), "What could not be done")
        self.lines.setWordWrap(True)
        close = push_button("&Clear", "", self._clear, "Clear what could not be done")
        head = lay_out(QHBoxLayout(), (heading("What could not be done"), 1), close)
        lay_out(QVBoxLayout(self), head, self.lines, margins=(0, 4, 0, 4))
        self.hide()

    def sizeHint(self) -> QSize:
        """Low beside the list; the border between them can be moved."""
        return QSize(super().sizeHint().width(), 9 * self.fontMetrics().lineSpacing())

    def add(self, sentences: Sequence[str]) -> None:
        if sentences:
            self.lines.addItems(sentences)
            self.lines.scrollToBottom()
            self.show()

    def _clear(self) -> None:
        self.lines.clear()
        self.hide()
