"""The bar on top of a panel: its name, the face it is about, and its two buttons."""

from __future__ import annotations

from collections.abc import Iterator

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtWidgets import QDockWidget, QFrame, QHBoxLayout, QLabel, QMainWindow, QSizePolicy, QToolButton

from app.core.frames import FrameResult
from app.ui.features.faces.colours import face_colour, ink_on
from app.ui.live.overlay import are_several
from app.ui.shell import theme
from app.ui.widgets.building import lay_out, there
from app.ui.widgets.icons import icon


class FaceChip(QLabel):
    """A face's number on its colour, as at the face in the picture; hidden where one face is all there is."""

    def __init__(self) -> None:
        super().__init__()
        self.face_id: int | None = None
        self.setFont(theme.tabular(self.font(), 0.9))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setToolTip("The primary face: everything in this panel is about it. A click on a face chooses another")
        self.hide()

    def show_face(self, face_id: int | None) -> None:
        """None: there is nothing to tell apart."""
        if face_id == self.face_id:
            return
        self.face_id = face_id
        self.setVisible(face_id is not None)
        self.setText("" if face_id is None else f"face {face_id}")
        self.setAccessibleName(self.text())
        if face_id is not None:
            colour = face_colour(face_id)
            self.setStyleSheet(  # with an edge, for white on white is one of them
                f"background: {colour.name()}; color: {ink_on(colour).name()}; border: 1px solid palette(mid);"
                "border-radius: 3px; padding: 0 5px;"
            )


class PanelTitle(QFrame):
    """Instead of Qt's own, whose buttons have neither names nor room for a face.

    The mouse drags and floats the panel by it as usual; the buttons are for the mouse, too: the
    keyboard has actions of its own for them (see ``app.ui.docks.keyboard``).
    """

    def __init__(self, dock: QDockWidget, of_face: bool) -> None:
        """``of_face``: what the panel shows belongs to the primary face."""
        super().__init__(dock)
        self._dock = dock
        self.of_face = of_face
        self.setProperty("panel_title", True)
        self.name = QLabel(dock.windowTitle())
        self.name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.chip = FaceChip()
        self.float_button = self._button("float")
        self.close_button = self._button("close")
        self.close_button.setToolTip("Close (Ctrl+F4)")
        self.close_button.setAccessibleName(f"Close {dock.windowTitle()}")
        self.float_button.clicked.connect(lambda _: dock.setFloating(not dock.isFloating()))
        self.close_button.clicked.connect(lambda _: dock.close())
        parts = ((self.name, 1), self.chip, self.float_button, self.close_button)
        lay_out(QHBoxLayout(self), *parts, spacing=3, margins=(10, 2, 3, 2))
        dock.topLevelChanged.connect(lambda _: self._describe())
        dock.setTitleBarWidget(self)
        self._describe()

    def show_face(self, face_id: int | None) -> None:
        """The face shown, where there are several; None where there is one at most."""
        self.chip.show_face(face_id if self.of_face else None)

    def show_active(self, active: bool) -> None:
        """Whether the keyboard is in the panel."""
        self._set_property("active", active)

    def _set_property(self, name: str, on: bool) -> None:
        """The style sheet looks at it."""
        if bool(self.property(name)) == on:
            return
        self.setProperty(name, on)
        style = there(self.style())
        for widget in (self, self.name):
            style.unpolish(widget)
            style.polish(widget)

    @staticmethod
    def _button(shape: str) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon(shape, theme.DIM))
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        side = max(button.fontMetrics().height() - 3, 12)
        button.setIconSize(QSize(side, side))
        return button

    def _describe(self) -> None:
        word = "Dock" if self._dock.isFloating() else "Float"
        self._set_property("floating", self._dock.isFloating())
        self.float_button.setToolTip(f"{word} (Ctrl+F5)")
        self.float_button.setAccessibleName(f"{word} {self._dock.windowTitle()}")


def titles(window: QMainWindow) -> Iterator[PanelTitle]:
    """Those of all panels of the window, shown or not."""
    for dock in window.findChildren(QDockWidget):
        title = dock.titleBarWidget()
        if isinstance(title, PanelTitle):
            yield title


def face_to_name(result: FrameResult | None, before: int | None) -> int | None:
    """The number of the primary face where there are several; ``before`` while it is hidden for a moment."""
    if result is None or not are_several(result):
        return None
    return result.primary.face_id if result.primary is not None else before
