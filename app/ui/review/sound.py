"""The recorded sound in review: heard while the recording plays at its normal speed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal

from app.core.sound import Samples
from app.session.sound import SoundReader
from app.sound.playback import Playback
from app.sound.speaker import Loudspeaker
from app.ui.review.player import Player
from app.ui.shell.messages import Message, Severity


class _Recorded:
    """The file, opened where it is first read: a disk may take its time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reader: SoundReader | None = None

    def blocks(self, from_s: float) -> Iterator[tuple[float, Samples]]:
        if self._reader is None:
            self._reader = SoundReader(self._path)
        return self._reader.blocks(from_s)

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()


class ReviewSound(QObject):
    """Follows a player; the speaker is taken when it begins to play, and given back when it pauses."""

    _failed = pyqtSignal(str)

    def __init__(self, path: Path | None, player: Player, notify: Callable[[Message], None], parent: QObject) -> None:
        """``path``: of the sound; None: nothing is heard."""
        super().__init__(parent)
        self._path = path
        self._player = player
        self._notify = notify
        self._playback: Playback | None = None
        self._on = True
        self._said = False  # why nothing is heard
        self._failed.connect(self._warn_once)
        player.playing_changed.connect(lambda _: self._start_or_stop())
        player.speed_changed.connect(lambda _: self._start_or_stop())

    def switch(self, on: bool) -> None:
        """Whether anything is to be heard."""
        self._on = on
        self._start_or_stop()

    def close(self) -> None:
        """Give the speaker back."""
        playback, self._playback = self._playback, None
        if playback is not None:
            playback.close()

    def _start_or_stop(self) -> None:
        player = self._player
        if not (self._on and self._path is not None and player.playing and player.speed == 1.0):
            self.close()
        elif self._playback is None:
            recorded, speaker = _Recorded(self._path), Loudspeaker()
            self._playback = Playback(recorded.blocks, player.due_at, speaker, self._fail, recorded.close)

    def _fail(self, problem: str) -> None:
        """On the playback's thread."""
        with contextlib.suppress(RuntimeError):  # the window is gone already
            self._failed.emit(problem)

    def _warn_once(self, problem: str) -> None:
        if not self._said:
            self._said = True
            self._notify(Message(problem, Severity.WARNING))
