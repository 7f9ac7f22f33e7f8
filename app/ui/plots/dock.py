"""Plots of chosen signals over the last seconds or minutes."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtGui import QAction, QKeyEvent, QMouseEvent, QPalette
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.core.frames import FrameResult
from app.signals.history import COLUMNS, FACE, History, faces_of
from app.ui.docks.base import DockContext
from app.ui.features.faces.colours import face_colour, ink_on
from app.ui.live.overlay import are_several
from app.ui.plots.canvas import PlotCanvas, colour_of, number
from app.ui.plots.files import FILTER, save
from app.ui.plots.parts import Floats
from app.ui.plots.signals import COLUMN, GROUPS, SIGNALS, PlotSignal, chosen
from app.ui.shell import dialogs, settings, theme
from app.ui.shell.commands import add_entry
from app.ui.shell.messages import Severity
from app.ui.widgets.building import ScrollPanel, lay_out, named

LONGEST_S = settings.PLOT_SPAN.choices[-1][0]
GAP = "&nbsp;&nbsp;&nbsp; "


class Plots(QWidget):
    """A dock over ``History``."""

    def __init__(self, context: DockContext) -> None:
        super().__init__()
        self.setAccessibleName("Plots")
        self._context = context
        self._settings = context.settings
        self._history: History | None = None
        self._signals: tuple[PlotSignal, ...] = ()
        self._span_s = 0
        self._rows: Floats = np.empty((0, len(COLUMNS)))  # of the longest span while paused, otherwise of this one
        self._several_s = -np.inf  # when there were last several faces, on the rows' clock
        self.canvas = PlotCanvas()
        self.canvas.pointed.connect(lambda _: self._write_legend())
        self._legend = QLabel()
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        self._legend.setWordWrap(True)
        self._legend.setAccessibleName("Legend and values")
        self._legend.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._figure = QWidget()  # what is saved as a picture
        self._build_bar()
        self._lay_out()
        self._settings.watch(self, (settings.PLOT_SIGNALS, settings.PLOT_SPAN, settings.PLOT_RAW), self._restore)
        self._restore()

    def _build_bar(self) -> None:
        self.signals_button = _button("Signals", "Choose what is plotted")
        menu = _StayingMenu(self.signals_button)
        self.choices: dict[str, QAction] = {}
        for group in GROUPS:
            menu.addSection(group.title)
            for signal in (signal for signal in SIGNALS if signal.group is group):
                self.choices[signal.name] = action = add_entry(menu, signal.label, self._choose)
                action.setCheckable(True)
        self.signals_button.setMenu(menu)
        self.span_button = _button("", "Choose the time span")
        spans = QMenu(self.span_button)
        for seconds, text in settings.PLOT_SPAN.choices:
            add_entry(spans, text, partial(self.set_span, seconds))
        self.span_button.setMenu(spans)
        for button in (self.signals_button, self.span_button):
            button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.raw_button = _button("Raw", settings.PLOT_RAW.tip)
        self.raw_button.setCheckable(True)
        self.raw_button.clicked.connect(lambda on: self._settings.set(settings.PLOT_RAW, on))
        self.pause_button = _button("Pause", "Freeze the plots; everything else goes on")
        self.pause_button.setCheckable(True)
        self.pause_button.toggled.connect(self._set_paused)
        self.save_button = _button("Save…", "Save what is plotted as PNG, SVG or CSV")
        self.save_button.clicked.connect(lambda _: self._ask_where())

    def _lay_out(self) -> None:
        self._figure.setAutoFillBackground(True)
        self._figure.setBackgroundRole(QPalette.ColorRole.Base)
        self._legend.setContentsMargins(10, 3, 10, 0)
        lay_out(QVBoxLayout(self._figure), self._legend, (self.canvas, 1), spacing=0, margins=(0, 0, 0, 0))
        scroll = ScrollPanel("")
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self._figure)
        buttons = (self.signals_button, self.span_button, self.raw_button, self.pause_button, self.save_button)
        bar = lay_out(QHBoxLayout(), *buttons, None, spacing=2, margins=(6, 3, 6, 3))
        lay_out(QVBoxLayout(self), bar, (scroll, 1), spacing=0, margins=(0, 0, 0, 0))
        self.setMinimumHeight(self.fontMetrics().height() * 9)
        self.setFocusProxy(self.signals_button)

    def show_result(self, result: FrameResult | None, history: History) -> None:
        self._history = history
        if not self.paused:
            self._rows = history.last(self._span_s)
            if result is not None and are_several(result):
                self._several_s = result.frame.captured_s
            self._draw()

    def draw(self, rows: Floats) -> None:
        """Show these rows, (n, len(COLUMNS)), oldest first; the newest stands at the right edge."""
        self._rows = rows
        self._draw()

    @property
    def paused(self) -> bool:
        return self.pause_button.isChecked()

    def shown_rows(self) -> Floats:
        """Those within the span."""
        rows = self._rows
        return rows[np.searchsorted(rows[:, 0], rows[-1, 0] - self._span_s) :] if len(rows) else rows

    def _draw(self) -> None:
        self.canvas.draw(self.shown_rows(), self.raw_button.isChecked())
        self._write_legend()

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange and hasattr(self, "save_button"):
            self._write_legend()

    def values_at(self, seconds: float) -> dict[str, float]:
        """Each signal's value at the row nearest to so many seconds before the newest (negative)."""
        row = self._row_at(seconds)
        if row is None:
            return {}
        return {signal.name: float(row[COLUMN[signal.column]]) for signal in self._signals}

    def _row_at(self, seconds: float) -> Floats | None:
        rows = self.shown_rows()
        return rows[int(np.abs(rows[:, 0] - rows[-1, 0] - seconds).argmin())] if len(rows) else None

    def _faces(self, at: float) -> list[int]:
        """The numbers of the faces that the curves show, at the crosshair or in all; none where there is but one."""
        rows = self.shown_rows()
        if not len(rows) or self._several_s < rows[0, 0]:  # one person lost and found again is nobody else
            return []
        found = faces_of(rows)
        row = self._row_at(at) if np.isfinite(at) else None
        if row is None:
            return found
        return [int(row[FACE])] if np.isfinite(row[FACE]) else []

    def _write_legend(self) -> None:
        at = self.canvas.cross_s
        values = self.values_at(at) if np.isfinite(at) else {}
        parts = [f"<b>{number(at, ' s', digits=3)}</b>"] if values else []
        parts += [_face_html(face_id) for face_id in self._faces(at)]
        for signal in self._signals:
            text = f'<span style="color:{colour_of(signal).name()}">━</span>&nbsp;{signal.label.lower()}'
            if signal.name in values:
                value = number(values[signal.name], signal.group.unit, signal.group.key == "angles")
                text += f"&nbsp;<b>{value.replace(' ', '&nbsp;')}</b>"
            parts.append(text.replace(" ", "&nbsp;").replace("<span&nbsp;", "<span "))
        parts += self._remarks()
        words = GAP.join(parts)
        if words != self._legend.text():
            self._legend.setText(words)

    def _remarks(self) -> list[str]:
        dim = theme.DIM.name()
        remarks = []
        rows = self.shown_rows()
        if any(signal.true and np.isfinite(rows[:, COLUMN[signal.true]]).any() for signal in self._signals):
            remarks.append(f'<span style="color:{theme.TRUTH.name()}">╌</span>&nbsp;true')
        if any(signal.std for signal in self._signals):
            remarks.append(f'<span style="color:{dim}">band:&nbsp;±&nbsp;1&nbsp;standard&nbsp;deviation</span>')
        if self.raw_button.isChecked():
            remarks.append(f'<span style="color:{dim}">thin:&nbsp;before&nbsp;the&nbsp;filter</span>')
        if self.paused:
            remarks.append(f'<span style="color:{theme.WARNING.name()}">paused</span>')
        return remarks

    def _choose(self) -> None:
        self.use_signals([name for name, action in self.choices.items() if action.isChecked()])

    def use_signals(self, names: list[str]) -> None:
        """Plot these; the usual ones where there would be none."""
        self._settings.set(settings.PLOT_SIGNALS, ",".join(signal.name for signal in chosen(names)))

    def set_span(self, seconds: int) -> None:
        self._settings.set(settings.PLOT_SPAN, seconds)

    def _restore(self) -> None:
        self._signals = chosen(self._settings.get(settings.PLOT_SIGNALS).split(","))
        for signal in SIGNALS:
            self.choices[signal.name].setChecked(signal in self._signals)
        self._span_s = self._settings.get(settings.PLOT_SPAN)
        self.span_button.setText(settings.span_text(self._span_s))
        self.raw_button.setChecked(self._settings.get(settings.PLOT_RAW))
        if self._history is not None and not self.paused:
            self._rows = self._history.last(self._span_s)
        self.canvas.show_signals(self._signals, self._span_s)
        self._draw()

    def _set_paused(self, paused: bool) -> None:
        if self._history is not None:
            # While it stands still every span can be looked at, so all of it is kept.
            self._rows = self._history.last(LONGEST_S if paused else self._span_s)
        self._draw()

    def _ask_where(self) -> None:
        self.pause_button.setChecked(True)  # what is saved is what was seen when it was asked for
        dialogs.ask_new_file(self, "Save the plots", "plots.png", FILTER, lambda path: self.save(Path(path)))

    def save(self, path: Path) -> None:
        """Save in the format of the ending; a notice says how that went."""
        problem = save(path, self._figure, self._legend, self.canvas, self.shown_rows(), self._signals)
        severity = Severity.ERROR if problem else Severity.GOOD
        self._context.controller.notify(problem or f"Saved {path}", severity)


def _face_html(face_id: int) -> str:
    """As in the panel's title and at the face in the picture."""
    colour = face_colour(face_id)
    style = f"background-color:{colour.name()}; color:{ink_on(colour).name()}"
    return f'<span style="{style}">&nbsp;face&nbsp;{face_id}&nbsp;</span>'


class _StayingMenu(QMenu):
    """Stays open while things are ticked, by mouse, space bar and Enter: one seldom wants only one."""

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        action = self.activeAction()
        if action is not None and action.isCheckable():
            action.trigger()
        else:
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        action = self.activeAction()
        keys = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event is not None and event.key() in keys and action is not None and action.isCheckable():
            action.trigger()
        else:
            super().keyPressEvent(event)


def _button(text: str, tip: str) -> QToolButton:
    button = named(QToolButton(), tip, tip)
    button.setText(text)
    button.setAutoRaise(True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
