"""Files, folders and sessions that were opened before, in the File menu."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QMainWindow, QMenu

from app.ui.shell import settings
from app.ui.shell.commands import add_entry, menu_with
from app.ui.shell.controller import Controller
from app.ui.shell.messages import Severity
from app.ui.shell.settings import Settings
from app.ui.widgets.building import there
from app.ui.widgets.plain_text import without_mnemonic
from extractor import files

MAX_RECENT = 9  # as many as there are digits to choose one by


class RecentFiles(QObject):
    """The latest first; what is gone is said, and forgotten, when somebody chooses it.

    Nothing is looked up on the disk before that: a path may lie on a network that hangs.
    """

    def __init__(
        self,
        window: QMainWindow,
        before: QAction,
        store: Settings,
        controller: Controller,
        open_path: Callable[[Path], object],
    ) -> None:
        """The submenu goes into the window's menu that holds ``before``, above it and its line."""
        super().__init__(window)
        self._settings = store
        self._controller = controller
        self._open = open_path
        self.menu = QMenu("Open recen&t", window)
        self.menu.setToolTipsVisible(True)
        self.menu.aboutToShow.connect(self._fill)
        holder = menu_with(window, before)
        actions = holder.actions()
        above = actions[actions.index(before) - 1]
        holder.insertMenu(above if above.isSeparator() else before, self.menu)
        controller.source_changed.connect(self.add_source)
        store.watch(self, (settings.RECENT_FILES,), self._enable)
        self._enable()

    @property
    def paths(self) -> list[str]:
        return [str(path) for path in self._settings.get(settings.RECENT_FILES)]

    def add(self, path: Path | str) -> None:
        text = str(Path(path).absolute())
        self._set([text, *(other for other in self.paths if other != text)][:MAX_RECENT])

    def add_source(self, spec: str) -> None:
        """A source as on the command line; cameras and the demo are no files."""
        if ("/" in spec or "\\" in spec or "." in spec) and files.is_there(Path(spec)):
            self.add(spec)

    def _enable(self) -> None:
        there(self.menu.menuAction()).setEnabled(bool(self.paths))

    def _set(self, paths: list[str]) -> None:
        self._settings.set(settings.RECENT_FILES, paths)

    def _fill(self) -> None:
        self.menu.clear()
        for number, path in enumerate(self.paths, 1):
            add_entry(self.menu, f"&{number}  {without_mnemonic(Path(path).name)}", partial(self._choose, path), path)
        self.menu.addSeparator()
        forget = partial(self._set, [])
        add_entry(self.menu, "&Forget these", forget, "Empty this list; the files stay where they are")

    def _choose(self, path: str) -> None:
        if Path(path).exists():
            self._open(Path(path))
            self.add(path)
        else:
            self._set([other for other in self.paths if other != path])
            self._controller.notify(f"{path} is gone, so it is taken off the list.", Severity.WARNING)
