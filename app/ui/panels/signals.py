"""What is done to the numbers between the network and the screen, and where else they go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QVBoxLayout, QWidget

from app.outputs import opentrack
from app.outputs.base import OutputState, OutputStatus
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
        self._opentrack = signals.add_row("To opentrack", "The head pose as shown, sent by UDP while it is switched on")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(9)
        layout.addWidget(signals)

    def show_status(self, status: PipelineStatus) -> None:
        self._filter.show_text(status.filter_preset, preset_named(status.filter_preset).tip)
        output = next((output for output in status.outputs if output.name == opentrack.NAME), None)
        self._opentrack.show_text(output_text(output), output_tip(output))


def output_text(output: OutputStatus | None) -> str:
    """State and rate."""
    if output is None:
        return "off"
    sends = output.state in (OutputState.SENDING, OutputState.UNHEARD) and output.rate > 0
    return f"{output.state.value}   {output.rate:.1f} a second" if sends else output.state.value


def output_tip(output: OutputStatus | None) -> str:
    """Where it goes, and what is wrong there."""
    if output is None:
        return ""
    if output.state is OutputState.UNHEARD:
        return f"No program listens at {output.target}: start opentrack with its input “UDP over network”."
    return output.problem or f"To {output.target}, {output.sent} sent"
