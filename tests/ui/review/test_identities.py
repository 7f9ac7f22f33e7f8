"""Faces named and merged in review, as a person does it; the recorded tables stay."""

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QInputDialog, QTableWidget

from app.session.folders import FACES, FRAMES, IDENTITIES
from app.session.identities import Identities, Identity, read_identities
from app.ui.shell.messages import Severity
from tests.session.long_session import LOST, make_session
from tests.ui.find import find

FOUND_AGAIN = 150  # from this frame on face 1 goes by 3
SECOND = range(60, 120)  # face 2 is in these, too


@pytest.fixture
def folder(folder):
    head, *rows = (folder / FRAMES).read_text().splitlines()
    fields = [row.split(",") for row in rows]
    measured = [row for row in fields if row[3] == "1"]
    further = [",".join([*row[:2], "2", *row[3:7], "-9.0000", *row[8:]]) for row in measured if int(row[0]) in SECOND]
    (folder / FACES).write_text("\n".join([head, *further, ""]))
    for row in measured[FOUND_AGAIN - FOUND_AGAIN // LOST :]:
        row[2] = "3"
    (folder / FRAMES).write_text("\n".join([head, *map(",".join, fields), ""]))
    return folder


def table(review):
    return find(review, "Faces", QTableWidget)


def lines(review):
    rows = range(table(review).rowCount())
    return [tuple(table(review).item(row, column).text() for column in range(3)) for row in rows][1:]


def select(review, *rows):
    """Click on the first, and with Ctrl on the others."""
    view = table(review)
    for row in rows:
        modifier = Qt.KeyboardModifier.ControlModifier if row != rows[0] else Qt.KeyboardModifier.NoModifier
        view.scrollToItem(view.item(row, 1))
        where = view.visualItemRect(view.item(row, 1)).center()
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, modifier, where)


def followed(review, qtbot, face):
    qtbot.waitUntil(lambda: review.shown.loaded.face == face, timeout=20_000)


def name(review, text):
    review.commands["name_face"].trigger()
    (dialog,) = (each for each in review.findChildren(QInputDialog) if each.isVisible())
    dialog.setTextValue(text)
    dialog.accept()


def saved(review, qtbot):
    qtbot.waitUntil(lambda: not review.shown.identities.unsaved, timeout=20_000)


def test_a_recording_of_one_face_has_no_table_of_faces(make_review, tmp_path):
    review = make_review(make_session(tmp_path / "one", 30, video=False))
    assert not table(review).isVisible()
    assert not review.commands["next_face"].isEnabled()


def test_a_person_is_named_merged_undone_and_found_again(make_review, folder, qtbot):
    recorded = {file: (folder / file).read_bytes() for file in (FRAMES, FACES)}
    review = make_review(folder)
    assert [line[:2] for line in lines(review)] == [("1", ""), ("2", ""), ("3", "")]
    select(review, 2)
    followed(review, qtbot, 2)
    name(review, " the  child ")
    select(review, 3, 1)
    review.commands["merge_faces"].trigger()
    assert [line[:2] for line in lines(review)] == [("1, 3", ""), ("2", "the child")]
    assert not review.commands["merge_faces"].isEnabled()
    name(review, "mother")
    saved(review, qtbot)
    assert read_identities(folder) == Identities((Identity((1, 3), "mother"), Identity((2,), "the child")))

    review.commands["undo"].trigger()
    review.commands["undo"].trigger()
    saved(review, qtbot)
    assert read_identities(folder) == Identities((Identity((2,), "the child"),))
    assert [line[0] for line in lines(review)] == ["1", "2", "3"]
    review.commands["redo"].trigger()
    review.close()  # what is not saved is saved now
    assert read_identities(folder) == Identities((Identity((1, 3)), Identity((2,), "the child")))

    review = make_review(folder)
    assert [line[:2] for line in lines(review)] == [("1, 3", ""), ("2", "the child")]
    select(review, 1)
    review.commands["separate_face"].trigger()
    assert [line[0] for line in lines(review)] == ["1", "2", "3"]
    assert {file: (folder / file).read_bytes() for file in recorded} == recorded


def test_two_faces_of_one_frame_are_not_merged(make_review, folder):
    review = make_review(folder)
    select(review, 1, 2)
    review.commands["merge_faces"].trigger()
    message = review.status_line.message
    assert message.text == "They are not merged: face 1 and face 2 are both in frame 60, at 2.00 s."
    assert message.severity is Severity.ERROR
    assert not (folder / IDENTITIES).exists()


def test_curves_numbers_and_statistics_are_of_the_selected_person(make_review, folder, qtbot):
    review = make_review(folder)
    review.shown.measuring.select((2.0, 4.0))
    select(review, 2)
    followed(review, qtbot, 2)
    qtbot.waitUntil(lambda: review.shown.measuring.statistics is not None, timeout=20_000)
    measured = sum(k % LOST != LOST - 1 for k in SECOND)
    assert review.shown.measuring.statistics.measured == measured
    assert review.shown.measuring.statistics.spreads["pitch"].mean == pytest.approx(-9.0)
    assert review.shown.measuring.text().splitlines()[0] == "session\tface 2\t2.000 to 4.000 s"
    review.shown.player.go_to(10)
    assert review.transport.numbers.text() == "face 2 was not found"
    assert not review.commands["compare"].isEnabled()
    review.shown.player.go_to(70)
    assert review.shown.presenter.wait(20)
    assert [face.face_id for face in review.view.result.faces] == [2, 1]
    for face in (3, None, 1):  # after the last face come each frame's first ones
        QTest.keyClick(review.timeline, Qt.Key.Key_Period)
        followed(review, qtbot, face)
    name(review, "mother")
    assert review.view.style_shown.face_names == ((1, "mother"),)


def test_the_window_fits_a_screen_of_853x480(make_review, folder):
    """As 1280x720 has at 150 %."""
    review = make_review(folder, 853, 480)
    assert not table(review).isHidden()
    assert (review.width(), review.height()) == (853, 480)
