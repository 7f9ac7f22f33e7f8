"""What a second network or estimator says of the primary face, among the numbers; hidden while there is none."""

from __future__ import annotations

from app.core.frames import FrameResult
from app.ui.widgets.fields import Section, Value, dim_label, fixed_value, value_row
from app.ui.widgets.formatting import ANGLES, NOTHING, degrees, spread

TIP = "As measured in the camera's frame, neither filtered nor recentred; its axes are dashed in the picture"


class SecondPanel(Section):
    """Three angles, their spread, and how far they are from the first network's."""

    def __init__(self) -> None:
        super().__init__("Second opinion")
        self.heading.setToolTip(TIP)
        self._values: dict[str, tuple[Value, Value, Value]] = {}
        self.rows.addWidget(dim_label("difference", right=True), 0, 3)
        for row, name in enumerate(ANGLES, 1):
            self._values[name] = (
                fixed_value(f"second {name}", "−180.0°"),
                fixed_value(f"second {name} standard deviation", "± 88.8°"),
                fixed_value(f"{name} difference", "−180.0°"),
            )
            value_row(self.rows, row, name, TIP, self._values[name])
        self.rows.setColumnStretch(4, 1)
        self.hide()

    def show_result(self, result: FrameResult | None) -> None:
        on = result is not None and result.second is not None
        if self.isHidden() == on:
            self.setVisible(on)
        if not on or result is None:
            return
        first, second = result.primary, result.second_primary
        for name, index in ANGLES.items():
            texts = [NOTHING, "", NOTHING]
            if second is not None and second.pose_trained:
                texts[:2] = degrees(second.angles[index]), spread(second.std[index])
                if first is not None and first.pose_trained:
                    texts[2] = degrees(second.angles[index] - first.angles[index])
            for value, text in zip(self._values[name], texts, strict=True):
                value.show_text(text)
