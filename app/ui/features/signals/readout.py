"""What is done to the numbers between the network and the screen, and where else they go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.outputs.base import OutputState, OutputStatus
from app.outputs.catalogue import output_named
from app.signals.presets import tip_of
from app.ui.widgets.fields import Section

if TYPE_CHECKING:
    from app.pipeline import PipelineStatus


class SignalsPanel(Section):
    """Shows a ``PipelineStatus``."""

    def __init__(self) -> None:
        super().__init__("Signals")
        self._filter = self.add_row(
            "Filter", "What steadies the numbers and points shown; recordings keep what was measured"
        )
        self._outputs = self.add_row("Outputs", "Other programs that get what is shown; Shift+F8 has more")

    def show_status(self, status: PipelineStatus) -> None:
        self._filter.show_text(status.filter_preset, tip_of(status.filter_preset))
        self._outputs.show_text(
            outputs_text(status.outputs), "\n".join(output_tip(output) for output in status.outputs)
        )


def outputs_text(outputs: Sequence[OutputStatus]) -> str:
    """The state or rate of one, the names of two, otherwise how many; one that failed comes before all."""
    if not outputs:
        return "off"
    if len(outputs) > 1:
        failed = [f"{_name(output)} failed" for output in outputs if output.state is OutputState.FAILED]
        if failed:
            return f"{failed[0]}, {len(outputs) - 1} more"
        return ", ".join(map(_name, outputs)) if len(outputs) == 2 else f"{len(outputs)} switched on"
    (output,) = outputs
    how = f"{output.rate:.1f} a second" if output.state is OutputState.SENDING else output.state.value
    return f"{_name(output)}   {how}"


def output_tip(output: OutputStatus) -> str:
    """Where it goes, and what is wrong there."""
    spec = output_named(output.name)
    if output.problem:
        return f"{spec.title}: {output.problem}"
    if output.state is OutputState.UNHEARD:
        return f"{spec.title}: {spec.unheard.format(target=output.target)}"
    return f"{spec.title}: {output.state.value}, to {output.target}, {output.sent} sent"


def _name(output: OutputStatus) -> str:
    return output_named(output.name).title
