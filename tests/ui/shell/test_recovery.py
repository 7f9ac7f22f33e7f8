"""What a kill leaves behind is offered for recovery when the window starts, and recovered by key or by command."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.capture.source import SourceInfo
from app.commands.cli import main
from app.core.errors import SessionError
from app.core.frames import Frame
from app.session.folders import claim_folder, part
from app.session.manifest import Manifest, SessionHeader
from app.session.session import Session
from app.session.writer import SessionWriter
from app.ui.shell import settings

WAIT_MS = 20_000


@pytest.fixture
def cut_off(tmp_path: Path) -> Path:
    """A session of five frames in the state in which a kill leaves it."""
    folder = claim_folder(tmp_path / "recordings" / "cut off")
    with SessionWriter(folder, SessionHeader(SourceInfo("video", "clip", 64, 48, 30.0), num_kp=0)) as writer:
        for i in range(5):
            writer.add_frame(Frame(i, np.zeros((48, 64, 3), np.uint8), i / 30))
    replace(Manifest.read(folder), state="recording", owner=None).write(folder)
    for name in ("video.mkv", "frames.csv"):
        (folder / name).rename(part(folder / name))
    return folder


def test_it_is_offered_at_the_start_and_recovered_by_key(cut_off, no_network, make_window, qtbot, clip, store):
    store.set(settings.RECORDINGS, str(cut_off.parent))
    window = make_window(source=str(clip))
    window.show()
    qtbot.waitUntil(lambda: "cut off; Ctrl+Shift+E" in window.status_line.message.text, timeout=WAIT_MS)
    window.commands["recover"].trigger()
    qtbot.waitUntil(lambda: window.status_line.message.text == "Recovered cut off", timeout=WAIT_MS)
    assert Session.open(cut_off).manifest.state == "recovered"
    assert Session.open(cut_off).manifest.frames == 5


def test_one_that_fails_does_not_keep_the_others(cut_off, no_network, make_window, qtbot, clip, store, monkeypatch):
    from app.session import recovery

    shutil.copytree(cut_off, cut_off.with_name("a damaged one"))
    real = recovery.recover

    def recover(folder, **words):
        if folder.name == "a damaged one":
            raise SessionError("a damaged one can't be recovered: the disk is full.")
        return real(folder, **words)

    monkeypatch.setattr(recovery, "recover", recover)
    store.set(settings.RECORDINGS, str(cut_off.parent))
    window = make_window(source=str(clip))
    window.show()
    qtbot.waitUntil(lambda: "2 recordings were cut off" in window.status_line.message.text, timeout=WAIT_MS)
    window.commands["recover"].trigger()
    qtbot.waitUntil(lambda: "the disk is full" in window.status_line.message.text, timeout=WAIT_MS)
    assert window.status_line.message.text.startswith("Recovered cut off. a damaged one")
    assert Session.open(cut_off).manifest.state == "recovered"


def test_it_is_recovered_by_command(cut_off, capsys):
    assert main(["export", str(cut_off), "--format", "elan"]) == 1
    assert "motionscope recover" in capsys.readouterr().err
    assert main(["recover", str(cut_off.parent)]) == 0
    assert "recovered 5 frames" in capsys.readouterr().out
    assert Session.open(cut_off).manifest.state == "recovered"
    assert main(["recover", str(cut_off)]) == 0
    assert "needs no recovery" in capsys.readouterr().out
    assert main(["recover", str(cut_off.parent)]) == 0
    assert "no recording there was cut off" in capsys.readouterr().out
