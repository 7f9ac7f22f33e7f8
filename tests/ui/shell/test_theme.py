"""Every colour of text can be read on its ground, and curves are told apart with any colour vision: by numbers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PyQt6.QtCore import QSettings
from PyQt6.QtGui import QColor, QPalette
from PyQt6.QtWidgets import QFileDialog, QLineEdit, QPlainTextEdit, QPushButton, QSpinBox, QStyle

from app.ui.shell import dialogs, settings, theme
from app.ui.shell.settings import Settings
from app.ui.shell.theme import Scheme

AA = 4.5  # WCAG 2.1, text
APART = 20.0  # in CIELAB; 2.3 is just noticeable

# Machado, Oliveira and Fernandes 2009 (IEEE TVCG 15): severity 1, on linear RGB.
VISION = {
    "normal": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


@pytest.fixture(params=Scheme)
def scheme(request, qapp):
    theme.apply(qapp, request.param)
    yield request.param
    theme.apply(qapp)


def linear(colour: QColor) -> np.ndarray:
    parts = np.array(colour.getRgbF()[:3])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def contrast(a: QColor, b: QColor) -> float:
    dark, bright = sorted(float(linear(colour) @ XYZ[1]) for colour in (a, b))
    return (bright + 0.05) / (dark + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    t = XYZ @ np.clip(rgb, 0, 1) / (0.95047, 1.0, 1.08883)
    f = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_text_can_be_read_on_every_ground_it_stands_on(scheme):
    grounds = {name: getattr(theme, name) for name in ("BASE", "WINDOW", "RAISED", "GROUND")}
    for name in ("TEXT", "DIM", "WARNING", "ERROR", "GOOD", "ACCENT"):
        for ground, colour in grounds.items():
            assert contrast(getattr(theme, name), colour) >= AA, (scheme, name, ground)
    for angle, colour in theme.ANGLE_COLOURS.items():
        for ground in ("BASE", "WINDOW"):
            assert contrast(colour, grounds[ground]) >= AA, (scheme, angle, ground)
    for ground in (theme.SELECTED, theme.RECORD_GROUND):
        assert contrast(theme.WHITE, ground) >= AA
    assert contrast(theme.TEXT, theme.SWITCHED_ON) >= AA
    for colour in (theme.EXPRESSION, theme.EXPRESSION_PART, theme.TRUTH):
        assert contrast(colour, theme.BASE) >= 3  # WCAG 2.1: things that are not text


def test_text_over_a_picture_can_be_read_on_its_own_ground():
    for colour in (theme.PICTURE_TEXT, theme.PICTURE_WARNING, theme.PICTURE_EXPRESSION):
        # The label's ground over the brightest picture there may be, see ``overlay``.
        ground = QColor(*(round(14 * 190 / 255 + 255 * 65 / 255) for _ in range(3)))
        assert contrast(colour, ground) >= AA


@pytest.mark.parametrize("vision", VISION)
def test_curves_are_told_apart_with_any_colour_vision(scheme, vision):
    matrix = np.array(VISION[vision])
    colours = {**theme.ANGLE_COLOURS, "expression": theme.EXPRESSION}
    for (a, one), (b, other) in itertools.combinations(colours.items(), 2):
        distance = np.linalg.norm(lab(matrix @ linear(one)) - lab(matrix @ linear(other)))
        assert distance >= APART, (scheme, vision, a, b, distance)


def test_ctrl_l_switches_and_is_remembered_until_it_is_the_systems_own_again(idle_window, store, qtbot, qapp):
    assert theme.system_scheme() is Scheme.DARK  # the tests' platform says nothing
    toggle = idle_window.commands["theme"]
    before = idle_window.commands["axes"].icon().pixmap(20).toImage()
    try:
        toggle.trigger()
        assert theme.scheme() is Scheme.LIGHT
        assert store.get(settings.THEME) == "light"
        assert qapp.palette().color(qapp.palette().ColorRole.Window).lightness() > 200
        assert idle_window.commands["axes"].icon().pixmap(20).toImage() != before
        toggle.trigger()
        assert store.get(settings.THEME) == "system"
        assert theme.scheme() is Scheme.DARK
        assert idle_window.commands["axes"].icon().pixmap(20).toImage() == before
    finally:
        theme.apply(qapp)


def test_a_remembered_scheme_is_there_from_the_start(make_window, store: Settings, qapp):
    store.set(settings.THEME, "light")
    try:
        make_window()
        assert theme.scheme() is Scheme.LIGHT
        QSettings(store.path, QSettings.Format.IniFormat).setValue(settings.THEME.key, "purple")
        make_window()
        assert theme.scheme() is Scheme.DARK
    finally:
        theme.apply(qapp)


def test_what_is_switched_off_has_no_accent():
    palette = theme.palette()
    assert palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Highlight) == theme.BORDER
    assert palette.color(QPalette.ColorGroup.Active, QPalette.ColorRole.Highlight) == theme.SELECTED


def test_the_buttons_of_dialogs_have_no_icons(idle_window):
    dialog = dialogs.ask_text(idle_window, "Profile", "Name:", "", lambda text: None)
    buttons = dialog.findChildren(QPushButton)
    assert buttons
    assert all(button.icon().isNull() for button in buttons)
    dialog.reject()


def test_spin_boxes_are_as_high_as_the_other_fields(idle_window):
    spin, line = QSpinBox(idle_window), QLineEdit(idle_window)
    assert spin.sizeHint().height() >= line.sizeHint().height()


@pytest.mark.parametrize("kind", [QLineEdit, QSpinBox, QPlainTextEdit])
def test_the_edge_of_a_field_can_be_seen(scheme, kind, qtbot):
    field = kind()
    qtbot.addWidget(field)
    field.resize(120, 40)
    with qtbot.waitExposed(field):
        field.show()
    field.clearFocus()
    picture = field.grab().toImage()
    ratio = picture.width() / field.width()
    edge = picture.pixelColor(round(30 * ratio), 0)
    for ground in (theme.BASE, theme.WINDOW):
        assert contrast(edge, ground) >= 3  # WCAG 2.1, 1.4.11


def test_the_arrows_of_a_file_dialog_can_be_seen(scheme, qtbot):
    dialog = QFileDialog()
    qtbot.addWidget(dialog)
    for shape in (QStyle.StandardPixmap.SP_FileDialogToParent, QStyle.StandardPixmap.SP_ArrowBack):
        picture = dialog.style().standardIcon(shape, None, dialog).pixmap(16).toImage()
        colours = [picture.pixelColor(x, y) for x in range(picture.width()) for y in range(picture.height())]
        inked = [colour for colour in colours if colour.alpha() > 250]
        assert inked
        assert min(contrast(colour, theme.WINDOW) for colour in inked) >= AA
