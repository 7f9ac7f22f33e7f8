"""Every number of a result as rows of text: what the table shows and what is copied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.core.frames import FaceResult, FrameResult, ShownFace
from app.core.position import Position
from app.core.spreadsheet import as_cell, with_decimal_sign
from app.session.table import number_field
from extractor.types import POSE_HEADS

HEADINGS = ("number", "shown", "measured", "unit")


@dataclass(frozen=True, slots=True)
class NumberRow:
    """A number as it is shown (filtered, recentred) and as it was measured; texts, empty where there is none."""

    name: str  # as the column of a recording is called, where there is such a column
    shown: str
    measured: str
    unit: str


def number_rows(result: FrameResult, names: Sequence[str] | None) -> list[NumberRow]:
    """The frame's and the primary face's numbers; of the frame alone where there is no face.

    ``names`` are the keypoints' (None: they have no fixed meaning).
    """
    frame = result.frame
    rows = [_same("frame", str(frame.index), ""), _same("timestamp_s", number_field(frame.time_s, 3), "s")]
    rows += [
        _same("latency_ms", number_field(result.latency_ms, 1), "ms"),
        _same("detect_ms", number_field(result.detect_ms, 1), "ms"),
        _same("infer_ms", number_field(result.infer_ms, 1), "ms"),
        _same("faces", str(len(result.faces)), ""),
    ]
    if frame.truth is not None and result.shown_truth is not None:
        rows += [
            _pair(f"true_{name}_deg", shown, true, 2, "°")
            for name, shown, true in zip(POSE_HEADS, result.shown_truth, frame.truth, strict=True)
        ]
    shown, measured = result.shown_primary, result.primary
    if shown is not None and measured is not None:
        rows += _face_rows(shown, measured, names)
        second = result.second_primary
        if second is not None and second.pose_trained:
            rows += [
                _same(f"second_{name}_deg", number_field(angle, 2), "°")
                for name, angle in zip(POSE_HEADS, second.angles, strict=True)
            ]
    return rows


def as_text(rows: Sequence[NumberRow]) -> str:
    """Tab-separated lines, the headings first: what a spreadsheet takes."""
    lines = [HEADINGS, *((as_cell(row.name), row.shown, row.measured, row.unit) for row in rows)]
    return with_decimal_sign("\n".join("\t".join(line) for line in lines) + "\n")


def _face_rows(shown: ShownFace, measured: FaceResult, names: Sequence[str] | None) -> Iterator[NumberRow]:
    face = shown.face
    yield _same("face_id", str(face.face_id), "")
    yield _same("detection_score", number_field(face.detection.score, 3), "")
    yield _same("quality", number_field(face.quality, 3), "")
    if face.pose_trained:
        yield from _pose_rows(shown, measured)
    box, other = face.detection.box, measured.detection.box
    for name in "xywh":
        yield _pair(f"box_{name}", getattr(box, name), getattr(other, name), 1, "px")
    if face.pose_trained:
        yield from _keypoint_rows(face, measured, names)


def _pose_rows(shown: ShownFace, measured: FaceResult) -> Iterator[NumberRow]:
    face = shown.face
    for name, value, raw in zip(POSE_HEADS, shown.angles, measured.angles, strict=True):
        yield _pair(f"{name}_deg", value, raw, 2, "°")
    for name, value, raw in zip(POSE_HEADS, face.std, measured.std, strict=True):
        yield _pair(f"{name}_std_deg", value, raw, 2, "°")
    for name, value, raw in zip(Position._fields, shown.position, measured.position, strict=True):
        yield _pair(name, value, raw, 1, "cm")
    for i, axis in enumerate("xy"):
        yield _pair(f"t{axis}", face.t[i], measured.t[i], 4, "crop")
    yield _pair("scale", face.scale, measured.scale, 4, "crop")
    for part in ("exp", "brow", "eye", "mouth"):
        name = f"{part}_magnitude"
        yield _pair(name, getattr(face, name), getattr(measured, name), 4, "face")


def _keypoint_rows(face: FaceResult, measured: FaceResult, names: Sequence[str] | None) -> Iterator[NumberRow]:
    """Where each keypoint lies in the frame, its displacement, its place in the neutral face."""
    for prefix, unit, axes, decimals in (
        ("keypoints", "px", "xy", 1),
        ("exp", "face", "xyz", 4),
        ("kp", "face", "xyz", 4),
    ):
        values, raw = getattr(face, prefix), getattr(measured, prefix)
        label = {"keypoints": "kp", "exp": "exp", "kp": "neutral"}[prefix]
        for k in range(len(values)):
            meaning = f" {names[k]}" if names is not None and k < len(names) else ""
            for i, axis in enumerate(axes):
                yield _pair(f"{label}_{k}_{axis}{meaning}", values[k, i], raw[k, i], decimals, unit)


def _pair(name: str, shown: float, measured: float, decimals: int, unit: str) -> NumberRow:
    return NumberRow(name, number_field(shown, decimals), number_field(measured, decimals), unit)


def _same(name: str, text: str, unit: str) -> NumberRow:
    return NumberRow(name, text, text, unit)
