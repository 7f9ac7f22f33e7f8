"""The table of all numbers, and what is copied of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PyQt6.QtCore import QItemSelectionModel, Qt
from PyQt6.QtGui import QGuiApplication

from app.core.frames import ShownFace
from app.core.rotation import rotation_of
from app.signals.history import History
from app.ui.live.numbers_table import as_text, number_rows
from app.ui.live.table import Table
from extractor.types import KEYPOINT_NAMES, Angles


@pytest.fixture
def table(idle_window, qtbot) -> Table:
    table = Table(idle_window.docks.context)
    qtbot.addWidget(table)
    table.resize(400, 500)
    with qtbot.waitExposed(table):
        table.show()
    return table


def test_shown_and_measured_stand_side_by_side(face, result):
    measured = face(angles=Angles(1, 20, 3))
    shown = ShownFace(replace(measured, scale=2.0), Angles(0, -5.25, 0), rotation_of(Angles(0, 0, 0)))
    rows = {row.name: row for row in number_rows(replace(result(measured), signals=(shown,)), KEYPOINT_NAMES)}
    assert (rows["yaw_deg"].shown, rows["yaw_deg"].measured) == ("-5.25", "20.00")
    assert (rows["scale"].shown, rows["scale"].measured) == ("2.0000", "1.0000")
    assert rows["kp_0_x nose_tip"].unit == "px"
    assert {f"exp_23_{axis} alar_r" for axis in "xyz"} <= rows.keys()
    assert len(number_rows(result(face(num_kp=21)), None)) > 21 * 8


def test_without_a_face_the_frames_numbers_stay(face, result):
    names = [row.name for row in number_rows(result(), None)]
    assert names == ["frame", "timestamp_s", "latency_ms", "detect_ms", "infer_ms", "faces"]
    untrained = [row.name for row in number_rows(result(face(pose_trained=False)), None)]
    assert "box_x" in untrained
    assert "yaw_deg" not in untrained


def test_what_is_copied_is_a_table_for_a_spreadsheet(face, result):
    lines = as_text(number_rows(result(face()), None)).splitlines()
    assert lines[0] == "number\tshown\tmeasured\tunit"
    assert {line.count("\t") for line in lines} == {3}
    assert "−" not in "".join(lines)  # a minus sign that programs read


def test_new_numbers_leave_selection_and_place_alone(table, face, result):
    table.show_result(result(face()), History())
    view, model = table.table, table.table.model()
    index = model.index(40, 0)
    name = index.data()
    flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
    # The view's own way would look at the keyboard, on which an earlier test may have left a key down.
    view.selectionModel().setCurrentIndex(index, flags)
    view.verticalScrollBar().setValue(300)
    for i in range(5):
        table.show_result(result(face(angles=Angles(i, i, i))), History())
    assert [i.data() for i in view.selectionModel().selectedRows()] == [name]
    assert view.verticalScrollBar().value() == 300
    yaw = next(i for i in range(model.rowCount()) if model.index(i, 0).data() == "yaw_deg")
    assert model.index(yaw, 1).data() == "4.00"


def test_a_search_narrows_the_list_and_copying_takes_what_is_selected(table, face, result, qtbot):
    table.show_result(result(face()), History())
    qtbot.keyClicks(table.search, "Yaw")
    model = table.table.model()
    assert [model.index(i, 0).data() for i in range(model.rowCount())] == ["yaw_deg", "yaw_std_deg"]
    table.table.selectRow(1)
    table.table.setFocus()
    qtbot.keyClick(table.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert [line.split("\t")[0] for line in lines] == ["number", "yaw_std_deg"]
