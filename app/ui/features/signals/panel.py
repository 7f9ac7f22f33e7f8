"""The dock of filter, calibration and derived signals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.frames import FrameResult
from app.signals.trust import untrusted_signals
from app.ui.docks.base import DockContext
from app.ui.features.signals.derived import CalibrationSection, DerivedSection
from app.ui.features.signals.filter import FilterSection
from app.ui.features.signals.preview import PreviewSection
from app.ui.widgets.building import RefreshingPanel

if TYPE_CHECKING:
    from app.signals.history import History
    from extractor.report import LoadReport


class SignalsDock(RefreshingPanel):
    """Shows results as they come, and looks at the calibration by itself: a wait goes on without any face."""

    REFRESH_MS = 150

    def __init__(self, context: DockContext) -> None:
        super().__init__("Filter and calibration")
        self._status = context.status
        controls = context.signals
        self._report: LoadReport | None = None
        self.filter = FilterSection(controls)
        self.preview = PreviewSection(context.controller.background, lambda: controls.filter)
        self.calibration = CalibrationSection(context.commands)
        self.derived = DerivedSection(context.settings)
        self.hold(self.filter, self.preview, self.calibration, self.derived, spacing=12)
        self.setMinimumHeight(12 * self.fontMetrics().height())
        self.setFocusProxy(self.filter.preset)
        controls.filter_changed.connect(lambda _: self.preview.filter_changed())

    def show_result(self, result: FrameResult | None, history: History) -> None:
        self.preview.show_history(history)
        shown = result.shown_primary if result is not None else None
        self.derived.show_signals(shown.derived if shown is not None else None)

    def refresh(self) -> None:
        """How the calibration stands, and what the weights can carry."""
        status = self._status()
        if status is None:
            return
        self.calibration.show_state(status.calibration)
        self.calibration.show_sizes(status.field_of_view, status.face_size)
        report = status.report
        if report is not self._report:
            self._report = report
            known = untrusted_signals(report.spec, report.metadata, report.pose_trained) if report is not None else {}
            self.derived.show_untrusted(known)
