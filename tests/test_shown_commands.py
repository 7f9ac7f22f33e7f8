"""The command lines that README and docs show in blocks are run, page by page, as somebody who follows the page would.

Of what may be left out all is left out; other words stand for a film, a recording and a folder.  Windows close by
themselves, or with the story in which they are controlled.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from extractor.shipped import DEFAULT, SHIPPED
from tests.test_docs import CLI, FENCED, PAGES, ROOT, command, shown_lines

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

ELSEWHERE = re.compile(r"(rtsps?|https?)://")
"""Cameras on a network, which nobody has here."""

CLOSES = {"review": ["--screenshot", "review.png"], "bench": ["--seconds", "1"], "delete": ["--yes"]}
"""What is added to a command, so that nobody has to close or answer anything."""

MODULES = {CLI: "app", "extractor.convert": "extractor.convert", "extractor.export": "extractor.export"}
"""What is run, and as which module; training's commands need pictures or heads that are not in the project."""

WEIGHTS = ROOT / "assets" / SHIPPED[DEFAULT]
WAIT_S = 100


def lines_of(page: Path) -> list[list[str]]:
    """The modules that the commands in the page's blocks start, with their words, without what may be left out."""
    blocks = "\n".join(FENCED.findall(page.read_text(encoding="utf-8")))
    found = []
    for line in shown_lines(blocks):
        for _ in range(3):  # brackets stand in brackets
            line = re.sub(r"\s*\[[^][]*\]", "", line)
        module, words = command(line) or ("", [])
        if module in MODULES and words[:1] != ["add"] and not any(map(ELSEWHERE.match, words)):
            found.append([MODULES[module], *words])
    return found


def new_lines() -> Iterator[tuple[Path, list[list[str]]]]:
    """The lines of each page that no page before it shows."""
    shown: list[list[str]] = []
    for page in PAGES:
        new = [line for line in lines_of(page) if line not in shown]
        if new:
            yield page, new
        shown += new


class Story:
    """What somebody types in one folder, one line after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.controlled: subprocess.Popen[str] | None = None
        self._new = itertools.count(1)
        self._env = {
            **os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen",
            "HOME": str(folder), "USERPROFILE": str(folder), "XDG_CONFIG_HOME": str(folder / "settings"),
        }  # fmt: skip

    def start(self, words: Sequence[str]) -> subprocess.Popen[str]:
        """Start a module with its words."""
        return subprocess.Popen(
            [sys.executable, "-m", *words], cwd=self.folder, env=self._env, text=True, encoding="utf-8",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, words: Sequence[str]) -> str:
        """What it prints; it must succeed."""
        program = self.start(words)
        try:
            out, err = program.communicate(timeout=WAIT_S)
        finally:
            program.kill()
        assert program.returncode == 0, (words, err)
        return out

    def follow(self, words: Sequence[str]) -> None:
        """Run a line of a page with real values in place of its capitals."""
        module, *words = [self._real(word, before) for before, word in zip(["", *words], words, strict=False)]
        if module != "app":
            if module != "extractor.export" or importlib.util.find_spec("onnxruntime") is not None:
                self.run([module, *words])
            return
        if importlib.util.find_spec("pylsl") is None:
            words = [word for word in words if word != "--lsl"]  # the page installs it
        if words[:1] == ["ctl"]:
            self._be_controlled()
        elif not words or words[0].startswith("--"):
            if "--remote" in words:
                self._be_controlled()
                return
            words = [*words, "--duration", "2", *([] if "--source" in words else ["--source", "demo"])]
        self.run(["app", *words, *CLOSES.get(words[0] if words else "", [])])

    def _real(self, word: str, before: str) -> str:
        if before == "--out":
            return f"out-{next(self._new)}"
        if word == "DIR":
            return shutil.copytree(self.folder / "recording", self.folder / f"recording-{next(self._new)}").name
        return {"PATH": "film.mkv", "NAME": "npz", "IN": str(WEIGHTS)}.get(word, word)

    def _be_controlled(self) -> None:
        """Have a window that is controlled from elsewhere and measures."""
        if self.controlled is not None:
            return
        with socket.socket() as free:  # another window may have the usual port
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        self.controlled = self.start(["app", "--remote", port, "--source", "demo"])
        end = time.monotonic() + WAIT_S
        measured = 0.0
        while not measured:
            assert time.monotonic() < end
            assert self.controlled.poll() is None
            asked = self.start(["app", "ctl", "status", "--json"])
            answer, _ = asked.communicate(timeout=WAIT_S)
            measured = json.loads(answer)["measured_a_second"] if asked.returncode == 0 else 0.0

    def close(self) -> None:
        if self.controlled is not None:
            self.controlled.send_signal(signal.SIGTERM)
            _, err = self.controlled.communicate(timeout=WAIT_S)
            assert self.controlled.returncode == 0, err


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    story = Story(tmp_path_factory.mktemp("recorded"))
    story.run(["app", "--source", "demo", "--record", "recording", "--duration", "2"])
    return story.folder / "recording"


@pytest.fixture
def story(tmp_path: Path, recording: Path, assets: Path) -> Iterator[Story]:
    shutil.copytree(recording, tmp_path / "recording")
    shutil.copyfile(recording / "video.mkv", tmp_path / "film.mkv")
    story = Story(tmp_path)
    yield story
    story.close()


@pytest.mark.skipif(sys.platform == "win32", reason="a window there is not closed by a signal")
@pytest.mark.parametrize("lines", [pytest.param(lines, id=page.stem) for page, lines in new_lines()])
def test_the_commands_of_a_page_run_one_after_the_other(lines: list[list[str]], story: Story) -> None:
    for words in lines:
        story.follow(words)
