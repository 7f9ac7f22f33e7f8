"""What is drawn over the picture: a pure function of a result, the view's transform and a style."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from app.core.face_marks import (
    AXES,
    WHITE,
    Colour,
    Dots,
    FaceLines,
    Letter,
    Lines,
    Mark,
    axes_marks,
    box_marks,
    face_lines,
    keypoint_marks,
    line_width,
    pose_axes,
    tip_marks,
)
from app.core.frames import FaceResult, FrameResult, ShownFace
from app.core.rotation import rotation_of
from app.ui.features.faces.colours import face_colour, ink_on
from app.ui.live.geometry import ViewTransform
from app.ui.shell import theme
from app.ui.widgets.formatting import EXPRESSION_FULL_SCALE, degrees

UNTRAINED = "pose heads untrained"
LONGEST_NAME = 160.0  # points
SMALLEST_LABEL = 0.6  # of its usual size


@dataclass(frozen=True, slots=True)
class OverlayStyle:
    """What to draw, and how large text is; sizes are view points."""

    axes: bool = True
    keypoints: bool = True
    box: bool = True
    expression: bool = True
    label: bool = True
    truth: bool = True
    keypoint_names: tuple[str, ...] | None = None  # None: points without meaning, drawn without lines
    font: QFont | None = None
    face_names: tuple[tuple[int, str], ...] = ()  # of faces that have one, by their numbers


def paint_overlay(
    painter: QPainter,
    result: FrameResult,
    view: ViewTransform,
    style: OverlayStyle,
    numbers: FrameResult | None = None,
) -> None:
    """Draw everything measured in ``result``; the painter's state is as before afterwards.

    ``numbers`` is the frame whose numbers stand at the faces, where that isn't ``result`` itself; who came after it
    has none yet.
    """
    painter.save()
    painter.setClipRect(view.picture, Qt.ClipOperation.IntersectClip)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    lines = face_lines(style.keypoint_names)
    several = are_several(result)
    letters: list[tuple[Letter, float]] = []  # with their opacity; drawn last, where nothing else stands
    if style.box:
        painter.setOpacity(0.45)  # seen, but not measured
        for box in result.further:
            seen = view.box(box)
            _paint(painter, box_marks(seen.left(), seen.top(), seen.width(), seen.height()))
    # The primary face is the first, so it is drawn last, over the others.
    for number, shown in reversed(list(enumerate(result.shown))):
        face = shown.face
        opacity = 1.0 if number == 0 else 0.6
        painter.setOpacity(opacity)
        letters += [(each, opacity) for each in _paint_face(painter, face, view, style, lines, alone=not several)]
        if number == 0 and style.truth and style.axes and result.frame.truth is not None:
            axes = view.points(pose_axes(face, rotation_of(result.frame.truth), style.keypoint_names)[0])
            curves = tuple(axes[[0, i]] for i in (1, 2, 3))
            _paint(painter, [Lines(curves, (255, 255, 255, 255), 1.1, 1.3, 130, dashed=True)])
    painter.setOpacity(1.0)
    if style.axes and result.second is not None:
        letters += [(each, 1.0) for each in _paint_second(painter, result, view, style)]
    taken: list[QRectF] = []
    if style.label:
        names = dict(style.face_names)
        texts = {shown.face.face_id: label_text(shown) for shown in (numbers or result).shown}
        for number, shown in enumerate(result.shown):  # the primary face has the first choice of place
            face = shown.face
            if face.face_id not in texts:
                continue
            name = names.get(face.face_id, str(face.face_id) if several else "")
            text = texts[face.face_id]
            taken.append(_paint_label(painter, face, text, view, style, taken, name, first=number == 0))
    primary = result.shown_primary
    height = QFontMetricsF(_letter_font(painter, style)).height()
    if style.expression and primary is not None and primary.face.pose_trained:  # bars for one face are enough to read
        rooms = [letter_room(letter.at, height) for letter, _ in letters]
        bars = _paint_expression(painter, primary.face, view, style, taken, rooms)
        taken += [bars] if bars is not None else []
    for letter, opacity in letters:
        painter.setOpacity(opacity)
        taken.append(_paint_letter(painter, letter, height, taken, style))
    painter.restore()


def are_several(result: FrameResult) -> bool:
    """Whether faces must be told apart, by colour and number."""
    return len(result.faces) + len(result.further) > 1


def _paint_face(
    painter: QPainter, face: FaceResult, view: ViewTransform, style: OverlayStyle, lines: FaceLines, alone: bool
) -> list[Letter]:
    """All but the axes' letters, which are returned."""
    box = view.box(face.detection.box)
    width = line_width(max(box.width(), box.height()))
    if style.box:
        colour = WHITE if alone else _rgba(face_colour(face.face_id))
        _paint(painter, box_marks(box.left(), box.top(), box.width(), box.height(), colour))
    if style.keypoints and face.pose_trained:  # untrained heads put points anywhere
        _paint(painter, keypoint_marks(view.points(face.keypoints), lines, width))
    if style.axes and face.pose_trained:
        axes, magnification = pose_axes(face, face.rotation, style.keypoint_names)
        letters = QFontMetricsF(_letter_font(painter, style)).height()
        return _paint(painter, axes_marks(view.points(axes), magnification, width, letters))
    return []


