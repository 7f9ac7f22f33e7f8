"""The panel of outputs: for each a switch, where it goes, how it stands, and what should be known of it."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.core.frames import FrameResult
from app.outputs.base import OutputState, OutputStatus
from app.outputs.catalogue import OUTPUTS, OutputSpec
from app.outputs.remote_access import NAME as REMOTE
from app.signals.history import History
from app.ui.docks.base import DockContext
from app.ui.features.outputs.outputs import OutputControls
from app.ui.shell import settings
from app.ui.shell.messages import Severity
from app.ui.shell.setting_editor import SettingEditor, show_text
from app.ui.shell.settings import Settings
from app.ui.widgets.building import RefreshingPanel, copy_text, gapped_grid, lay_out, named, paragraph, push_button
from app.ui.widgets.fields import Note, Value, dim_label

OPENING = "opening…"
AT_START = "also at start"


class OutputsPanel(RefreshingPanel):
    """One row each."""

    def __init__(self, context: DockContext) -> None:
        super().__init__("Outputs")
        self._controller = context.controller
        self._status = context.status
        intro = paragraph(
            "Send what is shown to other programs, and let them control this window. "
            "Everything is off until you switch it on here.",
            dim=True,
        )
        self.rows = {spec.name: OutputRow(spec, context.outputs, context.settings) for spec in OUTPUTS}
        for row in self.rows.values():
            row.edited.connect(self._edited)
        lines = (part for row in self.rows.values() for part in (_line(), row))
        self.hold(intro, *lines, spacing=8, margins=(12, 10, 12, 10))
        self.setFocusProxy(next(iter(self.rows.values())).switch)
        context.outputs.changed.connect(lambda _: self.refresh())

    def show_result(self, result: FrameResult | None, history: History) -> None:
        """Nothing: results aren't what it shows."""

    def _edited(self, problem: str) -> None:
        if problem:
            self._controller.notify(problem, Severity.ERROR)
        self.refresh()

    def refresh(self) -> None:
        status = self._status()
        sent = {output.name: output for output in status.outputs} if status is not None else {}
        for name, row in self.rows.items():
            row.show_status(sent.get(name))


class TokenLine(QWidget):
    """The remote control's token as ``controls`` know it: to be read whole, copied and replaced."""

    def __init__(self, controls: OutputControls) -> None:
        super().__init__()
        self._controls = controls
        tip = "The word that lets programs in; “motionscope ctl” on your account finds it itself."
        self.shown = named(QLineEdit(), "Remote control: token", tip)
        self.shown.setReadOnly(True)
        self.shown.setPlaceholderText("made when it is first switched on")
        self.copy = push_button(
            "Copy",
            "Copy the token, to be put into another program.",
            lambda: copy_text(controls.token),
            "Remote control: copy the token",
        )
        self.renew = push_button(
            "New",
            "Make another token: programs that know this one are let in no more.",
            controls.renew_token,
            "Remote control: new token",
        )
        buttons = lay_out(QHBoxLayout(), None, self.copy, self.renew, spacing=8)
        lay_out(QVBoxLayout(self), self.shown, buttons, spacing=4, margins=(0, 0, 0, 0))
        self.refresh()

    def refresh(self) -> None:
        show_text(self.shown, self._controls.token)
        self.copy.setEnabled(bool(self._controls.token))


class OutputRow(QWidget):
    """One output."""

    edited = pyqtSignal(str)  # why what was written is no target; empty: it is one

    def __init__(self, spec: OutputSpec, controls: OutputControls, store: Settings) -> None:
        super().__init__()
        self._spec = spec
        self._controls = controls
        self._wrong = ""  # why what was typed is no target
        named(self, spec.title, f"{spec.tip}.")
        self.switch = named(QCheckBox(spec.title), spec.title, f"{spec.tip}.")
        self.switch.clicked.connect(lambda on: self._switch(on))
        self.state = Value(f"{spec.title}: state")
        self.state.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._editor = SettingEditor(settings.OUTPUT_TARGETS[spec.name], store)
        self._editor.problem.connect(self._show_wrong)
        self.target = self._editor.widget
        if isinstance(self.target, QLineEdit):
            self.target.setPlaceholderText(spec.metavar if spec.default else "")
            self.target.installEventFilter(self)
        self.target.setMinimumWidth(self.fontMetrics().horizontalAdvance("192.168.200.200:39539") + 14)
        tip = "Switch it on by itself whenever Motionscope starts; otherwise it begins switched off."
        at_start = settings.OUTPUTS_AT_START[spec.name]
        self.at_start = SettingEditor(at_start, store, f"{spec.title}: {AT_START}", tip, text=AT_START).widget
        label = dim_label(spec.target_name)
        label.setBuddy(self.target)
        self.note, self.privacy = Note(dim=True), Note(dim=True)
        grid = gapped_grid(8, 4, self)
        grid.addLayout(lay_out(QHBoxLayout(), self.switch, (self.state, 1)), 0, 0, 1, 3)
        grid.addWidget(label, 1, 0)
        grid.addWidget(self.target, 1, 1)
        grid.addWidget(self.at_start, 1, 2, Qt.AlignmentFlag.AlignRight)
        self.token = TokenLine(controls) if spec.name == REMOTE else None
        if self.token is not None:
            name = dim_label("Token")
            name.setBuddy(self.token.shown)
            name.setMinimumHeight(self.token.shown.sizeHint().height())
            grid.addWidget(name, 2, 0, Qt.AlignmentFlag.AlignTop)
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
            self.token.refresh()
        problem = self._wrong or self._controls.problem(name) or (status.problem if status is not None and on else "")
        self.state.show_text(
            state_text(status, on, bool(self._controls.problem(name))), status_tip(status) if on else ""
        )
        unheard = on and status is not None and status.state is OutputState.UNHEARD
        target = self._controls.target(name)
        advice = self._spec.unheard.format(target=target) if unheard else ""
        self.note.show_text(problem or advice, "error" if problem else "")
        # Before it is switched on, too, where somebody has chosen another computer.
        self.privacy.show_text(self._controls.privacy(name) if on or target != self._spec.default else "", "warning")

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Escape takes back what was typed; it and Enter give the keys back to the picture."""
        if watched is self.target and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Escape:
                self._editor.refresh()
            if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.target.clearFocus()
                return True
        return super().eventFilter(watched, event)

    def _switch(self, on: bool) -> None:
        if on and self._wrong:
            self.switch.setChecked(False)
            return
        self._controls.switch(self._spec.name, on)

    def _show_wrong(self, problem: str) -> None:
        if problem != self._wrong:
            self._wrong = problem
            self.edited.emit(problem)


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
    """The target and the counts of an output, for its tool tip."""
    if status is None:
        return ""
    dropped = f", {status.dropped} skipped because newer ones came" if status.dropped else ""
    what = "commands answered" if status.state is OutputState.LISTENING else "results sent"
    return f"{status.target}: {status.sent} {what}{dropped}"


def _line() -> QFrame:
    line = QFrame()
    line.setFrameShape(QFrame.Shape.HLine)
    line.setFrameShadow(QFrame.Shadow.Plain)
    line.setProperty("rule", True)
    return line
