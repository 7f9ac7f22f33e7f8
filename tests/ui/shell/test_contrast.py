"""What is painted can be read: popups, menus, tool tips, dialogs and the window, in both themes, by their pixels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QRect, Qt
from PyQt6.QtGui import QColor, QImage
from PyQt6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QMessageBox,
    QSpinBox,
    QToolTip,
    QWidget,
)

from app.ui.shell import dialogs, settings, theme
from app.ui.shell.commands import LIVE, key_lines
from app.ui.shell.keys_dialog import KeysDialog
from app.ui.shell.theme import Scheme
from tests.ui.shell.test_theme import contrast

PAINTED = (
    3.0  # thin letters are mixed with their ground; a colour that has 4.5 keeps more than this in its darkest pixel
)

INSIDE = (3, 3, -3, -3)  # without the border, which is no text


@pytest.fixture(params=Scheme)
def scheme(request, qapp, store) -> Iterator[Scheme]:
    store.set(settings.THEME, request.param.value)  # windows that are made now follow it
    theme.apply(qapp, request.param)
    yield request.param
    assert theme.scheme() is request.param
    theme.apply(qapp)


def readable(image: QImage, area: QRect) -> float:
    """The contrast of the strongest pixel in ``area`` with the colour that most of it has."""
    ratio = image.devicePixelRatio()
    part = image.copy(QRect(area.topLeft() * ratio, area.size() * ratio)).convertToFormat(QImage.Format.Format_RGB32)
    bits = part.constBits()
    assert bits is not None
    pixels = np.frombuffer(bits.asstring(part.sizeInBytes()), np.uint32)
    colours, counts = np.unique(pixels & 0xFFFFFF, return_counts=True)
    ground = QColor.fromRgb(int(colours[counts.argmax()]))
    return max(contrast(QColor.fromRgb(int(colour)), ground) for colour in colours)


def spin() -> None:
    for _ in range(5):
        QApplication.processEvents()


def assert_list_is_readable(box: QComboBox) -> None:
    """Each line of the popup, the current one and the others."""
    box.showPopup()
    spin()
    view = box.view()
    assert view is not None
    model, port = view.model(), view.viewport()
    assert model is not None
    assert port is not None
    image = port.grab().toImage()
    for row in range(box.count()):
        if box.itemText(row):  # no separator
            area = view.visualRect(model.index(row, 0)).intersected(port.rect()).adjusted(*INSIDE)
            if area.isValid():
                assert readable(image, area) >= PAINTED, (box.accessibleName(), box.itemText(row))
    box.hidePopup()


def assert_menu_is_readable(menu: QMenu) -> None:
    """Each line, and each as the chosen one; disabled ones need not."""
    menu.popup(QPoint(0, 0))
    spin()
    for action in menu.actions():
        if action.isEnabled() and action.text():
            for chosen in (None, action):
                menu.setActiveAction(chosen)
                image = menu.grab().toImage()
                area = menu.actionGeometry(action).adjusted(*INSIDE)
                assert readable(image, area) >= PAINTED, (action.text(), chosen)
    menu.hide()


def assert_texts_are_readable(window: QWidget) -> None:
    """Labels, buttons, boxes and lines as they are; what is disabled need not."""
    spin()
    kinds = (QLabel, QAbstractButton, QComboBox, QLineEdit, QSpinBox)
    image, shown = window.grab().toImage(), 0
    for widget in window.findChildren(QWidget):
        text = getattr(widget, "text", lambda: "")() or getattr(widget, "currentText", lambda: "")()
        if not isinstance(widget, kinds) or not text.strip() or not widget.isVisible() or not widget.isEnabled():
            continue
        if widget.visibleRegion().isEmpty() or min(widget.width(), widget.height()) < 8:
            continue
        area = QRect(widget.mapTo(window, QPoint(0, 0)), widget.size()).intersected(window.rect())
        area = area if isinstance(widget, QLabel) else area.adjusted(*INSIDE)
        assert readable(image, area) >= PAINTED, (type(widget).__name__, text)
        shown += 1
    assert shown


# ---------------------------------------------------------------------- the tests


def test_what_cannot_be_read_is_seen(qtbot):
    label = QLabel("white on light grey")
    qtbot.addWidget(label)
    label.setStyleSheet("color: white; background: #e9ebee")
    label.show()
    assert readable(label.grab().toImage(), label.rect()) < 1.5


def test_the_lists_of_every_picker(scheme, idle_window):
    idle_window.docks.start()
    for name in ("markers", "filter"):
        idle_window.docks.switch(name, True)
    spin()
    boxes = [box for box in idle_window.findChildren(QComboBox) if box.isVisible()]
    assert len(boxes) >= 5
    for box in boxes:
        assert_list_is_readable(box)


def test_the_window_and_its_menus(scheme, idle_window):
    assert_texts_are_readable(idle_window)
    bar = idle_window.menuBar()
    for action in bar.actions():
        assert_menu_is_readable(action.menu())


def test_tool_tips(scheme, idle_window):
    QToolTip.showText(QPoint(20, 20), "What it is", idle_window)
    spin()
    (tip,) = (widget for widget in QApplication.topLevelWidgets() if widget.inherits("QTipLabel"))
    assert readable(tip.grab().toImage(), tip.rect().adjusted(*INSIDE)) >= PAINTED
    QToolTip.hideText()


def test_dialogs(scheme, idle_window, qtbot):
    buttons = QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.No
    box = QMessageBox(QMessageBox.Icon.Question, "Title", "Replace it?", buttons)
    made = [
        box,
        dialogs.AboutDialog(idle_window, ["Settings: here"]),
        KeysDialog(idle_window, key_lines(LIVE)),
        dialogs.ask_text(idle_window, "Profile", "Save under the name:", "lab", lambda text: None),
        idle_window.first_run_page(),
    ]
    for dialog in made:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        dialog.show()
        assert_texts_are_readable(dialog)
        dialog.close()
        dialog.deleteLater()
