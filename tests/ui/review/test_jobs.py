"""Exports and measuring again: off the window's thread, with a bar, stopped on request, nothing half-made left."""

from __future__ import annotations

import queue
import threading
from pathlib import Path

import av
import pytest
from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QLabel

from app.core.errors import SessionError
from app.session.exporters import EXPORTERS
from app.session.session import Session
from app.ui.review.jobs import Job, JobDialog
from app.ui.shell.messages import Severity
from tests.ui.find import press
from tests.ui.review.conftest import FRAMES


def said(review):
    return review.status_line.message


def action_of(review, name):
    return next(action for action in review.exports.actions if action.objectName() == f"export_{name}")


def finished(review, qtbot):
    qtbot.waitUntil(lambda: not review.exports.job.running, timeout=60_000)
    return said(review)


@pytest.mark.parametrize("name", [exporter.name for exporter in EXPORTERS])
def test_every_exporter_is_a_menu_entry_that_works_or_says_why_not(review, folder, qtbot, name):
    menu = next(menu for menu in review.menuBar().actions() if menu.text() == "&Export").menu()
    action = action_of(review, name)
    assert action in menu.actions()
    action.trigger()
    message = finished(review, qtbot)
    if name in ("npz", "liveportrait", "arkit"):  # this session has no raw outputs
        assert message.severity is Severity.ERROR
        assert "no raw outputs" in message.text
        assert not any((folder / "export").iterdir())
    else:
        assert message.severity is Severity.GOOD, message.text
        exporter = next(exporter for exporter in EXPORTERS if exporter.name == name)
        for made in exporter.outputs(Session.open(folder)):
            assert (folder / "export" / made).exists()
            assert made in message.text


