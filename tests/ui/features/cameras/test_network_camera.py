"""The dialog for a camera on the network: what is typed reaches the source whole, and is neither shown nor kept."""

from __future__ import annotations

import pytest
from PyQt6.QtWidgets import QDialogButtonBox, QLabel, QLineEdit

from app.ui.features.cameras.network_camera import NetworkCameraDialog
from tests.ui.find import find


@pytest.fixture
def dialog(idle_window):
    idle_window.commands["network_camera"].trigger()
    return idle_window.findChild(NetworkCameraDialog)


def type_in(dialog, **texts):
    for field in dialog.findChildren(QLineEdit):
        if field.accessibleName() in texts:
            field.setText(texts[field.accessibleName()])


def press_open(dialog):
    dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Open).click()


def test_an_address_with_name_and_password_becomes_the_source(idle_window, dialog):
    type_in(dialog, Address=" rtsp://10.0.0.9:554/live ", **{"User name": "me", "Password": "a/secret"})
    press_open(dialog)
    assert idle_window.controller.source == "rtsp://me:a%2Fsecret@10.0.0.9:554/live"
    idle_window.controller.source_changed.emit(idle_window.controller.source)  # as with a pipeline
    picker = idle_window.toolbar.source
    assert picker.currentText() == "10.0.0.9:554 (RTSP)"
    everything = picker.toolTip() + picker.accessibleDescription() + idle_window.windowTitle()
    assert "secret" not in everything
    idle_window.recent.add_source(idle_window.controller.source)
    assert idle_window.recent.paths == []
    assert not dialog.isVisible()


@pytest.mark.parametrize("address", ["", "10.0.0.9", "ftp://me:secret@host/", "http://host:port/"])
def test_what_is_no_address_is_said_in_the_dialog(idle_window, dialog, address):
    before = idle_window.controller.source
    type_in(dialog, Address=address)
    press_open(dialog)
    problem = find(dialog, "Problem", QLabel)
    assert "address" in problem.text()
    assert "secret" not in problem.text()
    assert idle_window.controller.source == before


def test_the_password_is_not_readable_and_the_network_is_explained(dialog):
    assert dialog.password.echoMode() is QLineEdit.EchoMode.Password
    words = " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert "connects to this address, and to no other" in words
    assert "Nothing typed here is stored" in words
