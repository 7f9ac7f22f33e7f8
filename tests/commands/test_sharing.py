"""``--share``: whether other users of the computer may read what a command writes; else the window's switch says."""

import pytest

from app.commands.cli import main
from app.commands.window import parse_window
from app.ui.shell import settings
from app.ui.shell.settings import Settings
from extractor import files

COMMANDS = ("recover", "export --format openface", "extract --out x", "reanalyse")


@pytest.fixture
def remembered(tmp_path, monkeypatch, private_files):
    """The user's own settings."""
    store = Settings(tmp_path / "motionscope.ini")
    monkeypatch.setattr(settings, "Settings", lambda: store)
    return store


@pytest.mark.parametrize("switch", [False, True])
def test_every_command_that_writes_follows_the_windows_switch_until_told_otherwise(
    switch, remembered, capsys, tmp_path
):
    remembered.set(settings.SHARE, switch)
    for words in COMMANDS:
        for option, expected in (([], switch), (["--share"], True), (["--no-share"], False)):
            files.share(not expected)
            assert main([*words.split(), *option, str(tmp_path / "none")]) == 1
            assert files.is_shared() is expected, (words, option)
            assert "motionscope: " in capsys.readouterr().err
    assert remembered.get(settings.SHARE) is switch  # what is said for once isn't remembered


def test_the_window_is_told_what_was_said():
    assert [parse_window(words).share for words in ([], ["--share"], ["--no-share"])] == [None, True, False]
