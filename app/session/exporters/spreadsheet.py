"""``markers.csv``: the annotations for a spreadsheet, which opens it with a double click and runs nothing in it."""

from __future__ import annotations

import csv
from pathlib import Path

from app.core.plain_locale import decimal_sign
from app.core.spreadsheet import as_cell
from app.session.exporters.base import Exporter, Progress
from app.session.session import Session
from extractor import files

COLUMNS = ("session", "participant", "task", "onset_s", "duration_s", "label", "note", "frame")


class SpreadsheetAnnotations(Exporter):
    """One row an annotation, in the order of their onsets; UTF-8 with the mark by which Excel knows it.

    Where the system writes a decimal comma, so do its spreadsheets: numbers have one, and semicolons part the fields.
    A text that a spreadsheet would take for a formula stands behind an apostrophe, as does one that
    begins with an apostrophe: without the first one each is the exact text again.
    """

    name = "spreadsheet"
    label = "Markers for spreadsheets"
    file = "markers.csv"

    def write(self, session: Session, folder: Path, progress: Progress) -> None:
        header = session.manifest.header
        about = (session.folder.name, header.participant, header.task)
        annotations = sorted(session.annotations, key=lambda annotation: (annotation.onset_s, annotation.duration_s))
        with files.create_text(folder / self.file, errors="replace") as file:
            file.write("\ufeff")
            sign = decimal_sign()
            writer = csv.writer(file, delimiter=";" if sign == "," else ",")
            writer.writerow(COLUMNS)
            for annotation in annotations:
                times = (f"{s:.6f}".replace(".", sign) for s in (annotation.onset_s, annotation.duration_s))
                texts = map(as_cell, (*about, annotation.label, annotation.note))
                session_name, participant, task, label, note = texts
                writer.writerow((session_name, participant, task, *times, label, note, annotation.frame))
            progress(len(annotations), len(annotations))
