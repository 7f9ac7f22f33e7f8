"""A recording of several minutes, faster than real time; the hour is ``one_hour.py`` run by itself."""

from tests.session import one_hour
from tests.session.one_hour import check, record


def test_frames_rows_and_timestamps_are_equal_in_number_and_belong_together(tmp_path, monkeypatch):
    monkeypatch.setattr(one_hour, "LOST_EVERY", 707)
    monkeypatch.setattr(one_hour, "MARK_EVERY", 300)
    outcome = record(tmp_path / "session", 3000)
    assert outcome.captured == outcome.frames == outcome.rows == outcome.timestamps == 3000
    assert outcome.lost == 12
    assert outcome.annotations == 5
    assert 0 < outcome.inferred <= 3000
    check(tmp_path / "session", 3000)
