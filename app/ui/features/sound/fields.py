"""Sound in the panel of markers and session: the switch with its level meter, and which microphone."""

from __future__ import annotations

from PyQt6.QtWidgets import QCheckBox, QGridLayout, QSizePolicy, QWidget

from app.ui.features.sound.sound import SoundControls
from app.ui.shell import settings, theme
from app.ui.widgets.building import named, paragraph
from app.ui.widgets.fields import Bar
from app.ui.widgets.pickers import ChoiceBox

USUAL = "The system's usual microphone"
LOWEST_DB = 60.0  # below full scale, where the meter begins


class SoundFields(QWidget):
    """Shows what ``controls`` know."""

    def __init__(self, controls: SoundControls) -> None:
        super().__init__()
        self._controls = controls
        self.switch = named(QCheckBox("Record"), "Record sound", f"{settings.SOUND.tip} (Shift+R).")
        self.switch.clicked.connect(controls.switch)
        self.level = Bar("Level of the microphone", theme.GOOD)
        self.level.setToolTip("The loudest of the last moments; the right end is as loud as can be recorded.")
        self.device = ChoiceBox("Microphone", "Which microphone; the others are listed once one is on.", 12)
        self.device.activated.connect(lambda i: controls.use_device(self.device.itemData(i)))
        self.problem = paragraph(name="Trouble with the microphone", dim=True)
        self.problem.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding)
        theme.set_tone(self.problem, "error")
        self.problem.hide()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.addWidget(self.switch, 0, 0)
        grid.addWidget(self.level, 0, 1)
        grid.addWidget(self.device, 1, 0, 1, 2)
        grid.addWidget(self.problem, 2, 0, 1, 2)
        grid.setColumnStretch(1, 1)
        self.setFocusProxy(self.switch)
        controls.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        controls = self._controls
        self.switch.setChecked(controls.on)
        known = dict.fromkeys([*controls.devices, *filter(None, [controls.device])])
        if ["", *known] != [self.device.itemData(i) for i in range(self.device.count())]:
            self.device.clear()
            for text, name in ((USUAL, ""), *((name, name) for name in known)):
                self.device.addItem(text, name)
        self.device.setCurrentIndex(self.device.findData(controls.device))
        status = controls.status
        self.level.show_share(1 + status.peak_db / LOWEST_DB if status is not None else 0.0)
        problem = status.problem if status is not None else ""
        if problem != self.problem.text():
            self.problem.setText(problem)
            self.problem.setVisible(bool(problem))
