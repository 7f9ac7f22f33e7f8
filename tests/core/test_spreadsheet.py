"""What a spreadsheet would run stands behind an apostrophe, and comes back as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.spreadsheet import as_cell, is_formula, with_decimal_sign


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\uff1d1", '=HYPERLINK("http://x")'])
def test_formulas(text):
    assert is_formula(text)
    assert as_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "start", "1", "a=b", "3 - 2", "ä"])
def test_plain_text_stays(text):
    assert as_cell(text) == text


@given(st.text())
def test_nothing_is_lost(text):
    assert as_cell(text).removeprefix("'") == text
    assert not is_formula(as_cell(text))


@pytest.mark.parametrize("sign", [",", "."])
def test_numbers_behind_a_tab_have_the_sign_of_the_system(sign, monkeypatch):
    monkeypatch.setattr("app.core.spreadsheet.decimal_sign", lambda: sign)
    text = "v1.2\t1.250 to 2.000 s\nyaw (deg)\t-2.7\t+10.85\t\t3\n"
    assert with_decimal_sign(text) == f"v1.2\t1.250 to 2.000 s\nyaw (deg)\t-2{sign}7\t+10{sign}85\t\t3\n"
