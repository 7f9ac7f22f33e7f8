"""What dialogs are built from."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import QLocale

from app.ui.widgets.building import number_box


@pytest.mark.parametrize("language", [QLocale.Language.German, QLocale.Language.English])
@pytest.mark.parametrize("typed", ["-1.5", "-1,5"])
def test_a_point_and_a_comma_are_the_same_in_a_number(qtbot, language, typed):
    box = number_box("Tilt", -90, 90, "°")
    qtbot.addWidget(box)
    box.setLocale(QLocale(language))
    box.selectAll()
    qtbot.keyClicks(box, typed)
    box.interpretText()
    assert box.value() == -1.5
