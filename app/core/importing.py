"""A lock for those who import a library that somebody may replace for a moment."""

from __future__ import annotations

import threading

IMPORTING = threading.Lock()
"""Held while MediaPipe is imported, when empty modules stand in for those that it doesn't need, and by whoever wants
one of these for itself."""
