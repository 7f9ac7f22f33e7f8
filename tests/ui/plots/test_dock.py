"""The plots show what was chosen, break where there is no number, and are saved as they are seen."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtCore import QEvent, QPointF, Qt
from PyQt6.QtGui import QImage, QMouseEvent
from PyQt6.QtWidgets import QApplication, QLabel

from app.core.derived import DERIVED
from app.signals.history import COLUMNS, History
from app.ui.features.faces.colours import face_colour
from app.ui.plots.canvas import colour_of
from app.ui.plots.dock import Plots
from app.ui.plots.parts import range_around, step_above, thinned
from app.ui.plots.signals import COLUMN, GROUPS, SIGNALS, chosen
from app.ui.shell import settings
from extractor.types import Angles
from tests.ui.find import curve_of, find


def legend(plots) -> str:
    return find(plots, "Legend and values", QLabel).text()


def chosen_in(plots) -> list[str]:
    return [name for name, action in plots.choices.items() if action.isChecked()]


@pytest.fixture
def plots(idle_window, qtbot) -> Plots:
    plots = Plots(idle_window.docks.context)
    qtbot.addWidget(plots)
    plots.resize(800, 320)
    with qtbot.waitExposed(plots):
        plots.show()
    return plots


def rows(n=60, seconds=4.0, **columns) -> np.ndarray:
    table = np.full((n, len(COLUMNS)), np.nan)
    table[:, 0] = 100 + np.linspace(0, seconds, n)
    for name, values in columns.items():
        table[:, COLUMN[name]] = values
    return table


def plot_of(plots, name):
    return next(row for row in plots.canvas.rows if name in row.curves)


def stretches(band) -> list[tuple[np.ndarray, np.ndarray]]:
    """Times and values of each part of a band without a gap."""
    x, y = band.getData()
    ends = np.flatnonzero(np.isnan(y))
    return [(part[0, :-1], part[1, :-1]) for part in np.split(np.stack([x, y]), ends + 1, axis=1)[: len(ends)]]


def test_every_column_there_is_can_be_plotted():
    named = {column for s in SIGNALS for column in (s.column, s.std, s.true, s.measured) if column}
    assert named == set(COLUMNS) - {"time_s", "face_id"}
    assert {signal.name for signal in DERIVED} <= {signal.name for signal in SIGNALS}
    assert all(signal.group in GROUPS for signal in SIGNALS)
    assert len({signal.name for signal in SIGNALS}) == len(SIGNALS)
    for group in GROUPS:
        assert len([signal for signal in SIGNALS if signal.group is group]) <= 4


def test_the_newest_value_stands_at_the_right_edge_in_seconds_ago(plots):
    plots.draw(rows(yaw_deg=np.linspace(-10, 10, 60)))
    x, y = curve_of(plots.canvas, "yaw")
    assert (x[0], x[-1]) == pytest.approx((-4, 0))
    assert (y[0], y[-1]) == (-10, 10)
    for row in plots.canvas.rows:
        assert row.plot.viewRange()[0] == [-10, 0]


def test_bands_are_one_standard_deviation_wide_and_break_where_the_face_is_lost(plots):
    yaw, std = np.full(60, 5.0), np.full(60, 2.0)
    yaw[20:30] = np.nan
    plots.draw(rows(yaw_deg=yaw, yaw_std_deg=std))
    bands = plot_of(plots, "yaw").bands
    before, after = stretches(bands["yaw"])
    for _, y in (before, after):
        assert (y.min(), y.max()) == (3, 7)
    assert before[0].max() < after[0].min()
    assert stretches(bands["roll"]) == []


def test_the_range_holds_every_value_in_steps(plots):
    for largest, top, tick in ((3, 15, 10), (14, 30, 20), (40, 60, 40), (75, 100, 50)):
        plots.draw(rows(yaw_deg=largest, true_pitch_deg=-largest))
        row = plot_of(plots, "yaw")
        assert row.plot.viewRange()[1] == [-top, top]
        (ticks,) = row.plot.getAxis("left")._tickLevels
        assert [value for value, _ in ticks] == [-tick, 0, tick]


@given(value=st.floats(0, 1e6), least=st.sampled_from([0.02, 0.1, 1.0, 15.0]))
def test_a_step_is_never_below_its_value_and_not_far_above(value, least):
    step = step_above(value, least)
    assert step >= value
    assert step <= max(value * 2.6, least)


@given(values=st.lists(st.floats(-1e4, 1e4, allow_subnormal=False), max_size=20), least=st.sampled_from([0.1, 5.0]))
def test_a_free_range_holds_its_values(values, least):
    low, high = range_around(np.array(values, float), least)
    assert high - low >= least * 0.999
    slack = 1e-12 * max(map(abs, values), default=0.0)  # a multiple of the grid need not be exact
    assert all(low - slack <= value <= high + slack for value in values)


@given(n=st.integers(0, 3000), width=st.floats(0.01, 2))
def test_thinning_keeps_the_extremes_and_the_order(n, width):
    times = 1000 + np.arange(n) / 30
    values = np.random.default_rng(n).normal(size=(n, 2))
    x, y = thinned(times, values, width)
    assert len(x) == len(y) <= max(n, 3)
    assert (np.diff(x) >= 0).all()
    if n:
        assert np.allclose(y.max(axis=0), values.max(axis=0))
        assert np.allclose(y.min(axis=0), values.min(axis=0))


def test_truth_is_drawn_and_named_only_where_it_is_known(plots):
    plots.draw(rows(yaw_deg=1.0))
    assert "true" not in legend(plots)
    plots.draw(rows(yaw_deg=1.0, true_yaw_deg=2.0))
    assert "true" in legend(plots)
    assert plot_of(plots, "yaw").truths["yaw"].getData()[1][-1] == 2


@pytest.mark.parametrize("n", [0, 1, 2])
def test_hardly_any_rows_are_no_trouble(plots, n):
    plots.draw(rows(n, yaw_deg=1.0, yaw_std_deg=1.0))
    assert not plots.grab().isNull()


def test_signals_are_chosen_in_the_menu_and_remembered(plots, idle_window, qtbot):
    plots.draw(rows(latency_ms=40.0, yaw_deg=1.0))
    plots.choices["latency"].trigger()
    plots.choices["yaw"].trigger()
    assert chosen_in(plots) == ["pitch", "roll", "expression", "latency"]
    assert curve_of(plots.canvas, "latency")[1][-1] == 40
    again = Plots(idle_window.docks.context)
    qtbot.addWidget(again)
    assert chosen_in(again) == chosen_in(plots)
    for name in ("pitch", "roll", "expression", "latency"):
        plots.choices[name].trigger()
    assert chosen_in(plots) == ["yaw", "pitch", "roll", "expression"]  # never nothing
    assert chosen(["nonsense"]) == chosen(["yaw", "pitch", "roll", "expression"])


def test_all_signals_at_once_can_be_plotted(plots, face, result):
    history = History()
    for i in range(100):
        history.append(result(face(angles=Angles(i, -i, 3)), captured_s=i / 30))
    plots.use_signals([signal.name for signal in SIGNALS])
    plots.show_result(None, history)
    assert len(plots.canvas.rows) == len(GROUPS)
    assert not plots.grab().isNull()


def test_a_span_of_five_minutes_is_thinned(plots, result, face, store):
    history = History()
    one = face(angles=Angles(1, 2, 3))
    for i in range(9000):
        history.append(result(one, size=(2, 2), captured_s=i / 30))
    plots.show_result(None, history)
    assert len(curve_of(plots.canvas, "yaw")[0]) == pytest.approx(300, abs=2)
    plots.set_span(300)
    x, _ = curve_of(plots.canvas, "yaw")
    assert x[0] == pytest.approx(-300, abs=1)
    assert len(x) < 2200
    assert store.get(settings.PLOT_SPAN) == 300


def test_pause_freezes_the_plots_and_nothing_else(plots, result, face, qtbot):
    history = History()
    for i in range(60):
        history.append(result(face(angles=Angles(0, i, 0)), captured_s=i / 30))
    plots.show_result(None, history)
    plots.pause_button.click()
    assert "paused" in legend(plots)
    history.append(result(face(angles=Angles(0, 99, 0)), captured_s=2.0))
    plots.show_result(None, history)
    assert curve_of(plots.canvas, "yaw")[1][-1] == 59
    plots.set_span(5)  # another span of what stands still
    assert curve_of(plots.canvas, "yaw")[1][-1] == 59
    plots.pause_button.click()
    assert curve_of(plots.canvas, "yaw")[1][-1] == 99
    assert "paused" not in legend(plots)


def test_raw_stands_beside_filtered_where_it_is_asked_for(plots):
    table = rows(yaw_deg=1.0, measured_yaw_deg=3.0)
    plots.draw(table)
    assert len(plot_of(plots, "yaw").measured["yaw"].getData()[0]) == 0
    plots.raw_button.click()
    assert plot_of(plots, "yaw").measured["yaw"].getData()[1][-1] == 3
    assert "before" in legend(plots)


def test_values_are_read_under_the_crosshair_by_mouse_and_by_key(plots, qtbot):
    plots.draw(rows(n=301, seconds=10.0, yaw_deg=np.linspace(-30, 30, 301)))
    canvas = plots.canvas
    at = QPointF(canvas.mapFromScene(canvas.rows[0].plot.getViewBox().mapViewToScene(QPointF(-5.0, 0.0))))
    none, no_keys = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(QEvent.Type.MouseMove, at, plots.canvas.mapToGlobal(at), none, none, no_keys)
    QApplication.sendEvent(plots.canvas.viewport(), event)
    assert plots.canvas.cross_s == pytest.approx(-5, abs=0.1)
    assert plots.values_at(-5.0)["yaw"] == pytest.approx(0, abs=0.5)
    assert "<b>" in legend(plots)
    plots.canvas.point_at(float("nan"))
    assert "<b>" not in legend(plots)
    for _ in range(3):
        qtbot.keyClick(plots.canvas, Qt.Key.Key_Left)
    assert plots.canvas.cross_s == pytest.approx(-0.3)
    assert plots.values_at(-0.3)["yaw"] == pytest.approx(28.2, abs=0.3)


def test_what_is_shown_is_saved_as_picture_drawing_and_table(plots, tmp_path):
    yaw = np.linspace(-10, 10, 60)
    yaw[5] = np.nan
    plots.draw(rows(yaw_deg=yaw, yaw_std_deg=1.5, face_id=3))
    for ending in ("png", "svg", "csv"):
        plots.save(tmp_path / f"plots.{ending}")
    picture = QImage(str(tmp_path / "plots.png"))
    assert picture.width() >= 2 * plots.canvas.width()
    drawing = (tmp_path / "plots.svg").read_text(encoding="utf-8")
    assert "<text" in drawing
    assert drawing.count("<polyline") + drawing.count("<path") > 10
    assert "<image" not in drawing
    with (tmp_path / "plots.csv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert list(table[0])[:4] == ["time_s", "face_id", "yaw_deg", "yaw_std_deg"]
    assert {row["face_id"] for row in table} == {"3"}
    assert len(table) == 60
    assert table[-1]["time_s"] == "0.0000"
    assert float(table[-1]["yaw_deg"]) == 10
    assert table[5]["yaw_deg"] == ""


@pytest.mark.parametrize("name", ["none/plots.png", "none/plots.svg", "none/plots.csv", "plots.doc"])
def test_what_cannot_be_saved_is_said_in_a_sentence(plots, tmp_path, idle_window, name):
    plots.draw(rows(yaw_deg=1.0))
    plots.save(tmp_path / name)
    text = idle_window.status_line.message.text
    assert "can't be saved" in text
    assert text.endswith(".")


def test_curves_wear_the_colours_of_the_legend(plots):
    plots.draw(rows(yaw_deg=np.linspace(-10, 10, 60), yaw_std_deg=0.1))
    image = plots.canvas.grab().toImage()
    yaw = next(signal for signal in SIGNALS if signal.name == "yaw")
    pen = plot_of(plots, "yaw").curves["yaw"].opts["pen"].color().getRgb()[:3]
    assert pen == colour_of(yaw).getRgb()[:3]
    pixels = [image.pixelColor(x, y).getRgb()[:3] for x in range(500, 790, 3) for y in range(image.height())]
    assert any(max(abs(a - b) for a, b in zip(pixel, pen, strict=True)) < 60 for pixel in pixels)


def test_curves_of_two_people_are_told_apart_and_not_joined(plots, result, face):
    """The primary face was number 3 in the first half, number 5 in the second."""
    history = History()
    for i in range(60):
        faces = (face(face_id=3), face((100, 100), 60, face_id=5))
        history.append(result(*(faces if i < 30 else faces[::-1]), captured_s=100 + i / 15))
    newest = result(*faces[::-1], captured_s=100 + 59 / 15)
    plots.show_result(newest, history)
    text = legend(plots)
    assert "face&nbsp;3" in text
    assert face_colour(5).name() in text
    y = curve_of(plots.canvas, "yaw")[1]
    assert np.isnan(y).sum() == 1
    assert len(stretches(plot_of(plots, "yaw").bands["yaw"])) == 2
    plots.canvas.point_at(-0.5)
    assert "face&nbsp;5" in legend(plots)
    assert "face&nbsp;3" not in legend(plots)


def test_one_person_who_was_lost_and_found_is_not_named(plots, result, face):
    history = History()
    for i in range(60):
        history.append(result(face(face_id=3 if i < 30 else 5), captured_s=100 + i / 15))
    plots.show_result(result(face(face_id=5), captured_s=100 + 59 / 15), history)
    assert "face&nbsp;" not in legend(plots)
    assert np.isnan(curve_of(plots.canvas, "yaw")[1]).sum() == 1


def test_the_face_is_named_where_others_are_in_the_picture_and_stays_so_while_paused(plots, result, face):
    history = History()
    several = result(face(face_id=7), face((100, 100), 60, face_id=2))
    history.append(several)
    plots.show_result(several, history)
    assert "face&nbsp;7" in legend(plots)
    plots.pause_button.setChecked(True)
    other = result(face(face_id=2))
    history.append(other)
    plots.show_result(other, history)
    assert "face&nbsp;7" in legend(plots)
    assert "face&nbsp;2" not in legend(plots)
