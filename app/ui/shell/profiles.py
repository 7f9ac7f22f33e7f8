"""Settings under names: one for the lab, one for games, and so on."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QMainWindow, QMenu

from app.core.errors import UserError, os_errors_as
from app.ui.shell import dialogs, settings
from app.ui.shell.commands import add_entry, menu_with
from app.ui.shell.controller import Controller
from app.ui.shell.messages import Severity
from app.ui.shell.settings import SCHEMA, Settings
from app.ui.widgets.building import there
from app.ui.widgets.plain_text import without_mnemonic
from extractor import files

BEFORE_RESET = "before the reset"
KEPT = tuple(setting for setting in SCHEMA if setting.in_profiles)
RESET = "Set every setting to what it was at first? Recordings stay, and “Undo the reset” brings the settings back."


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
        with os_errors_as(ProfileError, f"The profile can't be saved in {self.folder}"):
            files.make_folder(self.folder)
            profile = Settings(new)
            for setting in KEPT:
                profile.set(setting, self._store.remembered(setting))
            if not profile.save():
                raise OSError("the disk refuses it")
            files.move(new, path)  # whole, or as it was

    def use(self, name: str) -> None:
        """Make its settings the present ones; what an older one lacks gets its default.  Raises ProfileError."""
        path = self._path(name)
        if not path.is_file():
            raise ProfileError(f"There is no profile called {name!r} any more.")
        profile = Settings(path)
        self._store.use_all({setting: profile.get(setting) for setting in KEPT})

    def delete(self, name: str) -> None:
        with os_errors_as(ProfileError, f"The profile {name!r} can't be deleted"):
            files.remove(self._path(name))

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
    ) -> None:
        """The submenu goes into the window's menu that holds ``before``.

        ``remember`` writes into the settings what is written there only at the end.
        """
        super().__init__(window)
        self._window = window
        self._controller = controller
        self._store = store
        self._remember = remember
        self.profiles = Profiles(store)
        self.menu = QMenu("Profi&les", window)
        self.menu.aboutToShow.connect(self._fill)
        menu_with(window, before).insertMenu(before, self.menu)

    def save(self, name: str) -> None:
        self._remember()
        self._try(lambda: self.profiles.save(name), f"The settings are saved as profile {name.strip()}.")

    def use(self, name: str) -> None:
        self._try(
            lambda: self.profiles.use(name), f"Profile {name} is in use. Outputs are off until they are switched on."
        )

    def ask_reset(self) -> None:
        """Set all settings to what they were at first, once that is agreed to; not while something is recorded."""
        pipeline = self._controller.pipeline
        if pipeline is not None and pipeline.recorder.active:
            text = "Settings can't be reset while something is recorded: stop the recording first."
            self._controller.notify(text, Severity.WARNING)
        else:
            dialogs.ask_whether(self._window, "Reset settings", RESET, "&Reset", self._reset)

    @property
    def can_undo_reset(self) -> bool:
        return BEFORE_RESET in self.profiles.names

    def undo_reset(self) -> None:
        self.use(BEFORE_RESET)

    def _reset(self) -> None:
        """The present settings stay as a profile; a second reset in a row keeps what the first one kept."""

        def work() -> None:
            chosen = any(
                self._store.remembered(setting) != setting.default for setting in KEPT if setting is not settings.LAYOUT
            )
            self._remember()
            if chosen or not self.can_undo_reset:
                self.profiles.save(BEFORE_RESET)
            self._store.reset()

        self._try(
            work,
            f"All settings are as they were at first. File, Profiles, “{BEFORE_RESET}” brings yours back.",
            "Nothing was reset. ",
        )

    def delete(self, name: str) -> None:
        self._try(lambda: self.profiles.delete(name), f"Profile {name} is deleted; the settings stay as they are.")

    def ask_name(self) -> None:
        dialogs.ask_text(self._window, "Profile", "Save the present settings under the name:", "", self.save)

    def _fill(self) -> None:
        self.menu.clear()
        names = self.profiles.names
        for name in names:
            add_entry(self.menu, without_mnemonic(name), partial(self.use, name))
        self.menu.addSeparator()
        add_entry(self.menu, "&Save as…", self.ask_name)
        delete = there(self.menu.addMenu("&Delete"))
        delete.setEnabled(bool(names))
        for name in names:
            add_entry(delete, without_mnemonic(name), partial(self.delete, name))

    def _try(self, work: Callable[[], object], text: str, otherwise: str = "") -> None:
        try:
            work()
        except ProfileError as error:
            self._controller.notify(f"{otherwise}{error}", Severity.ERROR)
        else:
            self._controller.notify(text, Severity.GOOD)
