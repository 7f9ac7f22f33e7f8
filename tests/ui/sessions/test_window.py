"""The window of recordings, used by a person: list, search, rename, delete, recover, exports, analyses."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtGui import QFocusEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QLabel, QLineEdit, QListWidget, QTreeView

from app.session import thumbnails
from app.session.manifest import Manifest
from app.session.ownership import LOCK, Claim, Owner
from app.ui.sessions import reader
from app.ui.sessions.controls import SessionsControls
from app.ui.shell import settings, theme
from app.ui.shell.messages import Severity
from tests.ui.find import dialog as dialog_of
from tests.ui.find import find, press
from tests.ui.hostile import HOSTILE, look_at_everything
from tests.ui.sessions.conftest import put
from tests.ui.shell.test_contrast import assert_texts_are_readable


def shown(window):
    """Name to state of each line."""
    model = find(window, "Recordings", QTreeView).model()
    return {model.index(row, 0).data(): model.index(row, 7).data() for row in range(model.rowCount())}


def choose(window, *names):
    window.list.choose({session.folder for session in window.model.sessions if session.name in names})
    assert {session.name for session in window.list.chosen} == set(names)


def complaints(window):
    lines = find(window, "What could not be done", QListWidget)
    return [lines.item(row).text() for row in range(lines.count())] if lines.isVisible() else []


def test_all_sessions_are_listed_with_their_state(window):
    assert find(window, "Status", QLabel).text() == ""
    states = {"first": "complete", "second": "complete", "cut off": "unfinished", "damaged": "damaged"}
    assert shown(window) == states
    assert find(window, "How many", QLabel).text() == "4 recordings"
    choose(window, "damaged")
    assert "is damaged" in window.status_line.message.text
    assert window.status_line.message.severity is Severity.ERROR
    choose(window, "first")
    assert window.status_line.message.text == ""


def test_a_search_narrows_the_list(window):
    QTest.keyClicks(find(window, "Search the recordings", QLineEdit), "p02 talk")
    assert list(shown(window)) == ["second"]
    assert find(window, "How many", QLabel).text() == "1 of 4 recordings"


def test_one_recording_is_said_to_be_one(make_sessions, recordings, tmp_path):
    shutil.copytree(recordings / "first", tmp_path / "one" / "first")
    assert find(make_sessions(tmp_path / "one"), "How many", QLabel).text() == "1 recording"


def test_pictures_come_for_what_is_seen(window, qtbot):
    folder = window.model.sessions[0].folder
    qtbot.waitUntil(
        lambda: window.thumbnails.icon(next(s.folder for s in window.model.sessions if s.name == "first")) is not None,
        timeout=20_000,
    )
    assert folder.is_dir()


def test_actions_are_there_for_what_is_selected(window):
    enabled = lambda: {name for name, action in window.commands.items() if action.isEnabled()}  # noqa: E731
    always = {"extract", "close", "search", "select_all", "refresh", "add_folder", "keys"}
    assert enabled() == always
    choose(window, "first")
    assert enabled() == always | {"review", "show_folder", "rename", "delete", "export", "reanalyse"}
    choose(window, "cut off", "damaged")
    assert enabled() == always | {"rename", "delete", "recover"}


# ---------------------------------------------------------------------- live


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(reader, "CHECK_S", 0.02)


def test_what_is_recorded_meanwhile_comes_and_is_whole_in_the_end(quick, window, recordings, made_session, qtbot):
    live = recordings.parent / "made aside"
    put(made_session, live)
    claim = Claim(live)
    whole = Manifest.read(live)
    replace(whole, state="recording", owner=Owner.this_process(claim.locked)).write(live)
    live.rename(recordings / "live")
    qtbot.waitUntil(lambda: shown(window).get("live") == "recording", timeout=20_000)
    whole.write(recordings / "live")
    claim.release()
    (recordings / "live" / LOCK).unlink()
    qtbot.waitUntil(lambda: shown(window).get("live") == "complete", timeout=20_000)
    shutil.rmtree(recordings / "live")
    qtbot.waitUntil(lambda: "live" not in shown(window), timeout=20_000)


@pytest.mark.parametrize("session", ["another", "folder of its own/only"])
def test_a_thumbnail_goes_once_its_session_is_gone(
    quick, make_sessions, recordings, made_session, session, tmp_path, qtbot
):
    folder = put(made_session, recordings / session)
    thumbnails.thumbnail(recordings / "first")
    cached = lambda: set((tmp_path / "cache" / "thumbnails").rglob("*.jpg"))  # noqa: E731
    others = cached()
    thumbnails.thumbnail(folder)
    (its,) = cached() - others
    make_sessions(recordings)
    assert its in cached()
    shutil.rmtree(recordings / session.partition("/")[0])  # in a file manager
    qtbot.waitUntil(lambda: its not in cached(), timeout=20_000)
    assert others <= cached()


def test_the_rest_of_a_recording_that_went_on_elsewhere_is_listed_too(
    window, store, tmp_path, made_session, monkeypatch, qtbot
):
    spare = tmp_path / "spare"
    monkeypatch.setattr("app.ui.sessions.controls.places_elsewhere", lambda: (spare,))
    controls = SessionsControls(store, None)
    controls.window = window
    controls.recorded(put(made_session, tmp_path / "asked for" / "take"))  # by the command line, say
    assert store.get(settings.SESSION_FOLDERS) == []
    controls.recorded(put(made_session, spare / "first-rest"))
    qtbot.waitUntil(lambda: "first-rest" in shown(window))
    assert "take" not in shown(window)


def test_the_keyboard_selects_the_only_recording(make_sessions, recordings, tmp_path):
    shutil.copytree(recordings / "first", tmp_path / "one" / "first")
    window = make_sessions(tmp_path / "one")
    QApplication.sendEvent(window.list, QFocusEvent(QEvent.Type.FocusIn, Qt.FocusReason.TabFocusReason))
    assert [one.folder.name for one in window.list.chosen] == ["first"]
    assert window.commands["review"].isEnabled()


def test_another_folder_is_listed_too_and_taken_off_again(window, tmp_path, made_session, store, qtbot):
    put(made_session, tmp_path / "elsewhere" / "third")
    with qtbot.waitSignal(window.listed, timeout=20_000):
        window.add_folder(tmp_path / "elsewhere")
    qtbot.waitUntil(lambda: "third" in shown(window))
    assert store.get(settings.SESSION_FOLDERS) == [str(tmp_path / "elsewhere")]
    window.folders_menu.aboutToShow.emit()
    own, added = window.folders_menu.actions()
    assert not own.isEnabled()
    added.trigger()
    qtbot.waitUntil(lambda: "third" not in shown(window), timeout=20_000)
    assert (tmp_path / "elsewhere" / "third").is_dir()


def test_a_folder_without_recordings_says_where_they_will_be(make_sessions, tmp_path):
    window = make_sessions(tmp_path / "none")
    assert str(tmp_path / "none") in window.list.accessibleDescription()
    assert window.status_line.message.text == ""


# ---------------------------------------------------------------------- rename


def test_several_are_renamed_by_a_pattern(window, recordings, store, qtbot):
    store.set(settings.RECENT_FILES, [str(recordings / "first")])
    choose(window, "first", "second")
    window.commands["rename"].trigger()
    dialog = window.work.dialog
    name = find(dialog, "New name", QLineEdit)
    name.setText("{who}")
    assert "is no part" in find(dialog, "What becomes of it", QLabel).text()
    assert not dialog.go.isEnabled()
    name.setText("{participant}_{task}")
    assert "first  →  P01_nod" in find(dialog, "What becomes of it", QLabel).text()
    press(dialog, "Rename")
    qtbot.waitUntil(lambda: {"P01_nod", "P02_talk"} <= shown(window).keys(), timeout=20_000)
    assert shown(window).keys() == {"P01_nod", "P02_talk", "cut off", "damaged"}
    assert store.get(settings.RECENT_FILES) == [str(recordings / "P01_nod")]
    assert "2 recordings are renamed" in window.status_line.message.text
    assert {session.name for session in window.list.chosen} == {"P01_nod", "P02_talk"}


def test_one_that_is_in_review_is_closed_there_first(window, qtbot):
    choose(window, "first")
    window.commands["review"].trigger()
    (review,) = window.reviews.windows
    with qtbot.waitSignal(review.opened, timeout=20_000):
        pass
    window.commands["rename"].trigger()
    find(window.work.dialog, "New name", QLineEdit).setText("new")
    press(window.work.dialog, "Rename")
    qtbot.waitUntil(lambda: "new" in shown(window), timeout=20_000)
    assert window.reviews.windows == []


# ---------------------------------------------------------------------- delete, recover


@pytest.mark.parametrize("answer", ["Delete for good", "Cancel"])
def test_several_are_deleted_after_a_question(window, recordings, store, qtbot, answer):
    store.set(settings.RECENT_FILES, [str(recordings / "first"), "/another"])
    choose(window, "first", "damaged")
    window.commands["delete"].trigger()
    qtbot.waitUntil(lambda: window.work.question is not None, timeout=20_000)
    question = window.work.question.text()
    assert question.startswith("2 sessions of participants P01 will be deleted (")
    assert "Nothing brings them back" in question
    press(window.work.question, answer)
    if answer == "Cancel":
        assert (recordings / "first").is_dir()
        return
    qtbot.waitUntil(lambda: shown(window).keys() == {"second", "cut off"}, timeout=20_000)
    assert not (recordings / "first").exists()
    assert store.get(settings.RECENT_FILES) == ["/another"]


def test_what_is_being_recorded_is_not_deleted_and_the_reason_stays(window, recordings, qtbot):
    folder = recordings / "first"
    replace(Manifest.read(folder), state="recording", owner=Owner.this_process()).write(folder)
    choose(window, "first")
    window.commands["delete"].trigger()
    qtbot.waitUntil(lambda: bool(complaints(window)), timeout=20_000)
    assert "still being recorded" in complaints(window)[0]
    assert window.work.question is None

    def cleared() -> bool:  # a button that has just appeared may have no place yet, where a click would meet it
        press(window, "Clear")
        return complaints(window) == []

    qtbot.waitUntil(cleared, timeout=20_000)


def test_what_was_cut_off_is_recovered(window, recordings, qtbot):
    choose(window, "cut off")
    window.commands["recover"].trigger()
    qtbot.waitUntil(lambda: shown(window)["cut off"] == "complete", timeout=30_000)
    assert Manifest.read(recordings / "cut off").state == "recovered"


# ---------------------------------------------------------------------- exports and analyses


def export(window, *names, replace=False):
    window.commands["export"].trigger()
    dialog = window.work.dialog
    assert not dialog.go.isEnabled()
    for exporter, box in dialog.formats.items():
        box.setChecked(exporter.name in names)
    dialog.replace.setChecked(replace)
    press(dialog, "Export")


def test_exports_of_several_are_made_one_after_the_other(window, recordings, qtbot):
    choose(window, "first", "second", "damaged")
    export(window, "openface", "parquet")
    qtbot.waitUntil(lambda: not window.work.queue.running, timeout=60_000)
    for name in ("first", "second"):
        assert (recordings / name / "export" / "openface.csv").is_file()
        assert any((recordings / name / "export").rglob("*.parquet"))
    assert complaints(window) == []
    before = (recordings / "first" / "export" / "openface.csv").stat().st_mtime_ns
    choose(window, "first")
    export(window, "openface", "npz")
    qtbot.waitUntil(lambda: not window.work.queue.running, timeout=60_000)
    assert [text.partition(": ")[0] for text in complaints(window)] == ["first", "first"]
    assert "an earlier one is there" in complaints(window)[0]
    assert "no raw outputs" in complaints(window)[1]
    assert (recordings / "first" / "export" / "openface.csv").stat().st_mtime_ns == before
    export(window, "openface", replace=True)
    qtbot.waitUntil(lambda: not window.work.queue.running, timeout=60_000)
    assert (recordings / "first" / "export" / "openface.csv").stat().st_mtime_ns != before


def test_all_that_waits_is_cancelled_at_once(window, recordings, qtbot, held_export):
    choose(window, "first", "second")
    export(window, "openface", "elan")
    qtbot.waitUntil(lambda: window.work.queue.bar.maximum() == 2)
    assert len(window.work.queue.titles) == 4
    press(window.work.queue, "Cancel all")
    qtbot.waitUntil(lambda: not window.work.queue.running, timeout=20_000)
    assert not any(path for path in recordings.rglob("export/*"))


def test_several_are_measured_again(window, recordings, qtbot, monkeypatch):
    measured: list[tuple[str, str | None, str, str]] = []
    window.work.store.update({settings.DEVICE: "cpu", settings.ENGINE: "torch"})

    def reanalyse(folder: Path, weights=None, device="auto", engine="auto", **others):
        measured.append((folder.name, weights, device, engine))
        others["progress"](1, 1)

    monkeypatch.setattr("app.batch.reanalyse.reanalyse", reanalyse)
    choose(window, "first", "second")
    window.commands["reanalyse"].trigger()
    dialog = window.work.dialog
    assert any("All 24 frames of 2 videos" in label.text() for label in dialog.findChildren(QLabel))
    dialog.weights.setCurrentIndex(dialog.weights.findData("tiny"))
    press(dialog, "Measure")
    qtbot.waitUntil(lambda: not window.work.queue.running, timeout=20_000)
    assert sorted(measured) == [("first", "tiny", "cpu", "torch"), ("second", "tiny", "cpu", "torch")]


# ---------------------------------------------------------------------- what is seen


def test_what_a_session_says_of_itself_is_text(window, recordings, made_session, bait, qtbot):
    folder = put(made_session, recordings / HOSTILE, participant=HOSTILE, task=HOSTILE)
    replace(Manifest.read(folder), ended_by=HOSTILE).write(folder)
    window.commands["refresh"].trigger()
    qtbot.waitUntil(lambda: HOSTILE in shown(window), timeout=20_000)
    choose(window, HOSTILE)
    window.problems.add([HOSTILE])
    window.work.ask_new_name(window.list.chosen)
    assert look_at_everything() >= 4  # tool tips, the line at the bottom, the dialog
    window.work.dialog.reject()
    window.work.ask_formats(window.list.chosen)
    window.commands["delete"].trigger()
    qtbot.waitUntil(lambda: window.work.question is not None, timeout=20_000)
    assert look_at_everything() >= 4
    assert not bait.opened()


@pytest.mark.parametrize("scheme", list(theme.Scheme), ids=lambda scheme: scheme.value)
def test_it_can_be_read_in_both_themes(window, qapp, scheme):
    theme.apply(qapp, scheme)
    try:
        choose(window, "damaged", "cut off")
        window.problems.add(["first: it could not be."])
        assert_texts_are_readable(window)
        window.extract()
        assert_texts_are_readable(dialog_of(window, "Measure files"))
        choose(window, "first", "second")
        for name in ("rename", "export", "reanalyse"):
            window.commands[name].trigger()
            assert_texts_are_readable(window.work.dialog)
            window.work.dialog.reject()
    finally:
        theme.apply(qapp)


def test_everything_has_room_in_a_small_window(window, qtbot):
    window.resize(853, 480)
    bar = window.list.horizontalScrollBar()
    assert window.size().width() == 853
    qtbot.waitUntil(lambda: bar.maximum() == 0)  # else a column lies outside; an X server resizes after a while
    window.extract()
    assert dialog_of(window, "Measure files").minimumSizeHint().height() <= 480
