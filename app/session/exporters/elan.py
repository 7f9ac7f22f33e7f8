"""``session.eaf``: for ELAN the annotations, where each named face is, and where a pose is missing or of low quality.

The video is linked.
"""

from __future__ import annotations

import mimetypes
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from app import __version__
from app.session.annotations import Annotation
from app.session.exporters.base import Exporter, Progress
from app.session.session import Session
from app.session.table import MISSING_REASONS
from extractor import files

_FORMAT = "3.0"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
_TYPE = "marker"
_UNNAMED = "marker"
_WITHOUT_POSE = "no pose"
_LOW_QUALITY = "low quality"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class ElanAnnotation:
    """An interval in milliseconds of the video; ``end`` is after ``start``."""

    start: int
    end: int
    text: str


class ElanAnnotations(Exporter):
    """An EAF 3.0 document: a tier for each label, the note (or else the label) as the annotation's text.

    ELAN knows no points and no overlaps within a tier: a point lasts as long as its frame is
    shown, and where two annotations of one label overlap, the later goes to a second tier.
    """

    name = "elan"
    label = "ELAN annotations"
    file = "session.eaf"

    def write(self, session: Session, folder: Path, progress: Progress) -> None:
        tiers = tiers_of(session.annotations, session.table.timestamp_s)
        times_s = session.table.timestamp_s
        people = (
            (_printable(name) or _UNNAMED, session.frames_with(k)) for k, name in session.identities.names.items()
        )
        for name, stretches in (
            *((name, _stretches(there.astype(np.int64), ("", name), times_s)) for name, there in people),
            (_WITHOUT_POSE, without_pose(session.table.missing, times_s)),
            (_LOW_QUALITY, _stretches(session.low_quality.astype(np.int64), ("", _LOW_QUALITY), times_s)),
        ):
            if stretches:
                tiers.append((_free(name, tiers), stretches))
        root = ElementTree.Element(
            "ANNOTATION_DOCUMENT",
            {
                "AUTHOR": f"Motionscope {__version__}",
                "DATE": session.manifest.started_utc,
                "FORMAT": _FORMAT,
                "VERSION": _FORMAT,
                "xmlns:xsi": _XSI,
                "xsi:noNamespaceSchemaLocation": _SCHEMA,
            },
        )
        header = ElementTree.SubElement(root, "HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"})
        if session.video is not None:
            # The file goes one level up from the staging folder when it is whole.
            ElementTree.SubElement(header, "MEDIA_DESCRIPTOR", _media(session.video, folder.parent))
        annotations = sum(len(tier) for _, tier in tiers)
        last = ElementTree.SubElement(header, "PROPERTY", {"NAME": "lastUsedAnnotationId"})
        last.text = str(annotations)
        fields = session.manifest.header.fields
        for name, text in (("task", fields.task), ("consent", fields.consent), ("comment", fields.comment)):
            if _printable(text):
                ElementTree.SubElement(header, "PROPERTY", {"NAME": name}).text = _printable(text)
        order = ElementTree.SubElement(root, "TIME_ORDER")
        slots = {time: f"ts{i}" for i, time in enumerate(_times(tiers), 1)}
        for time, slot in slots.items():
            ElementTree.SubElement(order, "TIME_SLOT", {"TIME_SLOT_ID": slot, "TIME_VALUE": str(time)})
        number = 0
        for label, tier in tiers:
            attributes = {"LINGUISTIC_TYPE_REF": _TYPE, "TIER_ID": label}
            if session.manifest.header.participant:
                attributes["PARTICIPANT"] = _printable(session.manifest.header.participant)
            element = ElementTree.SubElement(root, "TIER", attributes)
            for tier_annotation in tier:
                number += 1
                alignable = ElementTree.SubElement(
                    ElementTree.SubElement(element, "ANNOTATION"),
                    "ALIGNABLE_ANNOTATION",
                    {
                        "ANNOTATION_ID": f"a{number}",
                        "TIME_SLOT_REF1": slots[tier_annotation.start],
                        "TIME_SLOT_REF2": slots[tier_annotation.end],
                    },
                )
                ElementTree.SubElement(alignable, "ANNOTATION_VALUE").text = tier_annotation.text
        ElementTree.SubElement(
            root,
            "LINGUISTIC_TYPE",
            {"GRAPHIC_REFERENCES": "false", "LINGUISTIC_TYPE_ID": _TYPE, "TIME_ALIGNABLE": "true"},
        )
        ElementTree.indent(root)
        with files.create(folder / self.file) as file:
            ElementTree.ElementTree(root).write(file, encoding="UTF-8", xml_declaration=True)
        progress(1, 1)


