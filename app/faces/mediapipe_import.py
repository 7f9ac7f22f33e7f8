"""Imports MediaPipe without what it brings along for drawing and for sound, neither of which is used here.

Importing it imports matplotlib (``drawing_utils``) and sounddevice (``audio_record``), which takes 0.4 of
its 0.75 seconds of processor time and 33 of its MB.  Both are only touched inside functions.
"""

from __future__ import annotations

import importlib
import sys
import types

from app.core.importing import IMPORTING
from app.core.plain_locale import use_plain_locale

_UNUSED = ("matplotlib", "matplotlib.pyplot", "sounddevice")


def import_mediapipe() -> None:
    """Afterwards ``import mediapipe`` and its parts cost nothing; idempotent, any thread.

    To be called before graphs are made, too: like its messages they are text, and a program that embeds this may
    have set any locale meanwhile.
    """
    use_plain_locale()
    with IMPORTING:
        if "mediapipe" in sys.modules:
            return
        absent = [name for name in _UNUSED if name not in sys.modules]
        for name in absent:
            sys.modules[name] = types.ModuleType(name, "Stands in while MediaPipe is imported.")
        try:
            importlib.import_module("mediapipe")
        finally:
            for name in absent:  # for whoever wants the real ones
                sys.modules.pop(name, None)
