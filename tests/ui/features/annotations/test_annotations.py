"""Annotations by key, notes, session fields and the codec, in a window over a real pipeline."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from app.session.annotations import Annotation, AnnotationKind, OpenInterval, WrittenAnnotation
from app.session.codecs import NO_PICTURE
from app.session.disk import MIB
from app.session.manifest import Manifest, SessionFields
from app.session.stats import WriterStats
from app.ui.features.annotations.annotations import AnnotationSlot, NoteBox, default_slots, read_slots, write_slots
from app.ui.features.annotations.panel import AnnotationPanel
from app.ui.features.annotations.strip import AnnotationStrip
from app.ui.shell import settings
from app.ui.shell.commands import ANNOTATION_KEYS
from app.ui.shell.messages import Message, Severity, problem_message
from app.ui.shell.settings import Settings
from app.ui.widgets.background import Background
from tests.factories import read_annotations
from tests.ui.find import find

WAIT_MS = 30_000


@pytest.fixture
def panel(idle_window, qtbot):
    panel = AnnotationPanel(idle_window.docks.context)
    qtbot.addWidget(panel)
    panel.resize(340, 640)
    panel.show()
    return panel


@pytest.fixture
def recording(make_window, qtbot, no_network, store, tmp_path):
    """A window that records the demo, and the folder it records into."""
    store.set(settings.RECORDINGS, str(tmp_path / "recordings"))
    store.set(settings.ANNOTATIONS, write_slots((AnnotationSlot("speaks", True), AnnotationSlot("smile"))))
    window = make_window(source="demo")
    window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: may_record(window), timeout=WAIT_MS)
    window.commands["record"].trigger()
    qtbot.waitUntil(lambda: window.annotations.recording, timeout=WAIT_MS)
    return window, next((tmp_path / "recordings").iterdir())


def may_record(window):
    """Its switch is on at first too, before the first look at the pipeline."""
    return (
        window.controller.pipeline is not None
        and status_of(window).captured > 0
        and window.commands["record"].isEnabled()
    )


def status_of(window):
    return window.controller.pipeline.status()


def note_box(window):
    """None while none is open."""
    return next((box for box in window.findChildren(NoteBox) if box.isVisible()), None)


def press(window, key, modifier=Qt.KeyboardModifier.NoModifier):
    QTest.keyClick(window, key, modifier)


def test_keys_set_points_and_intervals(recording, qtbot):
    window, folder = recording
    press(window, Qt.Key.Key_1)
    qtbot.waitUntil(lambda: [chip.label for chip in window.annotations.running] == ["speaks"], timeout=WAIT_MS)
    press(window, Qt.Key.Key_2, Qt.KeyboardModifier.KeypadModifier)
    qtbot.waitUntil(lambda: "“smile” marked at" in window.status_line.message.text, timeout=WAIT_MS)
    chips = find(window.view, "Markers", AnnotationStrip).chips
    assert [(chip.label, chip.running) for chip in chips] == [("speaks", True), ("smile", False)]
    press(window, Qt.Key.Key_1)
    qtbot.waitUntil(lambda: "“speaks” ended after" in window.status_line.message.text, timeout=WAIT_MS)
    press(window, Qt.Key.Key_1)
    qtbot.waitUntil(lambda: [chip.time for chip in window.annotations.running] == ["00:01"], timeout=WAIT_MS)
    window.commands["record"].trigger()
    qtbot.waitUntil(lambda: window.status_line.message.text.startswith("Saved"), timeout=WAIT_MS)
    assert window.annotations.running == ()
    annotations = read_annotations(folder / "events.csv")
    assert [annotation.label for annotation in annotations] == ["speaks", "smile", "speaks"]
    assert [annotation.duration_s > 0 for annotation in annotations] == [True, False, True]
    manifest = Manifest.read(folder)
    assert annotations[2].onset_s + annotations[2].duration_s == pytest.approx(manifest.duration_s, abs=1e-5)
    assert not (folder / "events.open.csv").exists()


def test_a_note_gets_the_time_at_which_its_box_was_opened(recording, qtbot):
    window, folder = recording
    before = status_of(window).recording.seconds
    press(window, Qt.Key.Key_N)
    box = note_box(window)
    seconds = status_of(window).recording.seconds
    press(window, Qt.Key.Key_N)
    assert note_box(window) is box
    qtbot.waitUntil(lambda: status_of(window).recording.seconds > seconds + 0.6, timeout=WAIT_MS)
    QTest.keyClicks(box.text, "the phone rang")
    window.commands["record"].trigger()  # meanwhile the recording ends: the note is kept all the same
    qtbot.waitUntil(lambda: window.status_line.message.text.startswith("Saved"), timeout=WAIT_MS)
    QTest.keyClick(box.text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.status_line.message.text.startswith("Note written at"), timeout=WAIT_MS)
    (annotation,) = read_annotations(folder / "events.csv")
    assert (annotation.label, annotation.note) == ("note", "the phone rang")
    assert before <= annotation.onset_s < Manifest.read(folder).duration_s - 0.1
    assert note_box(window) is None


def test_a_note_that_is_being_written_is_kept_when_the_window_closes(recording, qtbot):
    window, folder = recording
    press(window, Qt.Key.Key_N)
    QTest.keyClicks(note_box(window).text, "almost forgotten")
    with qtbot.waitSignal(window.ended, timeout=WAIT_MS):
        window.close()
    assert [annotation.note for annotation in read_annotations(folder / "events.csv")] == ["almost forgotten"]


def test_an_empty_or_cancelled_note_is_none(recording, qtbot):
    window, folder = recording
    for end in (Qt.Key.Key_Return, Qt.Key.Key_Escape):
        press(window, Qt.Key.Key_N)
        box = note_box(window)
        QTest.keyClicks(box.text, "  " if end is Qt.Key.Key_Return else "no")
        QTest.keyClick(box.text, end)
        assert note_box(window) is None
    window.commands["record"].trigger()
    qtbot.waitUntil(lambda: window.status_line.message.text.startswith("Saved"), timeout=WAIT_MS)
    assert not (folder / "events.csv").exists()


def test_fields_and_codec_are_in_session_json(make_window, qtbot, no_network, store, tmp_path):
    store.set(settings.RECORDINGS, str(tmp_path / "recordings"))
    window = make_window(source="demo", codec="ffv1")
    window.show()
    window.annotations.use_fields(SessionFields("P 07", "reading", "", "form 12"))
    qtbot.waitUntil(lambda: may_record(window), timeout=WAIT_MS)
    window.commands["record"].trigger()
    qtbot.waitUntil(lambda: window.annotations.recording, timeout=WAIT_MS)
    window.annotations.use_fields(SessionFields("P 07", "reading", "lamp on the left", "form 12"))
    qtbot.waitUntil(lambda: status_of(window).recording.frames > 3, timeout=WAIT_MS)
    window.commands["record"].trigger()
    qtbot.waitUntil(lambda: window.status_line.message.text.startswith("Saved"), timeout=WAIT_MS)
    manifest = Manifest.read(next((tmp_path / "recordings").iterdir()))
    assert manifest.header.fields == SessionFields("P 07", "reading", "lamp on the left", "form 12")
    assert (manifest.video.codec, manifest.video.encoder) == ("ffv1", "ffv1")
    assert store.remembered(settings.CODEC) == "h264"  # the command line's is for this run


def test_a_disk_that_gets_full_is_said_before_the_recording_ends(
    make_window, qtbot, no_network, store, tmp_path, monkeypatch
):
    free = [900 * MIB]
    monkeypatch.setattr(
        "app.session.disk.shutil.disk_usage", lambda _: SimpleNamespace(total=500_000 * MIB, free=free[0])
    )
    store.set(settings.RECORDINGS, str(tmp_path / "recordings"))
    window = make_window(source="demo")
    window.show()
    qtbot.waitUntil(lambda: may_record(window), timeout=WAIT_MS)
    window.commands["record"].trigger()
    warning = Message("The disk is nearly full: 900 MB are left.", Severity.WARNING)
    qtbot.waitUntil(lambda: problem_message(status_of(window)) == warning, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: window.status_line.message == warning, timeout=WAIT_MS)  # after what was said before it
    free[0] = 100 * MIB
    qtbot.waitUntil(lambda: "before the disk was full" in window.status_line.message.text, timeout=WAIT_MS)
    folder = next((tmp_path / "recordings").iterdir())
    qtbot.waitUntil(lambda: Manifest.read(folder).state == "stopped", timeout=WAIT_MS)
    assert Manifest.read(folder).frames > 0


# ---------------------------------------------------------------------- without a pipeline


def test_nothing_is_marked_while_nothing_is_recorded(idle_window, qtbot):
    press(idle_window, Qt.Key.Key_3)
    assert "Nothing is recorded" in idle_window.status_line.message.text
    press(idle_window, Qt.Key.Key_N)
    assert "no place for a note" in idle_window.status_line.message.text
    assert note_box(idle_window) is None


def test_a_key_held_down_is_one_annotation(idle_window):
    for name in (*(f"marker_{key}" for key in ANNOTATION_KEYS), "note"):
        assert not idle_window.commands[name].autoRepeat()


def test_the_fields_are_edited_in_the_panel(panel, idle_window, store):
    controls = idle_window.annotations
    for edit, text in ((panel.participant, "P 07"), (panel.task, "reading"), (panel.consent, "yes")):
        QTest.keyClicks(edit, text)
    QTest.keyClicks(panel.comment, "two")
    QTest.keyClick(panel.comment, Qt.Key.Key_Return)
    QTest.keyClicks(panel.comment, "lines")
    assert controls.fields == SessionFields("P 07", "reading", "two\nlines", "yes")
    panel.new_participant.click()
    assert controls.fields == SessionFields(task="reading")
    assert (panel.participant.text(), panel.task.text(), panel.comment.toPlainText()) == ("", "reading", "")
    assert store.get(settings.TASK) == "reading"
    saved = Path(store.path)
    store.save()
    assert "P 07" not in saved.read_text()


def test_blanks_can_be_typed(panel, idle_window):
    QTest.keyClicks(panel.participant, "P  ")
    idle_window.annotations.changed.emit()
    QTest.keyClicks(panel.participant, "7")
    assert panel.participant.text() == "P  7"


def test_labels_and_kinds_are_edited_and_remembered(panel, idle_window, store):
    label, kind = panel.labels["3"], panel.kinds["3"]
    label.setFocus()
    label.selectAll()
    QTest.keyClicks(label, "R & D, 1")
    QTest.keyClick(label, Qt.Key.Key_Return)
    assert idle_window.focusWidget() is idle_window.view  # digits are annotations again
    kind.setCurrentIndex(1)
    kind.activated.emit(1)
    assert idle_window.annotations.slots[2] == AnnotationSlot("R & D, 1", True)
    action = idle_window.commands["marker_3"]
    assert (action.text(), action.toolTip()) == ("&3  R && D, 1", "Begin or end “R & D, 1” (3)")
    assert panel.buttons["3"].accessibleName() == "Begin or end R & D, 1"
    assert read_slots(Settings(Path(store.path)).get(settings.ANNOTATIONS))[2] == AnnotationSlot("R & D, 1", True)
    label.setFocus()
    label.clear()
    QTest.keyClick(label, Qt.Key.Key_Return)
    assert idle_window.annotations.slots[2].label == "marker 3"
    store.reset()
    assert idle_window.annotations.slots == default_slots()
    assert kind.currentIndex() == 0


@pytest.mark.parametrize("text", ["", "[", "1", "{}", "[1]", '[["a"]]', "null"])
def test_labels_that_cannot_be_read_are_the_defaults(text):
    assert read_slots(text) == default_slots()


def test_the_panel_and_the_picture_show_what_runs(panel, idle_window, status, qtbot):
    stats = WriterStats(Path("x"), 75.0, 9, 9, 0, 1, "", "", False, intervals=(
        OpenInterval("2", Annotation(62.4, 0.0, "speaks", "", 5)),
    ))  # fmt: skip
    idle_window.annotations.show_status(status(recording=stats, recording_active=True))
    assert panel.states["2"].whole_text == "● 00:12"
    assert panel.note.isEnabled()
    strip = find(idle_window.view, "Markers", AnnotationStrip)
    assert strip.isVisible()
    assert strip.accessibleDescription() == "speaks since 00:12"
    assert not strip.grab().toImage().isNull()
    idle_window.annotations.show_written(
        "4", "smile", WrittenAnnotation(Annotation(74.0, 0.0, "smile", "", 9), AnnotationKind.POINT)
    )
    assert panel.latest[0][0].text() == "01:14.0"
    assert panel.latest[0][1].whole_text == "smile"
    idle_window.annotations.show_status(status(recording=stats, recording_active=False))
    assert panel.states["2"].whole_text == ""
    assert not panel.note.isEnabled()


def test_a_recording_without_a_picture_says_so_and_has_none(make_window, qtbot, no_network, store, tmp_path):
    store.set(settings.RECORDINGS, str(tmp_path / "recordings"))
    window = make_window(source="demo", codec=NO_PICTURE)
    window.show()
    said = []
    window.controller.noticed.connect(lambda message: said.append(message.text))
    qtbot.waitUntil(lambda: may_record(window), timeout=WAIT_MS)
    window.commands["record"].trigger()
    assert said[-1].startswith("Recording numbers only, no picture, into ")
    qtbot.waitUntil(lambda: status_of(window).recording.frames > 3, timeout=WAIT_MS)
    window.commands["record"].trigger()
    qtbot.waitUntil(lambda: window.status_line.message.text.startswith("Saved"), timeout=WAIT_MS)
    (folder,) = (tmp_path / "recordings").iterdir()
    assert {path.suffix for path in folder.iterdir()} == {".csv", ".json"}
    assert not Manifest.read(folder).header.pictures


def test_the_codec_is_chosen_and_remembered(panel, idle_window, store):
    assert panel.codec.currentData() == "h264"
    panel.codec.setCurrentIndex(panel.codec.findData("ffv1"))
    panel.codec.activated.emit(panel.codec.currentIndex())
    assert store.get(settings.CODEC) == "ffv1"


def test_serial_work_keeps_its_order(qtbot):
    import threading

    background, done, gate = Background(serial=True), [], threading.Event()
    background.run("first", gate.wait, lambda _: done.append(1), done.append)
    background.run("second", lambda: None, lambda _: done.append(2), done.append)
    gate.set()
    qtbot.waitUntil(lambda: len(done) == 2)
    assert done == [1, 2]
    background.close(2.0)
