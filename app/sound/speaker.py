"""The loudspeaker of this computer."""

from __future__ import annotations

from typing import Any

from app.core.clock import now_s
from app.core.errors import SourceError
from app.core.sound import RATE
from app.sound.playback import Fill
from app.sound.portaudio import sounddevice

NONE = "The sound can't be heard: this computer has no loudspeaker that is free."


class Loudspeaker:
    """The system's usual one."""

    def __init__(self) -> None:
        self._stream: Any = None

    def open(self, fill: Fill) -> None:
        library = sounddevice()

        def play(out: Any, count: int, times: Any, _status: Any) -> None:
            now = now_s()
            # Both times are PortAudio's; only how far it is till then counts.
            ahead_s = times.outputBufferDacTime - times.currentTime if times.outputBufferDacTime else 0.0
            out[:, 0] = fill(count, now + max(0.0, ahead_s))

        try:
            self._stream = library.OutputStream(samplerate=RATE, channels=1, dtype="int16", callback=play)
            self._stream.start()
        except (library.PortAudioError, ValueError) as error:
            raise SourceError(NONE) from error

    def close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()
