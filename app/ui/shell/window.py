"""The main window: puts the parts together, looks at the pipeline and paints.  Everything else is elsewhere."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QCloseEvent
from PyQt6.QtWidgets import QDialog, QDockWidget, QMainWindow, QWidget

from app.capture.source import DEMO, SourceState
from app.core.clock import now_s
from app.core.launch_options import LaunchOptions
from app.core.position import OF_THE_DEMO
from app.signals.calibration import Waiting
from app.signals.presets import CUSTOM, PRESETS
from app.ui.docks.base import DockContext
from app.ui.docks.catalogue import DOCKS
from app.ui.docks.keyboard import PanelKeys
from app.ui.docks.manager import Docks
from app.ui.features.annotations.annotations import AnnotationControls
from app.ui.features.cameras.chooser import CameraChooser
from app.ui.features.cameras.controls import CameraControls
from app.ui.features.cameras.facts import FactControls, TiltControls
from app.ui.features.cameras.network_camera import ask_network_camera
from app.ui.features.cameras.remembered import FACE_SIZES, FIELDS_OF_VIEW
from app.ui.features.cameras.tilt_dialog import TiltDialog
from app.ui.features.cameras.view_dialog import ViewDialog
from app.ui.features.faces.faces import FaceControls
from app.ui.features.outputs.outputs import OutputControls
from app.ui.features.outputs.remote import WindowOperator
from app.ui.features.signals.signals import SignalControls
from app.ui.features.sound.sound import SoundControls
from app.ui.live.drawing import Drawing
from app.ui.live.live_view import LiveView
from app.ui.review.controls import ReviewControls, is_session
from app.ui.sessions.controls import SessionsControls
from app.ui.shell import dialogs, settings, theme
from app.ui.shell.automation import Automation, Step
from app.ui.shell.choices import Choices, network_set
from app.ui.shell.clipboard import Clipboard
from app.ui.shell.commands import ANNOTATION_KEYS, LIVE, LIVE_MOUSE, build_actions, fill_menus, key_lines
from app.ui.shell.controller import Controller
from app.ui.shell.files import Files, TakesFiles, show_in_files
from app.ui.shell.first_run import FirstRunPage, is_wanted
from app.ui.shell.help import DocsDialog
from app.ui.shell.keys_dialog import KeysDialog
from app.ui.shell.messages import Message, Severity
from app.ui.shell.profiles import ProfileMenu
from app.ui.shell.recent import RecentFiles
from app.ui.shell.recorded_bar import RecordedBar
from app.ui.shell.settings import LAYOUT_VERSION, Settings
from app.ui.shell.settings_page import SettingsDialog
from app.ui.shell.state_display import StateDisplay
from app.ui.shell.status_line import StatusLine, status_bar
from app.ui.shell.toolbar import MainToolBar
from app.ui.widgets.building import focus_first, resize_within_screen, there

if TYPE_CHECKING:
    from app.pipeline import Pipeline, PipelineStatus
    from app.session.stats import WriterStats

log = logging.getLogger(__name__)

LIVE_TICK_MS = 15  # looks into the mailbox about 60 times a second
IDLE_TICK_MS = 200
STATUS_S = 0.2
NUMBERS_S = 0.1  # faster can't be read
LOW = 560  # points; with plots below the picture, less than a third would be the picture's
UNPAINTED_START_MS = 1000  # a window that begins minimised is never painted, but works
CLOSE_TIMEOUT_MS = 70_000  # longer than the recorder waits for its disk
UNFINISHED = "The recording could not be finished in time; its disk does not answer."


class MainWindow(TakesFiles, QMainWindow):
    """``ended`` gives the exit code, after the recording is whole and every thread has ended."""

    ended = pyqtSignal(int)

    def __init__(self, options: LaunchOptions, store: Settings) -> None:
        super().__init__()
        self.setWindowTitle("Motionscope")
        self.setAcceptDrops(True)
        self._options = options
        self.settings = store
        self._status: PipelineStatus | None = None
        self._status_due_s = self._numbers_due_s = 0.0
        self._started = self._closing = self._may_close = False
        self._automation = Automation(options, now_s())
        self._dialogs: dict[str, QDialog] = {}

        store.ask(options)
        network, otherwise, remark = network_set(store)
        self.controller = Controller(options.source, network, self, otherwise)
        self._build()
        self.choices = Choices(self.toolbar, self.controller, store, self)
        self.cameras = CameraControls(self, self.controller, store, options.camera_format)
        self.state = StateDisplay(self.controller, self.view, self.status_line, self.commands)
        self.files = Files(self, self.controller, self.choices, store)
        self.drawing = Drawing(self.view, self.commands["mirror"], store, self)
        self.signals = SignalControls(self.controller, self.commands, store, self)
        self.tilt = TiltControls(self.controller, store, self, options.camera_tilt)
        self.field_of_view = FactControls(
            self.controller,
            store,
            self,
            FIELDS_OF_VIEW,
            lambda pipe, view: pipe.set_field_of_view(view),
            options.field_of_view,
            OF_THE_DEMO,
        )
        self.face_size = FactControls(
            self.controller, store, self, FACE_SIZES, lambda pipe, size: pipe.set_face_size(size), options.face_size
        )
        self.faces = FaceControls(self.controller, self.commands, store, self.view, self)
        self.operator = WindowOperator(self.controller, self._begin_recording, self)
        self.outputs = OutputControls(self.controller, self.commands, store, self, self.operator)
        self.annotations = AnnotationControls(self.controller, self.commands, store, self.view, self)
        self.sound = SoundControls(self.controller, store, self)
        context = DockContext(
            self.controller,
            store,
            self.commands,
            self.view,
            lambda: self._status,
            self.annotations,
            self.outputs,
            self.signals,
            self.sound,
        )
        self.docks = Docks(self, context)
        self.panel_keys = PanelKeys(self, self.view)
        self.appearance = theme.Appearance(store, self)
        self.review = ReviewControls(self, store, self.files.recordings_folder)
        self.sessions = SessionsControls(store, self.review)
        self.recent = RecentFiles(self, self.commands["open_weights"], store, self.controller, self._open_path)
        self.review.opened = self.recent.add
        self.profiles = ProfileMenu(
            self, self.commands["reset_settings"], store, self.controller, self._remember_layout
        )
        self.clipboard = Clipboard(self.view, self.controller)
        self._restore()
        self.timer = QTimer(self)
        self.timer.timeout.connect(self._tick)
        self._connect()
        self.view.set_message("Starting…")
        if remark:
            self.state.show_notice(Message(remark, Severity.WARNING))

    # ------------------------------------------------------------------ building

    def _build(self) -> None:
        self.view = LiveView()
        self.setCentralWidget(self.view)
        self.commands = build_actions(self, LIVE, _action_slots(self), self.settings)
        self.commands["leave_full_screen"].setEnabled(False)
        fill_menus(there(self.menuBar()), LIVE, self.commands)
        self.toolbar = MainToolBar(self.commands)
        self.addToolBar(self.toolbar)
        self.recorded = RecordedBar(
            self.commands["record"],
            lambda folder: self.review.open(folder),
            lambda folder: show_in_files(folder, self.state.show_notice),
        )
        self.addToolBar(Qt.ToolBarArea.BottomToolBarArea, self.recorded)
        # What stands at the sides keeps the full height; the plots lie below the picture.
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        self.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        self.status_line = StatusLine()
        self.setStatusBar(status_bar(self.status_line))

    def _restore(self) -> None:
        if not self.restoreGeometry(self.settings.get(settings.GEOMETRY)):
            resize_within_screen(self, QSize(1280, 720))
        self._restore_layout()
        self.settings.watch(self, (settings.LAYOUT,), self._layout_changed)

    def _layout_changed(self) -> None:
        if self.settings.get(settings.LAYOUT) != self.saveState(LAYOUT_VERSION):
            size = self.size()
            self._restore_layout()
            self.docks.settle(size)

    def _restore_layout(self) -> None:
        if self.restoreState(self.settings.get(settings.LAYOUT), LAYOUT_VERSION):
            self.docks.place_missing()
        else:
            self._default_layout()
        self.recorded.restore()

    def _default_layout(self) -> None:
        self.docks.default_layout(low=self.height() < LOW)
        self.resizeDocks([self.docks.dock("plots")], [210], Qt.Orientation.Vertical)
        numbers = self.docks.dock("numbers")
        self.resizeDocks([numbers], [there(numbers.widget()).minimumWidth()], Qt.Orientation.Horizontal)

    def _connect(self) -> None:
        self.controller.noticed.connect(self.state.show_notice)
        self.controller.source_changed.connect(self._source_changed)
        self.controller.loaded.connect(self.files.offer_recovery)
        self.controller.recording_began.connect(self.recorded.leave)
        self.controller.recorded.connect(self._recorded)
        self.controller.closed.connect(self._closed)
        self.outputs.failed.connect(self._automation.fail)
        self.sound.failed.connect(self._automation.fail)
        there(self.statusBar()).addPermanentWidget(self.sound.label)
        self.operator.annotated.connect(lambda label, written: self.annotations.show_written("", label, written))
        self.operator.recentred.connect(self.signals.show_recentred)
        for picker in (self.toolbar.source, self.toolbar.weights, self.toolbar.device):
            picker.commanded.connect(lambda name: self.commands[name].trigger())
        self.view.first_painted.connect(lambda: QTimer.singleShot(0, self.start))
        QTimer.singleShot(UNPAINTED_START_MS, lambda: self.start())

    # ------------------------------------------------------------------ the regular look

    def start(self) -> None:
        """Finish what must not delay the first paint; only the first call does."""
        if self._started or self._closing:
            return
        self._started = True
        self.controller.start()
        self.timer.start(IDLE_TICK_MS)
        if is_wanted(self._options, self.settings):
            self.commands["welcome"].trigger()
        self.docks.start()  # pyqtgraph takes half a second to import, while the pipeline loads on its thread

    def _tick(self) -> None:
        pipeline = self.controller.pipeline
        if pipeline is None:
            return
        now = now_s()
        if now >= self._status_due_s:
            self._poll_status()
        if is_obscured(self):
            return  # the latest result waits in its slot
        self._show_latest(pipeline)
        if self.view.result is not self.view.numbers and now >= self._numbers_due_s:
            self._numbers_due_s = now + NUMBERS_S
            self.view.show_numbers(self.view.result)
        lost = self._status is not None and self._status.source.state is SourceState.LOST
        result, numbers = (None, None) if lost else (self.view.result, self.view.numbers)  # of then, not of now
        self.docks.refresh(result, numbers, pipeline.history)

    def _show_latest(self, pipeline: Pipeline) -> None:
        result = pipeline.results.take()
        if result is not None and result.frame.captured_s >= self.controller.shown_from_s:
            self.view.show_result(result)

    def _poll_status(self) -> None:
        """Take the status, show it everywhere, do what is due."""
        self._status_due_s = now_s() + STATUS_S
        controller = self.controller
        status = self._status = controller.poll()
        if status is None:
            return
        # Unseen, everything goes on as usual (capture, analysis, recording, outputs, history) but showing it.
        interval = LIVE_TICK_MS if status.streaming and not is_obscured(self) else IDLE_TICK_MS
        if interval != self.timer.interval():
            self.timer.setInterval(interval)
        self.drawing.show_status(status)
        self.signals.show_status(status)
        self._know_camera(status)
        self.annotations.show_status(status)
        self.sound.show_status(status)
        self.cameras.show_status(status)
        self.state.show(status, self._closing)
        if not self._closing:
            own = controller.source == self._options.source
            step = self._automation.advance(status, controller.source_error, own, now_s())
            if step is Step.RECORD:
                self._automation.fail(self.files.start_recording(self._options.record))
            elif step is Step.CLOSE:
                self.close()

    def _know_camera(self, status: PipelineStatus) -> None:
        """Apply the facts remembered of the camera that was opened."""
        self.tilt.show_status(status)
        self.field_of_view.show_status(status)
        self.face_size.show_status(status)

    def _recorded(self, stats: WriterStats) -> None:
        self.recent.add(stats.folder)
        self.sessions.recorded(stats.folder)
        if stats.finished and not stats.error:
            self.recorded.offer(stats)

    def _source_changed(self, spec: str) -> None:
        self.view.show_result(None)
        self._status_due_s = 0.0

    # ------------------------------------------------------------------ actions

    def toggle_source(self) -> None:
        self.controller.toggle_source()
        self._poll_status()

    def _begin_recording(self, about: Mapping[str, str]) -> str:
        """Begin a recording and return why it can't be, in a sentence, or nothing; ``about``: new session fields."""
        before = self.annotations.fields
        self.annotations.describe(about)
        if self.controller.pipeline is not None:
            self._know_camera(self.controller.pipeline.status())  # before the header is written
        problem = self.files.start_recording(name=self.annotations.folder_name())
        if problem:
            self.annotations.use_fields(before)
        return problem

    def record(self, on: bool) -> None:
        if on:
            self._begin_recording({})
        elif self.controller.pipeline is not None:
            self.controller.pipeline.recorder.stop()
        self._poll_status()

    def look_for_cameras(self) -> None:
        self.controller.list_sources()
        self.state.show_notice(Message("Looking for cameras…", Severity.BUSY))

    def choose_camera(self) -> None:
        if self.cameras.may_choose():
            self.show_dialog("cameras", lambda: CameraChooser(self, self.cameras, self.controller, self.settings))

    def show_full_screen(self, on: bool) -> None:
        others = self.windowState() & ~Qt.WindowState.WindowFullScreen
        self.setWindowState(others | Qt.WindowState.WindowFullScreen if on else others)
        self.commands["full_screen"].setChecked(on)
        self.commands["leave_full_screen"].setEnabled(on)

    def _remember_layout(self) -> None:
        self.settings.set(settings.GEOMETRY, self.saveGeometry())
        if not self.docks.settled:  # else what was saved is for larger windows
            self.settings.set(settings.LAYOUT, self.saveState(LAYOUT_VERSION))

    def show_dialog(self, name: str, make: Callable[[], QDialog]) -> None:
        if name not in self._dialogs:
            self._dialogs[name] = make()
        self._dialogs[name].show()
        self._dialogs[name].raise_()
        focus_first(self._dialogs[name])

    def first_run_page(self) -> QDialog:
        return FirstRunPage(self, self.controller, self.signals, self.settings, self.choose_camera)

    def copy_report(self) -> None:
        self.clipboard.copy_report(self._status)

    def about_lines(self) -> list[str]:
        lines = [f"Recordings: {self.files.recordings_folder()}", f"Settings: {self.settings.path}"]
        if self._status is not None and self._status.report is not None:
            lines.insert(0, f"Weights: {self._status.report.summary}")
        return lines

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if there(event).type() == QEvent.Type.WindowStateChange and not is_obscured(self):
            self._status_due_s = 0.0
            QTimer.singleShot(0, self._tick)  # what is shown is as old as the window was away

    def take(self, paths: list[Path]) -> None:
        self._open_path(paths[0])

    def _open_path(self, path: Path) -> None:
        """Open a file that was dropped or opened before: a session, weights or a source."""
        if is_session(path):
            self.review.open(path if path.is_dir() else path.parent)
        else:
            self.files.open_path(path)

    # ------------------------------------------------------------------ the end

    def closeEvent(self, event: QCloseEvent | None) -> None:
        assert event is not None
        if self._may_close:
            event.accept()
            return
        event.ignore()
        if not self._closing:
            self._begin_close()

    def _begin_close(self) -> None:
        """The picture for the command line, then finish in the background; the window stays until it is done."""
        if self._options.screenshot is not None:
            pipeline = self.controller.pipeline
            if pipeline is not None:
                self._show_latest(pipeline)
                self.view.show_numbers(self.view.result)
                self.docks.refresh(self.view.result, self.view.numbers, pipeline.history)  # the same moment everywhere
            self._automation.fail(dialogs.save_picture(self, self._options.screenshot))
        if not self.review.close():
            return
        self.sessions.close()
        self._closing = True
        self.annotations.finish()
        self._remember_layout()
        if not self.settings.save():
            log.warning("The settings can't be kept in %s.", self.settings.path)
        for dialog in self._dialogs.values():
            dialog.close()
        for part in (self.toolbar, self.recorded, there(self.menuBar()), self.docks.dock("numbers")):
            part.setEnabled(False)
        status = self._status
        if status is not None and (status.recording_active or status.recording_finishing):
            self._poll_status()
        else:
            self.hide()  # nothing to finish but threads: nobody needs to watch that
        QTimer.singleShot(CLOSE_TIMEOUT_MS, self._give_up)
        self.controller.close()

    def _give_up(self) -> None:
        if not self._may_close:
            self._automation.fail(UNFINISHED)
            self._end()

    def _closed(self) -> None:
        pipeline = self.controller.pipeline
        self._automation.finish(pipeline.status() if pipeline is not None else None)
        self.signals.close()
        self.annotations.close()
        self.outputs.close()
        self.cameras.close()
        self.controller.join()
        self._end()

    def _end(self) -> None:
        self.timer.stop()
        self._may_close = True
        self.close()
        self.ended.emit(self._automation.exit_code)

    @property
    def failures(self) -> list[str]:
        """The reasons for exit code 1, in sentences."""
        return self._automation.failures


