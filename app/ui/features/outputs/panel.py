"""The panel of outputs: for each a switch, where it goes, how it stands, and what should be known of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QObject, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PyQt6.QtWidgets import (
    QCheckBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.core.frames import FrameResult
from app.outputs.base import OutputState, OutputStatus
from app.outputs.catalogue import OUTPUTS, OutputSpec
from app.outputs.remote_access import NAME as REMOTE
from app.ui.features.outputs.outputs import OutputControls
from app.ui.features.outputs.token_line import TokenLine
from app.ui.shell import theme
from app.ui.widgets.fields import Value, dim_label
from app.ui.widgets.pickers import ChoiceBox

if TYPE_CHECKING:
    from app.pipeline import PipelineStatus
    from app.signals.history import History

LOOK_MS = 250
OPENING = "opening…"
AT_START = "also at start"


class OutputsPanel(QScrollArea):
    """Looks at how things stand by itself while it is to be seen: that changes without any result, too."""

    def __init__(self, controls: OutputControls, status: Callable[[], PipelineStatus | None]) -> None:
        super().__init__()
        self._status = status
        self.setAccessibleName("Outputs")
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(8)
        intro = dim_label(
            "What is shown, sent to other programs, and their way to control this window. "
            "All of it is off unless it is switched on here."
        )
        intro.setWordWrap(True)
        layout.addWidget(intro)
        self.rows = {spec.name: OutputRow(spec, controls) for spec in OUTPUTS}
        for row in self.rows.values():
            layout.addWidget(_line())
            layout.addWidget(row)
            row.edited.connect(self.look)
        layout.addStretch(1)
        self.setWidget(content)
        self.setMinimumWidth(content.minimumSizeHint().width() + 16)
        self.setFocusProxy(next(iter(self.rows.values())).switch)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.look)
        controls.changed.connect(lambda _: self.look())

    def show_result(self, result: FrameResult | None, history: History) -> None:
        """Nothing: results aren't what it shows."""

    def look(self) -> None:
        status = self._status()
        standing = {output.name: output for output in status.outputs} if status is not None else {}
        for name, row in self.rows.items():
            row.show_status(standing.get(name))

    def showEvent(self, event: QShowEvent | None) -> None:
        self.look()
        self._timer.start(LOOK_MS)
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent | None) -> None:
        self._timer.stop()
        super().hideEvent(event)


