"""A run in a process of its own tells how it goes, and ends when whoever started it does."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from app.batch.jobs import ExtractOptions
from app.batch.served import Request, RunMessage
from extractor import child


@pytest.fixture
def films(assets, tmp_path):
    """A film that is measured, and a file that is none."""
    folder = tmp_path / "films"
    folder.mkdir()
    shutil.copy(assets / "demo.mp4", folder / "demo.mp4")
    (folder / "broken.mp4").write_bytes(b"no film")
    return folder


def start(request: Request | bytes) -> subprocess.Popen[bytes]:
    process = child.start("app.batch.served", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    line = request if isinstance(request, bytes) else json.dumps(dataclasses.asdict(request)).encode()
    process.stdin.write(line + b"\n")
    process.stdin.flush()
    return process


def ended(process: subprocess.Popen[bytes]) -> int:
    process.stdin.close()
    process.stdout.close()
    return process.wait(60)


def request_for(films: Path, out: Path) -> Request:
    return Request((str(films),), str(out), ExtractOptions(weights="lite", device="cpu", jobs=1))


def test_a_run_is_told_cut_off_and_gone_on_with(films, tmp_path):
    out = tmp_path / "out"
    process = start(request_for(films, out))
    first = RunMessage.read(process.stdout.readline())
    assert (first.files, first.files_done, first.shown) == (2, 0, True)
    while not RunMessage.read(process.stdout.readline()).frames:
        pass
    process.stdin.close()  # as when the window is killed in the middle of the film
    rest = process.stdout.read()
    assert ended(process) != 0
    assert b'"outcome": ""' in rest or not rest
    assert [path.name for path in out.iterdir()] == []  # what was unfinished is gone

    (films / "demo.mp4").unlink()
    shutil.copy(films.parent / "films" / "broken.mp4", films / "other.mp4")
    process = start(request_for(films, out))
    lines = [RunMessage.read(line) for line in process.stdout]
    assert ended(process) == 0
    failures = [sentence for told in lines for sentence in told.failures]
    assert len(failures) == 2
    assert all("mp4" in sentence and sentence.endswith(".") for sentence in failures)
    assert lines[-1].outcome == f"0 of 2 files measured, results in {out}"


@pytest.mark.parametrize(
    ("request_line", "sentence"),
    [
        (b"[", "can't be read"),
        (json.dumps({"paths": ["/none/of/it"], "out": "/none", "options": {}}).encode(), "does not exist"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(request_line, sentence):
    process = start(request_line)
    told = RunMessage.read(process.stdout.readline())
    assert sentence in told.error
    assert ended(process) != 0
