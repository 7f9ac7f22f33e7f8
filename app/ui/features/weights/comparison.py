"""Two networks on the same face: angles of both, their difference now, over the last seconds, and as curves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QVBoxLayout, QWidget

from app.core.clock import now_s
from app.core.frames import FrameResult
from app.core.rotation import geodesic_deg
from app.signals.agreement import Agreement, agreement
from app.ui.widgets.building import gapped_grid, heading, lay_out
from app.ui.widgets.fields import Note, Value, dim_label, fixed_value, value_row
from app.ui.widgets.formatting import ANGLES, NOTHING, degrees, unsigned

if TYPE_CHECKING:
    from app.pipeline.second_network import SecondStatus
    from app.signals.history import History
    from app.ui.plots.canvas import PlotCanvas

SPAN_S = 10.0
HEADINGS = ("first", "second", "difference", "mean ± SD")
CURVES = ("difference_yaw", "difference_pitch", "difference_roll")
WIDEST = ("−88.8°", "−88.8°", "−88.8°", "−88.8 ± 88.8°")
TIP = (
    f"Second minus first, as measured, before filter and recentring; mean and standard deviation of {SPAN_S:g} seconds"
)


class Comparison(QWidget):
    """Shown while a second network is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Comparison")
        self._since_s = math.inf  # numbers before this belong to other networks
        self._pair: tuple[object, object] = (None, None)
        self.canvas: PlotCanvas | None = None
        self.heading = heading("")
        self.heading.setWordWrap(True)
        self.state = Note("State of the second network")
        self.values: dict[tuple[str, str], Value] = {}
        grid = gapped_grid(8, 2)
        grid.setColumnStretch(0, 1)
        for column, what in enumerate(HEADINGS, 1):
            grid.addWidget(dim_label(what, TIP, right=True), 0, column)
        for row, name in enumerate((*ANGLES, "rotation"), 1):
            tip = TIP if name in ANGLES else "Angle of the single rotation that turns one into the other"
            for what, widest in zip(HEADINGS, WIDEST, strict=True):
                self.values[name, what] = fixed_value(f"{name}: {what}", widest, tip=TIP)
            value_row(grid, row, name, tip, (self.values[name, what] for what in HEADINGS))
        self._layout = lay_out(QVBoxLayout(self), self.heading, self.state, grid, spacing=5, margins=(0, 0, 0, 0))

    def show_status(self, label: str, status: SecondStatus, first: object) -> None:
        """``label`` names the second one, ``first`` is the report of the one that runs first."""
        self.heading.setText(f"Beside it: {label}")
        tone, text = "", "loading…"
        if status.error:
            tone, text = "error", status.error
        elif status.network is not None and status.report is not None:
            text = f"{status.network.summary}; {unsigned(status.infer_ms, 1, ' ms')} a frame"
            if not status.report.pose_trained:
                tone, text = "warning", "Pose heads untrained: these weights measure no angles to compare."
        self.state.show_text(text, tone)
        if self._pair[0] is not first or self._pair[1] is not status.report:
            self._pair = (first, status.report)
            self._since_s = now_s()

    def show_result(self, result: FrameResult | None, history: History) -> None:
        rows = history.last(SPAN_S)
        self._show_angles(result)
        self._show_agreement(agreement(rows, self._since_s))
        self._plot().draw(rows[rows[:, 0] >= self._since_s], False)

    def _show_angles(self, result: FrameResult | None) -> None:
        first = result.primary if result is not None else None
        second = result.second_primary if result is not None else None
        measured = [face if face is not None and face.pose_trained else None for face in (first, second)]
        for name, i in ANGLES.items():
            a, b = (face.angles[i] if face is not None else math.nan for face in measured)
            self.values[name, "first"].show_text(_angle(a))
            self.values[name, "second"].show_text(_angle(b))
            self.values[name, "difference"].show_text(_angle(b - a), TIP)
        rotations = [face.rotation for face in measured if face is not None]
        angle = geodesic_deg(*rotations) if len(rotations) == 2 else math.nan
        self.values["rotation", "difference"].show_text(unsigned(angle, 1, "°"), TIP)
        for what in HEADINGS[:2]:
            self.values["rotation", what].show_text("")

    def _show_agreement(self, found: Agreement) -> None:
        for name, i in ANGLES.items():
            mean, sd = found.mean[i], found.sd[i]
            self.values[name, HEADINGS[3]].show_text(_mean_and_sd(degrees(mean).rstrip("°"), sd), TIP)
        self.values["rotation", HEADINGS[3]].show_text(
            _mean_and_sd(unsigned(found.angle_mean_deg, 1), found.angle_sd_deg), TIP
        )

    def _plot(self) -> PlotCanvas:
        """Made when it is first needed: pyqtgraph takes half a second to import."""
        if self.canvas is None:
            from app.ui.plots.canvas import PlotCanvas
            from app.ui.plots.signals import chosen

            self.canvas = PlotCanvas()
            self.canvas.setAccessibleName("Differences over time")
            self.canvas.setToolTip("Yaw, pitch and roll: second minus first, in the colours of the table above")
            self.canvas.show_signals(chosen(CURVES), SPAN_S)
            self.canvas.setFixedHeight(self.fontMetrics().height() * 8)
            self._layout.addWidget(self.canvas)
        return self.canvas


def _angle(value: float) -> str:
    """Without its tenth where that would not fit."""
    return degrees(value, 0 if abs(value) >= 99.95 else 1)


def _mean_and_sd(mean: str, sd: float) -> str:
    if mean == NOTHING:
        return NOTHING
    return f"{mean} ± {sd:.1f}°" if math.isfinite(sd) else f"{mean}°"
