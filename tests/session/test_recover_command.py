"""``motionscope recover``: what is whole is nothing to do, and that is no failure."""

from __future__ import annotations

import errno
import os
import sys
from dataclasses import replace

import pytest

from app.commands.cli import main
from app.session.folders import claim_folder
from app.session.manifest import RECORDING, RECOVERED, Manifest
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
    assert capsys.readouterr().err == f"motionscope: {tmp_path / 'nothing'} does not exist.\n"


@pytest.mark.skipif(sys.platform == "win32", reason="there such a path is no path")
def test_a_path_that_can_not_be_looked_at_stops_none_of_the_others(tmp_path, header, make_frame, capsys):
    cut_off = claim_folder(tmp_path / "take")
    with SessionWriter(cut_off, header) as writer:
        writer.add_frame(make_frame(0))
    replace(Manifest.read(cut_off), state=RECORDING, owner=None).write(cut_off)
    refused = tmp_path / ("x" * 300)  # the system refuses so long a name
    assert main(["recover", str(refused), str(cut_off)]) == 1
    captured = capsys.readouterr()
    assert captured.out == f"{cut_off}: recovered 1 frames, 0.0 s\n"
    reason = os.strerror(errno.ENAMETOOLONG)  # in the person's language where the window was made before
    assert captured.err == f"motionscope: {refused} can't be read: {reason[0].lower()}{reason[1:]}.\n"
    assert Manifest.read(cut_off).state == RECOVERED
