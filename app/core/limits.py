"""Numbers that the command line must know before anything heavy is imported."""

from __future__ import annotations

MOST_FACES = 8
"""How many faces can be measured at once."""
