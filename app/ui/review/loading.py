"""A session read for the review window, off the window's thread."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.core.errors import SessionError
from app.core.quality import is_low
from app.session.analyses import Analysis, find_analyses
from app.session.folders import SIGNALS
from app.session.lazy_table import LazyTable
from app.session.one_face import OneFace
from app.session.session import Session
from app.ui.review.content import Comparison, Content, Series

SHOWN, TRUE_POSE = "shown live", "true pose"


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A session with the curves of its table or of one face, and what they can be compared with."""

    session: Session
    content: Content
    analyses: tuple[Analysis, ...]
    rows: LazyTable | OneFace  # whose curves these are
    face: int | None = None  # None: of each frame's first face

    @property
    def names(self) -> tuple[str, ...]:
        """What ``compare`` takes the places of: the analyses, what was shown live, and the true pose where known.

        All of them are of the first faces.
        """
        if self.face is not None:
            return ()
        shown = [SHOWN] if (self.session.folder / SIGNALS).is_file() else []
        true = [TRUE_POSE] if self.session.truth is not None else []
        return (*(analysis.name for analysis in self.analyses), *shown, *true)

    @property
    def low_quality(self) -> NDArray[np.bool_]:
        """(N,) rows whose pose is better left out, as far as that is known."""
        return is_low(self.rows.quality, self.session.manifest.header.quality_threshold)

    @property
    def called(self) -> str:
        """The face's name; empty where it is each frame's first one."""
        return "" if self.face is None else self.session.identities.label(self.face)


def load(folder: Path) -> Loaded:
    """Raises SessionError."""
    session = Session.open(folder, lenient=True)
    if not len(session):
        session.close()
        raise SessionError(f"The session {folder} has no frames.")
    return load_face(session, None)


def load_face(session: Session, face: int | None) -> Loaded:
    """The session with the curves of this face, or of each frame's first face."""
    rows = session.table if face is None else session.one_face(face)
    header = session.manifest.header
    series = Series.of(rows, header.camera_tilt, is_low(rows.quality, header.quality_threshold))
    return Loaded(session, Content.of(session.times_s, series), find_analyses(session.folder), rows, face)


def load_comparison(loaded: Loaded, place: int) -> Content:
    """The curves compared with the table ``loaded.names[place]``; -1: alone.  Raises SessionError."""
    session, first = loaded.session, loaded.content.series
    tilt = session.manifest.header.camera_tilt
    if place < 0:
        return Content.of(session.times_s, first)
    if place < len(loaded.analyses):
        table = session.open_table(loaded.analyses[place].table_path)
        second = Series.of(table, loaded.analyses[place].describe(session.manifest).header.camera_tilt)
        table.close()
    else:
        true = loaded.names[place] == TRUE_POSE
        angles_deg = session.truth if true else session.shown_deg()
        if angles_deg is None:
            raise SessionError(f"{SIGNALS} of {session.folder} is gone.")
        second = Series.of_angles(angles_deg, tilt.without_bend if true and tilt is not None else tilt)
    return Content.of(session.times_s, first, Comparison.of(loaded.names[place], first, second))
