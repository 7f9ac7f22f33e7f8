"""Annotations added, moved, edited, deleted, undone; every change is on the disk, what was recorded is kept."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtTest import QTest

from app.session.annotations import Annotation
from app.ui.features.annotations.annotations import AnnotationSlot, write_slots
from app.ui.review.paint import annotation_rect
from app.ui.shell import settings
from app.ui.shell.messages import Severity
from tests.factories import read_annotations
from tests.ui.review.test_window import ALT, CTRL, SHIFT, Key, press

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def saved(review, folder, qtbot):
    """The labels and times on the disk, once everything is saved."""

    def read():
        qtbot.waitUntil(lambda: not review.shown.annotations.unsaved, timeout=10_000)
        return [
            (annotation.label, round(annotation.onset_s, 3)) for annotation in read_annotations(folder / "events.csv")
        ]

    return read


@pytest.fixture
def three(review):
    """The recorded one at 0, a point at 2 s, an interval from 4 to 6 s, which is chosen."""
    review.shown.annotations.add(2.0, 0.0, "blink")
    review.shown.annotations.add(4.0, 2.0, "talk", "about it")
    return review


def at(review, time_s, share=0.5):
    """Where a time lies in the annotations' lane."""
    lane = review.timeline.lanes().annotations
    return QPointF(review.timeline.scale_shown.x(time_s), lane.top() + share * lane.height()).toPoint()


def test_the_dialog_adds_one_at_the_cursor(review, saved, folder):
    review.shown.player.seek(3.0)
    press(review, Key.Key_M)
    dialog = review.shown.editing.dialog
    assert dialog.onset.value() == pytest.approx(3.0)
    dialog.label.setCurrentText("smile")
    dialog.note.setText("a big one")
    dialog.accept()
    assert saved() == [("minute 0", 0.0), ("smile", 3.0)]
    annotation = read_annotations(folder / "events.csv")[1]
    assert (annotation.note, annotation.frame, annotation.duration_s) == ("a big one", 90, 0.0)
    assert review.shown.editing.chosen == 1
    assert (folder / "events.original.csv").exists()
    assert [e.label for e in read_annotations(folder / "events.original.csv")] == ["minute 0"]


def test_a_new_marker_is_the_first_key_s_unless_another_is_chosen(three):
    three.shown.editing.choose(-1)
    press(three, Key.Key_M)
    assert three.shown.editing.dialog.label.currentText() == "marker 1"
    three.shown.editing.dialog.reject()
    three.shown.editing.choose(2)
    press(three, Key.Key_M)
    assert three.shown.editing.dialog.label.currentText() == "talk"
    three.shown.editing.dialog.reject()


def test_cancelling_the_dialog_changes_nothing(review, folder):
    press(review, Key.Key_M)
    QTest.keyClick(review.shown.editing.dialog, Key.Key_Escape)
    assert len(review.shown.annotations.annotations) == 1
    assert not review.shown.undo_stack.canUndo()
    assert not (folder / "events.original.csv").exists()


def test_over_the_selection_it_is_an_interval(review):
    review.shown.measuring.select((1.0, 2.5))
    press(review, Key.Key_M)
    review.shown.editing.dialog.accept()
    annotation = review.shown.annotations.annotations[1]
    assert (annotation.onset_s, annotation.duration_s) == (1.0, 1.5)


def test_editing_by_key(three, saved, folder):
    press(three, Key.Key_Return)
    dialog = three.shown.editing.dialog
    assert (dialog.label.currentText(), dialog.note.text()) == ("talk", "about it")
    dialog.label.setCurrentText("speech")
    dialog.duration.setValue(1.25)
    dialog.accept()
    assert ("speech", 4.0) in saved()
    assert three.shown.annotations.annotations[2].duration_s == 1.25


def test_an_edit_that_changes_nothing_is_none(three):
    count = three.shown.undo_stack.count()
    three.shown.annotations.change(2, 4.0004, 2.0, "talk", "about it")
    assert three.shown.undo_stack.count() == count + 1
    press(three, Key.Key_Return)
    three.shown.editing.dialog.accept()  # its fields show milliseconds; the exact time stays
    assert three.shown.undo_stack.count() == count + 1
    assert three.shown.annotations.annotations[2].onset_s == 4.0004


