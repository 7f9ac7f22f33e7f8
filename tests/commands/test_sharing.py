"""``--share``: other users of the computer may read what a command writes."""

from app.cli import main, parse_window
from extractor import files


def test_every_command_that_writes_has_the_option(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_shared", False)  # and nothing is left of it for the next test
    assert parse_window(["--share"]).share
    assert not parse_window([]).share
    for words in ("recover", "export --format openface", "extract --out x", "reanalyse"):
        files.share(False)
        assert main([*words.split(), "--share", str(tmp_path / "none")]) == 1
        assert files.is_shared(), words
        assert "motionscope: " in capsys.readouterr().err