def _rgba(colour: QColor) -> Colour:
    return colour.red(), colour.green(), colour.blue(), colour.alpha()


def _letter_font(painter: QPainter, style: OverlayStyle) -> QFont:
    return _font(painter, style, 0.85, QFont.Weight.DemiBold)


def _pen(colour: QColor, width: float, dashed: bool = False) -> QPen:
    if not dashed:
        return QPen(colour, width, cap=Qt.PenCapStyle.RoundCap, join=Qt.PenJoinStyle.RoundJoin)
    pen = QPen(colour, width)
    pen.setDashPattern([4, 3])
    return pen


def _paint(painter: QPainter, marks: list[Mark]) -> list[Letter]:
    """All but the letters, which are returned."""
    for mark in marks:
        colour = QColor(*mark.colour)
        if isinstance(mark, Lines):
            curves = [QPolygonF([QPointF(x, y) for x, y in curve]) for curve in mark.curves]
            edge = QColor(0, 0, 0, mark.edge_opacity)
            for pen in (_pen(edge, mark.width + mark.edge), _pen(colour, mark.width, mark.dashed)):
                painter.setPen(pen)
                for curve in curves:
                    painter.drawPolyline(curve)
        elif isinstance(mark, Dots):
            painter.setPen(QPen(QColor(0, 0, 0, 160), 1))
            painter.setBrush(colour)
            for x, y in mark.points:
                painter.drawEllipse(QPointF(x, y), mark.radius, mark.radius)
            painter.setBrush(Qt.BrushStyle.NoBrush)
    return [mark for mark in marks if isinstance(mark, Letter)]


def letter_room(at: NDArray[np.float64], height: float) -> QRectF:
    """What an axis' letter needs around ``at``, (2,); ``height`` is a line's in its font."""
    return QRectF(at[0] - height * 0.3, at[1] - height * 0.4, height * 0.6, height * 0.8)


def _paint_letter(
    painter: QPainter, letter: Letter, height: float, taken: Sequence[QRectF], style: OverlayStyle
) -> QRectF:
    """Ahead of the axis' end, or else beside it, so that it stands on nothing drawn before; where it is drawn."""
    side = np.array([-letter.way[1], letter.way[0]])
    end = letter.at - letter.way
    beside = [end + sign * side - back * letter.way for back in (0, 1, 2) for sign in (1, -1)]
    places = [letter_room(at, height) for at in (letter.at, *beside)]
    free = [place for place in places if not any(place.intersects(other) for other in taken)]
    room = (free or places)[0]
    rect = QRectF(-12, -12, 24, 24).translated(room.center())
    painter.setFont(_letter_font(painter, style))
    painter.setPen(QColor(0, 0, 0, 200))
    painter.drawText(rect.translated(0.8, 0.8), Qt.AlignmentFlag.AlignCenter, letter.text)
    painter.setPen(QColor(*letter.colour))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, letter.text)
    return room


