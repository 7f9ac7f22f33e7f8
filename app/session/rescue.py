"""What becomes of a recording whose folder was taken away: its files are still open, so they can be copied."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from app.core.errors import SessionError
from app.session.annotations import AnnotationLog
from app.session.files import SessionFiles
from app.session.folders import claim_elsewhere, reason
from app.session.manifest import RECORDING, STOPPED, Manifest
from app.session.recovery import recover

log = logging.getLogger(__name__)


class LostFolderError(SessionError):
    """The folder of a recording is no longer where it was."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"The folder {folder} was taken away while it was recorded into.")


def rescue(folder: Path, files: SessionFiles, annotations: AnnotationLog, manifest: Manifest) -> str:
    """Make a whole session elsewhere of what was recorded; where it is, or why it is lost, in a sentence.

    ``manifest.ended_by`` says why it ended.
    """
    try:
        target = claim_elsewhere(folder, "rescued")
        files.copy_to(target)
        annotations.write_copy(target, files.last_timestamp_s)
        replace(manifest, state=RECORDING).write(target)
        recover(target)
        replace(Manifest.read(target), state=STOPPED, ended_by=manifest.ended_by).write(target)
    except Exception as error:  # a disk that has gone may raise anything
        log.exception("what was recorded could not be copied elsewhere")
        why = reason(error) if isinstance(error, OSError) else str(error).rstrip(".")
        return f"What was recorded up to then could not be copied elsewhere: {why}."
    return f"What was recorded up to then is in {target}."
