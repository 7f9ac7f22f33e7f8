"""The panel of annotations and session: what the keys 1 to 9 set, what runs, and what is said of the session."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, QSignalBlocker, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPlainTextEdit, QPushButton, QSizePolicy, QWidget

from app.core.frames import FrameResult
from app.session.codecs import TIPS
from app.session.manifest import SessionFields
from app.signals.history import History
from app.ui.docks.base import DockContext
from app.ui.features.annotations.annotations import AnnotationSlot
from app.ui.features.sound.sound import SoundFields
from app.ui.shell import settings
from app.ui.shell.commands import ANNOTATION_KEYS
from app.ui.shell.setting_editor import SettingEditor, show_text
from app.ui.widgets.building import ScrollPanel, W, lay_out, named, push_button
from app.ui.widgets.fields import Section, Value, dim_label
from app.ui.widgets.formatting import NOTHING, clock
from app.ui.widgets.pickers import ChoiceBox

LATEST = 5
KIND_TIP = "A point in time, or an interval: the first press begins it, the next one ends it"

_TIPS = {
    "Participant": "A code rather than a name: it stands in session.json and in exports",
    "Task": settings.TASK.tip,
    "Consent": "What the participant has agreed to, and where that is written, for example: form 12, signed; pictures "
    "may be shown in talks. It is noted in session.json and in exports, and forbids or allows nothing by itself",
    "Comment": "Anything else about this session",
    "Name": settings.RECORDING_NAME.tip,
    "Sound": settings.SOUND.tip,
    "Video": settings.CODEC.tip,
}

_EXAMPLES = {"Participant": "a code, e.g. P07", "Task": "e.g. reading aloud", "Consent": "agreed to, e.g. form 12"}


class AnnotationPanel(ScrollPanel):
    """Edits take effect at once, also while recording; Enter or Escape give the keys back to the picture."""

    def __init__(self, context: DockContext) -> None:
        super().__init__("Markers and session")
        self._controls = context.annotations
        self._settings = context.settings
        self.sound = SoundFields(context.sound, context.settings)
        self._view = context.view
        self.hold(self._session(), self._annotations(), self._latest(), spacing=14, margins=(12, 10, 12, 10))
        self._controls.changed.connect(self._show)
        self._show()

    def show_result(self, result: FrameResult | None, history: History) -> None:
        """Nothing: results aren't what it shows."""

    def _session(self) -> QWidget:
        section = Section("Session")
        self.participant, self.task, self.consent = (self._line(name) for name in ("Participant", "Task", "Consent"))
        self.comment = named(QPlainTextEdit(), "Comment", _TIPS["Comment"])
        self.comment.setTabChangesFocus(True)
        self.comment.setFixedHeight(self.fontMetrics().lineSpacing() * 2 + 14)
        self.comment.installEventFilter(self)
        self.comment.textChanged.connect(self._edit_fields)
        for edit in (self.participant, self.task, self.consent):
            edit.textEdited.connect(self._edit_fields)
        self.codec = SettingEditor(settings.CODEC, self._settings, "Video", tips=TIPS).widget
        self.name = self._for_words(SettingEditor(settings.RECORDING_NAME, self._settings).widget)
        rows = (
            ("Participant", self.participant),
            ("Task", self.task),
            ("Consent", self.consent),
            ("Comment", self.comment),
            ("Video", self.codec),
            ("Sound", self.sound),
            ("Name", self.name),
        )
        for row, (name, field) in enumerate(rows):
            label = dim_label(name, _TIPS[name])
            label.setBuddy(field)
            side = Qt.AlignmentFlag.AlignTop if field in (self.comment, self.sound) else Qt.AlignmentFlag.AlignVCenter
            section.rows.addWidget(label, row, 0, side)
            section.rows.addWidget(field, row, 1, 1, 1 if row == 0 else 2)
        section.rows.setVerticalSpacing(4)
        section.rows.setColumnStretch(1, 1)
        tip = "A new participant: clear participant, consent and comment; the task stays"
        self.new_participant = push_button("New", tip, self._new_participant, "New participant")
        section.rows.addWidget(self.new_participant, 0, 2)
        return section

    def _line(self, name: str) -> QLineEdit:
        edit = named(QLineEdit(), name, _TIPS.get(name, ""))
        edit.setPlaceholderText(_EXAMPLES.get(name, ""))
        return self._for_words(edit)

    def _for_words(self, edit: W) -> W:
        """Enter and Escape give the keys back."""
        if isinstance(edit, QLineEdit):
            edit.returnPressed.connect(self._leave)
        edit.installEventFilter(self)
        return edit

    def _annotations(self) -> QWidget:
        section = Section("Markers")
        grid = section.rows
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(3)
        self.buttons: dict[str, QPushButton] = {}
        self.labels: dict[str, QLineEdit] = {}
        self.kinds: dict[str, ChoiceBox] = {}
        self.states: dict[str, Value] = {}
        for row, key in enumerate(ANNOTATION_KEYS):
            button = QPushButton(key)
            button.setObjectName("marker")
            button.setFixedWidth(self.fontMetrics().averageCharWidth() * 4)
            button.clicked.connect(lambda _, key=key: self._controls.press(key))
            label = self._line(f"Label of marker {key}")
            label.editingFinished.connect(lambda key=key: self._edit_slot(key))
            kind = ChoiceBox(f"Kind of marker {key}", KIND_TIP)
            kind.add("point", False)
            kind.add("interval", True)
            kind.activated.connect(lambda _, key=key: self._edit_slot(key))
            state = Value(f"State of marker {key}")
            state.setMinimumWidth(self.fontMetrics().horizontalAdvance("● 0:00:00"))
            state.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
            for column, widget in enumerate((button, label, kind, state)):
                grid.addWidget(widget, row, column)
            self.buttons[key], self.labels[key], self.kinds[key], self.states[key] = button, label, kind, state
        grid.setColumnStretch(1, 1)
        self.note = push_button("Note… (N)", "Write a note on this moment (N)", self._controls.ask_note)
        grid.addLayout(lay_out(QHBoxLayout(), self.note, None), len(ANNOTATION_KEYS), 0, 1, 4)
        return section

    def _latest(self) -> QWidget:
        section = Section("Latest")
        self.latest: list[tuple[QLabel, Value]] = []
        for row in range(LATEST):
            time, text = dim_label(""), Value("Latest marker")
            section.rows.addWidget(time, row, 0)
            section.rows.addWidget(text, row, 1)
            self.latest.append((time, text))
        section.rows.setColumnMinimumWidth(0, self.fontMetrics().horizontalAdvance("00:00.0 "))
        section.rows.setColumnStretch(1, 1)
        return section

    def _edit_fields(self) -> None:
        self._controls.use_fields(
            SessionFields(
                self.participant.text().strip(),
                self.task.text().strip(),
                self.comment.toPlainText().strip(),
                self.consent.text().strip(),
            )
        )

    def _edit_slot(self, key: str) -> None:
        slot = AnnotationSlot(self.labels[key].text().strip(), bool(self.kinds[key].currentData()))
        if slot != self._controls.slots[ANNOTATION_KEYS.index(key)]:
            self._controls.use_slot(key, slot)
        self.labels[key].setCursorPosition(0)  # a long one shows how it begins

    def _new_participant(self) -> None:
        self._controls.new_participant()
        self.participant.setFocus()

    def _leave(self) -> None:
        """Digits are annotations again."""
        self._view.setFocus()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape:
            self._leave()
            return True
        return super().eventFilter(watched, event)

    def _show(self) -> None:
        controls = self._controls
        fields = controls.fields
        pairs = ((self.participant, fields.participant), (self.task, fields.task), (self.consent, fields.consent))
        for edit, text in pairs:
            if edit.text().strip() != text:  # not under the fingers of somebody who is typing a blank
                edit.setText(text)
        if self.comment.toPlainText().strip() != fields.comment:
            with QSignalBlocker(self.comment):
                self.comment.setPlainText(fields.comment)
        running = {chip.key: chip.time for chip in controls.running}
        for key, slot in zip(ANNOTATION_KEYS, controls.slots, strict=True):
            label = self.labels[key]
            if not label.hasFocus():
                show_text(label, slot.label)
            self.kinds[key].setCurrentIndex(int(slot.interval))
            button = self.buttons[key]
            what = "Begin or end" if slot.interval else "Mark"
            button.setToolTip(f"{what} “{slot.label}” ({key})")
            button.setAccessibleName(f"{what} {slot.label}")
            self.states[key].show_text(f"● {running[key]}" if key in running else "")
        self.note.setEnabled(controls.recording)
        latest = list(controls.latest)[:LATEST]
        for i, (time, line) in enumerate(self.latest):
            known = i < len(latest)
            time.setText(clock(latest[i].seconds, 1) if known else "")
            line.show_text(latest[i].text if known else (NOTHING if i == 0 else ""), latest[i].text if known else "")