def _paint_second(painter: QPainter, result: FrameResult, view: ViewTransform, style: OverlayStyle) -> list[Letter]:
    """A second network's axes, from where the first one's begin, so only the rotation differs; returns the letters."""
    found: list[Letter] = []
    shown = {item.face.face_id: item.face for item in result.shown}
    for other in result.second.faces if result.second is not None else ():
        face = shown.get(other.face_id)
        if face is None or not other.pose_trained or not np.isfinite(other.rotation).all():
            continue
        axes = view.points(pose_axes(face, other.rotation, style.keypoint_names)[0])
        box = view.box(face.detection.box)
        width = line_width(max(box.width(), box.height())) * 0.8
        letters, colour = QFontMetricsF(_letter_font(painter, style)).height(), _rgba(theme.SECOND)
        for i, (name, _) in enumerate(AXES, 1):
            line = axes[[0, i]]
            marks = [Lines((line,), colour, width, 1.3, 130, dashed=True)]
            found += _paint(painter, marks + tip_marks(name, line, colour, width * 0.7, letters))
    return found


def label_text(shown: ShownFace) -> str:
    """What stands at a face; no angles where they mean nothing.  Numbers may be recentred, axes never are."""
    if not shown.face.pose_trained:
        return UNTRAINED
    pitch, yaw, roll = shown.angles
    return f"yaw {degrees(yaw)}   pitch {degrees(pitch)}   roll {degrees(roll)}"


def _paint_label(
    painter: QPainter,
    face: FaceResult,
    text: str,
    view: ViewTransform,
    style: OverlayStyle,
    taken: list[QRectF],
    name: str,
    first: bool,
) -> QRectF:
    """The face's name and angles above it, or below it where another's stand already; where they are drawn."""
    scale = 0.9 if first else 0.8
    for _ in range(2):  # again, smaller, where the picture is too narrow
        font = _font(painter, style, scale)
        metrics = QFontMetricsF(font)
        shown_name = metrics.elidedText(name, Qt.TextElideMode.ElideRight, LONGEST_NAME)
        chip = metrics.horizontalAdvance(shown_name) + 12 if name else 0.0
        length = metrics.horizontalAdvance(text)
        scale *= min(1.0, max((view.picture.width() - chip - 18) / length, SMALLEST_LABEL))
    width, height = length + 12 + chip, metrics.height() + 5
    rect = _free_place(view.box(face.detection.box), width, height, view.picture, taken)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(14, 15, 17, 190))
    painter.drawRoundedRect(rect, 3, 3)
    painter.setFont(font)
    if name:
        colour = face_colour(face.face_id)
        left = QRectF(rect.left(), rect.top(), chip, height)
        painter.setBrush(colour)
        painter.drawRoundedRect(left, 3, 3)
        painter.setPen(ink_on(colour))
        painter.drawText(left, Qt.AlignmentFlag.AlignCenter, shown_name)
        if first:  # its numbers are those in the panels
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour, 1.6))
            painter.drawRoundedRect(rect, 3, 3)
    painter.setPen(theme.PICTURE_TEXT if face.pose_trained else theme.PICTURE_WARNING)
    painter.drawText(rect.adjusted(chip, 0, 0, 0), Qt.AlignmentFlag.AlignCenter, text)
    return rect


def _free_place(box: QRectF, width: float, height: float, picture: QRectF, taken: list[QRectF]) -> QRectF:
    """The place above the box, else below it, else further up: the first that overlaps nothing drawn before."""
    above = QRectF(box.center().x() - width / 2, box.top() - height - 6, width, height)
    places = [above, above.translated(0, box.height() + height + 12), above.translated(0, -height - 4)]
    for place in places:
        _keep_inside(place, picture)
    return next((place for place in places if not any(place.intersects(other) for other in taken)), places[0])


