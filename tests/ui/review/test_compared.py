"""Two tables of one session compared in the review window."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest

from app.core.tilt import CameraTilt
from app.session.analyses import ANALYSIS, AnalysisHeader
from app.session.exporters import EXPORTERS
from app.session.manifest import Manifest
from app.session.signals import FILTERED
from app.ui.shell.messages import Severity
from tests.session.long_session import angles, write_table
from tests.ui.review.conftest import FRAMES


@pytest.fixture
def analysed(folder):
    """A second table, two degrees off."""
    place = folder / "analyses" / "other"
    place.mkdir(parents=True)
    write_table(place / "frames.csv", np.arange(FRAMES) / 30, offset=2.0)
    _describe(place)
    return folder


def _describe(place):
    import dataclasses
    import json

    header = AnalysisHeader("other", FRAMES, 24, "w", "", "", True, "torch", "cpu")
    (place / ANALYSIS).write_text(json.dumps({"schema": 1, **dataclasses.asdict(header)}))


def test_a_second_table_is_compared(make_review, analysed, qtbot):
    review = make_review(analysed)
    assert review.transport.tables.isVisible()
    assert review.shown.comparing.names == ("other",)
    with qtbot.waitSignal(review.shown.comparing.changed):
        review.transport.tables.setCurrentIndex(1)
        review.transport.tables.activated.emit(1)
    content = review.timeline.content
    assert content.second.name == "other"
    piece = content.second.difference["yaw"].piece(0, 40, 1000)
    assert np.nanmax(np.abs(piece.low - 2.0)) < 1e-3
    assert review.timeline.lanes().difference is not None
    assert "Δ +2.0°" in review.transport.numbers.text()
    assert review.view.result.frame.truth is not None  # the dashed axes
    with qtbot.waitSignal(review.shown.measuring.counted):
        review.shown.measuring.select((0.0, 1.0))
    assert "other minus recording (30 frames)" in review.shown.measuring.text()
    assert "yaw (deg)\t2.000\t2.000\t2.000" in review.shown.measuring.text()
    with qtbot.waitSignal(review.shown.comparing.changed):
        review.transport.tables.activated.emit(0)
    assert review.timeline.content.second is None
    assert review.view.result.frame.truth is None


def test_what_was_shown_live_is_drawn_beside_what_was_measured(make_review, folder, qtbot):
    with (folder / "frames.csv").open(newline="") as file:
        measured = list(csv.DictReader(file))
    with (folder / "signals.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("frame", *FILTERED))
        writer.writerows(
            (row["frame"], *(f"{float(row[f'{axis}_deg']) + 1.5:.4f}" for axis in ("pitch", "yaw", "roll")))
            if row["success"] == "1" else (row["frame"], "", "", "")
            for row in measured
        )  # fmt: skip
    review = make_review(folder)
    assert review.shown.comparing.names == ("shown live",)
    with qtbot.waitSignal(review.shown.comparing.changed):
        review.shown.comparing.choose(0)
    piece = review.timeline.content.second.difference["yaw"].piece(0, 40, 1000)
    assert np.nanmax(np.abs(piece.low - 1.5)) < 1e-3
    assert "Δ +1.5°" in review.transport.numbers.text()


def test_a_bend_is_the_networks_and_not_the_truths(make_review, folder, qtbot):
    manifest = Manifest.read(folder)
    tilt = CameraTilt(20.0, -4.0, bend_deg=30.0)
    replace(manifest, header=replace(manifest.header, camera_tilt=tilt)).write(folder)
    with (folder / "truth.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("frame", "pitch_deg", "yaw_deg", "roll_deg"))
        writer.writerows((frame, *pose) for frame, pose in enumerate(angles(np.arange(FRAMES) / 30).tolist()))
    review = make_review(folder)
    assert review.shown.comparing.names == ("true pose",)
    with qtbot.waitSignal(review.shown.comparing.changed):
        review.shown.comparing.choose(0)
    piece = review.timeline.content.second.difference["pitch"].piece(0, FRAMES, 1000)
    assert np.nanmax(piece.high) > 3  # 30 degrees times 1 - cos(yaw), at yaw 28
    review.shown.presenter.request(150)
    assert review.shown.presenter.wait(20)
    drawn = review.view.result
    assert drawn.frame.truth == pytest.approx(drawn.faces[0].angles, abs=1e-3)  # they were measured without an error


def test_no_number_is_cut_in_two(make_review, analysed, qtbot):
    review = make_review(analysed)
    with qtbot.waitSignal(review.shown.comparing.changed):
        review.shown.comparing.choose(0)
    numbers = review.transport.numbers
    whole = numbers.toolTip().split("    ")
    assert [part.partition(" ")[0] for part in whole] == ["yaw", "pitch", "roll", "expression", "quality", "distance"]
    for width in (1600, 1000, 800):
        review.resize(width, 700)
        qtbot.waitUntil(lambda: len(numbers.text().split("    ")) >= 3)  # the angles always have room
        shown = numbers.text().split("    ")
        assert shown == whole[: len(shown)]
        assert len(shown) == 1 or numbers.fontMetrics().horizontalAdvance(numbers.text()) <= numbers.width()
        assert len(shown) == len(whole) or width < 1600


def test_the_compared_table_can_be_exported(make_review, analysed, qtbot):
    def rotations(folder):
        review.exports.export(exporter)
        qtbot.waitUntil(lambda: not review.exports.job.running, timeout=30_000)
        with (folder / "export" / "openface.csv").open(newline="", encoding="utf-8") as file:
            return [float(row["pose_Rz"] or "nan") for row in csv.DictReader(file)]

    exporter = next(exporter for exporter in EXPORTERS if exporter.name == "openface")
    review = make_review(analysed)
    switch = review.exports.of_compared
    assert not switch.isEnabled()
    with qtbot.waitSignal(review.shown.comparing.changed):
        review.shown.comparing.choose(0)
    assert switch.isEnabled()
    assert switch.text() == "&From the table other"
    recorded = rotations(analysed)  # the recorded one, unless the switch is on
    switch.trigger()
    compared = rotations(analysed / "analyses" / "other")
    assert len(compared) == len(recorded) == FRAMES
    assert np.nanmin(np.abs(np.subtract(compared, recorded))) > 0
    with qtbot.waitSignal(review.shown.comparing.changed):
        review.shown.comparing.choose(-1)
    assert not switch.isEnabled()
    assert not switch.isChecked()


def test_a_damaged_second_table_is_said(make_review, analysed, qtbot):
    (analysed / "analyses" / "other" / "frames.csv").write_text("x\n")
    review = make_review(analysed)
    review.transport.tables.activated.emit(1)
    qtbot.waitUntil(lambda: review.status_line.message.severity is Severity.ERROR)
    assert "not a table" in review.status_line.message.text
    assert review.transport.tables.currentIndex() == 0


def test_there_is_nothing_to_compare_with(review):
    assert not review.transport.tables.isVisible()
    assert not review.commands["compare"].isEnabled()
