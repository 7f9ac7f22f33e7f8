"""What the review window says of frames."""

from __future__ import annotations

import numpy as np

from app.session.table import Missing
from app.ui.review.frame_text import skipped_text


def test_many_skipped_frames_are_proposed_to_be_measured_again():
    missing = np.zeros(10, np.int8)
    missing[:1] = Missing.SKIPPED
    missing[5:9] = Missing.NO_FACE
    assert skipped_text(missing) == ""
    missing[:3] = Missing.SKIPPED
    assert skipped_text(missing) == "3 of 10 frames were left out; Ctrl+M measures every one."
    assert skipped_text(missing[:0]) == ""
