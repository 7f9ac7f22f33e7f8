"""Reads the list of sessions and keeps it up to date, on a thread of its own."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal

from app.core.clock import now_s
from app.session import thumbnails
from app.session.folders import MANIFEST
from app.session.listing import SessionSearch, SessionState, SessionSummary, summarise

CHECK_S = 2.0
"""How often it is looked whether anything has changed; a network drive tells nobody of it."""

EMIT_S = 0.25  # while many are read
_Signature = tuple[int, ...]

log = logging.getLogger(__name__)


class SessionReader(QObject):
    """Tells of sessions that are new or changed, and of those that are gone.

    A session that was read before is read again when its folder or its ``session.json`` has changed, or on request.
    """

    found = pyqtSignal(object)  # tuple of SessionSummary
    gone = pyqtSignal(object)  # frozenset of Path
    listed = pyqtSignal(object)  # tuple of sentences: all folders have been looked at, and what could not be read

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._changed = threading.Condition()
        self._roots: tuple[Path, ...] = ()
        self._asked: set[Path] = set()  # to be read again
        self._all = False  # all of them
        self._awake = False
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="list sessions", daemon=True)
        # The thread's alone:
        self._known: dict[Path, tuple[_Signature, SessionState]] = {}
        self._parents: dict[Path, int] = {}  # when each folder with sessions in it has changed

    def start(self, roots: Sequence[Path]) -> None:
        """Look for sessions below ``roots`` from now on."""
        with self._changed:
            self._roots, self._all, self._awake = tuple(roots), True, True
            self._changed.notify()
        if not self._thread.is_alive():
            self._thread.start()

    def read_again(self, folders: Iterable[Path] = ()) -> None:
        """These sessions; without any, all of them."""
        chosen = set(folders)
        with self._changed:
            self._asked |= chosen
            self._all = self._all or not chosen
            self._changed.notify()

    def watch(self, on: bool) -> None:
        """Whether to look for changes; nobody needs to while the list isn't seen."""
        with self._changed:
            self._awake = on
            self._changed.notify()

    def close(self, timeout_s: float) -> None:
        """Tell nothing any more; a drive that hangs is left alone."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    # ------------------------------------------------------------------ on the thread

    def _run(self) -> None:
        roots: tuple[Path, ...] = ()
        while True:
            with self._changed:
                if not (self._closed or self._all or self._asked):
                    self._changed.wait(CHECK_S if self._awake else None)
                if self._closed:
                    return
                roots, whole, asked = self._roots, self._all, self._asked
                self._all, self._asked = False, set()
            try:
                self._read_what_changed(roots, whole, asked)
            except Exception:  # the list must not stand still for good
                log.exception("the list of sessions could not be read")

    def _read_what_changed(self, roots: tuple[Path, ...], whole: bool, asked: set[Path]) -> None:
        if whole or any(_modified(parent) != before for parent, before in self._parents.items()):
            self._list(roots, whole)
        live = {folder for folder, (_, state) in self._known.items() if state is SessionState.RECORDING}
        listed = {folder for folder in asked if folder in self._known}  # the others lie elsewhere
        again = tuple(summarise(folder) for folder in sorted(listed | live) if folder.is_dir())
        for summary in again:
            self._known[summary.folder] = (_signature(summary.folder), summary.state)
        self._emit_found(again)

    def _list(self, roots: tuple[Path, ...], afresh: bool) -> None:
        search = SessionSearch(roots)
        seen: dict[Path, None] = {}
        names: dict[Path, list[str]] = defaultdict(list)
        parents = {root: _modified(root) for root in roots}
        new: list[SessionSummary] = []
        emitted_s = now_s()
        for folder in search:
            if self._closed:
                return
            seen[folder] = None
            names[folder.parent].append(folder.name)
            parents.setdefault(folder.parent, _modified(folder.parent))
            signature = _signature(folder)
            known = self._known.get(folder)
            if afresh or known is None or known[0] != signature:
                new.append(summarise(folder))
                self._known[folder] = (signature, new[-1].state)
            if now_s() - emitted_s > EMIT_S:
                self._emit_found(tuple(new))
                new, emitted_s = [], now_s()
        self._emit_found(tuple(new))
        gone = frozenset(self._known.keys() - seen.keys())
        for folder in gone:
            del self._known[folder]
        if not search.problems:
            for parent in {*self._parents, *parents}:  # also one that held sessions and is gone with them
                thumbnails.keep_only(parent, names[parent])
        self._parents = parents
        with contextlib.suppress(RuntimeError):  # the window is gone already
            self.gone.emit(gone)
            self.listed.emit(tuple(search.problems))

    def _emit_found(self, summaries: tuple[SessionSummary, ...]) -> None:
        if summaries and not self._closed:
            with contextlib.suppress(RuntimeError):
                self.found.emit(summaries)


def _modified(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _signature(folder: Path) -> _Signature:
    """Changes when files of the session come or go, and with its ``session.json``."""
    with contextlib.suppress(OSError):
        status = (folder / MANIFEST).stat()
        return _modified(folder), status.st_mtime_ns, status.st_size
    return (_modified(folder),)