def tiers_of(
    annotations: Iterable[Annotation], timestamps_s: NDArray[np.float64]
) -> list[tuple[str, list[ElanAnnotation]]]:
    """The tiers by name, in the order of their first annotations; annotations in the order of time.

    ``timestamps_s``: (N,) when the video's frames are shown.
    """
    tiers: dict[str, list[ElanAnnotation]] = {}
    for annotation in sorted(annotations, key=lambda annotation: annotation.onset_s):
        label = _printable(annotation.label) or _UNNAMED
        start = max(0, round(annotation.onset_s * 1000))
        end = start + max(1, round((annotation.duration_s or _frame_s(annotation.onset_s, timestamps_s)) * 1000))
        tier_annotation = ElanAnnotation(start, end, _printable(annotation.note) or label)
        for tier_id in _tier_ids(label):
            tier = tiers.setdefault(tier_id, [])
            if not tier or tier[-1].end <= start:
                tier.append(tier_annotation)
                break
    return list(tiers.items())


def without_pose(missing: NDArray[np.integer[Any]], timestamps_s: NDArray[np.float64]) -> list[ElanAnnotation]:
    """The stretches of frames without a pose, by reason; ``missing`` (N,) are places in ``MISSING_REASONS``."""
    return _stretches(missing, MISSING_REASONS, timestamps_s)


def _stretches(
    values: NDArray[np.integer[Any]], words: Sequence[str], timestamps_s: NDArray[np.float64]
) -> list[ElanAnnotation]:
    """The stretches of equal values that have a word; ``values`` (N,) are places in ``words``."""
    found: list[ElanAnnotation] = []
    starts = np.flatnonzero(np.diff(values.astype(np.int64), prepend=-1))
    for start, stop in zip(starts, [*starts[1:], len(values)][: len(starts)], strict=True):
        if word := words[int(values[start])]:
            begin = max(0, round(float(timestamps_s[start]) * 1000))
            last = float(timestamps_s[stop - 1])
            end = last + _frame_s(last, timestamps_s) if stop == len(values) else float(timestamps_s[stop])
            found.append(ElanAnnotation(begin, max(begin + 1, round(end * 1000)), word.replace("_", " ")))
    return found


def _free(name: str, tiers: list[tuple[str, list[ElanAnnotation]]]) -> str:
    """The name, or the first of its numbered ones that is no annotation's."""
    taken = {tier for tier, _ in tiers}
    return next(each for each in _tier_ids(name) if each not in taken)


def _tier_ids(label: str) -> Iterator[str]:
    yield label
    number = 2
    while True:
        yield f"{label} ({number})"
        number += 1


def _frame_s(onset_s: float, timestamps_s: NDArray[np.float64]) -> float:
    """How long the picture is shown in which ``onset_s`` falls."""
    after = int(np.searchsorted(timestamps_s, onset_s, side="right"))
    if 0 < after < len(timestamps_s):
        return float(timestamps_s[after] - timestamps_s[after - 1])
    return float(np.median(np.diff(timestamps_s))) if len(timestamps_s) > 1 else 1 / 30


def _times(tiers: list[tuple[str, list[ElanAnnotation]]]) -> list[int]:
    return sorted(
        {time for _, tier in tiers for tier_annotation in tier for time in (tier_annotation.start, tier_annotation.end)}
    )


def _media(video: Path, out: Path) -> dict[str, str]:
    """How the video is found: where it is now, and from where the document is.

    ELAN takes both as plain paths: an escaped blank, ``%20``, it would look for in the name.
    """
    video = Path(os.path.abspath(video))  # noqa: PTH100  (resolve() would follow the links of the name given)
    kind = {".mkv": "video/x-matroska"}.get(video.suffix.lower()) or mimetypes.guess_type(video.name)[0]
    url = "file:///" + _printable(video.as_posix()).lstrip("/")
    media = {"MEDIA_URL": url, "MIME_TYPE": kind or "unknown"}
    try:
        relative = Path(os.path.relpath(video, os.path.abspath(out))).as_posix()  # noqa: PTH100
    except ValueError:  # another drive
        return media
    return {**media, "RELATIVE_MEDIA_URL": _printable(relative if relative.startswith("..") else f"./{relative}")}


def _printable(text: str) -> str:
    """XML has no way to write control characters and halves of surrogate pairs."""
    return _NOT_XML.sub("", text).strip()
