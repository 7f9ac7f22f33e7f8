"""The plots show the history, break where there is no number, and cost nothing when nothing is new."""

from __future__ import annotations

import numpy as np
import pytest

from app.signals.history import COLUMNS
from app.ui.plots import EXPRESSION_STEPS, Plots, _step


@pytest.fixture
def plots(qtbot) -> Plots:
    plots = Plots()
    qtbot.addWidget(plots)
    plots.resize(800, 220)
    plots.show()
    return plots


def rows(n=60, seconds=4.0, **columns) -> np.ndarray:
    table = np.full((n, len(COLUMNS)), np.nan)
    table[:, 0] = 100 + np.linspace(0, seconds, n)
    for name, values in columns.items():
        table[:, COLUMNS.index(name)] = values
    return table


def test_the_newest_value_stands_at_the_right_edge_in_seconds_ago(plots):
    plots.draw(rows(yaw_deg=np.linspace(-10, 10, 60)))
    x, y = plots._curves["yaw"].getData()
    assert (x[0], x[-1]) == pytest.approx((-4, 0))
    assert (y[0], y[-1]) == (-10, 10)
    (left, right), _ = plots._angles.viewRange()
    assert (left, right) == (-10, 0)
    assert plots._expression.viewRange()[0] == [left, right]


def test_bands_are_one_standard_deviation_wide_and_break_where_the_face_is_lost(plots):
    yaw, std = np.full(60, 5.0), np.full(60, 2.0)
    yaw[20:30] = np.nan
    plots.draw(rows(yaw_deg=yaw, yaw_std_deg=std))
    before, after = plots._bands["yaw"].polygons
    for polygon in (before, after):
        box = polygon.boundingRect()
        assert (box.top(), box.bottom()) == (3, 7)
    assert before.boundingRect().right() < after.boundingRect().left()
    assert len(plots._bands["roll"].polygons) == 0


def test_the_range_holds_every_value_in_steps(plots):
    for largest, top in ((3, 15), (14, 30), (40, 45), (75, 90), (97, 90)):
        plots.draw(rows(yaw_deg=largest, true_pitch_deg=-largest))
        assert plots._angles.viewRange()[1] == [-top, top]
    assert _step(0.03, EXPRESSION_STEPS) == 0.05


def test_truth_is_drawn_and_named_only_where_it_is_known(plots):
    plots.draw(rows(yaw_deg=1.0))
    assert "true pose" not in plots._legend.text()
    plots.draw(rows(yaw_deg=1.0, true_yaw_deg=2.0))
    assert "true pose" in plots._legend.text()
    assert plots._truths["yaw"].getData()[1][-1] == 2


@pytest.mark.parametrize("n", [0, 1, 2])
def test_hardly_any_rows_are_no_trouble(plots, n):
    plots.draw(rows(n, yaw_deg=1.0, yaw_std_deg=1.0))
    assert not plots.grab().isNull()


def test_curves_wear_the_colours_of_the_legend(plots):
    plots.draw(rows(yaw_deg=np.linspace(-10, 10, 60), yaw_std_deg=0.1))
    image = plots.grab().toImage()
    pen = plots._curves["yaw"].opts["pen"].color().getRgb()[:3]
    legend = plots._legend.height()
    pixels = [
        image.pixelColor(x, y).getRgb()[:3] for x in range(500, 790, 3) for y in range(legend + 5, image.height())
    ]
    assert any(max(abs(a - b) for a, b in zip(pixel, pen, strict=True)) < 60 for pixel in pixels)
