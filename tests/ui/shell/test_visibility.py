"""A window that nobody sees paints nothing, and does everything else."""

from __future__ import annotations

from PyQt6.QtCore import Qt

from app.ui.shell.window import IDLE_TICK_MS, LIVE_TICK_MS, is_obscured

WAIT_MS = 20_000


def captured(window) -> int:
    return window.controller.pipeline.status().captured


def test_minimised_nothing_is_painted_and_the_recording_goes_on(no_network, make_window, qtbot, clip, tmp_path):
    window = make_window(source=str(clip), record=tmp_path / "session")
    painted, refreshed = [], []
    window.view.painted.connect(painted.append)
    window.show()
    recorded = lambda: window.controller.pipeline.status().recording.frames  # noqa: E731
    qtbot.waitUntil(lambda: len(painted) > 3 and window.controller.pipeline.status().recording_active, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: window.timer.interval() == LIVE_TICK_MS, timeout=WAIT_MS)
    assert not is_obscured(window)

    window.showMinimized()
    assert is_obscured(window)
    qtbot.waitUntil(lambda: window.timer.interval() == IDLE_TICK_MS, timeout=WAIT_MS)
    for view in (window.docks.view("numbers"), window.docks.view("plots")):
        view.show_result = lambda *_: refreshed.append(1)
    del painted[:]
    frames, before = recorded(), captured(window)
    qtbot.waitUntil(lambda: recorded() > frames + 10 and captured(window) > before + 10, timeout=WAIT_MS)
    assert painted == []
    assert refreshed == []

    window.showNormal()
    qtbot.waitUntil(lambda: len(painted) > 3 and len(refreshed) > 0, timeout=WAIT_MS)
    assert window.timer.interval() == LIVE_TICK_MS
    assert max(painted) < WAIT_MS  # what was captured meanwhile is not shown one after the other: only the latest is


def test_what_floats_beside_a_hidden_window_is_seen(idle_window, qtbot):
    dock = idle_window.docks.dock("plots")
    dock.setFloating(True)
    with qtbot.waitExposed(dock):
        dock.show()
    idle_window.setWindowFlag(Qt.WindowType.WindowStaysOnTopHint, False)
    idle_window.hide()
    if dock.isVisible():  # as a covered window's do; a hidden one takes them along on some systems
        assert not is_obscured(idle_window)
    dock.hide()
    assert is_obscured(idle_window)


def test_a_stopped_window_looks_seldom(no_network, make_window, qtbot, clip):
    window = make_window(source=str(clip))
    painted = []
    window.view.painted.connect(painted.append)
    window.show()
    qtbot.waitUntil(lambda: len(painted) > 3, timeout=WAIT_MS)
    window.controller.stop_source()
    qtbot.waitUntil(lambda: window.timer.interval() == IDLE_TICK_MS, timeout=WAIT_MS)
    del painted[:]
    looks = []
    window.timer.timeout.connect(lambda: looks.append(1))
    qtbot.waitUntil(lambda: len(looks) > 3, timeout=WAIT_MS)
    assert painted == []
