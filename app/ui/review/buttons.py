"""Buttons of the dialogs, without the icons that Fusion puts on them."""

from __future__ import annotations

from PyQt6.QtGui import QIcon
from PyQt6.QtWidgets import QDialogButtonBox


def without_icons(box: QDialogButtonBox) -> QDialogButtonBox:
    for button in box.buttons():
        button.setIcon(QIcon())
    return box
