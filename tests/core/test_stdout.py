"""Output that gets nowhere ends a command with a sentence, or with nothing where its reader has gone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.stdout import OutputLostError, told_stdout

ROOT = Path(__file__).resolve().parents[2]
FULL = Path("/dev/full")
COMMANDS = (["--version"], ["--help"], ["export", "--help"], ["recover", "."])  # "check" prints the same way


@pytest.mark.skipif(not FULL.exists(), reason="no device that is always full")
@pytest.mark.parametrize("words", COMMANDS)
def test_a_full_disk_is_a_sentence(words):
    with FULL.open("w") as full:
        command = [sys.executable, "-m", "app", *words]
        done = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "motionscope: the output can't be written: no space left on device.\n")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows says it otherwise")
def test_a_reader_that_has_gone_is_no_traceback():
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        command = [sys.executable, "-m", "app", "--help"]
        done = subprocess.run(command, cwd=ROOT, stdout=pipe, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")


def test_errors_of_other_files_are_left_alone():
    with pytest.raises(OSError, match="other") as caught, told_stdout():
        raise OSError(28, "other")
    assert not isinstance(caught.value, OutputLostError)
    assert sys.stdout is not None


def test_letters_that_the_encoding_lacks_are_written_as_numbers(tmp_path):
    (tmp_path / "日本").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "app", "recover", str(tmp_path / "日本")],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("\\u65e5\\u672c: no recording there was cut off\n")
