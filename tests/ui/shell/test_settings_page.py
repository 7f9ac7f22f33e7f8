"""The settings page: every declared setting is there, is found by its words, and counts at once."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QCheckBox, QComboBox, QDialog, QLabel, QLineEdit, QPushButton, QSpinBox, QWidget

from app.ui.shell import settings
from app.ui.shell.controller import Network
from app.ui.shell.settings import SCHEMA
from extractor.backends import installed_engines
from tests.ui.find import answer, dialog, find


@pytest.fixture
def page(idle_window) -> QDialog:
    idle_window.commands["settings"].trigger()
    return dialog(idle_window, "Settings")


def named(setting) -> str:
    return setting.label.replace("&", "")


def type_into(line: QLineEdit, text: str) -> None:
    line.setText(text)
    line.editingFinished.emit()


def test_every_setting_has_its_row_and_shows_how_it_stands(page, store):
    for setting in SCHEMA:
        if setting.label:
            editor = find(page, named(setting))
            assert setting.tip in editor.toolTip()
            assert editor.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert find(page, "Pose axes", QCheckBox).isChecked()
    store.set(settings.SHOW_AXES, False)
    assert not find(page, "Pose axes", QCheckBox).isChecked()
    store.set(settings.DEVICE, "cuda:1")
    assert find(page, "Device", QComboBox).currentText() == "cuda:1"


def test_what_is_changed_counts_at_once(page, idle_window, store):
    find(page, "Face box", QCheckBox).click()
    assert not idle_window.view.style_shown.box
    assert not idle_window.commands["box"].isChecked()
    find(page, "Faces measured at most", QSpinBox).setValue(3)
    in_panel = idle_window.docks.dock("numbers")
    assert store.get(settings.FACES) == find(in_panel, "Faces measured at most", QSpinBox).value() == 3
    choice = find(page, "Filter", QComboBox)
    choice.setCurrentIndex(choice.findData("gaming"))
    choice.activated.emit(choice.currentIndex())
    assert idle_window.commands["filter_gaming"].isChecked()
    type_into(find(page, "OSC: address", QLineEdit), "pc:7000")
    assert idle_window.outputs.target("osc") == "pc:7000"


def test_an_engine_is_chosen_beside_the_device_and_remembered(page, idle_window, store, monkeypatch):
    asked = []
    monkeypatch.setattr(idle_window.controller, "set_network", asked.append)
    store.set(settings.DEVICE, "cpu")
    choice = find(page, "Engine", QComboBox)
    assert [choice.itemData(i) for i in range(choice.count())] == ["auto", *installed_engines()]
    assert choice.currentText() == "Automatic"
    choice.setCurrentIndex(choice.count() - 1)
    choice.activated.emit(choice.currentIndex())
    engine = choice.currentData()
    assert asked[-1] == Network("", "cpu", engine)
    assert store.remembered(settings.ENGINE) == engine


def test_what_makes_no_sense_is_said_and_not_kept(page, store):
    line, note = find(page, "Name", QLineEdit), find(page, "Remark", QLabel)
    type_into(line, "{nobody}")
    assert "is no part of a recording's name" in note.text()
    assert line.text() == "{nobody}"  # to be corrected
    assert store.get(settings.RECORDING_NAME) == settings.RECORDING_NAME.default
    type_into(line, "{task}")
    assert note.isHidden()
    assert store.get(settings.RECORDING_NAME) == "{task}"


def test_the_command_lines_value_is_shown_and_not_remembered(make_window, store, qtbot):
    window = make_window(faces=4)
    window.commands["settings"].trigger()
    assert find(dialog(window, "Settings"), "Faces measured at most", QSpinBox).value() == 4
    assert store.remembered(settings.FACES) == 1


def test_words_narrow_the_page(page):
    search = find(page, "Search the settings", QLineEdit)

    def shown() -> list[str]:
        return [named(setting) for setting in SCHEMA if setting.label and find(page, named(setting)).isVisible()]

    everything = shown()
    search.setText("angles face")
    assert shown() == ["Angles at the face"]
    search.setText("lossless")  # what can be chosen counts, too
    assert shown() == ["Video"]
    search.setText("xyzzy")
    assert shown() == []
    assert find(page, "Remark", QLabel).text() == "No setting has these words."
    search.clear()
    assert shown() == everything


def test_a_reset_is_asked_for_and_undone_on_the_page(page, idle_window, store):
    undo = next(button for button in page.findChildren(QPushButton) if "Undo" in button.text())
    reset = next(button for button in page.findChildren(QPushButton) if "Reset" in button.text())
    assert not undo.isEnabled()
    store.set(settings.TASK, "reading")
    reset.click()
    answer(idle_window, "Cancel")
    assert store.get(settings.TASK) == "reading"
    reset.click()
    answer(idle_window, "Reset")
    assert find(page, "Task", QLineEdit).text() == store.get(settings.TASK) == ""
    assert undo.isEnabled()
    undo.click()
    assert find(page, "Task", QLineEdit).text() == store.get(settings.TASK) == "reading"


@pytest.mark.parametrize("larger", [1.0, 1.5])
def test_nothing_is_cut_on_a_small_screen(page, qapp, larger):
    font = page.font()
    font.setPointSizeF(font.pointSizeF() * larger)
    page.setFont(font)
    page.resize(int(480 * larger), 400)
    content = find(page, "All settings").widget()
    assert content.minimumSizeHint().width() <= content.parentWidget().width()
    for widget in content.findChildren(QWidget):
        if isinstance(widget, QCheckBox | QLabel) and widget.isVisible():
            assert widget.width() >= widget.minimumSizeHint().width(), widget.text()
