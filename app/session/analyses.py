"""Further analyses of a session: tables beside the recorded one, each in a folder of its own.

``analyses/NAME/`` holds ``frames.csv``, where needed ``faces.csv`` and ``motion.bin``, with the
same rows, columns and times as the session's own, and ``analysis.json``, which says with what it
was measured.  It is written elsewhere and gets its name when it is whole.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import re
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import app
from app.core.errors import SessionError, os_errors_as, reason
from app.core.position import FaceSize, FieldOfView
from app.core.records import Count, build, read_record, write_record
from app.session.folders import FRAMES, numbered
from app.session.manifest import KeypointCount, Manifest, Quality
from app.session.staging import new_staging, publish_new
from extractor import files

ANALYSES = "analyses"
ANALYSIS = "analysis.json"
SCHEMA = 1
_LONGEST_NAME = 60


def _now_utc() -> str:
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True)
class AnalysisHeader:
    """The weights and settings with which a video was measured again."""

    name: str
    frames: Count  # rows of the table
    num_kp: KeypointCount
    weights_name: str
    weights_sha256: str
    weights_summary: str
    pose_trained: bool
    engine: str
    device: str
    keypoint_names: tuple[str, ...] | None = None
    quality_threshold: Quality | None = None
    field_of_view: FieldOfView | None = None  # with which positions were computed
    face_size: FaceSize | None = None  # the same; None: an adult's average
    precision: str = ""  # as the session's header has it
    created_utc: str = field(default_factory=_now_utc)
    app_version: str = app.__version__


@dataclass(frozen=True, slots=True)
class Analysis:
    """One that is whole."""

    folder: Path
    header: AnalysisHeader

    @property
    def name(self) -> str:
        return self.header.name

    @property
    def table_path(self) -> Path:
        """The path of its table."""
        return self.folder / FRAMES

    def describe(self, recorded: Manifest) -> Manifest:
        """The session's manifest as if its table were this one; the bend belongs to the network that measured it."""
        header, tilt = self.header, recorded.header.camera_tilt
        if tilt is not None and header.weights_sha256 != recorded.header.weights_sha256:
            tilt = tilt.without_bend
        measured = {name: getattr(header, name) for name in header.__slots__ if name in recorded.header.__slots__}
        return dataclasses.replace(
            recorded,
            header=dataclasses.replace(recorded.header, camera_tilt=tilt, **measured),
            app_version=header.app_version,
            inferred=header.frames,
        )


def find_analyses(session: Path) -> tuple[Analysis, ...]:
    """The whole analyses of a session, the oldest first; damaged ones are left out."""
    found = []
    with contextlib.suppress(OSError):
        for folder in (session / ANALYSES).iterdir():
            if not folder.name.startswith("."):
                with contextlib.suppress(SessionError):
                    found.append(read_analysis(folder))
    return tuple(sorted(found, key=lambda analysis: (analysis.header.created_utc, analysis.name)))


def analysis_named(session: Path, name: str) -> Analysis:
    """Raises SessionError where the session has none of this name."""
    found = {analysis.name: analysis for analysis in find_analyses(session)}
    if name not in found:
        there = f"there are {', '.join(found)}" if found else "it was never measured again"
        raise SessionError(f"{session} has no table {name}: {there}.")
    return found[name]


def read_analysis(folder: Path) -> Analysis:
    """Raises SessionError."""
    path = folder / ANALYSIS
    try:
        header = read_record(path, SCHEMA, partial(build, AnalysisHeader))
    except FileNotFoundError as error:
        raise SessionError(f"{path} can't be read: {reason(error)}.") from error
    return Analysis(folder, dataclasses.replace(header, name=folder.name))


def file_name(text: str) -> str:
    """``text`` as a folder's name on any system."""
    name = re.sub(r'[<>:"/\\|?*\x00-\x1f]+', "_", text).strip(" .")
    return name[:_LONGEST_NAME] or "analysis"


def begin(session: Path) -> Path:
    """An empty folder to write an analysis in.  Raises SessionError."""
    return new_staging(session / ANALYSES, ANALYSES, session)


def discard(staging: Path) -> None:
    """Remove an unfinished analysis; raises nothing."""
    files.remove_tree(staging)
    with contextlib.suppress(OSError):
        files.remove_empty_folder(staging.parent)  # where it was the first one


def publish(staging: Path, header: AnalysisHeader, *, exact: bool) -> Analysis:
    """Give a whole analysis its name in one step: with ``exact`` the header's, else that or a numbered one.

    Raises SessionError, also when the name is taken: nothing is ever replaced.
    """
    parent = staging.parent
    with os_errors_as(SessionError, f"{parent} can't be written"):
        for target in numbered(parent / header.name):
            named = dataclasses.replace(header, name=target.name)
            write_record(staging / ANALYSIS, {"schema": SCHEMA, **dataclasses.asdict(named)})
            if publish_new(staging, target):
                return Analysis(target, named)
            if exact:
                break
    raise SessionError(f"{target} exists already; analyses are never replaced.")
