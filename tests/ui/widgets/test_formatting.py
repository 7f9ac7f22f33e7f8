"""Numbers as words on the screen."""

from __future__ import annotations

import math

import pytest

from app.ui.widgets import formatting


@pytest.mark.parametrize(
    ("value", "text"),
    [(-12.34, "−12.3°"), (1.8, "+1.8°"), (0, "+0.0°"), (-0.04, "+0.0°"), (math.nan, "–"), (math.inf, "–")],
)
def test_degrees(value, text):
    assert formatting.degrees(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(-3.26, "−3.3 ± 0.5 cm"), (-0.04, "0.0 ± 0.5 cm"), (math.nan, "–"), (math.inf, "–")]
)
def test_centimetres(value, text):
    assert formatting.centimetres(value, 0.5) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "00:00"), (59.9, "00:59"), (61, "01:01"), (3600, "1:00:00"), (36_061, "10:01:01")]
)
def test_duration(seconds, text):
    assert formatting.duration(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (2_642_323, "2.6 MB"), (999_700, "1.0 MB"), (3.2e9, "3.20 GB")],
)
def test_size(size, text):
    assert formatting.size(size) == text


def test_numbers_that_are_not_there():
    assert formatting.rate(0) == formatting.NOTHING
    assert formatting.unsigned(math.nan, 2) == formatting.NOTHING
    assert formatting.spread(math.nan) == ""
    assert formatting.spread(1.84) == "± 1.8°"
    assert formatting.rate(29.97) == "30.0 fps"
