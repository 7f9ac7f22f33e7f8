"""Settings under names: one for the lab, one for games, and so on."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QMainWindow, QMenu

from app.core.errors import UserError
from app.ui import dialogs, settings
from app.ui.controller import Controller
from app.ui.messages import Message, Severity
from app.ui.plain_text import without_mnemonic
from app.ui.settings import SCHEMA, Setting, Settings
from extractor import files

BEFORE_RESET = "before the reset"


class ProfileError(UserError):
    """A profile that can't be written, read or named so."""


class Profiles:
    """A file each, beside the settings."""

    def __init__(self, store: Settings) -> None:
        self._store = store
        self.folder = Path(store.path).with_name("profiles")

    @property
    def names(self) -> list[str]:
        try:
            return sorted((path.stem for path in self.folder.glob("*.ini")), key=str.casefold)
        except OSError:
            return []

    def save(self, name: str) -> None:
        """The settings as they are, under this name; one that there is is replaced.  Raises ProfileError."""
        path = self._path(name)
        new = files.temporary_name(path)
        try:
            files.make_folder(self.folder)
            profile = Settings(new)
            for setting in _kept():
                profile.set(setting, self._store.get(setting))
            if not profile.save():
                raise OSError("the disk refuses it")
            files.move(new, path)  # whole, or as it was
        except OSError as error:
            raise ProfileError(f"The profile can't be saved in {self.folder}: {error.strerror or error}.") from error

    def use(self, name: str) -> None:
        """Make its settings the present ones; what an older one lacks gets its default.  Raises ProfileError."""
        path = self._path(name)
        if not path.is_file():
            raise ProfileError(f"There is no profile called {name!r} any more.")
        profile = Settings(path)
        for setting in _kept():
            self._store.set(setting, profile.get(setting))

    def delete(self, name: str) -> None:
        try:
            files.remove(self._path(name))
        except OSError as error:
            raise ProfileError(f"The profile {name!r} can't be deleted: {error.strerror or error}.") from error

    def _path(self, name: str) -> Path:
        name = name.strip()
        if not re.fullmatch(r"[\w][\w .()+-]{0,39}", name) or name.endswith("."):
            raise ProfileError(f"{name!r} is no name for a profile: up to 40 letters, digits, spaces and . _ - + ( ).")
        return self.folder / f"{name}.ini"


class ProfileMenu(QObject):
    """The profiles as a submenu: use one, save one, delete one."""

    def __init__(
        self,
        window: QMainWindow,
        before: QAction,
        store: Settings,
        controller: Controller,
        remember: Callable[[], object],
        apply: Callable[[], object],
    ) -> None:
        """The submenu goes into the window's menu that holds ``before``.

        ``remember`` writes into the settings what is written there only at the end, ``apply`` shows what they say.
        """
        super().__init__(window)
        self._window = window
        self._controller = controller
        self._store = store
        self._remember = remember
        self._apply = apply
        self.profiles = Profiles(store)
        bar = window.menuBar()
        assert bar is not None
        self.menu = QMenu("&Profiles", window)
        self.menu.aboutToShow.connect(self._fill)
        holder = next(
            menu for action in bar.actions() if (menu := action.menu()) is not None and before in menu.actions()
        )
        holder.insertMenu(before, self.menu)

    def save(self, name: str) -> None:
        self._remember()
        self._try(lambda: self.profiles.save(name), f"The settings are saved as profile {name.strip()}.")

    def keep(self, name: str) -> str:
        """Save the settings before they go, silently; why that can't be, or nothing.

        A second reset in a row keeps what the first one kept.
        """
        chosen = any(self._store.get(setting) != setting.default for setting in _kept() if setting != settings.LAYOUT)
        self._remember()
        if not chosen and name in self.profiles.names:
            return ""
        try:
            self.profiles.save(name)
        except ProfileError as error:
            return str(error)
        return ""

    def use(self, name: str) -> None:
        def work() -> None:
            self.profiles.use(name)
            self._apply()

        self._try(work, f"Profile {name} is in use. Outputs are off until they are switched on.")

    def delete(self, name: str) -> None:
        self._try(lambda: self.profiles.delete(name), f"Profile {name} is deleted; the settings stay as they are.")

    def ask_name(self) -> None:
        dialogs.ask_text(self._window, "Profile", "Save the present settings under the name:", "", self.save)

    def _fill(self) -> None:
        self.menu.clear()
        names = self.profiles.names
        for name in names:
            self._add(self.menu, without_mnemonic(name), partial(self.use, name))
        self.menu.addSeparator()
        self._add(self.menu, "&Save as…", self.ask_name)
        delete = self.menu.addMenu("&Delete")
        assert delete is not None
        delete.setEnabled(bool(names))
        for name in names:
            self._add(delete, without_mnemonic(name), partial(self.delete, name))

    @staticmethod
    def _add(menu: QMenu, text: str, slot: Callable[[], object]) -> None:
        action = menu.addAction(text)
        assert action is not None
        action.triggered.connect(lambda _: slot())

    def _try(self, work: Callable[[], object], text: str) -> None:
        try:
            work()
        except ProfileError as error:
            self._controller.noticed.emit(Message(str(error), Severity.ERROR))
        else:
            self._controller.noticed.emit(Message(text, Severity.GOOD))


def _kept() -> list[Setting[Any]]:
    return [setting for setting in SCHEMA if setting.in_profiles]
