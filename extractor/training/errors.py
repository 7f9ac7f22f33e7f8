"""What can go wrong in words for the user."""

from __future__ import annotations


class TrainingError(Exception):
    """Training material or settings that can't be used; the message is one sentence."""


class MissingPackError(TrainingError):
    """The asset pack isn't where it was said to be."""
