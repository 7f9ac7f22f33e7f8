"""Where frames come from: cameras, video files, pictures and the built-in demo, behind one protocol."""

from app.capture.resolve import Resolved, SourceChoice, list_sources, resolve_source
from app.capture.source import Source, SourceInfo, SourceState, SourceStatus

__all__ = [
    "Resolved",
    "Source",
    "SourceChoice",
    "SourceInfo",
    "SourceState",
    "SourceStatus",
    "list_sources",
    "resolve_source",
]
