"""The formats a session can be exported to; one file each.

To add an exporter, write a class like ``openface.OpenFaceCsv`` and add it to ``EXPORTERS``.
"""

from __future__ import annotations

from app.core.errors import UserError
from app.session.exporters.annotated import AnnotatedVideo
from app.session.exporters.arkit import ArkitCsv
from app.session.exporters.base import ExistingExportError, Exporter, default_place, export_session, remark_on
from app.session.exporters.bids import BidsMotion
from app.session.exporters.covered import CoveredVideo
from app.session.exporters.elan import ElanAnnotations
from app.session.exporters.liveportrait import LivePortraitTemplate
from app.session.exporters.motion import MotionArrays
from app.session.exporters.openface import OpenFaceCsv
from app.session.exporters.parquet import ParquetTables
from app.session.exporters.spreadsheet import SpreadsheetAnnotations

__all__ = [
    "EXPORTERS",
    "ExistingExportError",
    "Exporter",
    "default_place",
    "export_session",
    "exporters_named",
    "remark_on",
]

EXPORTERS: tuple[Exporter, ...] = (
    AnnotatedVideo(),
    CoveredVideo(),
    ParquetTables(),
    SpreadsheetAnnotations(),
    OpenFaceCsv(),
    ArkitCsv(),
    BidsMotion(),
    ElanAnnotations(),
    MotionArrays(),
    LivePortraitTemplate(),
)
"""In the order of the menu."""


def exporters_named(names: str) -> tuple[Exporter, ...]:
    """The exporters of a list such as "mp4,parquet", each once.  Raises UserError for a name that is none."""
    known = {exporter.name: exporter for exporter in EXPORTERS}
    wanted = dict.fromkeys(name.strip() for name in names.split(",") if name.strip())
    unknown = [name for name in wanted if name not in known]
    if unknown or not wanted:
        what = f"{', '.join(unknown)} is not a format" if unknown else "No format was named"
        raise UserError(f"{what}: there are {', '.join(known)}.")
    return tuple(known[name] for name in wanted)