def test_deleting_and_undoing(three, saved):
    press(three, Key.Key_Delete)
    assert saved() == [("minute 0", 0.0), ("blink", 2.0)]
    assert not three.commands["delete"].isEnabled()
    press(three, Key.Key_Z, CTRL)
    assert saved() == [("minute 0", 0.0), ("blink", 2.0), ("talk", 4.0)]
    assert three.shown.editing.chosen == 2
    for _ in range(2):
        press(three, Key.Key_Z, CTRL)
    assert saved() == [("minute 0", 0.0)]
    assert not three.commands["undo"].isEnabled()
    press(three, Key.Key_Z, CTRL | SHIFT)
    assert saved() == [("minute 0", 0.0), ("blink", 2.0)]
    assert "add talk" in three.commands["redo"].text()


def test_moving_by_a_frame(three, saved):
    press(three, Key.Key_Right, ALT)
    assert saved()[2] == ("talk", round(4 + 1 / 30, 3))
    assert three.shown.annotations.annotations[2].frame == 121
    press(three, Key.Key_Left, ALT)
    assert saved()[2] == ("talk", 4.0)


def test_going_from_annotation_to_annotation(three):
    press(three, Key.Key_Right, CTRL)
    assert three.shown.player.frame == 60
    press(three, Key.Key_Right, CTRL)
    assert three.shown.player.frame == 120
    assert three.shown.editing.chosen == 2
    press(three, Key.Key_Right, CTRL)
    assert three.shown.player.frame == 120
    assert "no later marker" in three.status_line.message.text
    press(three, Key.Key_Left, CTRL)
    assert three.shown.player.frame == 60


def test_the_panel_shows_and_chooses_them(three):
    table = three.panes.annotation_list.table
    model = table.model()
    texts = [[model.index(row, column).data() for column in range(4)] for row in range(model.rowCount())]
    assert texts == [
        ["00:00.00", "–", "minute 0", ""],
        ["00:02.00", "–", "blink", ""],
        ["00:04.00", "2.00 s", "talk", "about it"],
    ]
    table.selectRow(1)
    assert three.shown.editing.chosen == 1
    assert three.shown.player.frame == 60
    QTest.keyClick(table, Key.Key_Down)
    assert three.shown.editing.chosen == 2
    table.doubleClicked.emit(model.index(2, 0))
    assert three.shown.editing.dialog.label.currentText() == "talk"
    three.shown.editing.dialog.reject()


def test_the_range_of_an_annotation_is_selected(three):
    press(three, Key.Key_S)
    assert three.shown.measuring.selection == (4.0, 6.0)
    three.shown.editing.choose(1)  # a point has none
    assert not three.commands["select_marker"].isEnabled()


def test_dragging_an_annotation_moves_it(three, saved):
    QTest.mousePress(three.timeline, LEFT, pos=at(three, 2.0))
    assert three.shown.editing.chosen == 1
    for time_s in (2.5, 3.0):
        QTest.mouseMove(three.timeline, at(three, time_s))
    QTest.mouseRelease(three.timeline, LEFT, pos=at(three, 3.0))
    assert three.shown.annotations.annotations[1].onset_s == pytest.approx(3.0, abs=0.03)
    assert saved()[1][0] == "blink"
    press(three, Key.Key_Z, CTRL)
    assert saved()[1] == ("blink", 2.0)


def test_dragging_its_end_makes_it_longer(three):
    QTest.mousePress(three.timeline, LEFT, pos=at(three, 6.0))
    for time_s in (6.5, 7.0):
        QTest.mouseMove(three.timeline, at(three, time_s))
    QTest.mouseRelease(three.timeline, LEFT, pos=at(three, 7.0))
    annotation = three.shown.annotations.annotations[2]
    assert annotation.onset_s == 4.0
    assert annotation.duration_s == pytest.approx(3.0, abs=0.05)


def test_escape_lets_go_of_a_dragged_annotation(three):
    before = three.shown.annotations.annotations
    QTest.mousePress(three.timeline, LEFT, pos=at(three, 2.0))
    QTest.mouseMove(three.timeline, at(three, 3.0))
    press(three, Key.Key_Escape)
    QTest.mouseRelease(three.timeline, LEFT, pos=at(three, 3.0))
    assert three.shown.annotations.annotations == before


