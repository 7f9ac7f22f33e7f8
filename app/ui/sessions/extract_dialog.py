"""Films and pictures measured from the window: what, how, where to, and how it goes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QKeySequence, QPainter, QPaintEvent, QShortcut
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QProgressBar,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.batch.jobs import ExtractOptions
from app.batch.served import Request, RunMessage
from app.core.limits import MOST_FACES
from app.core.position import LEAST_DEG, LEAST_MM, MOST_DEG, MOST_MM, FaceSize, FieldOfView
from app.ui.features.cameras.tilt_dialog import tilt_boxes, tilt_of
from app.ui.features.cameras.view_dialog import PUPILS_TIP
from app.ui.review.reanalysis import WeightsBox
from app.ui.sessions.extraction import Extraction
from app.ui.shell import dialogs, settings, theme
from app.ui.shell.files import TakesFiles
from app.ui.shell.settings import Settings
from app.ui.widgets.building import (
    ScrollPanel,
    add_row,
    lay_out,
    named,
    number_box,
    paragraph,
    push_button,
    resize_within_screen,
    there,
)
from app.ui.widgets.fields import Note
from app.ui.widgets.formatting import duration
from extractor import files

STEPS = 1000
SURE_S = 3.0  # before that no time left is guessed
MOST_PROCESSES = 64
EMPTY = "Drop videos, pictures and folders here, or add them with the buttons below."
_SIZE = QSize(620, 520)


class ExtractDialog(TakesFiles, QDialog):
    """Stays open beside its window; closed while files are measured it lets that go on."""

    def __init__(self, parent: QWidget, store: Settings, made: Callable[[Path], object]) -> None:
        """``made`` is told of the folder with results, once the first one is there and once the run has ended."""
        super().__init__(parent)
        self._settings = store
        self._made = made
        self._out = Path()
        self._shown_out = False  # whether the list has been told of the results
        self.setWindowTitle("Measure files")
        self.setAcceptDrops(True)
        self.extraction = Extraction(self)
        self._build()
        self.paths.addItems([str(path) for path in store.get(settings.EXTRACT_PATHS)])
        self.out.setText(store.get(settings.EXTRACT_OUT) or str(settings.recordings_folder(store) / "measured"))
        self.faces.setValue(min(max(1, store.get(settings.FACES)), MOST_FACES))
        self.extraction.reported.connect(self._show)
        self.extraction.ended.connect(self._ended)
        self.extraction.paused_changed.connect(self._paused)
        self._enable()

    def _build(self) -> None:
        text = paragraph(
            "Every frame of videos and pictures is measured. Each video gets a folder of its own, which can be opened "
            "in review; all pictures share one table. What was measured already is kept."
        )
        tip = "Drop files and folders here; Delete takes the selected ones off the list"
        self.paths = named(_Paths(), "Files and folders to measure", tip)
        self.paths.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.paths.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.paths.itemSelectionChanged.connect(self._enable)
        self.paths.setMinimumHeight(3 * self.fontMetrics().lineSpacing())
        QShortcut(QKeySequence.StandardKey.Delete, self.paths, self._remove, context=Qt.ShortcutContext.WidgetShortcut)
        self.add_files = push_button("Add &files…", "Choose videos and pictures", self._ask_files)
        tip = "Choose a folder: all videos and pictures in it"
        self.add_folder = push_button("Add f&older…", tip, self._ask_folder)
        self.take_off = push_button("&Take off", "Take the selected lines off the list", self._remove)
        self.out = named(QLineEdit(), "Folder for the results")
        self.choose_out = push_button("C&hoose…", "Choose the folder for the results", self._ask_out)
        self.weights = WeightsBox(self._settings)
        self.faces = named(QSpinBox(), "Faces measured at most")
        self.faces.setRange(1, MOST_FACES)
        tip = "How many files are measured at a time; each takes about 0.6 GB of memory"
        self.jobs = named(QSpinBox(), "Files measured at a time", tip)
        self.jobs.setRange(0, MOST_PROCESSES)
        self.jobs.setSpecialValueText("as many as suit this computer")
        self.pitch, self.roll = tilt_boxes()
        self.pitch.setPrefix("down ")
        self.roll.setPrefix("clockwise ")
        # One step below the least stands for what is not known.
        self.degrees = number_box("Field of view in degrees", LEAST_DEG - 0.1, MOST_DEG, "°")
        self.degrees.setSpecialValueText("not known")
        self.degrees.setValue(self.degrees.minimum())
        self.pupils = number_box("Distance between the pupils in millimetres", LEAST_MM - 0.1, MOST_MM, " mm")
        self.pupils.setSpecialValueText("as an adult's on average")
        self.pupils.setToolTip(PUPILS_TIP)
        self.pupils.setValue(self.pupils.minimum())
        self.force = QCheckBox("Measure again what &is measured already")
        form = QFormLayout()
        add_row(form, "&Results", self.out, self.choose_out)
        form.addRow("&Weights", self.weights)
        form.addRow("Faces &at most", self.faces)
        tip = "How the cameras stood that took the videos; the tables hold what was measured"
        add_row(form, "Camera ti&lt", self.pitch, self.roll, tip=tip)
        tip = "What the cameras saw from edge to edge: the position in centimetres depends on it"
        add_row(form, "Field of &view", self.degrees, tip=tip)
        add_row(form, "&Pupils apart by", self.pupils, tip=PUPILS_TIP)
        form.addRow("Files at a tim&e", self.jobs)
        form.addRow("", self.force)
        rows = ScrollPanel("How they are measured")
        rows.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.options = QWidget()
        self.options.setLayout(form)
        form.setContentsMargins(0, 0, 0, 0)
        rows.setWidget(self.options)
        self.bar = named(QProgressBar(), "Progress")
        self.bar.setRange(0, STEPS)
        self.state = Note("How it goes", dim=True)
        self.problems = named(QListWidget(), "Files without a pose, and why")
        self.problems.setWordWrap(True)
        self.problems.setMinimumHeight(3 * self.fontMetrics().lineSpacing())
        self.problems.hide()
        buttons = dialogs.close_button(self)
        tip = "Begin, or go on where an earlier run has ended"
        self.start_button = push_button("&Measure", tip, self.start)
        tip = "Hold the measuring; nothing of it is lost"
        self.pause_button = push_button("Pa&use", tip, lambda: self.extraction.pause(not self.extraction.paused))
        tip = "End the measuring; what is measured stays"
        self.stop_button = push_button("&Stop", tip, self.extraction.stop)
        for button in (self.start_button, self.pause_button, self.stop_button):
            buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        lay_out(
            QVBoxLayout(self),
            text,
            (self.paths, 1),
            lay_out(QHBoxLayout(), self.add_files, self.add_folder, self.take_off, None),
            rows,
            self.bar,
            self.state,
            (self.problems, 1),
            buttons,
            spacing=9,
            margins=(16, 14, 16, 12),
        )
        resize_within_screen(self, _SIZE, 0.9)

    def add_paths(self, paths: Sequence[str]) -> None:
        """Put files and folders on the list, each once."""
        there = self._listed()
        self.paths.addItems([path for path in dict.fromkeys(paths) if path not in there])
        self._enable()

    def _listed(self) -> list[str]:
        rows = (self.paths.item(row) for row in range(self.paths.count()))
        return [item.text() for item in rows if item is not None]

    def _remove(self) -> None:
        for item in self.paths.selectedItems():
            self.paths.takeItem(self.paths.row(item))
        self._enable()

    def _ask_files(self) -> None:
        dialog = QFileDialog(self, "Files to measure", "", dialogs.MEDIA_FILTER)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(self.add_paths)
        dialog.open()

    def _ask_folder(self) -> None:
        dialogs.ask_folder(self, "Folder to measure", "", lambda folder: self.add_paths([folder]))

    def _ask_out(self) -> None:
        dialogs.ask_folder(self, "Folder for the results", "", self.out.setText)

    def take(self, paths: list[Path]) -> None:
        if not self.extraction.running:
            self.add_paths([str(path) for path in paths])

    def start(self) -> None:
        paths, out = self._listed(), self.out.text().strip()
        if not paths or not out or self.extraction.running:
            return
        self._settings.set(settings.EXTRACT_PATHS, paths)
        self._settings.set(settings.EXTRACT_OUT, out)
        weights = self.weights.chosen
        if weights and os.path.exists(weights):  # noqa: PTH110  (a name such as "lite" stays one)
            weights = os.path.abspath(weights)  # noqa: PTH100
        options = ExtractOptions(
            weights=weights or None,
            device=self._settings.get(settings.DEVICE),
            engine=self._settings.get(settings.ENGINE),
            faces=self.faces.value(),
            jobs=self.jobs.value() or None,
            force=self.force.isChecked(),
            camera_tilt=tilt_of(self.pitch, self.roll),
            field_of_view=FieldOfView(seen) if (seen := self.degrees.value()) >= LEAST_DEG else None,
            face_size=FaceSize(mm) if (mm := self.pupils.value()) >= LEAST_MM else None,
        )
        request = Request(
            paths=tuple(os.path.abspath(path) for path in paths),  # noqa: PTH100
            out=os.path.abspath(Path(out).expanduser()),  # noqa: PTH100
            options=options,
            share=files.is_shared(),
        )
        self.problems.clear()
        self.problems.hide()
        self.state.show_text("Getting the network ready and looking for files…")
        self.bar.setRange(0, 0)
        self._out, self._shown_out = Path(request.out), False
        self.extraction.start(request)
        self._enable()

    def _paused(self, on: bool) -> None:
        self.pause_button.setText("&Go on" if on else "Pa&use")
        if on:
            self.state.show_text("Paused. The memory that it takes stays taken.")

    def _show(self, message: RunMessage) -> None:
        for sentence in (*message.remarks, *message.failures):
            self.problems.addItem(sentence)
            self.problems.show()
        if message.files_done and not self._shown_out:
            self._shown_out = True
            self._made(self._out)
        if not message.shown or self.extraction.paused:
            return
        self.bar.setRange(0, STEPS)
        self.bar.setValue(round(STEPS * message.share))
        text = f"{message.files_done} of {message.files} files, {message.frames} frames"
        seconds = self.extraction.seconds
        if message.frames and seconds > SURE_S:
            text += f", {message.frames / seconds:.0f} a second"
            if 0 < message.share < 1:
                text += f", about {duration(seconds / message.share * (1 - message.share))} left"
        self.state.show_text(text)

    def _ended(self, sentence: str) -> None:
        self.bar.setRange(0, STEPS)
        self.state.show_text(sentence, "error" if self.extraction.failed else "")
        self.pause_button.setText("Pa&use")
        if self._out.is_dir():
            self._made(self._out)
        self._enable(running=False)

    def _enable(self, running: bool | None = None) -> None:
        busy = self.extraction.running if running is None else running
        for widget in (self.paths, self.add_files, self.add_folder, self.options):
            widget.setEnabled(not busy)
        self.take_off.setEnabled(not busy and bool(self.paths.selectedItems()))
        self.start_button.setEnabled(not busy and self.paths.count() > 0)
        self.pause_button.setEnabled(busy)
        self.stop_button.setEnabled(busy)
        self.bar.setVisible(busy or self.bar.value() > 0)

    def finish(self) -> None:
        """For the window's end: no process and no thread are left; another run goes on from there."""
        self.extraction.close()
        self.close()


class _Paths(QListWidget):
    """Says what belongs into it while it is empty, and has what room others leave."""

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self.minimumHeight())

    def paintEvent(self, event: QPaintEvent | None) -> None:
        super().paintEvent(event)
        if not self.count():
            port = there(self.viewport())
            painter = QPainter(port)
            painter.setPen(theme.DIM)
            painter.drawText(port.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, EMPTY)
            painter.end()
