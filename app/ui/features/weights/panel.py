"""The dock: the list of checkpoints, what can be done with one, the comparison, and what is known of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QSignalBlocker, Qt
from PyQt6.QtGui import QKeySequence, QShortcut, QShowEvent
from PyQt6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem

from app.core.frames import FrameResult
from app.faces.estimators import is_estimator
from app.ui.docks.base import DockContext
from app.ui.features.weights.checkpoints import Checkpoint, checkpoints, read_report
from app.ui.features.weights.comparison import Comparison
from app.ui.features.weights.details import Details
from app.ui.shell import dialogs, settings
from app.ui.shell.controller import sentence
from app.ui.shell.messages import Severity
from app.ui.widgets.building import RefreshingPanel, copy_text, lay_out, named, push_button
from extractor.shipped import is_own

if TYPE_CHECKING:
    from app.signals.history import History
    from extractor.report import LoadReport

MOST_REMEMBERED = 20
ROWS = 5
MARGIN = 12


class WeightsPanel(RefreshingPanel):
    """Looks at how the networks stand by itself while it is to be seen; files are read on other threads."""

    def __init__(self, context: DockContext) -> None:
        super().__init__("Weights")
        self._context = context
        self._reports: dict[str, LoadReport | str] = {}  # by key: what was read, or why it couldn't be
        self._reading: set[str] = set()
        self._shown: list[tuple[Checkpoint, str]] = []
        self.list = named(QListWidget(), "Checkpoints", "Enter: use these weights. Delete: take them off the list")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setFixedHeight(round(self.fontMetrics().height() * 1.25 * ROWS) + 4)
        self.list.itemDoubleClicked.connect(lambda _: self.use())
        for key, do in ((Qt.Key.Key_Return, self.use), (Qt.Key.Key_Enter, self.use), (Qt.Key.Key_Delete, self.forget)):
            QShortcut(QKeySequence(key), self.list, do, context=Qt.ShortcutContext.WidgetShortcut)
        self.comparison = Comparison()
        self.comparison.hide()
        self.details = Details()
        tip = "Measure with the selected weights; a running recording is finished first"
        self.use_button = push_button("Use", tip, self.use, "Use")
        tip = "Let the selected one measure the same frames beside those in use"
        self.compare_button = push_button("Compare", tip, name="Compare")
        self.compare_button.setCheckable(True)
        self.compare_button.clicked.connect(self.compare)
        self.add_button = push_button("Add…", "Add a checkpoint to the list", self.ask, "Add…")
        tip = "Take the selected file off the list; it stays where it is"
        self.forget_button = push_button("Forget", tip, self.forget, "Forget")
        tip = "Copy everything that is known of the selected weights"
        self.copy_button = push_button("Copy details", tip, self.copy, "Copy details")
        self.list.currentItemChanged.connect(lambda *_: self._show_selected())
        buttons = (self.use_button, self.compare_button, self.add_button, self.forget_button)
        self.hold(
            self.list,
            lay_out(QHBoxLayout(), *((button, 1) for button in buttons), spacing=5),
            self.comparison,
            self.details,
            lay_out(QHBoxLayout(), self.copy_button, None),
            spacing=8,
            margins=(MARGIN, 8, MARGIN, 8),
        )
        # As wide with the comparison as without it, which comes and goes.
        self.setMinimumWidth(max(self.comparison.minimumSizeHint().width() + 3 * MARGIN, self.minimumWidth()))
        self.setMinimumHeight(10 * self.fontMetrics().height())
        self.setFocusProxy(self.list)
        context.controller.network_changed.connect(lambda _: self.refresh())
        self.refresh()

    def show_result(self, result: FrameResult | None, history: History) -> None:
        if not self.comparison.isHidden():
            self.comparison.show_result(result, history)

    def refresh(self) -> None:
        status, network = self._context.status(), self._context.controller.network
        if status is not None and status.report is not None and not status.network_loading and not status.network_error:
            self._reports[network.weights] = status.report  # it need not be read a second time
        beside = self.second
        self._fill(network.weights, beside)
        second = status.second if status is not None else None
        if second is not None and status is not None and beside is not None:
            label = next(point.label for point in checkpoints([beside], "") if point.key == beside)
            self.comparison.show_status(label, second, status.report)
        self.comparison.setVisible(second is not None)
        self._show_selected()

    @property
    def second(self) -> str | None:
        """The key of the checkpoint that measures beside the one in use."""
        status = self._context.status()
        if status is None or status.second is None or status.second.weights is None:
            return None
        weights = status.second.weights
        return "" if weights == "default" else weights

    @property
    def selected(self) -> str | None:
        item = self.list.currentItem()
        return item.data(Qt.ItemDataRole.UserRole) if item is not None else None

    def select(self, key: str) -> None:
        for row in range(self.list.count()):
            item = self.list.item(row)
            if item is not None and item.data(Qt.ItemDataRole.UserRole) == key:
                self.list.setCurrentRow(row)

    def _fill(self, in_use: str, beside: str | None) -> None:
        def remark(key: str) -> str:
            words = [word for word, here in (("in use", key == in_use), ("beside it", key == beside)) if here]
            return f"   ({', '.join(words)})" if words else ""

        store = self._context.settings
        remembered = [*store.get(settings.KNOWN_WEIGHTS), *store.get(settings.RECENT_WEIGHTS)]
        rows = [(point, point.label + remark(point.key)) for point in checkpoints(remembered, in_use)]
        if rows == self._shown:
            return
        self._shown = rows
        selected = self.selected
        with QSignalBlocker(self.list):
            self.list.clear()
            for point, text in rows:
                item = QListWidgetItem(text, self.list)
                item.setData(Qt.ItemDataRole.UserRole, point.key)
                item.setToolTip(point.key or "The weights that come with Motionscope")
        self.select(in_use if selected is None else selected)
        if self.selected is None:
            self.list.setCurrentRow(0)

    def _show_selected(self) -> None:
        key = self.selected
        if key is None:
            return
        known = self._reports.get(key)
        self.details.show_report(known)
        running = self._context.controller.pipeline is not None
        # An estimator gives neither uncertainty nor expression: it is a second opinion, not what is recorded live.
        self.use_button.setEnabled(
            running and key != self._context.controller.network.weights and not is_estimator(key)
        )
        self.compare_button.setEnabled(running)
        self.compare_button.setChecked(key == self.second)
        used = (self._context.controller.network.weights, self.second)
        self.forget_button.setEnabled(key not in used and not is_own(key) and not is_estimator(key))
        self.copy_button.setEnabled(known is not None and not isinstance(known, str))
        if known is None and self.isVisible():
            self._read(key)

    def _read(self, key: str, remember: bool = False) -> None:
        """On another thread; ``remember`` it if it can be read."""
        if key in self._reading:
            return
        self._reading.add(key)

        def done(report: LoadReport) -> None:
            self._reading.discard(key)
            self._reports[key] = report
            if remember:
                self._remember(key)
            self._show_selected()

        def failed(error: Exception) -> None:
            self._reading.discard(key)
            self._reports[key] = str(error) if isinstance(error, ValueError) else sentence(error)
            if remember:
                self._context.controller.notify(str(self._reports.pop(key)), Severity.ERROR)
            self._show_selected()

        self._context.controller.background.run("read weights", lambda: read_report(key), done, failed)

    def use(self) -> None:
        key, controller = self.selected, self._context.controller
        if key is not None and self.use_button.isEnabled():
            controller.set_network(replace(controller.network, weights=key))

    def compare(self, on: bool) -> None:
        key, controller = self.selected, self._context.controller
        if key is not None:
            controller.compare_with(key if on else None)

    def ask(self) -> None:
        dialogs.ask_file(self, "Add weights", dialogs.WEIGHTS_FILTER, self.add)

    def add(self, path: str) -> None:
        """Remember this file if it holds weights; if not, a notice says why."""
        self._read(str(Path(path).absolute()), remember=True)

    def _remember(self, path: str) -> None:
        store = self._context.settings
        known = [str(other) for other in store.get(settings.KNOWN_WEIGHTS) if other != path]
        store.set(settings.KNOWN_WEIGHTS, [path, *known][:MOST_REMEMBERED])
        self.refresh()
        self.select(path)

    def forget(self) -> None:
        key, store = self.selected, self._context.settings
        if key is None or not self.forget_button.isEnabled():
            return
        for setting in (settings.KNOWN_WEIGHTS, settings.RECENT_WEIGHTS):
            store.set(setting, [other for other in store.get(setting) if other != key])
        self._reports.pop(key, None)
        self.refresh()

    def copy(self) -> None:
        copy_text(self.details.as_text())
        self._context.controller.notify("Copied what is known of the weights.", Severity.GOOD)

    def showEvent(self, event: QShowEvent | None) -> None:
        self._reports = {key: known for key, known in self._reports.items() if not isinstance(known, str)}
        super().showEvent(event)
