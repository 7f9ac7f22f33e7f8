"""What every dock of the table must keep."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from pkgutil import resolve_name

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QAbstractScrollArea,
    QApplication,
    QWidget,
)

from app.signals.history import History
from app.ui.docks.catalogue import DOCKS
from app.ui.shell import theme
from app.ui.shell.theme import Scheme
from app.ui.widgets.painted import PaintedDock
from extractor.types import Angles
from tests.interpreter import run_python

ROOT = Path(__file__).resolve().parents[3]
NAMES = [spec.name for spec in DOCKS]


@pytest.fixture
def history(result, face) -> History:
    """Three seconds: a face that turns, a loss, other weights with fewer keypoints."""
    history = History()
    for i in range(90):
        faces = (face(angles=Angles(i % 7, i - 45, 3)),) if not 30 <= i < 40 else ()
        history.append(result(*faces, captured_s=100 + i / 30))
    return history


@pytest.fixture(params=NAMES)
def view(request, idle_window, qtbot, monkeypatch) -> QWidget:
    """Each dock on its own, made by its factory."""
    spec = next(spec for spec in DOCKS if spec.name == request.param)
    view = resolve_name(spec.view)(idle_window.docks.context)
    qtbot.addWidget(view)
    view.resize(420, 300)
    with qtbot.waitExposed(view):
        view.show()
    return view


def test_nothing_is_imported_before_a_dock_is_looked_at():
    looked_at = "m == 'pyqtgraph' or m.startswith(('app.ui.docks', 'app.ui.plots.'))"
    code = f"import sys, app.ui.shell.window; print([m for m in sys.modules if {looked_at}])"
    out = run_python(code)
    assert "pyqtgraph" not in out
    loaded = {
        "app.ui.docks",
        *(f"app.ui.docks.{name}" for name in ("base", "catalogue", "keyboard", "manager", "room", "title")),
    }
    # The clipboard copies the table's numbers, so their rows are known from the start.
    assert set(eval(out)) - {"app.ui.live.numbers_table"} == loaded


def test_it_shows_everything_there_may_be(view, history, result, face):
    untrained = face(pose_trained=False)
    nowhere = replace(face(), keypoints=np.full((24, 2), np.nan, np.float32), kp=np.full((24, 3), np.nan, np.float32))
    results = [
        None,
        result(),
        result(face()),
        result(face(), face((100, 100), 60), truth=Angles(1, 2, 3)),
        result(face(num_kp=21)),
        result(untrained),
        result(nowhere),
        result(face((639, 479), 900)),
        result(face(side=1.0), size=(1, 1)),
    ]
    for shown in results:
        view.show_result(shown, History())
        assert not view.grab().isNull()
        view.show_result(shown, history)
        assert not view.grab().isNull()


@pytest.mark.parametrize("size", [(60, 40), (200, 130), (1600, 900)])
def test_it_paints_at_any_size(view, history, result, face, size):
    view.show_result(result(face()), history)
    view.setMinimumSize(1, 1)
    view.resize(*size)
    assert view.grab().width() >= size[0]


def test_it_follows_the_theme(view, history, result, face, qapp):
    """Bright in light, dark in dark, without being fed again."""
    view.show_result(result(face()), history)

    def brightness() -> float:
        image = view.grab().toImage()
        points = [(x, y) for x in range(4, image.width(), 9) for y in range(4, image.height(), 9)]
        return float(np.median([image.pixelColor(x, y).lightnessF() for x, y in points]))

    assert brightness() < 0.3
    try:
        theme.apply(qapp, Scheme.LIGHT)
        assert brightness() > 0.7
    finally:
        theme.apply(qapp)


def test_it_has_a_name(view):
    assert view.accessibleName()


def test_a_painted_dock_says_in_words_what_it_shows(view, history, result, face):
    if isinstance(view, PaintedDock):
        view.show_result(None, History())
        without = view.accessibleDescription()
        view.show_result(result(face()), history)
        assert view.accessibleDescription() != without or type(view).__name__ == "Crop"  # it waits for a network here


def test_its_least_size_fits_beside_the_picture_of_a_small_window(view):
    least = view.minimumSizeHint().expandedTo(view.minimumSize())
    assert least.width() <= 380
    assert least.height() <= 260


def test_the_table_is_in_order():
    for spec in DOCKS:
        assert "&" in spec.text
        assert not spec.tip.endswith(".")
        assert (spec.interval_s > 0) != spec.has_numbers  # they come at the window's own pace
    assert [spec.name for spec in DOCKS if spec.shown] == ["numbers", "plots"]  # no more for a new user
    keys = {spec.name: spec.key for spec in DOCKS}
    wanted = {"bins": "Shift+F2", "shape": "Shift+F3", "crop": "Shift+F4", "heat": "Shift+F5", "table": "Shift+F6"}
    assert wanted.items() <= keys.items()


def test_large_text_only_makes_them_larger(idle_window, qtbot, qapp, history, result, face):
    """With the system's font at 150 % every painted dock asks for more room, and still paints."""
    before = qapp.font()
    larger = qapp.font()
    larger.setPointSizeF(before.pointSizeF() * 1.5)
    sizes = {}
    try:
        for font in (before, larger):
            QApplication.setFont(font)
            for spec in DOCKS:
                view = resolve_name(spec.view)(idle_window.docks.context)
                qtbot.addWidget(view)
                view.resize(view.sizeHint())
                view.show_result(result(face()), history)
                assert not view.grab().isNull()
                if isinstance(view, PaintedDock):
                    sizes.setdefault(spec.name, []).append(view.minimumSizeHint().height())
    finally:
        QApplication.setFont(before)
    assert all(large > small for small, large in sizes.values())
    assert len(sizes) == 4


def test_scroll_areas_inside_need_no_tab_stop_of_their_own(view):
    for area in (area for area in view.findChildren(QAbstractScrollArea) if area.isVisible()):
        assert area.focusPolicy() == Qt.FocusPolicy.NoFocus or area.accessibleName(), area
