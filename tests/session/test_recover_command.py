"""``motionscope recover``: what is whole is nothing to do, and that is no failure."""

from __future__ import annotations

from app.commands.cli import main
from app.session.folders import claim_folder
from app.session.writer import SessionWriter


def test_whole_sessions_are_nothing_to_do(tmp_path, header, make_frame, capsys):
    folder = claim_folder(tmp_path / "take")
    with SessionWriter(folder, header) as writer:
        writer.add_frame(make_frame(0))
    assert main(["recover", str(folder)]) == 0
    assert main(["recover", str(tmp_path)]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines() == [
        f"{folder} needs no recovery: it is whole.",
        f"{tmp_path}: no recording there was cut off",
    ]
    assert captured.err == ""


def test_what_is_no_session_is_a_failure(tmp_path, capsys):
    assert main(["recover", str(tmp_path / "nothing")]) == 1
    assert "is not a recorded session" in capsys.readouterr().err
