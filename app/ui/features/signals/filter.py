"""The filter's sliders: for angles, keypoints and expression the cutoff at rest and what motion adds to it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from PyQt6.QtCore import QSignalBlocker, Qt
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSlider

from app.core.one_euro import OneEuro
from app.signals.presets import CUSTOM, CUSTOM_TIP, MIN_CUTOFF_HZ, SPEED_HZ, FilterPreset, custom_from
from app.ui.features.signals.signals import SignalControls
from app.ui.shell import settings
from app.ui.shell.settings import PRESET_TIPS
from app.ui.widgets.building import gapped_grid, lay_out, named, push_button
from app.ui.widgets.fields import Section, Value, dim_label
from app.ui.widgets.pickers import ChoiceBox

STEPS = 400  # of a slider
PARTS = (
    ("rotation", "Angles", "degree"),
    ("keypoints", "Keypoints", "side of the face box"),
    ("expression", "Expression", "unit of the neutral face"),
)
AT_REST = (
    "How freely the numbers move while the face holds still: to the left they are steadier, and later. "
    "The One-Euro filter's minimum cutoff, in Hz"
)
IN_MOTION = (
    "How much more freely they move the faster the face does: to the right they follow quick movements sooner. "
    "The One-Euro filter's beta: by how much the cutoff grows, in Hz per {unit} a second"
)


class FilterSection(Section):
    """Shows the filter in use; moving a slider makes it the custom one."""

    def __init__(self, controls: SignalControls) -> None:
        super().__init__("Filter")
        self._controls = controls
        self.preset = ChoiceBox("Filter preset", "F6 to F9, Ctrl+F9")
        for name, tip in PRESET_TIPS.items():
            self.preset.add(name.capitalize(), name, tip)
        self.preset.activated.connect(lambda _: controls.use_preset(self.preset.currentData()))
        tip = "Set the custom filter to what it is at first, which is “research”"
        self.reset = push_button(
            "&Reset", tip, lambda: controls.use_custom(custom_from(settings.FILTER_CUSTOM.default))
        )
        self.rows.addLayout(lay_out(QHBoxLayout(), (self.preset, 1), self.reset), 0, 0)
        grid = gapped_grid(8, 3)
        self.cutoffs: dict[str, LevelSlider] = {}
        self.betas: dict[str, LevelSlider] = {}
        for place, (part, label, unit) in enumerate(PARTS):
            cutoff = LevelSlider(
                f"{label}: at rest, minimum cutoff in Hz",
                f"{AT_REST}.",
                LogScale(*MIN_CUTOFF_HZ),
                "{:.2g} Hz",
                "0.05 Hz",
            )
            beta = LevelSlider(
                f"{label}: in motion, beta in Hz per {unit} a second", f"{IN_MOTION.format(unit=unit)}.",
                CubicScale(SPEED_HZ[part][1]), "{:.3g}", "0.05 Hz",
            )  # fmt: skip
            self.cutoffs[part], self.betas[part] = cutoff, beta
            grid.addWidget(QLabel(label), 2 * place, 0)
            for row, text, slider in ((2 * place, "at rest", cutoff), (2 * place + 1, "in motion", beta)):
                label_of = dim_label(text, slider.toolTip())
                label_of.setBuddy(slider)
                grid.addWidget(label_of, row, 1)
                grid.addWidget(slider, row, 2)
                grid.addWidget(slider.value_label, row, 3)
                slider.moved_to = self._moved
        grid.setColumnStretch(2, 1)
        self.rows.addLayout(grid, 1, 0)
        controls.filter_changed.connect(self.show_filter)
        self.show_filter(controls.filter)

    def show_filter(self, preset: FilterPreset) -> None:
        """Sliders and preset as they are; of "off" the sliders stay where they were, and dim."""
        self.preset.setCurrentIndex(self.preset.findData(preset.name))
        self.preset.setToolTip(f"{self.preset.itemData(self.preset.currentIndex(), Qt.ItemDataRole.ToolTipRole)}.")
        if preset.rotation is not None:
            for part, _, _ in PARTS:
                numbers: OneEuro = getattr(preset, part) or preset.rotation
                self.cutoffs[part].show_value(numbers.min_cutoff_hz)
                self.betas[part].show_value(numbers.cutoff_hz_per_speed)
        elif self.cutoffs["rotation"].level is None:
            self.show_filter(custom_from(settings.FILTER_CUSTOM.default))
            self.show_filter(preset)
        for slider in (*self.cutoffs.values(), *self.betas.values()):
            slider.value_label.setEnabled(preset.rotation is not None)

    def _moved(self) -> None:
        parts = [
            OneEuro(self.cutoffs[part].level or MIN_CUTOFF_HZ[0], self.betas[part].level or 0.0) for part, _, _ in PARTS
        ]
        self._controls.use_custom(FilterPreset(CUSTOM, CUSTOM_TIP, *parts))


@dataclass(frozen=True, slots=True)
class LogScale:
    """Equal ways are equal ratios."""

    low: float
    high: float

    def value(self, share: float) -> float:
        return float(self.low * (self.high / self.low) ** share)

    def share(self, value: float) -> float:
        return math.log(value / self.low) / math.log(self.high / self.low)


@dataclass(frozen=True, slots=True)
class CubicScale:
    """The slider's place: it begins at 0 and is finer near it."""

    high: float

    def value(self, share: float) -> float:
        return self.high * share**3

    def share(self, value: float) -> float:
        return float((value / self.high) ** (1 / 3))


class LevelSlider(QSlider):
    """A slider over a curved scale, 0 to 1 of its way to a value, with the value as text beside it."""

    def __init__(self, name: str, tip: str, scale: LogScale | CubicScale, form: str, widest: str) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._scale, self._form = scale, form
        self.level: float | None = None  # what the position stands for
        self.moved_to: Callable[[], None] = lambda: None
        self.setRange(0, STEPS)
        self.setSingleStep(4)
        self.setPageStep(40)
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * 12)
        named(self, name, tip)
        self.value_label = Value(name)
        self.value_label.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.value_label.setFixedWidth(self.fontMetrics().horizontalAdvance(widest) + 6)
        self.valueChanged.connect(self._changed)

    def show_value(self, value: float) -> None:
        """Move to the nearest step, keep the value itself."""
        with QSignalBlocker(self):
            self.setValue(round(STEPS * min(max(self._scale.share(value), 0.0), 1.0)))
        self._show_value(value)

    def _changed(self, position: int) -> None:
        self._show_value(self._scale.value(position / STEPS))
        self.moved_to()

    def _show_value(self, value: float) -> None:
        self.level = value
        text = self._form.format(value)
        self.value_label.show_text(text)
        self.setAccessibleDescription(text)
