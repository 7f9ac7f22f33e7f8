"""The window of recordings over a folder with a few sessions, closed properly at the end of the test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PyQt6 import sip
from pytestqt.qtbot import QtBot

from app.session.manifest import Manifest
from app.session.ownership import Owner
from app.ui.review.controls import ReviewControls
from app.ui.sessions.window import SessionsWindow
from app.ui.shell import settings
from app.ui.shell.settings import Settings
from tests.session.long_session import make_session


@pytest.fixture(scope="session")
def made_session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve frames with a video."""
    return make_session(tmp_path_factory.mktemp("sessions") / "made", 12)


def put(made: Path, folder: Path, **header: str) -> Path:
    """A copy with other fields in its header."""
    shutil.copytree(made, folder)
    manifest = Manifest.read(folder)
    replace(manifest, header=replace(manifest.header, **header)).write(folder)
    return folder


@pytest.fixture
def recordings(made_session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two whole sessions, one that was cut off, and one that is damaged; a cache of their own."""
    monkeypatch.setenv("MOTIONSCOPE_CACHE", str(tmp_path / "cache"))
    root = tmp_path / "recordings"
    put(made_session, root / "first", participant="P01", task="nod")
    put(made_session, root / "second", participant="P02", task="talk")
    cut_off = put(made_session, root / "cut off", participant="P03")
    manifest = Manifest.read(cut_off)
    replace(manifest, state="recording", owner=Owner(2**22 + 1, 1.0)).write(cut_off)
    (root / "damaged").mkdir()
    (root / "damaged" / "session.json").write_bytes(b"[")
    (root / "damaged" / "frames.csv").write_bytes((root / "first" / "frames.csv").read_bytes())
    return root


@pytest.fixture
def make_sessions(qtbot: QtBot, store: Settings) -> Iterator[Callable[[Path], SessionsWindow]]:
    made: list[tuple[SessionsWindow, ReviewControls]] = []

    def make(root: Path) -> SessionsWindow:
        store.set(settings.RECORDINGS, str(root))
        reviews = ReviewControls(None, store, lambda: root)  # type: ignore[arg-type]
        window = SessionsWindow(store, reviews)
        made.append((window, reviews))
        with qtbot.waitSignal(window.listed, timeout=20_000):
            window.show()
        return window

    yield make
    for window, reviews in made:
        reviews.close()
        window.finish()
        sip.delete(window)


@pytest.fixture
def window(make_sessions: Callable[[Path], SessionsWindow], recordings: Path) -> SessionsWindow:
    return make_sessions(recordings)
