"""Deleting the session that is shown."""

from dataclasses import replace

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QMessageBox

from app.session.manifest import Manifest, SessionFields
from app.ui.shell import settings
from tests.ui.find import press


def asked(review, qtbot):
    review.commands["delete_session"].trigger()
    qtbot.waitUntil(lambda: bool(review.findChildren(QMessageBox)))
    (box,) = review.findChildren(QMessageBox)
    return box


def test_it_goes_after_a_question(make_review, folder, store, tmp_path, qtbot):
    store.set(settings.RECENT_FILES, [str(folder), str(tmp_path)])
    review = make_review(folder)
    box = asked(review, qtbot)
    assert "will be deleted" in box.text()
    assert box.defaultButton() is box.button(QMessageBox.StandardButton.Cancel)
    press(box, "Delete for good")
    qtbot.waitUntil(lambda: review.view.message == ("Deleted", folder.name))
    assert not folder.exists()
    assert review.status_line.message.text == f"{folder} is deleted."
    assert not review.commands["delete_session"].isEnabled()
    assert store.get(settings.RECENT_FILES) == [str(tmp_path)]


def test_it_stays_when_the_question_is_cancelled(review, folder, qtbot):
    press(asked(review, qtbot), "Cancel")
    assert folder.exists()
    assert review.commands["delete_session"].isEnabled()


def test_a_name_is_shown_as_it_is(make_review, folder, qtbot):
    manifest = Manifest.read(folder)
    hostile = "<img src=//evil.example/x>"
    replace(manifest, header=manifest.header.with_fields(SessionFields(hostile))).write(folder)
    box = asked(make_review(folder), qtbot)
    assert hostile in box.text()
    assert box.textFormat() is Qt.TextFormat.PlainText


def test_what_cannot_be_deleted_is_said(review, folder, qtbot):
    inner = folder / "inner"
    inner.mkdir()
    (inner / "session.json").write_bytes(b"{}")
    review.commands["delete_session"].trigger()
    qtbot.waitUntil(lambda: "holds another session" in review.status_line.message.text)
    assert folder.exists()


def test_a_session_that_cannot_be_opened_can_be_deleted(make_review, folder, qtbot):
    (folder / "session.json").write_bytes(b"{")
    review = make_review(folder)
    assert review.problem is not None
    box = asked(review, qtbot)
    assert "whose session.json is damaged" in box.text()
    press(box, "Delete for good")
    qtbot.waitUntil(lambda: review.view.message == ("Deleted", folder.name))
    assert not folder.exists()
    assert not review.commands["delete_session"].isEnabled()


def test_a_folder_that_is_no_session_is_kept(make_review, tmp_path, qtbot):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "to my aunt.txt").write_text("", encoding="utf-8")
    review = make_review(tmp_path / "letters")
    review.commands["delete_session"].trigger()
    qtbot.waitUntil(lambda: "nothing in it was deleted" in review.status_line.message.text)
    assert (tmp_path / "letters" / "to my aunt.txt").exists()
