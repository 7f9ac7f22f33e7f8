"""Colours, fonts and the style sheet: one calm look in dark and in light, with one accent.

The colours that change with the scheme are living objects: ``apply`` gives them other values where
they are, so whoever paints with ``theme.TEXT`` follows at the next paint.  What was copied from
them (pens, style sheets of single widgets) must be made again: on ``QEvent.PaletteChange``,
or better, not be copied.  What is drawn over a picture stays the same in both.

Text keeps at least 4.5 to 1 against every ground it stands on (WCAG 2.1, AA).  The colours of the
angles and of the expression are told apart with any colour vision: at least 20 apart in CIELAB for
protan, deutan and tritan eyes too (simulated after Machado et al. 2009); the tests measure both.
Pitch turns about x, yaw about y, roll about z, so curves and numbers of an angle wear the colour of
its axis.
"""

from __future__ import annotations

import enum
from typing import cast

from PyQt6.QtCore import QObject, Qt
from PyQt6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PyQt6.QtWidgets import QApplication, QWidget

from app.ui.shell import settings
from app.ui.shell.settings import Settings
from app.ui.widgets.building import there
from app.ui.widgets.edges import EdgesStyle


class Scheme(enum.Enum):
    """The two colour schemes."""

    DARK = "dark"
    LIGHT = "light"


_LIVE: list[tuple[QColor, str, str]] = []


def _live(dark: str, light: str) -> QColor:
    """A colour that ``apply`` changes."""
    colour = QColor(dark)
    _LIVE.append((colour, dark, light))
    return colour


GROUND = _live("#131416", "#dfe2e7")  # behind the picture
BASE = _live("#191b1e", "#ffffff")  # plots, lists
WINDOW = _live("#222428", "#f3f4f6")
RAISED = _live("#2d3035", "#e9ebee")  # buttons
BORDER = _live("#3a3d43", "#c4c8cf")
EDGE = _live("#6f747d", "#868c96")  # of what is written in: 3 to 1 (WCAG 2.1, 1.4.11)
HOVER_BORDER = _live("#50545b", "#9aa0aa")
TEXT = _live("#dcdee2", "#1b1d21")
DIM = _live("#959aa2", "#565c66")
DISABLED = _live("#666b73", "#9aa0aa")
ACCENT = _live("#58a6ff", "#0b5cba")
SELECTED = _live("#2b5f9e", "#2b5f9e")  # behind white text
SWITCHED_ON = _live("#1f3a5a", "#cfe1f7")  # a button that is down
SWITCHED_ON_BORDER = _live("#2f5b8c", "#7ba7d9")
RECORD = _live("#e5484d", "#c9262c")
RECORD_GROUND = _live("#cf3a40", "#c9262c")  # behind white text
RECORD_BORDER = _live("#6b2a2d", "#e0a5a7")
RECORD_HOVER = _live("#4a2225", "#f7dcdd")
WARNING = _live("#f0b429", "#855300")
ERROR = _live("#ff7a6c", "#b3261e")
GOOD = _live("#5fc787", "#146c3c")

TRUTH = _live("#ffffff", "#1b1d21")
EXPRESSION = _live("#e6d843", "#452b06")
EXPRESSION_PART = _live("#b3a838", "#7a5a2a")  # brows, eyes, mouth
ANGLE_COLOURS = {
    "yaw": _live("#68e6c2", "#09795e"),
    "pitch": _live("#f0825a", "#bc4002"),
    "roll": _live("#8ea4ff", "#1226a8"),
}
PLACE_COLOURS = dict(zip(("x", "y", "distance"), ANGLE_COLOURS.values(), strict=True))

# Over a picture, which may be anything: the same in both schemes, with dark edges or grounds drawn below them.
WHITE = QColor("#ffffff")
PICTURE_TEXT = QColor("#dcdee2")
PICTURE_DIM = QColor("#a5aab2")
PICTURE_WARNING = QColor("#f0b429")
SECOND = QColor("#ff9ee5")  # a second network's axes
PICTURE_EXPRESSION = QColor("#e6d843")

SYSTEM = "system"
_SCHEME = "motionscope_scheme"  # the application's property that holds the one in use


def scheme() -> Scheme:
    """The one in use."""
    return Scheme(there(QApplication.instance()).property(_SCHEME))