def test_a_click_alone_moves_nothing(three):
    before = three.shown.annotations.annotations
    QTest.mouseClick(three.timeline, LEFT, pos=at(three, 5.0))
    assert three.shown.editing.chosen == 2
    assert three.shown.annotations.annotations == before
    QTest.mouseClick(three.timeline, LEFT, pos=at(three, 8.0))
    assert three.shown.editing.chosen == -1


def test_double_clicks_add_and_edit(three):
    QTest.mouseDClick(three.timeline, LEFT, pos=at(three, 8.0))
    assert three.shown.editing.dialog.windowTitle() == "Add marker"
    assert three.shown.editing.dialog.onset.value() == pytest.approx(8.0, abs=0.03)
    three.shown.editing.dialog.reject()
    QTest.mouseDClick(three.timeline, LEFT, pos=at(three, 5.0))
    assert three.shown.editing.dialog.windowTitle() == "Edit marker"
    three.shown.editing.dialog.reject()


def test_of_two_at_one_place_the_shorter_is_meant(three):
    three.shown.annotations.add(4.9, 0.2, "within")
    three.shown.editing.choose(-1)
    assert three.timeline.annotation_at(QPointF(at(three, 5.0))) == 3
    assert three.timeline.annotation_at(QPointF(at(three, 5.5))) == 2
    assert three.timeline.annotation_at(QPointF(QPoint(1, 1))) == -1


def test_times_stay_within_the_session(three):
    three.shown.annotations.move(1, -5.0, 0.0)
    assert [annotation.onset_s for annotation in three.shown.annotations.annotations[:2]] == [0.0, 0.0]
    rect = annotation_rect(
        Annotation(1.0, 0.0, "", "", 0), three.timeline.scale_shown, three.timeline.lanes().annotations
    )
    assert rect.center().x() == pytest.approx(three.timeline.scale_shown.x(1.0))


def test_a_disk_that_refuses_is_said_and_tried_again(review, folder, qtbot):
    (folder / "events.csv").unlink()
    (folder / "events.csv").mkdir()
    press(review, Key.Key_1)
    qtbot.waitUntil(lambda: review.status_line.message.severity is Severity.ERROR)
    assert "can't be saved" in review.status_line.message.text
    assert review.shown.annotations.unsaved
    (folder / "events.csv").rmdir()
    press(review, Key.Key_2)
    qtbot.waitUntil(lambda: not review.shown.annotations.unsaved)
    assert {annotation.label for annotation in read_annotations(folder / "events.csv")} == {
        "minute 0",
        "marker 1",
        "marker 2",
    }


def test_the_keys_of_the_recording_add_its_annotations(review, store):
    store.set(settings.ANNOTATIONS, write_slots((AnnotationSlot("nod"), AnnotationSlot("talk", interval=True))))
    review.shown.player.seek(2.0)
    press(review, Key.Key_1)
    press(review, Key.Key_2)
    assert "talk begins here" in review.status_line.message.text
    review.shown.player.seek(5.0)
    press(review, Key.Key_2)
    assert [(e.label, e.onset_s, e.duration_s) for e in review.shown.annotations.annotations[1:]] == [
        ("nod", 2.0, 0.0),
        ("talk", 2.0, 3.0),
    ]
    review.shown.measuring.select((6.0, 7.0))
    press(review, Key.Key_1)
    assert review.shown.annotations.annotations[-1].duration_s == 1.0


def test_labels_keep_their_colours_when_another_comes(three):
    colours = dict(three.timeline.colours)
    three.shown.annotations.add(1.0, 0.0, "a label before all others")
    assert {label: three.timeline.colours[label] for label in colours} == colours
    assert len({colour.hue() for colour in three.timeline.colours.values()}) == len(colours) + 1


def test_what_was_done_is_said(three):
    three.shown.editing.delete()
    assert three.status_line.message.text == "Deleted talk; Ctrl+Z brings it back."
    press(three, Key.Key_Z, CTRL)
    assert three.status_line.message.text == "Undone: delete talk."
    press(three, Key.Key_Z, CTRL | SHIFT)
    assert three.status_line.message.text == "Done again: delete talk."
