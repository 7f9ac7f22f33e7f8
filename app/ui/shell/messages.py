"""The messages of the status line and the middle of the picture: pure functions of the state."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.capture.source import SourceState
from app.core.frames import FrameResult

if TYPE_CHECKING:
    from app.pipeline import PipelineStatus

LOOKING = "Looking for cameras…"


class Severity(enum.Enum):
    """How much a message matters; each has its colour and its icon."""

    GOOD = "good"
    INFO = "info"
    BUSY = "busy"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence of the status line."""

    text: str
    severity: Severity = Severity.INFO


def problem_message(status: PipelineStatus) -> Message | None:
    """The message about a problem, None while all is well."""
    if not status.problem:
        return None
    serious = (
        bool(status.recording and status.recording.error)
        or (bool(status.network_error) and status.problem == status.network_error)
        or (bool(status.trouble) and status.problem == status.trouble)
        or status.source.state is SourceState.FAILED
    )
    busy = status.source.state is SourceState.OPENING and status.problem == status.source.message
    return Message(status.problem, Severity.ERROR if serious else Severity.BUSY if busy else Severity.WARNING)


OF_SOURCE = {
    SourceState.OPENING: Message("Opening the source…", Severity.BUSY),
    SourceState.CLOSED: Message("Stopped. Press P to start.", Severity.INFO),
    SourceState.ENDED: Message("The clip has ended. Press P to play it again.", Severity.INFO),
    SourceState.STALLED: Message("No new picture for a while; waiting for the source.", Severity.WARNING),
    SourceState.LOST: Message("The camera is lost; looking for it again. Check its cable.", Severity.WARNING),
}


def usual_message(status: PipelineStatus, result: FrameResult | None) -> Message:
    """The message about the present activity, while nothing is wrong."""
    state = status.source.state
    if status.recording_finishing:
        return Message("Finishing the recording…", Severity.BUSY)
    if state in OF_SOURCE:
        return OF_SOURCE[state]
    if status.network_loading:
        return Message("Loading the network; the picture is live already.", Severity.BUSY)
    faces = len(result.faces) if result else 0
    if status.network is None or not faces:
        return Message("No face found. Face the camera, with light from the front.", Severity.INFO)
    tracking = "Tracking one face." if faces == 1 else f"Tracking {faces} faces."
    preparing = f" In the background: {status.engine_preparing}." if status.engine_preparing else ""
    damage = " A damaged part of the network's cache was made again." if status.network.made_again else ""
    return Message(tracking + preparing + damage, Severity.GOOD)


def view_message(status: PipelineStatus, has_picture: bool) -> tuple[str, str]:
    """Title and detail for the middle of the picture; ("", "") while the picture should speak."""
    detail = status.source.message
    match status.source.state:
        case SourceState.OPENING:
            return "Opening…", detail
        case SourceState.CLOSED:
            return "Stopped", "Press P to start, or choose another source above."
        case SourceState.FAILED:
            return "No picture", detail
        case SourceState.LOST:
            waits = " The recording goes on then, too." if status.recording_active else ""
            return "Camera lost, looking for it again…", f"{detail}{waits}".strip()
        case SourceState.ENDED:
            return "The clip has ended", "Press P to play it again."
        case SourceState.STALLED if not has_picture:
            return "Waiting for the first picture…", detail
        case SourceState.STREAMING if status.failing:
            return "Nothing is measured", status.trouble
        case _:
            return ("", "") if has_picture else ("Waiting for the first picture…", detail)
