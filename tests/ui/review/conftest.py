"""A review window with a small session open, closed properly at the end of the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PyQt6 import sip
from pytestqt.qtbot import QtBot

from app.ui.review.window import ReviewWindow
from app.ui.shell.settings import Settings
from tests.session.long_session import make_session

FRAMES = 300


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_session(tmp_path_factory.mktemp("review") / "made", FRAMES)


@pytest.fixture
def folder(_made: Path, tmp_path: Path) -> Path:
    """Ten seconds, an annotation at 0; a copy that the test may change."""
    import shutil

    return Path(shutil.copytree(_made, tmp_path / "session"))


@pytest.fixture
def make_review(qtbot: QtBot, store: Settings) -> Iterator[Callable[..., ReviewWindow]]:
    windows: list[ReviewWindow] = []

    def make(folder: Path | None = None, width: int = 1100, height: int = 700) -> ReviewWindow:
        window = ReviewWindow(store)
        windows.append(window)
        window.resize(width, height)
        with qtbot.waitExposed(window):
            window.show()
        if folder is not None:
            with qtbot.waitSignal(window.opened, timeout=20_000):
                window.open(folder)
            if window.shown is not None:
                assert window.shown.presenter.wait(20)
        return window

    yield make
    for window in windows:
        window.close()
        sip.delete(window)


@pytest.fixture
def review(make_review: Callable[..., ReviewWindow], folder: Path) -> ReviewWindow:
    return make_review(folder)
