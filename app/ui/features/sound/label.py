"""Whether a microphone is on, at the right end of the status bar: to be seen whatever is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QLabel

from app.ui.shell import theme

if TYPE_CHECKING:
    from app.sound.capture import SoundStatus


class SoundLabel(QLabel):
    """Hidden while none is."""

    def __init__(self) -> None:
        super().__init__()
        self.setContentsMargins(8, 0, 10, 0)
        self.setAccessibleName("Sound")
        self.hide()

    def show_sound(self, status: SoundStatus | None, recording: bool) -> None:
        if status is None:
            self.hide()
            return
        if status.problem:
            text, tip = "no sound", status.problem
        else:
            text = "● sound is recorded" if recording else "● microphone on"
            tip = f"{status.device or 'The microphone'} is on; Shift+R switches it off."
        if text != self.text() or tip != self.toolTip():
            self.setText(text)
            self.setToolTip(tip)
            self.setAccessibleDescription(f"{text}. {tip}")
            theme.set_tone(self, "error" if recording or status.problem else "warning")
        self.show()
