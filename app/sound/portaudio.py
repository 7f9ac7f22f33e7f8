"""PortAudio through sounddevice, which mediapipe brings: imported here alone, when sound is wanted."""

from __future__ import annotations

from typing import Any

from app.core.errors import SourceError
from app.core.importing import IMPORTING

NO_PORTAUDIO = (
    "Sound needs the system's library PortAudio: install it, on Debian and Ubuntu with 'sudo apt install "
    "libportaudio2', and start Motionscope again."
)


def sounddevice() -> Any:
    """Raises SourceError with one sentence where it can't be loaded."""
    with IMPORTING:
        try:
            import sounddevice
        except (ImportError, OSError) as error:  # the package is there, its library is not
            raise SourceError(NO_PORTAUDIO) from error
        return sounddevice
