"""The timeline: curves, annotations, cursor and selection, moved and zoomed by mouse and by keys."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QFontMetricsF,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.session.annotations import Annotation
from app.ui.review import paint
from app.ui.review.content import Content
from app.ui.review.scale import TimeScale
from app.ui.shell import theme
from app.ui.widgets.formatting import clock

ZOOM_STEP = 1.25  # of a notch of the wheel, or a key
EDGE = 5.0  # points from an interval's end where it is dragged rather than the whole
MOVED = 3.0  # points the mouse must go before a press on an annotation is a drag
Range = tuple[float, float]


class _Drag(enum.Enum):
    NONE = 0
    SCRUB = 1
    SELECT = 2
    PAN = 3
    OVERVIEW = 4
    ANNOTATION = 5
    ANNOTATION_END = 6


class Timeline(QWidget):
    """Shows a ``Content``; what the user does comes out as signals, nothing here changes the session."""

    sought = pyqtSignal(float)  # seconds: the cursor should go there
    selected = pyqtSignal(object)  # (start, end) in seconds, or None
    annotation_chosen = pyqtSignal(int)  # -1: none
    annotation_dragged = pyqtSignal(int, float, float)  # which, and its new onset and duration
    annotation_opened = pyqtSignal(int)  # to be edited
    annotation_wanted = pyqtSignal(float)  # a new one at this time

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Timeline")
        self.setMinimumSize(240, 130)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.content: Content | None = None
        self._scale = TimeScale.whole(1.0)
        self._annotations: Sequence[Annotation] = ()
        self.colours: dict[str, QColor] = {}
        self._chosen = -1
        self._cursor_s = 0.0
        self._selection: Range | None = None
        self._measured = np.zeros(1, np.float32)
        self._still: QPixmap | None = None  # all that stays while annotations are moved
        self._marked: QPixmap | None = None  # all that stays while the cursor moves
        self._drag = _Drag.NONE
        self._pressed = QPointF()
        self._anchor_s = 0.0
        self._pressed_annotation: Annotation | None = None
        self._preview: Annotation | None = None

    def sizeHint(self) -> QSize:
        return QSize(900, 260)

    # ------------------------------------------------------------------ what is shown

    def show_content(self, content: Content, success: NDArray[np.bool_] | None = None) -> None:
        """Show these curves; ``success`` (N,) colours the bar of the whole session.  The view stays where it can."""
        fresh = self.content is None or self.content.total_s != content.total_s
        self.content = content
        if success is not None:
            parts = np.array_split(success, min(400, max(len(success), 1)))
            self._measured = np.array([part.mean() if len(part) else 0.0 for part in parts], np.float32)
        if fresh:
            self._scale = TimeScale.whole(content.total_s)
        self._renew()

    def show_annotations(self, annotations: Sequence[Annotation], chosen: int = -1) -> None:
        self._annotations, self._chosen, self._preview = annotations, chosen, None
        self.colours = paint.annotation_colours(annotations, self.colours if annotations else ())
        self._renew_annotations()

    def show_cursor(self, time_s: float, follow: bool = False) -> None:
        """Move the cursor; with ``follow`` the view turns a page when it would leave it."""
        self._cursor_s = time_s
        if follow and self._drag is _Drag.NONE:
            self.set_scale(self._scale.including(time_s))
        self.update()

    def show_selection(self, selection: Range | None) -> None:
        self._selection = selection
        self.update()

    @property
    def scale_shown(self) -> TimeScale:
        return self._placed()

    def set_scale(self, scale: TimeScale) -> None:
        if (scale.start_s, scale.end_s) != (self._scale.start_s, self._scale.end_s):
            self._scale = scale
            self._renew()

    def zoom(self, factor: float, about_s: float | None = None) -> None:
        """Around a time, or around the cursor where that can be seen, or else the middle."""
        scale = self._scale
        if about_s is None:
            seen = scale.start_s <= self._cursor_s <= scale.end_s
            about_s = self._cursor_s if seen else (scale.start_s + scale.end_s) / 2
        self.set_scale(scale.zoomed(factor, about_s))

    def fit(self) -> None:
        self.set_scale(TimeScale.whole(self._scale.total_s))

    def show_range(self, wanted: Range) -> None:
        """Zoom so that this fills the view, with a little room beside it."""
        room = (wanted[1] - wanted[0]) * 0.05
        self.set_scale(self._scale.showing(wanted[0] - room, wanted[1] + room))

    def lanes(self) -> paint.Lanes | None:
        if self.content is None:
            return None
        return paint.Lanes.of(
            self.width(), self.height(), self._gutter(), QFontMetricsF(self.font()).height(), self.content
        )

    def _gutter(self) -> float:
        return QFontMetricsF(theme.tabular(self.font(), 0.85)).horizontalAdvance("+180.0°") + 8

    def _placed(self) -> TimeScale:
        gutter = self._gutter()
        return self._scale.placed(gutter, self.width() - gutter - 8)

    def _renew(self) -> None:
        self._still = None
        self.update()

    def _renew_annotations(self) -> None:
        self._marked = None
        self.update()

    # ------------------------------------------------------------------ painting

    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        lanes = self.lanes()
        if self.content is None or lanes is None:
            painter.fillRect(self.rect(), theme.BASE)
            return
        scale = self._placed()
        ratio = self.devicePixelRatioF()
        if self._still is None or self._still.size() != self.size() * ratio:
            self._still = QPixmap(self.size() * ratio)
            self._still.setDevicePixelRatio(ratio)
            self._still.fill(theme.BASE)
            still = QPainter(self._still)
            paint.paint_overview(still, lanes.overview, self._measured)
            paint.paint_traces(still, self.content, scale, lanes, self.font())
            still.end()
            self._marked = None
        if self._marked is None:
            self._marked = QPixmap(self._still)
            marked = QPainter(self._marked)
            marked.setRenderHint(QPainter.RenderHint.Antialiasing)
            paint.paint_annotations(
                marked, self._shown_annotations(), self.colours, self._chosen, scale, lanes, self.font()
            )
            marked.end()
        painter.drawPixmap(0, 0, self._marked)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint.paint_window(painter, lanes.overview, scale)
        paint.paint_selection(painter, self._selection, scale, lanes)
        paint.paint_cursor(painter, self._cursor_s, scale, lanes)
        if self.hasFocus():
            painter.setPen(theme.ACCENT)
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    def _shown_annotations(self) -> Sequence[Annotation]:
        if self._preview is None:
            return self._annotations
        return [self._preview if k == self._chosen else annotation for k, annotation in enumerate(self._annotations)]

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        self._renew()
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent | None) -> None:
        self._renew()  # another palette or font
        super().changeEvent(event)

    # ------------------------------------------------------------------ mouse

    def annotation_at(self, place: QPointF) -> int:
        """The annotation there, -1 for none; of several the chosen one, or else the shortest."""
        lanes, scale = self.lanes(), self._placed()
        if lanes is None or not lanes.annotations.contains(place):
            return -1
        hits = [
            k
            for k, annotation in enumerate(self._annotations)
            if paint.annotation_rect(annotation, scale, lanes.annotations).adjusted(-2, -4, 2, 4).contains(place)
        ]
        if self._chosen in hits:
            return self._chosen
        return min(hits, key=lambda k: self._annotations[k].duration_s, default=-1)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        lanes = self.lanes()
        if event is None or lanes is None:
            return
        place, scale = event.position(), self._placed()
        self._pressed, self._anchor_s = place, self._within(scale.time(place.x()))
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.button() == Qt.MouseButton.MiddleButton:
            self._drag = _Drag.PAN
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif event.button() != Qt.MouseButton.LeftButton:
            return
        elif lanes.overview.contains(place):
            self._drag = _Drag.OVERVIEW
            self._move_overview(place, lanes)
        elif shift:
            self._drag = _Drag.SELECT
        elif lanes.annotations.contains(place):
            index = self.annotation_at(place)
            self.annotation_chosen.emit(index)
            if index >= 0:
                self._pressed_annotation = self._annotations[index]
                rect = paint.annotation_rect(self._pressed_annotation, scale, lanes.annotations)
                at_end = self._pressed_annotation.duration_s > 0 and abs(place.x() - rect.right()) <= EDGE
                self._drag = _Drag.ANNOTATION_END if at_end else _Drag.ANNOTATION
        else:
            self._drag = _Drag.SCRUB
            self.sought.emit(self._anchor_s)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        lanes = self.lanes()
        if event is None or lanes is None:
            return
        place, scale = event.position(), self._placed()
        time_s = self._within(scale.time(place.x()))
        if self._drag is _Drag.SCRUB:
            self.sought.emit(time_s)
        elif self._drag is _Drag.SELECT:
            low, high = sorted((self._anchor_s, time_s))
            self.selected.emit((low, high) if high > low else None)
        elif self._drag is _Drag.PAN:
            self.set_scale(self._scale.moved((self._pressed.x() - place.x()) * scale.s_per_point))
            self._pressed = place
        elif self._drag is _Drag.OVERVIEW:
            self._move_overview(place, lanes)
        elif self._drag in (_Drag.ANNOTATION, _Drag.ANNOTATION_END):
            self._drag_annotation(place, scale)
        else:
            self._show_shape(place, scale, lanes)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        drag, self._drag = self._drag, _Drag.NONE
        self.unsetCursor()
        if drag in (_Drag.ANNOTATION, _Drag.ANNOTATION_END) and self._preview is not None:
            preview, self._preview = self._preview, None
            self._renew_annotations()
            self.annotation_dragged.emit(self._chosen, preview.onset_s, preview.duration_s)
        elif drag is _Drag.SELECT and event is not None and abs(event.position().x() - self._pressed.x()) < MOVED:
            self.selected.emit(None)

    def cancel_drag(self) -> bool:
        """Let go of the annotation that is being dragged, as if it had not been; False where none is."""
        if self._preview is None:
            return False
        self._preview, self._drag = None, _Drag.NONE
        self._renew_annotations()
        return True

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        lanes = self.lanes()
        if event is None or lanes is None or event.button() != Qt.MouseButton.LeftButton:
            return
        self._drag = _Drag.NONE
        index = self.annotation_at(event.position())
        if index >= 0:
            self.annotation_opened.emit(index)
        elif lanes.annotations.contains(event.position()):
            self.annotation_wanted.emit(self._within(self._placed().time(event.position().x())))

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is None:
            return
        scale, turn = self._placed(), event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier or abs(turn.x()) > abs(turn.y()):
            notches = (turn.x() or turn.y()) / 120
            self.set_scale(self._scale.moved(-notches * 0.1 * self._scale.span_s))
        else:
            self.zoom(ZOOM_STEP ** (turn.y() / 120), scale.time(event.position().x()))
        event.accept()

    def event(self, event: QEvent | None) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self.annotation_at(QPointF(event.pos()))
            if index >= 0:
                QToolTip.showText(event.globalPos(), describe_annotation(self._annotations[index]), self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def _within(self, time_s: float) -> float:
        return min(max(time_s, 0.0), self._scale.total_s)

    def _move_overview(self, place: QPointF, lanes: paint.Lanes) -> None:
        middle = (place.x() - lanes.overview.left()) / lanes.overview.width() * self._scale.total_s
        if self._scale.span_s >= self._scale.total_s:  # nothing to move: it is a slider then
            self.sought.emit(self._within(middle))
        self.set_scale(self._scale.showing(middle - self._scale.span_s / 2, middle + self._scale.span_s / 2))

    def _drag_annotation(self, place: QPointF, scale: TimeScale) -> None:
        annotation = self._pressed_annotation
        if annotation is None or (self._preview is None and abs(place.x() - self._pressed.x()) < MOVED):
            return
        by_s = (place.x() - self._pressed.x()) * scale.s_per_point
        if self._drag is _Drag.ANNOTATION_END:
            end = self._within(annotation.onset_s + annotation.duration_s + by_s)
            self._preview = replace(annotation, duration_s=max(0.001, end - annotation.onset_s))
        else:
            onset = min(max(annotation.onset_s + by_s, 0.0), max(0.0, self._scale.total_s - annotation.duration_s))
            self._preview = replace(annotation, onset_s=onset)
        self._renew_annotations()

    def _show_shape(self, place: QPointF, scale: TimeScale, lanes: paint.Lanes) -> None:
        index = self.annotation_at(place)
        if index < 0:
            self.unsetCursor()
            return
        rect = paint.annotation_rect(self._annotations[index], scale, lanes.annotations)
        at_end = self._annotations[index].duration_s > 0 and abs(place.x() - rect.right()) <= EDGE
        self.setCursor(Qt.CursorShape.SizeHorCursor if at_end else Qt.CursorShape.PointingHandCursor)


def describe_annotation(annotation: Annotation) -> str:
    """Label, time, length and note of an annotation, for its tool tip."""
    lasts = f", {annotation.duration_s:.2f} s long" if annotation.duration_s > 0 else ""
    note = f"\n{annotation.note}" if annotation.note else ""
    return f"{annotation.label or 'marker'} at {clock(annotation.onset_s, 2)}{lasts}{note}"