def is_obscured(window: QMainWindow) -> bool:
    """Minimised, hidden, or said by the system to be covered, with all of the panels that float beside it."""
    if window.isMinimized():
        return True
    if _exposed(window):
        return False
    return not any(dock.isFloating() and _exposed(dock) for dock in window.findChildren(QDockWidget))


def _exposed(widget: QWidget) -> bool:
    handle = widget.windowHandle()
    return widget.isVisible() and handle is not None and handle.isExposed()


def _action_slots(window: MainWindow) -> dict[str, Callable[..., object]]:
    """A slot for each action's name; parts that the window makes later are looked up when they are needed."""
    presets = {
        f"filter_{preset.name}": lambda _, name=preset.name: window.signals.use_preset(name) for preset in PRESETS
    }
    docks = {spec.name: lambda on, name=spec.name: window.docks.switch(name, on) for spec in DOCKS}
    return {
        **presets,
        **{f"marker_{key}": lambda key=key: window.annotations.press(key) for key in ANNOTATION_KEYS},
        "note": lambda: window.annotations.ask_note(),
        **docks,
        "open_file": lambda: window.files.ask_source_file(),
        "open_folder": lambda: window.files.ask_source_folder(),
        "open_session": lambda: window.review.ask(),
        "sessions": lambda: window.sessions.open(),
        "extract": lambda: window.sessions.extract(),
        "open_weights": lambda: window.files.ask_weights(),
        "recordings_folder": lambda: window.files.choose_recordings_folder(),
        "show_recordings": lambda: window.files.show_recordings(),
        "recover": lambda: window.files.recover(),
        "screenshot": lambda: window.files.save_screenshot(),
        "quit": window.close,
        "run": window.toggle_source,
        "record": window.record,
        "demo": lambda: window.controller.choose_source(DEMO),
        "cameras": lambda: window.choose_camera(),
        "network_camera": lambda: ask_network_camera(window, window.controller.choose_source),
        "refresh": window.look_for_cameras,
        "pick_source": lambda: window.toolbar.source.show_choices(),
        "pick_weights": lambda: window.toolbar.weights.show_choices(),
        "pick_device": lambda: window.toolbar.device.show_choices(),
        "recentre": lambda: window.signals.recentre(),
        "undo_recentre": lambda: window.signals.undo_recentre(),
        "recentre_still": lambda: window.signals.wait_for(Waiting.RECENTRE),
        "measure_tilt": lambda: window.signals.wait_for(Waiting.TILT),
        "camera_tilt": lambda: window.show_dialog("tilt", lambda: TiltDialog(window, window.tilt, window.commands)),
        "field_of_view": lambda: window.show_dialog(
            "view", lambda: ViewDialog(window, window.field_of_view, window.face_size)
        ),
        "neutral": lambda: window.signals.wait_for(Waiting.NEUTRAL),
        "forget_neutral": lambda: window.signals.forget_neutral(),
        "filter_custom": lambda _: window.signals.use_preset(CUSTOM),
        "opentrack": lambda on: window.outputs.switch("opentrack", on),
        "opentrack_address": lambda: window.outputs.ask_address(),
        "copy_picture": lambda: window.clipboard.copy_picture(),
        "copy_numbers": lambda: window.clipboard.copy_numbers(),
        "theme": lambda: window.appearance.toggle(),
        "next_face": lambda: window.faces.pick_next(),
        "more_faces": lambda: window.faces.change_limit(1),
        "fewer_faces": lambda: window.faces.change_limit(-1),
        "mirror": lambda on: window.drawing.mirror(on),
        "next_panel": lambda: window.panel_keys.go(1),
        "previous_panel": lambda: window.panel_keys.go(-1),
        "to_picture": lambda: window.panel_keys.to_picture(),
        "float_panel": lambda: window.panel_keys.toggle_floating(),
        "move_panel": lambda: window.panel_keys.move_on(),
        "grow_panel": lambda: window.panel_keys.grow(1),
        "shrink_panel": lambda: window.panel_keys.grow(-1),
        "close_panel": lambda: window.panel_keys.close_current(),
        "full_screen": window.show_full_screen,
        "leave_full_screen": lambda: window.show_full_screen(False),
        "settings": lambda: window.show_dialog(
            "settings", lambda: SettingsDialog(window, window.settings, window.profiles)
        ),
        "reset_settings": lambda: window.profiles.ask_reset(),
        "keys": lambda: window.show_dialog("keys", lambda: KeysDialog(window, (*key_lines(LIVE), *LIVE_MOUSE))),
        "docs": lambda: window.show_dialog("docs", lambda: DocsDialog(window)),
        "report": lambda: window.copy_report(),
        "welcome": lambda: window.show_dialog("welcome", window.first_run_page),
        "about": lambda: window.show_dialog("about", lambda: dialogs.AboutDialog(window, window.about_lines())),
    }
