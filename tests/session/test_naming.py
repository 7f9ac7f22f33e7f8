"""Names of recordings by a pattern."""

from __future__ import annotations

import datetime

import pytest

from app.commands.window import parse_window
from app.core.errors import SessionError
from app.session.naming import folder_name

AT = datetime.datetime(2026, 3, 4, 10, 11, 12)


@pytest.mark.parametrize(
    ("pattern", "participant", "task", "name"),
    [
        ("{date}_{time}", "", "", "2026-03-04_10-11-12"),
        ("{participant}_{task}_{date}", "P07", "reading", "P07_reading_2026-03-04"),
        ("{participant}_{task}_{date}", "", "reading", "reading_2026-03-04"),
        ("{participant}_{task}", "P07", "", "P07"),
        ("study A {participant}", "P/07", "", "study A P-07"),
        ("../{participant}", "..\\x", "", "x"),
        ("{task}", "", "Vorlesen (laut), ä", "Vorlesen (laut)- ä"),
        ("{task}", "", "{date}", "date"),
        ("{task}", "", "a" * 300, "a" * 100),
    ],
)
def test_places_are_replaced_and_the_name_is_one_of_a_folder(pattern, participant, task, name):
    assert folder_name(pattern, participant, task, AT) == name


@pytest.mark.parametrize("pattern", ["{name}", "{}", "{participant}", " ", "..", "{date:%Y}"])
def test_what_is_no_pattern_or_leaves_no_name_is_said(pattern):
    with pytest.raises(SessionError, match="name"):
        folder_name(pattern, "", "", AT)


def test_the_command_line_takes_a_pattern_and_refuses_what_is_none(capsys):
    assert parse_window(["--name", "{participant}_{date}"]).name == "{participant}_{date}"
    with pytest.raises(SystemExit) as stop:
        parse_window(["--name", "{who}"])
    assert stop.value.code == 2
    assert "{who} is no part of a recording's name" in capsys.readouterr().err