def test_the_exported_film_has_every_frame(review, folder, qtbot):
    action_of(review, "mp4").trigger()
    finished(review, qtbot)
    with av.open(str(folder / "export" / "annotated.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == FRAMES


def test_a_changed_annotation_is_exported(review, folder, qtbot):
    review.shown.annotations.add(2.0, 0.0, "smile")
    action_of(review, "elan").trigger()
    finished(review, qtbot)
    assert "smile" in (folder / "export" / "session.eaf").read_text(encoding="utf-8")


def test_after_an_export_every_change_is_on_the_disk_at_once_too(review, folder, qtbot):
    action_of(review, "elan").trigger()
    finished(review, qtbot)
    for label in ("smile", "blink"):
        review.shown.annotations.add(2.0, 0.0, label)
        qtbot.waitUntil(lambda: not review.shown.annotations.unsaved, timeout=10_000)
    assert [one.label for one in Session.open(folder).annotations][1:] == ["blink", "smile"]


def test_what_a_format_cannot_say_is_said_with_the_result(review, qtbot, monkeypatch):
    exporter = next(exporter for exporter in EXPORTERS if exporter.name == "openface")
    remark = "2 of 300 frames have no pose: 2 failed; the template holds the motion measured before them."
    monkeypatch.setattr(exporter, "remark", lambda session: remark, raising=False)
    action_of(review, "openface").trigger()
    message = finished(review, qtbot)
    assert message.severity is Severity.GOOD
    assert message.text.startswith(f"{remark} Saved ")


def test_what_is_there_is_replaced_only_when_wished(review, folder, qtbot):
    action_of(review, "openface").trigger()
    finished(review, qtbot)
    made = folder / "export" / "openface.csv"
    made.write_text("mine")
    for answer, kept in (("Cancel", True), ("Replace", False)):
        action_of(review, "openface").trigger()
        box = review.exports.question
        assert "openface.csv is in" in box.text()
        press(box, answer)
        if not kept:
            finished(review, qtbot)
        assert (made.read_text() == "mine") is kept


def test_an_export_is_stopped(review, folder, qtbot, held_export):
    action_of(review, "openface").trigger()
    job = review.exports.job
    qtbot.waitUntil(lambda: job.bar.maximum() == 2)
    review.shown.player.step(1)  # the window can be used meanwhile
    QTest.keyClick(job, Qt.Key.Key_Escape)
    assert "stopped" in finished(review, qtbot).text
    assert not job.isVisible()
    assert not any((folder / "export").iterdir())


def label_of(name):
    return next(exporter.label for exporter in EXPORTERS if exporter.name == name)


def test_a_second_export_waits_for_its_turn(review, folder, qtbot, held_export):
    for name in ("openface", "elan", "bids", "elan"):  # asked for twice, made once
        action_of(review, name).trigger()
    job = review.exports.job
    assert "already" in said(review).text
    assert job.titles == [label_of(name) for name in ("openface", "elan", "bids")]
    assert job.waiting.isVisibleTo(job)
    assert [job.waiting.item(i).text() for i in range(job.waiting.count())] == job.titles[1:]
    held_export.set()
    qtbot.waitUntil(lambda: not job.running, timeout=60_000)
    assert {"openface.csv", "session.eaf"} <= {path.name for path in (folder / "export").iterdir()}
    assert len(list((folder / "export").iterdir())) > 2
    assert not job.isVisible()


def test_one_that_waits_is_taken_off_the_list_and_one_that_runs_is_stopped(review, folder, qtbot, held_export):
    for name in ("openface", "elan", "spreadsheet"):
        action_of(review, name).trigger()
    job = review.exports.job
    qtbot.waitUntil(lambda: job.bar.maximum() == 2)
    job.waiting.setCurrentRow(0)
    job.waiting.setFocus()
    QTest.keyClick(job.waiting, Qt.Key.Key_Delete)
    assert job.titles == [label_of("openface"), label_of("spreadsheet")]
    assert job.cancel_button.text() == "Cancel this one"  # beside "Cancel all"
    job.cancel_button.click()
    qtbot.waitUntil(lambda: job.titles == [label_of("spreadsheet")] or not job.running, timeout=60_000)
    assert job.cancel_button.text() == "Cancel"
    qtbot.waitUntil(lambda: not job.running, timeout=60_000)
    made = {path.name for path in (folder / "export").iterdir()}
    assert made
    assert "openface.csv" not in made
    assert "session.eaf" not in made


def test_closing_the_window_stops_what_runs_and_begins_nothing_that_waits(review, folder, qtbot, held_export):
    action_of(review, "openface").trigger()
    action_of(review, "elan").trigger()
    qtbot.waitUntil(lambda: review.exports.job.bar.maximum() == 2)
    review.close()
    assert not any((folder / "export").iterdir())


def test_a_job_that_fails_is_told_and_one_that_ends_too(review, qtbot):
    results = []
    for work in (lambda progress, stopped: 5, lambda progress, stopped: 1 / 0):
        job = JobDialog(review)
        job.add(Job("Work", "Working", work, results.append, results.append))
        qtbot.waitUntil(lambda job=job: not job.running)
    assert results[0] == 5
    assert isinstance(results[1], ZeroDivisionError)


def test_a_long_text_of_what_runs_is_not_cut(review, qtbot):
    job, go_on = JobDialog(review), threading.Event()
    text = "A film is made in " + "a folder with a long name/" * 8
    work = lambda progress, stopped: go_on.wait(20)  # noqa: E731
    job.add(Job("Film", text, work, lambda outcome: None, lambda error: None))
    label = next(each for each in job.findChildren(QLabel) if each.text() == text)
    qtbot.waitUntil(lambda: label.height() >= label.heightForWidth(label.width()))
    go_on.set()
    qtbot.waitUntil(lambda: not job.running)


# ---------------------------------------------------------------------- measuring again


@pytest.fixture
def fake_reanalyse(monkeypatch):
    """The engine's place taken by one that copies the table; the real one is tested where it lives."""
    import shutil

    from app.session.analyses import AnalysisHeader, publish

    asked = []

    def reanalyse(folder, weights=None, device="auto", engine="auto", *, progress, cancelled, **others):
        asked.append((folder, weights, device))
        for step in range(5):
            progress(step, 5)
        staging = folder / "analyses" / ".part-test"
        staging.mkdir(parents=True)
        shutil.copyfile(folder / "frames.csv", staging / "frames.csv")
        header = AnalysisHeader("again", FRAMES, 24, "w", "", "", True, "torch", "cpu")
        return publish(staging, header, exact=False)

    monkeypatch.setattr("app.batch.reanalyse.reanalyse", reanalyse)
    return asked


def test_the_new_table_is_compared_at_once(review, folder, qtbot, fake_reanalyse):
    review.commands["reanalyse"].trigger()
    dialog = review.reanalysis.dialog
    assert str(FRAMES) in dialog.findChildren(type(review.panes.about))[0].text()
    with qtbot.waitSignal(review.shown.comparing.changed, timeout=30_000):
        QTest.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    assert fake_reanalyse == [(folder, None, "auto")]
    assert review.timeline.content.second.name == "again"
    assert review.transport.tables.currentText() == "again"
    assert review.commands["compare"].isEnabled()


def test_other_weights_are_chosen(review, folder, qtbot, fake_reanalyse, monkeypatch):
    monkeypatch.setattr(
        "app.ui.shell.dialogs.ask_file", lambda parent, title, kinds, done: done("/weights/mine.safetensors")
    )
    review.commands["reanalyse"].trigger()
    dialog = review.reanalysis.dialog
    dialog.weights.activated.emit(dialog.weights.count() - 1)
    assert dialog.weights.currentText() == "mine.safetensors"
    with qtbot.waitSignal(review.shown.comparing.changed, timeout=30_000):
        dialog.go.click()
    assert fake_reanalyse == [(folder, "/weights/mine.safetensors", "auto")]


def test_cancelling_the_question_does_nothing(review, fake_reanalyse):
    review.commands["reanalyse"].trigger()
    QTest.keyClick(review.reanalysis.dialog, Qt.Key.Key_Escape)
    assert not fake_reanalyse
    assert not review.reanalysis.job.running


def test_measuring_is_stopped(review, qtbot, monkeypatch):
    from app.batch.reanalyse import CancelledError

    running = threading.Event()

    def reanalyse(folder, weights, device, engine, *, progress, cancelled):
        running.set()
        while not cancelled():
            threading.Event().wait(0.005)
        raise CancelledError("stopped")

    monkeypatch.setattr("app.batch.reanalyse.reanalyse", reanalyse)
    review.reanalysis.start(review.folder, None)
    qtbot.waitUntil(running.is_set)
    review.reanalysis.ask(review.folder, FRAMES)
    assert "already" in said(review).text
    review.reanalysis.job.stop()
    qtbot.waitUntil(lambda: not review.reanalysis.job.running)
    assert "discarded" in said(review).text


def test_what_it_waits_for_is_said_and_the_time_left_counts_from_the_first_step(review, qtbot, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("app.ui.review.jobs.now_s", lambda: clock[0])
    job = JobDialog(review)
    go_on = threading.Event()
    steps = queue.SimpleQueue()

    def work(progress, stopped):
        steps.put(progress)
        go_on.wait(20)

    ignore = lambda outcome: None  # noqa: E731
    job.add(Job("Work", "Working", work, ignore, ignore, "Getting ready."))
    progress = steps.get(timeout=20)
    label = next(label for label in job.findChildren(QLabel) if label.text() == "Getting ready.")
    for later_s, done, text in (
        (60.0, 0, "Getting ready."),
        (60.5, 1, " "),
        (70.5, 21, "about 00:40 left, 2 a second"),  # 20 steps in 10 s, 80 to go: not counting the first minute
    ):
        clock[0] = 100.0 + later_s
        progress(done, 101)
        job.findChild(QTimer).timeout.emit()
        assert label.text() == text
    go_on.set()
    qtbot.waitUntil(lambda: not job.running)


@pytest.mark.parametrize("kind", ["weights", "session", "unexpected"])
def test_what_fails_is_one_sentence(review, qtbot, monkeypatch, kind):
    from extractor.report import WeightsError

    errors = {
        "weights": WeightsError("mine.pth has no pose heads."),
        "session": SessionError("The session has no video."),
        "unexpected": ValueError("a mistake of ours"),
    }

    def reanalyse(*args, **words):
        raise errors[kind]

    monkeypatch.setattr("app.batch.reanalyse.reanalyse", reanalyse)
    review.reanalysis.start(review.folder, None)
    qtbot.waitUntil(lambda: said(review).severity is Severity.ERROR)
    if kind == "unexpected":
        assert "mistake" not in said(review).text
    else:
        assert said(review).text == str(errors[kind])


def test_the_real_engine_measures_a_real_session_again(make_review, tmp_path, qtbot, assets):
    """The window, the engine and the network together, on a second of the demo."""
    from app.capture.source import SourceInfo
    from app.capture.video import VideoSource
    from app.core.frames import Frame
    from app.session.folders import claim_folder
    from app.session.manifest import SessionHeader
    from app.session.writer import SessionWriter

    source = VideoSource(assets / "demo.mp4", paced=False)
    info: SourceInfo = source.open()
    folder = Path(claim_folder(tmp_path / "demo"))
    with SessionWriter(folder, SessionHeader(info, num_kp=0)) as writer:
        for number in range(12):
            image = source.read(5.0).image
            writer.add_frame(Frame(number, image, 10 + number / 30))
    source.close()
    review = make_review(folder)
    assert review.transport.numbers.text() == "not measured: skipped while recording"
    with qtbot.waitSignal(review.shown.comparing.changed, timeout=100_000):
        review.reanalysis.start(folder, None)
    second = review.timeline.content.second
    assert second is not None
    assert (abs(second.series.angles_deg[:, 1]) < 90).all()
