"""What is done to the numbers between the network and the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QVBoxLayout, QWidget

from app.signals.presets import preset_named
from app.ui.panels.fields import Section

if TYPE_CHECKING:
    from app.pipeline import PipelineStatus


class SignalsPanel(QWidget):
    """Shows a ``PipelineStatus``."""

    def __init__(self) -> None:
        super().__init__()
        signals = Section("Signals")
        self._filter = signals.add_row(
            "Filter", "What steadies the numbers and points shown; recordings keep what was measured"
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(9)
        layout.addWidget(signals)

    def show_status(self, status: PipelineStatus) -> None:
        self._filter.show_text(status.filter_preset, preset_named(status.filter_preset).tip)
