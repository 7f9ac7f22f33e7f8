"""Panels on a small screen: whatever is opened, the window stays as large as it was."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import QSize, Qt
from PyQt6.QtWidgets import QDockWidget, QTabBar

from app.ui.docks.catalogue import DOCKS
from app.ui.docks.room import NARROW, fit
from app.ui.shell import settings
from tests.ui.find import is_seen

PANELS = [spec.name for spec in DOCKS if not spec.shown]


@pytest.fixture(autouse=True)
def _no_weights_read(monkeypatch):
    """The weights panel reads none: torch takes longer to import than the test."""

    def refuse(weights: str) -> None:
        raise ValueError("not read in this test")

    monkeypatch.setattr("app.ui.features.weights.panel.read_report", refuse)


@pytest.fixture(params=[QSize(1280, 720), QSize(853, 480)], ids=["100 %", "150 %"])
def window(request, idle_window):
    """As large as a screen of 1280x720, whose points are fewer at 150 %."""
    idle_window.resize(request.param)
    idle_window.docks.start()
    idle_window.resize(request.param)
    return idle_window


def check(window, size: QSize) -> None:
    assert window.size() == size
    need = window.minimumSizeHint()
    assert need.width() <= size.width()
    assert need.height() <= size.height()


def test_all_panels_one_after_the_other(window):
    size = window.size()
    for name in PANELS:
        window.commands[name].trigger()
        assert not window.docks.dock(name).isHidden()
        check(window, size)
    for name in ("numbers", "numbers"):  # away and back
        window.commands[name].trigger()
        check(window, size)
    tabs = [window.tabifiedDockWidgets(dock) for dock in window.findChildren(QDockWidget)]
    assert any(tabs)


@pytest.mark.parametrize("name", PANELS)
def test_a_panel_alone_is_there_at_once(window, name, qtbot):
    size = window.size()
    window.commands[name].trigger()
    check(window, size)
    qtbot.waitUntil(lambda: is_seen(window.docks.dock(name)))
    assert window.docks.dock(name).visibleRegion().boundingRect().width() > 100


def test_every_tab_can_be_read_whole_however_many_there_are(window, qtbot):
    """What has no room is reached by the arrows at the end of the bar; it was a letter and three points each."""
    for name in PANELS:
        window.commands[name].trigger()
    qtbot.waitUntil(lambda: is_seen(window.docks.dock(PANELS[-1])))
    bars = [bar for bar in window.findChildren(QTabBar) if bar.accessibleName() == "Panels" and bar.isVisible()]
    assert sum(bar.count() for bar in bars) >= 4
    for bar in bars:
        for k in range(bar.count()):
            assert bar.tabRect(k).width() >= bar.fontMetrics().horizontalAdvance(bar.tabText(k))
        chosen = bar.tabRect(bar.currentIndex())
        assert bar.rect().contains(chosen)


@pytest.mark.parametrize("name", ["markers", "filter", "bins", "crop", "shape"])
def test_a_panel_beside_the_picture_leaves_it_some_width(window, name, qtbot):
    window.docks.dock("plots").hide()
    window.commands[name].trigger()
    qtbot.waitUntil(lambda: is_seen(window.docks.dock(name)))
    qtbot.waitUntil(lambda: window.view.width() >= NARROW)
    tabs = window.tabifiedDockWidgets(window.docks.dock(name))
    assert tabs == ([] if window.width() > 1000 else [window.docks.dock("numbers")])


def test_a_panel_that_finds_no_room_at_its_first_place_has_one_tab(make_window, qtbot):
    """In a layout from the settings the panels keep their widths, so a tab beside the picture does not help."""
    for turn in range(2):
        window = make_window(idle=True)
        window.resize(851, 454)
        with qtbot.waitExposed(window):
            window.show()
        window.docks.start()
        if not turn:
            with qtbot.waitSignal(window.ended, timeout=20_000):
                window.close()
    window.commands["filter"].trigger()
    dock = window.docks.dock("filter")

    def tabs() -> list[set[str]]:
        bars = [bar for bar in window.findChildren(QTabBar) if bar.isVisible()]
        titles = [{bar.tabText(k) for k in range(bar.count())} for bar in bars]
        return [together for together in titles if dock.windowTitle() in together]

    together = {other.windowTitle() for other in (dock, *window.tabifiedDockWidgets(dock))}
    qtbot.waitUntil(lambda: together in tabs())
    assert tabs() == [together]


def test_in_a_low_window_the_picture_comes_first(make_window, store, qtbot):
    """At first the plots are a tab of the numbers there, and their key brings them to the front."""
    before = make_window(idle=True)
    before.resize(853, 456)
    store.set(settings.GEOMETRY, before.saveGeometry())
    window = make_window(idle=True)
    with qtbot.waitExposed(window):
        window.show()
    window.docks.start()
    numbers, plots = window.docks.dock("numbers"), window.docks.dock("plots")
    assert window.tabifiedDockWidgets(numbers) == [plots]
    qtbot.waitUntil(lambda: is_seen(numbers))
    assert window.view.height() > 0.6 * window.height()
    window.commands["plots"].trigger()
    qtbot.waitUntil(lambda: is_seen(plots) and not is_seen(numbers))


def test_there_is_no_tab_where_there_is_room(idle_window):
    idle_window.resize(1600, 1000)
    idle_window.docks.start()
    idle_window.resize(1600, 1000)
    for name in ("bins", "shape", "crop"):
        idle_window.commands[name].trigger()
        assert idle_window.tabifiedDockWidgets(idle_window.docks.dock(name)) == []


def test_a_panel_that_goes_round_the_picture(window, qtbot):
    size = window.size()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    for name in ("bins", "filter", "outputs"):
        window.commands[name].trigger()
    for _ in range(5):
        window.docks.view("outputs").setFocus(Qt.FocusReason.ShortcutFocusReason)
        window.commands["move_panel"].trigger()
        check(window, size)


def test_a_layout_of_a_larger_screen_is_made_to_fit(idle_window):
    idle_window.resize(1600, 1200)
    idle_window.docks.start()
    idle_window.resize(1600, 1200)
    for name in ("bins", "shape", "crop", "filter", "weights"):
        idle_window.commands[name].trigger()
    assert idle_window.minimumSizeHint().height() > 480
    fit(idle_window, QSize(853, 480))
    check(idle_window, QSize(853, 480))
    for name in ("numbers", "plots", "bins", "shape", "crop", "filter", "weights"):
        assert idle_window.commands[name].isChecked(), name


def test_a_layout_from_a_larger_window_leaves_a_small_one_its_picture_and_stays_saved(make_window, store, qtbot):
    def shown(size: QSize):
        window = make_window(idle=True)
        window.resize(size)
        with qtbot.waitExposed(window):
            window.show()
        window.docks.start()
        return window

    def close(window) -> None:
        with qtbot.waitSignal(window.ended, timeout=20_000):
            window.close()

    def plots_lie_below(window) -> bool:
        plots = window.docks.dock("plots")
        below = window.dockWidgetArea(plots) == Qt.DockWidgetArea.BottomDockWidgetArea
        return below and not window.tabifiedDockWidgets(plots)

    large, small = QSize(1280, 720), QSize(853, 456)
    window = shown(large)
    window.commands["bins"].trigger()
    assert plots_lie_below(window)
    close(window)
    saved = store.get(settings.LAYOUT)
    store.set(settings.GEOMETRY, settings.GEOMETRY.default)  # a screen on which the window is small

    window = shown(small)
    check(window, small)
    assert {dock.objectName() for dock in window.tabifiedDockWidgets(window.docks.dock("numbers"))} == {"plots", "bins"}
    qtbot.waitUntil(lambda: window.view.height() > 0.6 * small.height())
    qtbot.waitUntil(lambda: is_seen(window.docks.dock("numbers")))
    close(window)
    assert store.get(settings.LAYOUT) == saved

    window = shown(small)
    window.commands["heat"].trigger()  # now somebody wants something else
    close(window)
    assert store.get(settings.LAYOUT) != saved


def test_a_window_that_is_made_smaller_keeps_its_panels(idle_window, qtbot):
    idle_window.resize(1280, 720)
    idle_window.docks.start()
    with qtbot.waitExposed(idle_window):
        idle_window.show()
    idle_window.resize(853, 456)
    qtbot.waitUntil(lambda: idle_window.view.width() < 600)
    assert not idle_window.tabifiedDockWidgets(idle_window.docks.dock("plots"))


@pytest.mark.parametrize("name", ["markers", "outputs", "table"])
def test_what_was_in_front_comes_back_when_a_tab_is_closed(make_window, qtbot, name):
    window = make_window(idle=True)
    window.resize(853, 456)
    with qtbot.waitExposed(window):
        window.show()
    window.docks.start()
    numbers, plots, panel = (window.docks.dock(each) for each in ("numbers", "plots", name))
    for front in (plots, numbers):
        front.raise_()
        qtbot.waitUntil(lambda front=front: is_seen(front))
        window.commands[name].trigger()
        qtbot.waitUntil(lambda: is_seen(panel))
        panel.close()
        qtbot.waitUntil(lambda front=front: is_seen(front))
