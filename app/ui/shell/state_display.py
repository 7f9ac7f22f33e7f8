"""Shows how things stand: the status line, the words in the picture, and the two buttons that say what runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PyQt6.QtGui import QAction

from app.capture.source import SourceState
from app.core.clock import now_s
from app.signals.calibration import Waiting
from app.ui.features.signals.signals import waiting_text
from app.ui.live.live_view import LiveView
from app.ui.shell import theme
from app.ui.shell.controller import CAMERA_LENT, Controller
from app.ui.shell.messages import Message, Severity, problem_message, usual_message, view_message
from app.ui.shell.status_line import StatusLine
from app.ui.widgets.formatting import duration
from app.ui.widgets.icons import icon

if TYPE_CHECKING:
    from app.pipeline import PipelineStatus

NOTICE_S = {Severity.ERROR: 15.0, Severity.WARNING: 15.0}
USUAL_NOTICE_S = 6.0
FINISHING = "Finishing the recording…"


class StateDisplay:
    """``show`` after each look at the pipeline, ``show_notice`` in between."""

    def __init__(
        self, controller: Controller, view: LiveView, line: StatusLine, commands: Mapping[str, QAction]
    ) -> None:
        self._controller = controller
        self._view = view
        self._line = line
        self._run, self._record = commands["run"], commands["record"]
        self._notice: tuple[Message, float] = (Message(""), 0.0)
        self._problem: Message | None = None  # what was wrong at the last look
        self._icons: tuple[str, str] = ("start", "record")  # as shown

    def show_notice(self, message: Message) -> None:
        """Show this for a while, before everything else."""
        self._notice = (message, now_s() + NOTICE_S.get(message.severity, USUAL_NOTICE_S))
        self._line.show_message(message)

    def show(self, status: PipelineStatus, closing: bool) -> None:
        if closing:
            self._view.set_message(FINISHING, "The window closes as soon as it is whole.")
            self._line.show_message(Message(FINISHING, Severity.BUSY))
        else:
            self._view.set_message(*self._message_in_the_picture(status))
            self._line.show_message(self.message(status))
        self._show_buttons(status)

    def message(self, status: PipelineStatus) -> Message:
        """The message of the status line: a notice, a problem, a remark or the present activity."""
        notice, until = self._notice
        before, self._problem = self._problem, problem_message(status)
        problem = self._problem
        new = problem is not None and problem != before and problem.severity in NOTICE_S
        if new and notice.severity not in NOTICE_S:  # it does not wait until "marked" has been read
            until = 0.0
            self._notice = (notice, until)
        if now_s() < until:
            return notice
        controller = self._controller
        if controller.source_error:
            return Message(controller.source_error, Severity.ERROR)
        if controller.resolving:
            return Message("Opening the source…", Severity.BUSY)
        if problem is not None:
            return problem
        if controller.note and controller.running:
            return Message(controller.note, Severity.INFO)
        return usual_message(status, self._view.result)

    def _message_in_the_picture(self, status: PipelineStatus) -> tuple[str, str]:
        if self._controller.source_error:
            return "No picture", self._controller.source_error
        if self._controller.resolving:
            return "Opening…", ""
        if self._controller.lent and status.source.state is SourceState.CLOSED:
            return CAMERA_LENT, ""
        if status.calibration.waiting is Waiting.TILT:  # who shakes the head reads no status line
            return waiting_text(status.calibration), "for about two and a half seconds; L ends it"
        return view_message(status, self._view.result is not None)

    def _show_buttons(self, status: PipelineStatus) -> None:
        running, stats = self._controller.running, status.recording
        recording = status.recording_active and stats is not None
        self._run.setText("S&top" if running else "&Start")
        self._record.setChecked(recording)
        self._record.setText(duration(stats.seconds) if recording and stats is not None else "&Record")
        self._record.setEnabled(recording or (status.captured > 0 and running))
        icons = ("stop" if running else "start", "stop" if recording else "record")
        if icons != self._icons:
            self._icons = run, record = icons
            self._run.setIcon(icon(run))
            self._record.setIcon(icon(record, theme.WHITE if record == "stop" else theme.RECORD))