def expression_rows(face: FaceResult) -> list[tuple[str, float]]:
    """Names and magnitudes of the bars: the whole face, then its parts where the keypoints are named."""
    rows = [("face", face.exp_magnitude)]
    parts = (("brows", face.brow_magnitude), ("eyes", face.eye_magnitude), ("mouth", face.mouth_magnitude))
    return rows + [(name, value) for name, value in parts if math.isfinite(value)]


def expression_place(
    box: QRectF,
    width: float,
    height: float,
    picture: QRectF,
    taken: Sequence[QRectF] = (),
    letters: Sequence[QRectF] = (),
) -> QRectF | None:
    """Right of the face's box, left of it, below it, else in a corner; None where it would cover face or labels.

    Below the box it also stays below the axes' letters; where there is no room else, they give way.
    """
    beside = QRectF(box.right() + 10, box.bottom() - height, width, height)
    below = QRectF(box.center().x() - width / 2, box.bottom() + 10, width, height)
    lower = QRectF(below)
    for letter in sorted(letters, key=QRectF.top):
        if lower.intersects(letter):
            lower.moveTop(letter.bottom() + 2)
    places = [beside, beside.translated(-box.width() - 20 - width, 0), lower]
    inner = picture.adjusted(2, 2, -2, -2)
    corners = [QRectF(x, y, width, height) for y in (inner.bottom() - height, inner.top())
               for x in (inner.right() - width, inner.left())]  # fmt: skip
    fitting = [
        place
        for place in (*places, *corners, below)
        if inner.contains(place) and not any(place.intersects(other) for other in (box, *taken))
    ]
    clear = [place for place in fitting if not any(place.intersects(letter) for letter in letters)]
    return next(iter(clear or fitting), None)


def _paint_expression(
    painter: QPainter,
    face: FaceResult,
    view: ViewTransform,
    style: OverlayStyle,
    taken: Sequence[QRectF],
    letters: Sequence[QRectF],
) -> QRectF | None:
    """Horizontal bars beside the face box, where the axes seldom reach; where they are drawn, if there is room."""
    font = _font(painter, style, 0.75)
    metrics = QFontMetricsF(font)
    rows = expression_rows(face)
    row_height = metrics.height() + 1
    name_width = max(metrics.horizontalAdvance(name) for name, _ in rows) + 10
    for shown in dict.fromkeys((len(rows), 1)):  # the whole face alone needs less room
        box = view.box(face.detection.box)
        rect = expression_place(box, name_width + 64, row_height * shown + 6, view.picture, taken, letters)
        if rect is not None:
            rows = rows[:shown]
            break
    else:
        return None  # better no bars than bars over the face; the panel has the numbers
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(14, 15, 17, 170))
    painter.drawRoundedRect(rect, 3, 3)
    painter.setFont(font)
    for i, (name, value) in enumerate(rows):
        top = rect.top() + 3 + i * row_height
        painter.setPen(theme.PICTURE_TEXT if i == 0 else theme.PICTURE_DIM)
        painter.drawText(QRectF(rect.left() + 6, top, name_width, row_height), Qt.AlignmentFlag.AlignVCenter, name)
        track = QRectF(rect.left() + name_width, top + row_height / 2 - 2, rect.width() - name_width - 7, 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(255, 255, 255, 40))
        painter.drawRoundedRect(track, 2, 2)
        painter.setBrush(theme.PICTURE_EXPRESSION if i == 0 else theme.PICTURE_EXPRESSION.darker(125))
        track.setWidth(track.width() * min(max(value / EXPRESSION_FULL_SCALE, 0.0), 1.0))
        painter.drawRoundedRect(track, 2, 2)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    return rect


def _keep_inside(rect: QRectF, picture: QRectF) -> None:
    """Move ``rect`` into ``picture``; the upper left corner wins where it doesn't fit."""
    rect.moveRight(min(rect.right(), picture.right() - 2))
    rect.moveBottom(min(rect.bottom(), picture.bottom() - 2))
    rect.moveLeft(max(rect.left(), picture.left() + 2))
    rect.moveTop(max(rect.top(), picture.top() + 2))


def _font(painter: QPainter, style: OverlayStyle, scale: float, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    return theme.tabular(style.font if style.font is not None else painter.font(), scale, weight)
