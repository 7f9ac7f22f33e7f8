"""The building blocks of windows: named parts, rows and columns of them, and panels that scroll."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PyQt6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PyQt6.QtGui import QAction, QGuiApplication, QHideEvent, QShowEvent, QValidator
from PyQt6.QtWidgets import (
    QBoxLayout,
    QDoubleSpinBox,
    QFormLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QStyle,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

T = TypeVar("T")
W = TypeVar("W", bound=QWidget)
L = TypeVar("L", bound=QBoxLayout)

Part = QWidget | QLayout | tuple[QWidget | QLayout, int] | int | None


def there(value: T | None) -> T:
    """``value``, of which Qt's types say that it may be missing although it never is here."""
    assert value is not None
    return value


def named(widget: W, name: str, tip: str = "") -> W:
    """The widget, with the name that a screen reader says and a tool tip."""
    widget.setAccessibleName(name)
    widget.setToolTip(tip)
    return widget


def lay_out(layout: L, *parts: Part, spacing: int | None = None, margins: tuple[int, int, int, int] | None = None) -> L:
    """The layout with these parts: widgets, layouts, or one of them with its stretch; a number: so many points free.

    None stands for room that stretches.  Layouts inside others have no margins unless some are given.
    """
    if spacing is not None:
        layout.setSpacing(spacing)
    if margins is not None:
        layout.setContentsMargins(*margins)
    for given in parts:
        part, stretch = given if isinstance(given, tuple) else (given, 0)
        if part is None:
            layout.addStretch(1)
        elif isinstance(part, int):
            layout.addSpacing(part)
        elif isinstance(part, QLayout):
            layout.addLayout(part, stretch)
        else:
            layout.addWidget(part, stretch)
    return layout


def gapped_grid(across: int, down: int, parent: QWidget | None = None) -> QGridLayout:
    """A grid with so many points between its columns and between its rows, and none around it."""
    grid = QGridLayout(parent)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(across)
    grid.setVerticalSpacing(down)
    return grid


def add_row(form: QFormLayout, text: str, *fields: QWidget, tip: str = "") -> None:
    """Fields beside each other and their name, whose mnemonic leads to the first one, which has the room."""
    label = QLabel(text)
    label.setToolTip(tip)
    label.setBuddy(fields[0])
    if len(fields) == 1:
        form.addRow(label, fields[0])
    else:
        form.addRow(label, lay_out(QHBoxLayout(), (fields[0], 1), *fields[1:]))


def heading(text: str) -> QLabel:
    """A heading above a group of parts."""
    label = QLabel(text)
    label.setProperty("heading", True)
    return label


def paragraph(text: str = "", name: str = "", dim: bool = False) -> QLabel:
    """Text that breaks into lines."""
    label = QLabel(text)
    label.setWordWrap(True)
    label.setAccessibleName(name)
    label.setProperty("dim", dim)
    return label


def push_button(text: str, tip: str, do: Callable[[], object] | None = None, name: str = "") -> QPushButton:
    """A button that Enter in another field of its dialog doesn't press; ``name`` where the text says too little."""
    button = named(QPushButton(text), name, tip)
    button.setAutoDefault(False)
    if do is not None:
        button.clicked.connect(lambda _: do())
    return button


def action_button(action: QAction, text: str) -> QToolButton:
    """A button with a text of its own for what an action does, as long as that can be done."""
    button = named(QToolButton(), action.whatsThis(), action.toolTip())
    button.setText(text)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.clicked.connect(action.trigger)
    button.setEnabled(action.isEnabled())
    action.enabledChanged.connect(button.setEnabled)
    return button


class _NumberBox(QDoubleSpinBox):
    """Takes a decimal point and a decimal comma for the same: Qt would read "1.5" as 15 in German, and say nothing."""

    def validate(self, text: str | None, place: int) -> tuple[QValidator.State, str, int]:
        return super().validate(self._with_own_point(text), place)

    def valueFromText(self, text: str | None) -> float:
        return super().valueFromText(self._with_own_point(text))

    def _with_own_point(self, text: str | None) -> str:
        point = self.locale().decimalPoint()
        return (text or "").replace(".", point).replace(",", point)


