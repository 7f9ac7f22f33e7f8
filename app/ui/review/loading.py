"""A session read for the review window, off the window's thread."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.core.errors import SessionError
from app.session.analyses import Analysis, find_analyses
from app.session.folders import SIGNALS
from app.session.session import Session
from app.ui.review.content import Comparison, Content, Series

SHOWN, TRUE_POSE = "shown live", "true pose"


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A session with the curves of its table, and what they can be compared with."""

    session: Session
    content: Content
    analyses: tuple[Analysis, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """What ``compare`` takes the places of: the analyses, what was shown live, and the true pose where known."""
        shown = [SHOWN] if (self.session.folder / SIGNALS).is_file() else []
        true = [TRUE_POSE] if self.session.truth is not None else []
        return (*(analysis.name for analysis in self.analyses), *shown, *true)


def load(folder: Path) -> Loaded:
    """Raises SessionError."""
    session = Session.open(folder, lenient=True)
    if not len(session):
        session.close()
        raise SessionError(f"The session {folder} has no frames.")
    tilt = session.manifest.header.camera_tilt
    content = Content.of(session.times_s, Series.of(session.table, tilt, session.low_quality))
    return Loaded(session, content, find_analyses(folder))


def load_comparison(loaded: Loaded, place: int) -> Content:
    """The curves together with those of ``loaded.names[place]``; -1: alone.  Raises SessionError."""
    session, first = loaded.session, loaded.content.series
    tilt = session.manifest.header.camera_tilt
    if place < 0:
        return Content.of(session.times_s, first)
    if place < len(loaded.analyses):
        table = session.open_table(loaded.analyses[place].table_path)
        second = Series.of(table, tilt)
        table.close()
    else:
        angles_deg = session.truth if loaded.names[place] == TRUE_POSE else session.shown_deg()
        if angles_deg is None:
            raise SessionError(f"{SIGNALS} of {session.folder} is gone.")
        second = Series.of_angles(angles_deg, tilt)
    return Content.of(session.times_s, first, Comparison.of(loaded.names[place], first, second))
