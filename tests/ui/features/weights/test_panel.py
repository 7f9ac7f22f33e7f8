"""The dock in a real window over the demo: lists, reads, switches, compares."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtGui import QGuiApplication

from app.core.frames import SecondResult
from app.core.rotation import rotation_of
from app.ui.features.weights.second import SecondPanel
from app.ui.live.geometry import ViewTransform
from app.ui.live.overlay import OverlayStyle, paint_overlay
from app.ui.shell import settings, theme
from app.ui.shell.messages import Severity
from app.ui.widgets.fields import Value
from extractor.types import Angles
from tests.factories import write_checkpoints
from tests.ui.find import curve_of, find

WAIT_MS = 60_000


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, str]:
    return {name: str(path) for name, path in write_checkpoints(tmp_path_factory.mktemp("weights")).items()}


def opened(window, qtbot):
    """The dock, shown by its key."""
    window.docks.start()
    window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    panel = window.docks.view("weights")
    assert panel is not None
    qtbot.waitUntil(panel.isVisible)
    return panel


@pytest.fixture
def running(make_window, qtbot, store, files):
    store.set(settings.KNOWN_WEIGHTS, [files["half"], files["liveportrait"], files["backbone"]])
    store.set(settings.WELCOMED, True)
    window = make_window(source="demo", device="cpu", engine="torch")
    with qtbot.waitExposed(window):
        window.show()
    qtbot.waitUntil(lambda: window.view.result is not None and len(window.view.result.faces) > 0, timeout=WAIT_MS)
    return window


def names(panel) -> list[str]:
    return [panel.list.item(row).text() for row in range(panel.list.count())]


def test_an_estimator_can_be_compared_with_and_not_used(running, qtbot):
    panel = opened(running, qtbot)
    panel.select("facemesh")
    assert "MediaPipe FaceMesh" in names(panel)
    qtbot.waitUntil(lambda: bool(panel.details.facts), timeout=WAIT_MS)
    assert panel.details.facts[0].text.startswith("MediaPipe FaceMesh")
    assert not panel.use_button.isEnabled()
    assert not panel.forget_button.isEnabled()
    panel.compare_button.click()
    difference = panel.comparison.values["yaw", "difference"]
    qtbot.waitUntil(lambda: difference.whole_text.endswith("°"), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: panel.comparison.heading.text() == "Beside it: MediaPipe FaceMesh", timeout=WAIT_MS)
    panel.compare_button.click()
    qtbot.waitUntil(lambda: running.view.result.second is None, timeout=WAIT_MS)


def test_files_are_read_when_selected_and_bad_ones_are_a_sentence(idle_window, qtbot, store, files, tmp_path):
    gone = str(tmp_path / "gone.safetensors")
    store.set(settings.KNOWN_WEIGHTS, [files["liveportrait"], files["bad"], gone])
    panel = opened(idle_window, qtbot)
    assert not panel.use_button.isEnabled()  # there is no pipeline
    panel.select(files["liveportrait"])
    qtbot.waitUntil(lambda: bool(panel.details.facts), timeout=WAIT_MS)
    assert ("Keypoints", "21, without names") in [(fact.name, fact.text) for fact in panel.details.facts]
    panel.copy_button.click()
    assert "Keypoints\t21, without names\n" in QGuiApplication.clipboard().text()
    for path in (files["bad"], gone):
        panel.select(path)
        qtbot.waitUntil(lambda path=path: path in panel.details.message.text(), timeout=WAIT_MS)
        assert "\n" not in panel.details.message.text()
        assert panel.details.facts == []
        assert not panel.copy_button.isEnabled()


def test_files_are_added_if_they_hold_weights_and_forgotten_by_key(idle_window, qtbot, store, files):
    panel = opened(idle_window, qtbot)
    panel.add(files["bad"])
    qtbot.waitUntil(lambda: files["bad"] in idle_window.status_line.message.text, timeout=WAIT_MS)
    assert idle_window.status_line.message.severity is Severity.ERROR
    assert store.get(settings.KNOWN_WEIGHTS) == []
    panel.add(files["backbone"])
    qtbot.waitUntil(lambda: panel.selected == files["backbone"], timeout=WAIT_MS)
    assert store.get(settings.KNOWN_WEIGHTS) == [files["backbone"]]
    assert [fact.name for fact in panel.details.facts if fact.doubtful] == ["Trained heads", "Missing heads"]
    panel.list.setFocus()
    qtbot.keyClick(panel.list, Qt.Key.Key_Delete)
    assert store.get(settings.KNOWN_WEIGHTS) == []
    assert names(panel)[0].startswith("Motionscope")
    assert Path(files["backbone"]).is_file()
    panel.select("")
    qtbot.keyClick(panel.list, Qt.Key.Key_Delete)  # the app's own stay
    assert panel.list.item(0).data(Qt.ItemDataRole.UserRole) == ""


def test_one_is_used_and_another_measures_beside_it(running, qtbot, files):
    window, panel = running, opened(running, qtbot)
    assert any(name.endswith("(in use)") for name in names(panel))
    assert panel.comparison.isHidden()
    opinion = window.docks.view("numbers").second
    assert opinion.isHidden()
    panel.select(files["liveportrait"])
    panel.compare_button.click()

    def compared() -> bool:
        result = window.view.result
        return result is not None and result.second_primary is not None

    qtbot.waitUntil(compared, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not panel.comparison.isHidden(), timeout=WAIT_MS)
    window.docks.dock("numbers").raise_()  # on a small screen one of both lies behind the other
    qtbot.waitUntil(lambda: not opinion.isHidden(), timeout=WAIT_MS)
    window.docks.dock("weights").raise_()
    values = panel.comparison.values
    qtbot.waitUntil(lambda: "±" in values["yaw", "mean ± SD"].whole_text, timeout=WAIT_MS)
    assert values["yaw", "difference"].whole_text.endswith("°")
    assert any(name.endswith("(beside it)") for name in names(panel))
    qtbot.waitUntil(lambda: "ms a frame" in panel.comparison.state.text(), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: "±" in values["yaw", "mean ± SD"].whole_text, timeout=WAIT_MS)
    _, y = curve_of(panel.comparison.canvas, "difference_yaw")
    assert np.isfinite(y).any()
    assert window.controller.network.weights == ""  # the first is who it was

    panel.select(files["half"])
    panel.list.setFocus()
    qtbot.keyClick(panel.list, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.controller.network.weights == files["half"], timeout=WAIT_MS)
    qtbot.waitUntil(lambda: window.controller.pipeline.status().report.path == Path(files["half"]), timeout=WAIT_MS)
    panel.select(files["backbone"])
    panel.compare_button.click()
    qtbot.waitUntil(lambda: "untrained" in panel.comparison.state.text(), timeout=WAIT_MS)
    panel.compare_button.click()  # pressed again: no longer
    qtbot.waitUntil(panel.comparison.isHidden, timeout=WAIT_MS)
    window.docks.dock("numbers").raise_()
    qtbot.waitUntil(opinion.isHidden, timeout=WAIT_MS)
    assert window.view.result.second is None


def test_a_second_one_that_cant_be_loaded_is_said_where_it_is_asked_for(running, qtbot, files, store):
    store.set(settings.KNOWN_WEIGHTS, [files["bad"]])
    panel = opened(running, qtbot)
    panel.refresh()
    panel.select(files["bad"])
    panel.compare_button.click()
    qtbot.waitUntil(lambda: files["bad"] in panel.comparison.state.text(), timeout=WAIT_MS)
    assert running.view.result.second is None
    panel.compare_button.click()
    qtbot.waitUntil(panel.comparison.isHidden, timeout=WAIT_MS)


def test_it_costs_nothing_while_hidden(running, qtbot):
    panel = opened(running, qtbot)
    running.commands["weights"].trigger()
    qtbot.waitUntil(lambda: not panel.isVisible())
    assert not panel.findChild(QTimer).isActive()
    assert panel.comparison.canvas is None


def test_the_numbers_of_the_second_are_those_measured(qtbot, result, face):
    panel = SecondPanel()
    qtbot.addWidget(panel)
    first, other = face(angles=Angles(1, 2, 3)), face(angles=Angles(4, 1, -5))
    panel.show_result(replace(result(first), second=SecondResult((other,))))
    assert not panel.isHidden()

    def texts(axis: str) -> tuple[str, ...]:
        forms = ("second {}", "second {} standard deviation", "{} difference")
        return tuple(find(panel, form.format(axis), Value).whole_text for form in forms)

    assert texts("yaw") == ("+1.0°", "± 1.8°", "−1.0°")
    assert texts("pitch") == ("+4.0°", "± 1.5°", "+3.0°")
    assert texts("roll") == ("−5.0°", "± 0.9°", "−8.0°")
    panel.show_result(replace(result(first), second=SecondResult((replace(other, pose_trained=False),))))
    assert texts("yaw")[0] == "–"
    panel.show_result(result(first))
    assert panel.isHidden()


def test_the_second_axes_are_drawn_dashed_in_their_own_colour(qapp, result, face):
    from PyQt6.QtGui import QImage, QPainter

    first = face(side=300)
    other = replace(face(side=300, angles=Angles(0, 40, 0)), rotation=rotation_of(Angles(0, 40, 0)))

    def painted(shown, style) -> int:
        image = QImage(640, 480, QImage.Format.Format_RGB32)
        image.fill(0)
        painter = QPainter(image)
        paint_overlay(painter, shown, ViewTransform.fit(640, 480, 640, 480, False), style)
        painter.end()
        pixels = np.frombuffer(image.constBits().asstring(image.sizeInBytes()), np.uint8).reshape(480, 640, 4)
        wanted = (theme.SECOND.blue(), theme.SECOND.green(), theme.SECOND.red())
        return int((np.abs(pixels[..., :3].astype(int) - wanted).max(axis=2) < 30).sum())

    style = OverlayStyle(keypoints=False, box=False, expression=False, label=False)
    compared = replace(result(first), second=SecondResult((other,)))
    assert painted(result(first), style) == 0
    assert painted(compared, style) > 60
    assert painted(compared, replace(style, axes=False)) == 0
    untrained = replace(result(first), second=SecondResult((replace(other, pose_trained=False),)))
    assert painted(untrained, style) == 0
    nothing = replace(other, rotation=np.full((3, 3), np.nan, np.float32))  # an estimator saw no face in its crop
    assert painted(replace(result(first), second=SecondResult((nothing,))), style) == 0
