"""What the filter does just now: the raw curve behind the filtered one, its jitter and its lag in figures."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PyQt6.QtCore import Qt

from app.core.clock import now_s
from app.signals.filter_figures import Figures, jitters, lag_s, standard_figures
from app.signals.history import History, of_newest_face
from app.signals.presets import FilterPreset
from app.ui.plots.canvas import PlotCanvas
from app.ui.plots.signals import COLUMN, PlotSignal, Range, chosen
from app.ui.widgets.background import Background
from app.ui.widgets.building import named
from app.ui.widgets.fields import Section, Value, dim_label, fixed_value
from app.ui.widgets.formatting import NOTHING, unsigned
from app.ui.widgets.pickers import ChoiceBox

SPAN_S = 10.0
FIGURES_S = 0.5
LEGEND, NOTHING_YET = "thin: before the filter", "No face has been measured yet."


@dataclass(frozen=True, slots=True)
class _Choice:
    signal: PlotSignal  # as shown, and as measured
    part: str  # of the filter
    decimals: int
    still: float  # a second in which it moves by no more is one of rest


def _choice(name: str, part: str, decimals: int, least: float, still: float) -> _Choice:
    """``least``: the smallest span of the axis, which lies close around the curve."""
    (signal,) = chosen([name])
    group = replace(signal.group, range=Range.FREE, least=least)
    return _Choice(replace(signal, group=group, std="", true=""), part, decimals, still)


CHOICES = (
    *(_choice(name, "rotation", 2, 4.0, 3.0) for name in ("yaw", "pitch", "roll")),
    _choice("keypoint_x", "keypoints", 2, 8.0, 6.0),
    _choice("expression", "expression", 5, 0.004, 0.004),
)


class PreviewSection(Section):
    """``show_history`` at each look; the standard figures are measured anew when the filter changes."""

    def __init__(self, background: Background, current: Callable[[], FilterPreset]) -> None:
        super().__init__("Raw and filtered")
        self._background = background
        self._current = current
        self._due_s = 0.0
        self.signal = ChoiceBox("Signal to look at")
        for choice in CHOICES:
            self.signal.addItem(choice.signal.label)
        self.signal.currentIndexChanged.connect(lambda _: self._chosen())
        self.canvas = named(PlotCanvas(), "Raw and filtered signal over the last seconds")
        self.canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its numbers are those below
        self.canvas.setMouseTracking(False)
        self.legend = dim_label(NOTHING_YET, right=True)
        self.rows.addWidget(self.signal, 0, 0, 1, 4)
        self.rows.addWidget(self.legend, 1, 0, 1, 4)
        self.rows.addWidget(self.canvas, 2, 0, 1, 4)
        for column, (text, tip) in enumerate(
            (
                ("raw jitter", "Standard deviation before the filter"),
                ("left", "Standard deviation after the filter"),
                ("lag", "How late the filtered signal is"),
            ),
            1,
        ):
            self.rows.addWidget(dim_label(text, f"{tip}.", right=True), 3, column)
        self.live = self._figures_row(
            4, "Live", "Over the last ten seconds: jitter while the head is still, lag while it moves"
        )
        self.quick = self._figures_row(
            5,
            "Test, quick",
            "Made signals at 30 a second: noise of 0.2°, and turns of 30° to and fro within two seconds",
        )
        self.slow = self._figures_row(6, "Test, slow", "The same noise, and turns of 5° to and fro within four seconds")
        self.rows.setColumnStretch(0, 1)
        self._chosen()

    def show_history(self, history: History) -> None:
        choice, signal = self._choice, self._choice.signal
        rows = of_newest_face(history.last(SPAN_S))
        time, raw, shown = (rows[:, COLUMN[name]] for name in ("time_s", signal.measured, signal.column))
        self.canvas.draw(rows, True)
        self.legend.setText(LEGEND if np.isfinite(shown).any() else NOTHING_YET)
        now = now_s()
        if now < self._due_s:
            return
        self._due_s = now + FIGURES_S
        off = self._current().rotation is None
        lag = 0.0 if off else lag_s(time, raw, shown)
        self._show_row(self.live, *jitters(time, raw, shown, choice.still), 1e3 * lag)

    def filter_changed(self) -> None:
        """Measure the standard signals with what is set now, elsewhere."""
        preset, part = self._current(), self._choice.part
        work = lambda: standard_figures(preset, part)  # noqa: E731
        self._background.run("filter figures", work, self._show_standard, lambda error: None, latest=True)

    def _show_standard(self, figures: Figures) -> None:
        # A keypoint's figures are shares of the face box, which have no pixels.
        unit = 1.0 if self._choice.part != "keypoints" else math.nan
        self._show_row(self.quick, unit * figures.raw_jitter, unit * figures.jitter, figures.quick_lag_ms, figures.left)
        self._show_row(self.slow, unit * figures.raw_jitter, unit * figures.jitter, figures.slow_lag_ms, figures.left)

    def _show_row(
        self, row: tuple[Value, Value, Value], raw: float, left: float, lag_ms: float, share: float = 0
    ) -> None:
        decimals, unit = self._choice.decimals, self._choice.signal.group.unit
        texts = [unsigned(value, decimals, unit) for value in (raw, left)]
        if not math.isfinite(left) and share:
            texts[1] = unsigned(100 * share, 0, " %")
        texts.append(unsigned(lag_ms, 0, " ms"))
        for value, text in zip(row, texts, strict=True):
            value.show_text(
                text,
                ""
                if text != NOTHING
                else "Jitter can be told once the head has been still for a second, lag once it has moved",
            )

    @property
    def _choice(self) -> _Choice:
        return CHOICES[self.signal.currentIndex()]

    def _chosen(self) -> None:
        self._due_s = 0.0
        self.canvas.show_signals([self._choice.signal], SPAN_S)
        self.canvas.setFixedHeight(8 * self.fontMetrics().height())
        self.filter_changed()

    def _figures_row(self, row: int, name: str, tip: str) -> tuple[Value, Value, Value]:
        self.rows.addWidget(dim_label(name, f"{tip}."), row, 0)
        whats, widest = ("raw jitter", "jitter left", "lag"), ("0.00000", "0.00000", "000 ms")
        values = [fixed_value(f"{name}: {what}", f"{wide} ") for what, wide in zip(whats, widest, strict=True)]
        for column, value in enumerate(values, 1):
            self.rows.addWidget(value, row, column)
        return values[0], values[1], values[2]
