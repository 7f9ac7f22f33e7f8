"""Folders of recordings and screenshots, and files that are opened or dropped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import Qt, QUrl
from PyQt6.QtGui import QDesktopServices, QDragEnterEvent, QDropEvent
from PyQt6.QtWidgets import QWidget

from app.core.errors import SessionError
from app.ui.shell import dialogs, settings
from app.ui.shell.choices import Choices
from app.ui.shell.controller import Controller
from app.ui.shell.messages import Message, Severity
from app.ui.shell.settings import Settings
from app.ui.widgets.building import there
from extractor import files

WEIGHTS_SUFFIXES = frozenset({".safetensors", ".pth", ".pt", ".ckpt", ".bin"})


class Files:
    """The window's dealings with the disk, apart from what the recorder writes."""

    def __init__(self, window: QWidget, controller: Controller, choices: Choices, store: Settings) -> None:
        self._window = window
        self._controller = controller
        self._choices = choices
        self._settings = store
        store.watch(window, (settings.SHARE,), self._share)
        files.share(store.get(settings.SHARE))

    def recordings_folder(self) -> Path:
        return settings.recordings_folder(self._settings)

    def start_recording(self, folder: Path | None = None, name: str = "") -> str:
        """Into this new folder, or into one of this name (by default date and time) where recordings usually go.

        Why it can't be, in a sentence, or nothing.
        """
        from app.session.folders import claim_folder, new_session_folder

        def usual() -> Path:
            try:
                return new_session_folder(self.recordings_folder(), name)
            except SessionError as error:
                raise SessionError(f"{error} Ctrl+Shift+R chooses another folder.") from error

        return self._controller.start_recording(usual if folder is None else lambda: claim_folder(folder))

    def choose_recordings_folder(self) -> None:
        def chosen(folder: str) -> None:
            self._settings.set(settings.RECORDINGS, folder)
            self._controller.notify(f"Recordings go to {folder} from now on.")

        dialogs.ask_folder(self._window, "Folder for recordings", str(self.recordings_folder()), chosen)

    def _share(self) -> None:
        """Whether other users of this computer may read what is recorded and exported from now on."""
        shared = self._settings.get(settings.SHARE)
        if shared != files.is_shared():
            files.share(shared)
            who = "Other users of this computer" if shared else "Only you"
            self._controller.notify(
                f"{who} may read new recordings and exports; those that there are stay as they are."
            )

    def offer_recovery(self) -> None:
        """Say so when a recording in the recordings folder was cut off."""
        folder = self.recordings_folder()

        def found(names: list[str]) -> None:
            if names:
                what = f"{names[0]} was" if len(names) == 1 else f"{len(names)} recordings were"
                self._controller.notify(f"{what} cut off; Ctrl+Shift+E recovers what was recorded.", Severity.WARNING)

        def find() -> list[str]:
            from app.session.recovery import find_unfinished

            return [unfinished.folder.name for unfinished in find_unfinished(folder)]

        self._controller.background.run("look for cut-off recordings", find, found)

    def recover(self) -> None:
        """Put every recording in order that was cut off, in the background; nothing of it is lost on the way."""
        folder = self.recordings_folder()

        def work() -> tuple[list[str], list[str]]:
            from app.session.recovery import find_unfinished, recover

            names, problems = [], []
            for unfinished in find_unfinished(folder):
                try:
                    names.append(recover(unfinished.folder, watch=False).folder.name)
                except SessionError as error:  # the others can still be recovered
                    problems.append(str(error))
            return names, problems

        def done(outcome: tuple[list[str], list[str]]) -> None:
            names, problems = outcome
            text = f"Recovered {', '.join(names)}" if names else f"No recording in {folder} was cut off."
            if problems:
                text = " ".join([text + "."] * bool(names) + problems)
                self._controller.notify(text, Severity.ERROR)
                return
            self._controller.notify(text, Severity.GOOD if names else Severity.INFO)

        self._controller.background.run("recover recordings", work, done)

    def show_recordings(self) -> None:
        folder = self.recordings_folder()
        if not folder.is_dir():
            self._controller.notify(f"There are no recordings yet; they will be in {folder}")
        else:
            show_in_files(folder, self._controller.noticed.emit)

    def save_screenshot(self) -> None:
        self._controller.noticed.emit(dialogs.save_screenshot(self._window, self.recordings_folder()))

    def ask_source_file(self) -> None:
        dialogs.ask_file(self._window, "Open", dialogs.MEDIA_FILTER, self._controller.choose_source)

    def ask_source_folder(self) -> None:
        dialogs.ask_folder(self._window, "Open a folder of images", "", self._controller.choose_source)

    def ask_weights(self) -> None:
        dialogs.ask_file(self._window, "Open weights", dialogs.WEIGHTS_FILTER, self._choices.open_weights)

    def open_path(self, path: Path) -> None:
        """What was dropped: weights by their ending, everything else is tried as a source."""
        if path.suffix.lower() in WEIGHTS_SUFFIXES and not path.is_dir():
            self._choices.open_weights(str(path))
        else:
            self._controller.choose_source(str(path))


def show_in_files(folder: Path, notice: Callable[[Message], None]) -> None:
    """Show a folder in the system's file manager; where there is none, say so and where the folder is."""
    if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
        notice(Message(f"No file manager was found; the folder is {folder}", Severity.WARNING))


class TakesFiles:
    """For a widget on which files and folders may be dropped: ``take`` gets them."""

    def take(self, paths: list[Path]) -> None:
        """Use what was dropped, one at least."""
        raise NotImplementedError

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        if event is not None and _dragged(event):
            _accept_copy(event)

    def dropEvent(self, event: QDropEvent | None) -> None:
        if event is not None and _dragged(event):
            _accept_copy(event)
            self.take(_dragged(event))


def _accept_copy(event: QDropEvent) -> None:
    """Take what is dragged as a copy: a file manager that moves would delete it afterwards."""
    event.setDropAction(Qt.DropAction.CopyAction)
    event.accept()


def _dragged(event: QDropEvent) -> list[Path]:
    """The local files and folders."""
    return [Path(url.toLocalFile()) for url in there(event.mimeData()).urls() if url.isLocalFile()]
