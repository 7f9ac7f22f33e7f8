"""Microphones of this computer."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

from app.core.clock import now_s
from app.core.errors import SourceError
from app.sound.portaudio import sounddevice
from app.sound.source import OnBlock, SoundInfo

log = logging.getLogger(__name__)

BLOCK_S = 0.02
LATENCY_S = 0.2  # nobody waits for it, and a busy machine that takes a block late loses none
OFFSETS = 50  # of the latest blocks: the least disturbed of them tells how far the clocks are apart


def microphones() -> tuple[str, ...]:
    """The names of those that can be opened; the system's usual one is not among them.  Raises SourceError."""
    found = [device["name"] for device in _devices() if device["max_input_channels"] > 0]
    return tuple(dict.fromkeys(found))


class Microphone:
    """The device of this name or of a part of it; empty: the system's usual one."""

    def __init__(self, name: str = "") -> None:
        self._name = name
        self._stream: Any = None
        self._offsets: list[float] = []

    def open(self, on_block: OnBlock) -> SoundInfo:
        library = sounddevice()
        device = self._device()
        rate = int(device["default_samplerate"])
        for channels in (1, 2):  # where a driver gives both or nothing
            try:
                self._stream = library.InputStream(
                    samplerate=rate,
                    blocksize=round(rate * BLOCK_S),
                    device=device["index"],
                    channels=channels,
                    dtype="int16",
                    latency=LATENCY_S,
                    callback=lambda samples, _frames, times, _status: on_block(
                        samples.mean(axis=1).astype(np.int16), self._taken_s(times, len(samples) / rate)
                    ),
                )
                self._stream.start()
            except library.PortAudioError as error:
                self.close()
                if channels == 2:
                    raise SourceError(
                        f"The microphone {device['name']} can't be opened: another program may use it, or the system "
                        "forbids it (privacy settings)."
                    ) from error
                log.info("one channel of %s: %s", device["name"], error)
            else:
                break
        return SoundInfo(str(device["name"]), rate)

    def _device(self) -> Any:
        """Raises SourceError."""
        found = [device for device in _devices() if device["max_input_channels"] > 0]
        if not found:
            raise SourceError("There is no microphone: connect one, and switch the sound on again.")
        if not self._name:
            usual = sounddevice().default.device[0]
            return next((device for device in found if device["index"] == usual), found[0])
        wanted = self._name.casefold()
        exact = [device for device in found if device["name"].casefold() == wanted]
        similar = [device for device in found if wanted in device["name"].casefold()]
        if not exact and not similar:
            names = ", ".join(dict.fromkeys(device["name"] for device in found))
            raise SourceError(f"There is no microphone called {self._name!r}; there are: {names}.")
        return (exact or similar)[0]

    def _taken_s(self, times: Any, length_s: float) -> float:
        """The time of a block's first sample on our clock: PortAudio's own may begin elsewhere."""
        now = now_s()
        if not times.inputBufferAdcTime or not times.currentTime:  # a driver that doesn't know
            return now - length_s
        self._offsets = [*self._offsets[-OFFSETS:], now - times.currentTime]
        taken_s: float = times.inputBufferAdcTime + min(self._offsets)
        return taken_s

    @property
    def active(self) -> bool:
        """Whether the driver still delivers sound."""
        stream = self._stream
        return stream is not None and bool(stream.active)

    def close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()


def _devices() -> list[Any]:
    library = sounddevice()
    try:
        return list(library.query_devices())
    except library.PortAudioError as error:
        raise SourceError("The system lists no microphones.") from error