def number_box(name: str, least: float, most: float, unit: str = "", decimals: int = 1) -> QDoubleSpinBox:
    """For a number with its unit."""
    box = named(_NumberBox(), name)
    box.setDecimals(decimals)
    box.setRange(least, most)
    box.setSuffix(unit)
    return box


def delayed(owner: QObject, ms: int, call: Callable[[], object]) -> QTimer:
    """Started, it calls once, so much later; started again before that, later still."""
    timer = QTimer(owner)
    timer.setSingleShot(True)
    timer.setInterval(ms)
    timer.timeout.connect(call)
    return timer


def search_line(name: str, words: str, found: Callable[[str], object]) -> QLineEdit:
    """A line that is searched for while it is typed; ``words`` stand in it while it is empty."""
    line = named(QLineEdit(), name)
    line.setPlaceholderText(words)
    line.setClearButtonEnabled(True)
    line.textChanged.connect(found)
    return line


def copy_text(text: str) -> None:
    """Put text on the clipboard."""
    there(QGuiApplication.clipboard()).setText(text)


def resize_within_screen(widget: QWidget, wanted: QSize, share: float = 1.0) -> None:
    """As large as is wanted, but with its title no larger than this share of the screen's free room."""
    title = there(widget.style()).pixelMetric(QStyle.PixelMetric.PM_TitleBarHeight)
    room = there(widget.screen()).availableGeometry().size() * share - QSize(0, title)
    widget.resize(wanted.boundedTo(room))


def fit_height(dialog: QWidget) -> None:
    """As high as its text needs: a dialog doesn't follow lines that break on its own."""
    layout = there(dialog.layout())
    layout.activate()
    dialog.resize(dialog.width(), layout.totalHeightForWidth(dialog.width()))


def stand_aside(dialog: QWidget) -> None:
    """As high as its text, in its window's lower right corner: in the middle it would hide the face it speaks of."""
    fit_height(dialog)
    window, room = there(dialog.parentWidget()), there(dialog.screen()).availableGeometry()
    corner = window.mapToGlobal(window.rect().bottomRight()) - dialog.rect().bottomRight()
    x = min(max(corner.x(), room.left()), room.right() - dialog.width())
    y = min(max(corner.y(), room.top()), room.bottom() - dialog.height())
    dialog.move(x, y)


def focus_first(dialog: QWidget) -> None:
    """The keyboard into the first part that takes it, which Qt does only in a dialog with a default button."""
    part = dialog.nextInFocusChain()
    while part is not None and part is not dialog and dialog.focusWidget() is None:
        if part.focusPolicy() & Qt.FocusPolicy.TabFocus and part.isEnabled() and part.isVisibleTo(dialog):
            part.setFocus(Qt.FocusReason.TabFocusReason)
        part = part.nextInFocusChain()


class ScrollPanel(QScrollArea):
    """Parts below each other, which scroll where the panel is low; never sideways, for it is as wide as they need."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def hold(self, *parts: Part, spacing: int, margins: tuple[int, int, int, int] = (12, 8, 12, 8)) -> QWidget:
        """Show these; what they are in is returned."""
        content = QWidget()
        lay_out(QVBoxLayout(content), *parts, None, spacing=spacing, margins=margins)
        self.setWidget(content)
        return content

    def setWidget(self, widget: QWidget | None) -> None:
        super().setWidget(widget)
        self.fit()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Qt lets it hear what it holds."""
        if watched is self.widget() is not None and there(event).type() == QEvent.Type.LayoutRequest:
            self.fit()
        return super().eventFilter(watched, event)

    def fit(self) -> None:
        """Make room for the parts, in the fonts that they have by now, beside the scroll bar; never narrower again."""
        bar = there(self.verticalScrollBar()).sizeHint().width()
        self.setMinimumWidth(max(there(self.widget()).minimumSizeHint().width() + bar, self.minimumWidth()))


class RefreshingPanel(ScrollPanel):
    """Refreshes itself while it is visible: the state changes without any result, too."""

    REFRESH_MS = 250

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.refresh)

    def refresh(self) -> None:
        raise NotImplementedError

    def showEvent(self, event: QShowEvent | None) -> None:
        self.refresh()
        self._timer.start(self.REFRESH_MS)
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent | None) -> None:
        self._timer.stop()
        super().hideEvent(event)
