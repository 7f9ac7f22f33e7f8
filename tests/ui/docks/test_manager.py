"""Docks are made when first seen, fed only while to be seen, and remembered."""

from __future__ import annotations

import pytest
from PyQt6.QtWidgets import QMainWindow, QWidget

from app.signals.history import History
from app.ui.docks import manager as manager_module
from app.ui.docks.catalogue import DOCKS, DockSpec
from app.ui.docks.manager import Docks
from app.ui.shell.commands import LIVE
from tests.ui.find import is_seen, reset_settings

VIEWS = ("bins", "shape", "crop", "heat", "table")


class Counting(QWidget):
    """A dock that counts what it is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[object] = []

    def show_result(self, result, history) -> None:
        self.calls.append(result)


@pytest.fixture
def bench(idle_window, qtbot, monkeypatch):
    """A window of its own with two docks under test, a clock in hand, and a history."""
    now = [100.0]
    monkeypatch.setattr(manager_module, "now_s", lambda: now[0])
    window = QMainWindow()
    window.setCentralWidget(QWidget())
    qtbot.addWidget(window)
    made = []

    def factory(context):
        made.append(Counting())
        return made[-1]

    specs = [
        DockSpec("bins", "&One", "1", "One", "a:View", interval_s=0.1),
        DockSpec("crop", "&Two", "2", "Two", "a:View", interval_s=0.0, tab_of="bins", has_numbers=True),
    ]
    monkeypatch.setattr(manager_module, "DOCKS", specs)
    monkeypatch.setattr(manager_module, "resolve_name", lambda view: factory)
    docks = Docks(window, idle_window.docks.context)
    with qtbot.waitExposed(window):
        window.show()
    docks.start()
    return docks, made, now, History()


def test_a_hidden_dock_costs_nothing(bench, result, qtbot):
    docks, made, _, history = bench
    docks.refresh(result(), None, history)
    assert made == []
    docks.switch("bins", True)
    qtbot.waitUntil(lambda: is_seen(docks.dock("bins")))
    docks.refresh(result(), None, history)
    assert len(made[0].calls) == 1
    docks.switch("bins", False)
    docks.refresh(result(), None, history)
    assert len(made[0].calls) == 1
    assert docks.view("crop") is None


def test_it_is_fed_what_is_new_and_not_too_often(bench, result, qtbot):
    docks, made, now, history = bench
    docks.switch("bins", True)
    qtbot.waitUntil(lambda: is_seen(docks.dock("bins")))
    shown = result()
    docks.refresh(shown, None, history)
    now[0] += 1
    docks.refresh(shown, None, history)  # nothing new
    assert len(made[0].calls) == 1
    history.append(shown)
    docks.refresh(shown, None, history)
    newest = result()
    now[0] += 0.05
    docks.refresh(newest, None, history)  # too soon
    assert len(made[0].calls) == 2
    now[0] += 0.06
    docks.refresh(newest, None, history)  # what came too soon is shown when it is due
    assert made[0].calls[-1] is newest
    assert len(made[0].calls) == 3


def test_a_dock_with_numbers_is_fed_the_frame_whose_numbers_are_shown(bench, result, qtbot, monkeypatch):
    docks, made, _, history = bench
    docks.switch("crop", True)
    qtbot.waitUntil(lambda: is_seen(docks.dock("crop")))
    numbers, later = result(), result()
    for shown, of in ((numbers, numbers), (later, numbers), (result(), numbers), (later, later)):
        history.append(shown)
        docks.refresh(shown, of, history)
    assert made[0].calls == [numbers, later]


def test_a_dock_behind_another_ones_tab_is_not_fed_and_its_key_brings_it_to_the_front(bench, result, qtbot):
    docks, made, now, history = bench
    docks.switch("bins", True)
    docks.switch("crop", True)
    qtbot.waitUntil(lambda: is_seen(docks.dock("crop")) and not is_seen(docks.dock("bins")))
    docks.refresh(result(), None, history)
    first, second = made
    assert (len(first.calls), len(second.calls)) == (0, 1)
    docks.switch("bins", False)  # as its ticked action does
    qtbot.waitUntil(lambda: is_seen(docks.dock("bins")))
    assert not docks.dock("bins").isHidden()
    now[0] += 1
    docks.refresh(result(), None, history)
    assert (len(first.calls), len(second.calls)) == (1, 1)


def test_the_real_docks_come_and_go_by_key_and_are_remembered(make_window, qtbot):
    def opened():
        window = make_window(idle=True)
        with qtbot.waitExposed(window):
            window.show()
        window.docks.start()
        return window

    first = opened()
    for name in VIEWS:
        assert first.docks.dock(name).isHidden(), name
        assert first.docks.view(name) is None
        first.commands[name].trigger()
        assert first.commands[name].isChecked()
        assert first.docks.view(name) is not None
    first.docks.dock("bins").setFloating(True)
    first.commands["heat"].trigger()
    with qtbot.waitSignal(first.ended, timeout=20_000):
        first.close()
    second = opened()
    assert second.docks.dock("bins").isFloating()
    assert second.docks.dock("heat").isHidden()
    assert not second.docks.dock("crop").isHidden()
    assert second.commands["crop"].isChecked()
    reset_settings(second)
    assert not second.docks.dock("bins").isFloating()
    for name in VIEWS:
        assert second.docks.dock(name).isHidden(), name
        assert not second.commands[name].isChecked()


def test_every_dock_is_a_row_of_the_actions():
    actions = {spec.name: spec for spec in LIVE}
    for spec in DOCKS:
        action = actions[spec.name]
        assert (action.key, action.tip, action.section, action.checkable) == (spec.key, spec.tip, "&Panels", True)


def test_all_docks_at_once_leave_a_window_for_a_small_screen(idle_window, qtbot):
    idle_window.docks.start()
    for name in VIEWS:
        idle_window.commands[name].trigger()
    qtbot.wait(1)
    least = idle_window.minimumSizeHint()
    assert least.width() <= 1280
    assert least.height() <= 720
    idle_window.resize(1280, 720)
    assert idle_window.view.width() >= idle_window.view.minimumWidth()
