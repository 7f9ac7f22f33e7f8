"""Patience for results, which on a busy machine take seconds."""

from __future__ import annotations

import pytest

from app.session.rows import PendingRows


@pytest.fixture
def late_results_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recording waits for every result, however late; only where each frame may get one."""
    monkeypatch.setattr(PendingRows, "PATIENCE_S", 60.0)
    monkeypatch.setattr(PendingRows, "LONGEST_PATIENCE_S", 60.0)
