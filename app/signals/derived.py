"""Derived signals by their public names: the record, the table of names and units, and the formulas' place."""

from __future__ import annotations

from app.core.derived import DERIVED, NO_SIGNALS, DerivedSignal, DerivedSignals

__all__ = ["DERIVED", "NO_SIGNALS", "DerivedSignal", "DerivedSignals"]