class _TargetChoice(ChoiceBox):
    """A target to choose; one that was written elsewhere, on the command line say, joins the list."""

    def __init__(self, choices: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.setSizeAdjustPolicy(ChoiceBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for label, target in choices:
            self.addItem(label, target)

    def text(self) -> str:
        return str(self.currentData())

    def setText(self, target: str) -> None:
        place = self.findData(target)
        if place < 0:
            place = self.count()
            self.addItem(target, target)
        self.setCurrentIndex(place)


class OutputRow(QWidget):
    """One output."""

    edited = pyqtSignal()  # a target was written, right or wrong

    def __init__(self, spec: OutputSpec, controls: OutputControls) -> None:
        super().__init__()
        self._spec = spec
        self._controls = controls
        self._wrong = ""  # why what was typed is no target
        self.setAccessibleName(spec.title)
        self.setToolTip(f"{spec.tip}.")
        self.switch = QCheckBox(spec.title)
        self.switch.setAccessibleName(spec.title)
        self.switch.setAccessibleDescription(spec.tip)
        self.switch.setToolTip(f"{spec.tip}.")
        self.switch.clicked.connect(lambda on: self._switch(on))
        self.state = Value(f"{spec.title}: state")
        self.state.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.target: QLineEdit | _TargetChoice
        if spec.choices:
            self.target = _TargetChoice(spec.choices)
            self.target.activated.connect(lambda _: self._use_target())
        else:
            self.target = QLineEdit()
            self.target.setPlaceholderText(spec.metavar if spec.default else "")
            self.target.editingFinished.connect(self._use_target)
            self.target.installEventFilter(self)
        self.target.setAccessibleName(f"{spec.title}: {spec.target_name.lower()}")
        self.target.setMinimumWidth(self.fontMetrics().horizontalAdvance("192.168.200.200:39539") + 14)
        self.target.setToolTip(f"{spec.hint}.")
        self.at_start = QCheckBox(AT_START)
        self.at_start.setAccessibleName(f"{spec.title}: {AT_START}")
        self.at_start.setToolTip(
            "Switch it on by itself whenever Motionscope starts; otherwise it begins switched off."
        )
        self.at_start.clicked.connect(lambda on: controls.set_at_start(spec.name, on))
        label = dim_label(spec.target_name)
        label.setBuddy(self.target)
        self.note, self.privacy = _paragraph(), _paragraph()
        theme.set_tone(self.privacy, "warning")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        head = QHBoxLayout()
        head.addWidget(self.switch)
        head.addWidget(self.state, 1)
        grid.addLayout(head, 0, 0, 1, 3)
        grid.addWidget(label, 1, 0)
        grid.addWidget(self.target, 1, 1)
        grid.addWidget(self.at_start, 1, 2, Qt.AlignmentFlag.AlignRight)
        self.token = TokenLine(controls) if spec.name == REMOTE else None
        if self.token is not None:
            name = dim_label("Token")
            name.setBuddy(self.token.shown)
            grid.addWidget(name, 2, 0)
            grid.addWidget(self.token, 2, 1, 1, 2)
        grid.addWidget(self.note, 3, 0, 1, 3)
        grid.addWidget(self.privacy, 4, 0, 1, 3)
        grid.setColumnStretch(1, 1)
        widest = max(self.fontMetrics().horizontalAdvance(other.target_name) for other in OUTPUTS)
        grid.setColumnMinimumWidth(0, widest)

    def show_status(self, status: OutputStatus | None) -> None:
        """``status`` is None while it is off, or not open yet."""
        name = self._spec.name
        on = self._controls.is_on(name)
        self.switch.setChecked(on)
        if self.token is not None:
            self.token.look()
        self.at_start.setChecked(self._controls.at_start(name))
        if not self.target.hasFocus():
            self._show_target()
        problem = self._wrong or self._controls.problem(name) or (status.problem if status is not None and on else "")
        self.state.show_text(
            state_text(status, on, bool(self._controls.problem(name))), status_tip(status) if on else ""
        )
        unheard = on and status is not None and status.state is OutputState.UNHEARD
        target = self._controls.target(name)
        advice = self._spec.unheard.format(target=target) if unheard else ""
        theme.set_tone(self.note, "error" if problem else "")
        _set_text(self.note, problem or advice)
        # Before it is switched on, too, where somebody has chosen another computer.
        _set_text(self.privacy, self._controls.privacy(name) if on or target != self._spec.default else "")

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Escape takes back what was typed; it and Enter give the keys back to the picture."""
        if watched is self.target and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Escape:
                self._wrong = ""
                self._show_target()
            if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.target.clearFocus()
                return True
        return super().eventFilter(watched, event)

    def _switch(self, on: bool) -> None:
        if on and not self._use_target():
            self.switch.setChecked(False)
            return
        self._controls.switch(self._spec.name, on)

    def _use_target(self) -> bool:
        """What was typed, if anything was; what is no target stays there to be mended."""
        text = self.target.text()
        if text == self._controls.target(self._spec.name):
            self._wrong = ""
            return True
        self._wrong = self._controls.use_target(self._spec.name, text)
        self._show_target()
        self.edited.emit()
        return not self._wrong

    def _show_target(self) -> None:
        target = self._controls.target(self._spec.name)
        if self.target.text() != target and not self._wrong:
            self.target.setText(target)
            if isinstance(self.target, QLineEdit):
                self.target.setCursorPosition(0)  # what doesn't fit is seen from its beginning


def state_text(status: OutputStatus | None, on: bool, failed: bool) -> str:
    """State and rate in a few words."""
    if status is None or not on:
        return "failed" if failed else OPENING if on else "off"
    words = [status.state.value]
    if status.receivers and status.state in (OutputState.SENDING, OutputState.LISTENING):
        words[0] += " to one program" if status.receivers == 1 else f" to {status.receivers} programs"
    if status.state is OutputState.SENDING:
        words.append(f"{status.rate:.1f} a second")
    return "  ".join(words)


def status_tip(status: OutputStatus | None) -> str:
    if status is None:
        return ""
    dropped = f", {status.dropped} skipped because newer ones came" if status.dropped else ""
    what = "commands answered" if status.state is OutputState.LISTENING else "results sent"
    return f"{status.target}: {status.sent} {what}{dropped}"


def _paragraph() -> QLabel:
    label = dim_label("")
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding)
    label.hide()
    return label


def _set_text(label: QLabel, text: str) -> None:
    if text != label.text():
        label.setText(text)
        label.setVisible(bool(text))


def _line() -> QFrame:
    line = QFrame()
    line.setFrameShape(QFrame.Shape.HLine)
    line.setFrameShadow(QFrame.Shadow.Plain)
    line.setProperty("rule", True)
    return line
