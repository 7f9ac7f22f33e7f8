"""A session read for the review window, off the window's thread."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.core.errors import SessionError
from app.session.analyses import Analysis, find_analyses
from app.session.session import Session
from app.ui.review.content import Comparison, Content, Series

TRUE_POSE = "true pose"


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A session with the curves of its table, and what they can be compared with."""

    session: Session
    content: Content
    analyses: tuple[Analysis, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """What ``compare`` takes the places of: the analyses, then the true pose where it is known."""
        names = tuple(analysis.name for analysis in self.analyses)
        return names if self.session.truth is None else (*names, TRUE_POSE)


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
        assert session.truth is not None
        second = Series.of_truth(session.truth, tilt)
    return Content.of(session.times_s, first, Comparison.of(loaded.names[place], first, second))
