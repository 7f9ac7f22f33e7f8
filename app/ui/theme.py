"""Colours, fonts and the style sheet: one calm dark theme with one accent.

The axes' colours are told apart with any colour vision: they differ in lightness too, and
carry letters.  Pitch turns about x, yaw about y, roll about z, so curves and numbers of an
angle wear the colour of its axis.
"""

from __future__ import annotations

from PyQt6.QtGui import QColor, QFont, QPalette
from PyQt6.QtWidgets import QApplication

GROUND = QColor("#131416")  # behind the picture
BASE = QColor("#191b1e")  # plots, lists
WINDOW = QColor("#222428")
RAISED = QColor("#2d3035")  # buttons
BORDER = QColor("#3a3d43")
TEXT = QColor("#dcdee2")
DIM = QColor("#92979f")
ACCENT = QColor("#58a6ff")
SELECTED = QColor("#2b5f9e")  # behind white text

X_RED = QColor("#ff6a5c")
Y_GREEN = QColor("#7fdc7a")
Z_BLUE = QColor("#4db2ff")
EXPRESSION = QColor("#e6c35c")
TRUTH = QColor("#ffffff")
POINTS = QColor("#f2f4f7")

WHITE = QColor("#ffffff")
RECORD = QColor("#e5484d")
WARNING = QColor("#f0b429")
ERROR = QColor("#ff6a5c")
GOOD = QColor("#5fc787")

ANGLE_COLOURS = {"yaw": Y_GREEN, "pitch": X_RED, "roll": Z_BLUE}


def apply(app: QApplication) -> None:
    """Fusion and our own palette: a colour scheme asked of the system does nothing on X11."""
    app.setStyle("Fusion")
    app.setPalette(palette())
    app.setStyleSheet(style_sheet())


def palette() -> QPalette:
    roles = QPalette.ColorRole
    colours = {
        roles.Window: WINDOW,
        roles.WindowText: TEXT,
        roles.Base: BASE,
        roles.AlternateBase: WINDOW,
        roles.ToolTipBase: RAISED,
        roles.ToolTipText: TEXT,
        roles.PlaceholderText: DIM,
        roles.Text: TEXT,
        roles.Button: RAISED,
        roles.ButtonText: TEXT,
        roles.BrightText: QColor("#ffffff"),
        roles.Link: ACCENT,
        roles.Highlight: SELECTED,
        roles.HighlightedText: QColor("#ffffff"),
        roles.Accent: ACCENT,
        roles.Light: BORDER,
        roles.Midlight: BORDER,
        roles.Mid: BORDER,
        roles.Dark: GROUND,
        roles.Shadow: GROUND,
    }
    result = QPalette()
    for role, colour in colours.items():
        result.setColor(role, colour)
        if role in (roles.WindowText, roles.Text, roles.ButtonText):
            result.setColor(QPalette.ColorGroup.Disabled, role, QColor("#666b73"))
    return result


def tabular(font: QFont, scale: float = 1.0, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """``font`` with figures of equal width, so that changing numbers don't dance; sizes follow the system's."""
    result = QFont(font)
    result.setPointSizeF(max(font.pointSizeF(), 6.0) * scale)
    result.setWeight(weight)
    result.setFeature(QFont.Tag("tnum"), 1)
    return result


def style_sheet() -> str:
    return f"""
    QToolTip {{ color: {TEXT.name()}; background: {RAISED.name()}; border: 1px solid {BORDER.name()}; padding: 3px; }}
    QMainWindow::separator {{ background: {GROUND.name()}; width: 4px; height: 4px; }}
    QMainWindow::separator:hover {{ background: {ACCENT.name()}; }}
    QMenuBar {{ background: {WINDOW.name()}; }}
    QToolBar {{ background: {WINDOW.name()}; border: 0; border-bottom: 1px solid {GROUND.name()};
               spacing: 4px; padding: 4px 6px; }}
    QToolBar::separator {{ background: {BORDER.name()}; width: 1px; margin: 4px 5px; }}
    QToolBar QToolButton {{ border: 1px solid transparent; border-radius: 4px; padding: 4px 6px; }}
    QToolBar QToolButton:hover {{ background: {RAISED.name()}; border-color: {BORDER.name()}; }}
    QToolBar QToolButton:focus {{ border-color: {ACCENT.name()}; }}
    QToolBar QToolButton:checked {{ background: #1f3a5a; border-color: #2f5b8c; }}
    QToolBar QToolButton:pressed {{ background: {BORDER.name()}; }}
    QToolBar QToolButton#record {{ border: 1px solid #6b2a2d; padding: 4px 12px; font-weight: 600; }}
    QToolBar QToolButton#record:hover {{ background: #4a2225; }}
    QToolBar QToolButton#record:checked {{ background: {RECORD.name()}; color: white; border-color: {RECORD.name()}; }}
    QToolBar QToolButton#record:focus {{ border-color: {ACCENT.name()}; }}
    QToolBar QToolButton#record:disabled {{ border-color: {BORDER.name()}; }}
    QComboBox {{ background: {RAISED.name()}; border: 1px solid {BORDER.name()}; border-radius: 4px;
                padding: 3px 6px; min-height: 1.3em; }}
    QComboBox:hover {{ border-color: #50545b; }}
    QComboBox:focus {{ border-color: {ACCENT.name()}; }}
    QComboBox QAbstractItemView {{ background: {BASE.name()}; selection-background-color: {SELECTED.name()};
                                   selection-color: white; outline: 0; }}
    QComboBox::drop-down {{ border: 0; width: 1.5em; }}
    QDockWidget {{ color: {DIM.name()}; }}
    QDockWidget::title {{ background: {WINDOW.name()}; padding: 4px 8px; border-bottom: 1px solid {GROUND.name()}; }}
    QScrollArea {{ border: 0; }}
    QScrollBar:vertical {{ background: transparent; width: 9px; margin: 0; }}
    QScrollBar::handle:vertical {{ background: {BORDER.name()}; border-radius: 3px; min-height: 24px; margin: 1px; }}
    QScrollBar::handle:vertical:hover {{ background: #565b63; }}
    QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
        background: transparent; height: 0; }}
    QStatusBar {{ background: {WINDOW.name()}; border-top: 1px solid {GROUND.name()}; }}
    QStatusBar::item {{ border: 0; }}
    QLabel[dim="true"] {{ color: {DIM.name()}; }}
    QLabel[heading="true"] {{ color: {DIM.name()}; font-weight: 600; }}
    """