def system_scheme() -> Scheme:
    """The system's scheme; dark where it has none, as on a bare X server."""
    light = there(QGuiApplication.styleHints()).colorScheme() is Qt.ColorScheme.Light
    return Scheme.LIGHT if light else Scheme.DARK


def scheme_named(name: str) -> Scheme:
    """As remembered in the settings; a name that nobody knows follows the system."""
    return {scheme.value: scheme for scheme in Scheme}.get(name) or system_scheme()


def apply(app: QApplication, wanted: Scheme = Scheme.DARK) -> None:
    """Fusion, with plain labels, and our own palette: a colour scheme asked of the system does nothing on X11."""
    for colour, dark, light in _LIVE:
        colour.setRgba(QColor(light if wanted is Scheme.LIGHT else dark).rgba())
    if app.property(_SCHEME) is None:  # once: with a style sheet set, another style crashes widgets that live
        app.setStyle(EdgesStyle(EDGE, ACCENT, BORDER))
    app.setProperty(_SCHEME, wanted.value)
    app.setPalette(palette())
    app.setStyleSheet(style_sheet())


class Appearance(QObject):
    """Keeps the scheme and what is remembered of it in step: as the system has it, until somebody chooses."""

    def __init__(self, store: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self._settings = store
        there(QGuiApplication.styleHints()).colorSchemeChanged.connect(lambda _: self._apply())
        store.watch(self, (settings.THEME,), self._apply)
        self._apply()

    def toggle(self) -> None:
        """The other scheme; where that is the system's own, the system is followed again."""
        wanted = Scheme.LIGHT if scheme() is Scheme.DARK else Scheme.DARK
        self._settings.set(settings.THEME, SYSTEM if wanted is system_scheme() else wanted.value)

    def _apply(self) -> None:
        wanted = scheme_named(self._settings.get(settings.THEME))
        if wanted is not scheme():
            apply(cast(QApplication, QApplication.instance()), wanted)


def palette() -> QPalette:
    """Qt's palette in the colours of the scheme."""
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
        roles.BrightText: WHITE,
        roles.Link: ACCENT,
        roles.Highlight: SELECTED,
        roles.HighlightedText: WHITE,
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
            result.setColor(QPalette.ColorGroup.Disabled, role, DISABLED)
    # What is switched off has no accent: sliders, and what is selected in a list.
    for role in (roles.Highlight, roles.Accent):
        result.setColor(QPalette.ColorGroup.Disabled, role, BORDER)
    result.setColor(QPalette.ColorGroup.Disabled, roles.HighlightedText, TEXT)
    return result


def tabular(font: QFont, scale: float = 1.0, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """``font`` with figures of equal width, so that changing numbers don't dance; sizes follow the system's."""
    result = QFont(font)
    result.setPointSizeF(max(font.pointSizeF(), 6.0) * scale)
    result.setWeight(weight)
    result.setFeature(QFont.Tag("tnum"), 1)
    return result


def faded(colour: QColor, alpha: int) -> QColor:
    """A copy that what is drawn before shines through; ``alpha``: 0 to 255, which covers it."""
    return QColor(colour.red(), colour.green(), colour.blue(), alpha)


def set_tone(label: QWidget, tone: str) -> None:
    """Let the style sheet colour it: "", "warning", "error" or an angle's name."""
    if label.property("tone") != tone:
        label.setProperty("tone", tone)
        there(label.style()).polish(label)


def style_sheet() -> str:
    """Qt's style sheet in the colours of the scheme."""
    angles = "\n    ".join(
        f'QLabel[tone="{name}"] {{ color: {colour.name()}; }}'
        for name, colour in (ANGLE_COLOURS | PLACE_COLOURS).items()
    )
    bars = "\n    ".join(
        f'QProgressBar[tone="{name}"]::chunk {{ background: {colour.name()}; border-radius: 2px; }}'
        for name, colour in (("expression", EXPRESSION), ("expression part", EXPRESSION_PART), ("good", GOOD))
    )
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
    QToolBar QToolButton:checked {{ background: {SWITCHED_ON.name()}; border-color: {SWITCHED_ON_BORDER.name()}; }}
    QToolBar QToolButton:pressed {{ background: {BORDER.name()}; }}
    QToolButton[popupMode="2"] {{ padding-right: 14px; }}
    QToolButton[popupMode="2"]::menu-indicator {{ subcontrol-origin: padding; subcontrol-position: right center;
        right: 3px; /* else Fusion draws it as a comma after the text */ }}
    QToolBar QToolButton#more {{ padding: 4px 6px; }}
    QToolBar QToolButton#more::menu-indicator {{ image: none; }}
    QToolBar QToolButton#record {{ border: 1px solid {RECORD_BORDER.name()}; padding: 4px 12px; font-weight: 600; }}
    QToolBar QToolButton#record:hover {{ background: {RECORD_HOVER.name()}; }}
    QToolBar QToolButton#record:checked {{ background: {RECORD_GROUND.name()}; color: white;
        border-color: {RECORD_GROUND.name()}; }}
    QToolBar QToolButton#record:focus {{ border-color: {ACCENT.name()}; }}
    QToolBar QToolButton#record:disabled {{ border-color: {BORDER.name()}; }}
    QPushButton:checked {{ background: {SWITCHED_ON.name()}; border: 1px solid {SWITCHED_ON_BORDER.name()};
                           border-radius: 3px; padding: 3px 8px; }}
    QComboBox {{ background: {RAISED.name()}; border: 1px solid {BORDER.name()}; border-radius: 4px;
                padding: 3px 6px; min-height: 1.3em;
                combobox-popup: 0; /* a list: drawn as a menu its current line has this ground and white text */ }}
    QComboBox:hover {{ border-color: {HOVER_BORDER.name()}; }}
    QComboBox:focus {{ border-color: {ACCENT.name()}; }}
    QComboBox QAbstractItemView {{ background: {BASE.name()}; selection-background-color: {SELECTED.name()};
                                   selection-color: white; outline: 0; }}
    QComboBox QAbstractItemView::item {{ padding: 3px 4px; }}
    QComboBox QAbstractItemView::item:selected {{ background: {SELECTED.name()}; color: white; }}
    QComboBox::drop-down {{ border: 0; width: 1.5em; }}
    QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
    QAbstractSpinBox {{ min-height: 1.35em; /* else Fusion cuts the feet of letters */ }}
    QDockWidget {{ color: {DIM.name()}; }}
    QDockWidget::title {{ background: {WINDOW.name()}; padding: 4px 8px; border-bottom: 1px solid {GROUND.name()}; }}
    QFrame[panel_title="true"] {{ background: {WINDOW.name()}; border: 0; border-bottom: 1px solid {GROUND.name()}; }}
    QFrame[panel_title="true"][floating="true"] {{ background: {RAISED.name()}; }}
    QFrame[panel_title="true"][active="true"] {{ border-bottom-color: {ACCENT.name()}; }}
    QFrame[panel_title="true"] QLabel {{ color: {DIM.name()}; }}
    QFrame[panel_title="true"][active="true"] QLabel {{ color: {TEXT.name()}; }}
    QFrame[panel_title="true"] QToolButton {{ border: 1px solid transparent; border-radius: 3px; padding: 1px; }}
    QFrame[panel_title="true"] QToolButton:hover {{ background: {RAISED.name()}; border-color: {BORDER.name()}; }}
    QScrollArea {{ border: 0; }}
    QScrollBar:vertical {{ background: transparent; width: 9px; margin: 0; }}
    QScrollBar::handle:vertical {{ background: {BORDER.name()}; border-radius: 3px; min-height: 24px; margin: 1px; }}
    QScrollBar::handle:vertical:hover {{ background: {HOVER_BORDER.name()}; }}
    QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
        background: transparent; height: 0; }}
    QStatusBar {{ background: {WINDOW.name()}; border-top: 1px solid {GROUND.name()}; }}
    QStatusBar::item {{ border: 0; }}
    QLabel[dim="true"] {{ color: {DIM.name()}; }}
    QLabel[heading="true"] {{ color: {DIM.name()}; font-weight: 600; }}
    QFrame[rule="true"] {{ color: {BORDER.name()}; }}
    QCheckBox::indicator:unchecked {{ border: 1px solid {DIM.name()}; border-radius: 3px; background: {BASE.name()}; }}
    QCheckBox::indicator:unchecked:focus {{ border-color: {ACCENT.name()}; }}
    QLabel[tone="warning"] {{ color: {WARNING.name()}; }}
    QLabel[tone="error"], QLineEdit[tone="error"] {{ color: {ERROR.name()}; }}
    QProgressBar[tone] {{ background: {BORDER.name()}; border: 0; border-radius: 2px; }}
    {bars}
    {angles}
    """
