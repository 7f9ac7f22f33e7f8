"""The same work on a real Ray cluster of two machines, both on this one; a worker is killed in the middle."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from app.commands.cli import main
from extractor.installing import extra_command

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent

with_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray isn't installed")


@pytest.fixture(scope="module")
def cluster() -> Iterator[tuple[str, psutil.Process]]:
    """Its address, and the process that everything of it descends from."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, str(HERE / "ray_cluster.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    ) as process:
        address = process.stdout.readline().strip()
        assert address, "the cluster did not start"
        yield address, psutil.Process(process.pid)
        process.stdin.close()
        process.wait(100)


def kill_one_that_measures(cluster: psutil.Process, out: Path, run: subprocess.Popen[str]) -> int:
    """Kill a worker that has a table open for writing; returns its process's number."""
    ends = time.monotonic() + 240
    workers: list[psutil.Process] = []
    while time.monotonic() < ends:
        assert run.poll() is None, f"it ended before a worker was seen at work: {run.communicate()}"
        if any(out.glob(".part-*/frames.part.csv")):
            with waiting(workers):  # asking each for its files may take longer than measuring one
                for process in workers:
                    if measures(process, out):
                        process.kill()
                        return process.pid
        workers = [process for process in cluster.children(recursive=True) if is_worker(process)]
    raise AssertionError("no worker was seen at work")


@contextlib.contextmanager
def waiting(processes: list[psutil.Process]) -> Iterator[None]:
    """None of them goes on meanwhile."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.suspend()
    try:
        yield
    finally:
        for process in processes:
            with contextlib.suppress(psutil.Error):
                process.resume()


def is_worker(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.name().startswith("ray::")
    return False


def measures(process: psutil.Process, out: Path) -> bool:
    with contextlib.suppress(psutil.Error):
        return any(str(out) in file.path and ".part" in file.path for file in process.open_files())
    return False


@with_ray
@pytest.mark.timeout(600)  # half a minute on a quiet machine
def test_rows_are_those_of_a_local_run_although_a_worker_is_killed(cluster, clips, tmp_path, capsys):
    address, processes = cluster
    far, near = tmp_path / "far", tmp_path / "near"
    words = [str(clips), "--device", "cpu", "--engine", "torch", "--weights", "lite", "--quiet"]
    with subprocess.Popen(
        [sys.executable, "-m", "app", "extract", *words, "--out", str(far), "--ray", address],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as run:
        killed = kill_one_that_measures(processes, far, run)
        out, err = run.communicate(timeout=300)
    assert not psutil.pid_exists(killed) or psutil.Process(killed).status() == psutil.STATUS_ZOMBIE
    assert run.returncode == 0, err
    assert "6 of 6 files measured" in out

    assert main(["extract", *words, "--out", str(near), "--jobs", "1"]) == 0
    tables = sorted(path.relative_to(near) for path in near.rglob("*.csv"))
    assert [str(path) for path in tables] == ["images.csv", "long/frames.csv", "middle/frames.csv", "short/frames.csv"]
    for table in tables:
        assert (far / table).read_bytes() == (near / table).read_bytes()
    # Nothing is left of the killed worker, and nobody's helper files either.
    assert {path.relative_to(far) for path in far.rglob("*")} == {path.relative_to(near) for path in near.rglob("*")}

    # All is done, so there is nothing that a cluster would be asked for.
    assert main(["extract", *words, "--out", str(far), "--ray", "127.0.0.1:1"]) == 0
    assert "6 of them earlier" in capsys.readouterr().out


@with_ray
@pytest.mark.parametrize("address", ["127.0.0.1:{free}", "nonsense", "ray://127.0.0.1:{free}", "127.0.0.1:999999"])
def test_an_address_that_can_not_be_reached_is_one_sentence_at_once(address, clips, tmp_path, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        address = address.format(free=taken.getsockname()[1])
        words = ["extract", str(clips), "--out", str(tmp_path / "out"), "--ray", address, "--quiet", "--device", "cpu"]
        assert main(words) == 1
    err = capsys.readouterr().err.strip()
    assert err.startswith("motionscope: ")
    assert address in err
    # Ray, which would wait for a minute, isn't even asked.
    assert "No Ray cluster can be reached" in err or "is not the address" in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_without_ray_the_sentence_says_how_to_get_it(clips, tmp_path, capsys, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name == "ray" else find(name, *more))
    assert main(["extract", str(clips), "--out", str(tmp_path / "out"), "--ray", "auto", "--quiet"]) == 1
    assert extra_command("cluster") in capsys.readouterr().err
