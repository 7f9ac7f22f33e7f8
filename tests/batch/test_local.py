"""Several processes, processes that die, and runs that are killed."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from app.commands.cli import main
from app.session.session import Session
from tests.waiting import wait_until

# Each process takes seconds to begin, on a busy machine many.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[2]


def words(clips: Path, out: Path, *more: str) -> list[str]:
    return [
        "extract",
        str(clips),
        "--out",
        str(out),
        "--device",
        "cpu",
        "--engine",
        "torch",
        "--weights",
        "lite",
        "--quiet",
        *more,
    ]


def contents(folder: Path) -> dict[str, bytes]:
    """The tables and raw outputs; what says when and by whom differs from run to run."""
    names = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".json")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in names}


@pytest.fixture(scope="module")
def whole(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one run in this process makes of the clips."""
    out = tmp_path_factory.mktemp("whole") / "out"
    assert main(words(clips, out, "--jobs", "1")) == 0
    return out


def opened(process: psutil.Process, name: str) -> bool:
    """Whether the process has an unfinished table of the video open."""
    with contextlib.suppress(psutil.Error):
        for file in process.open_files():
            session = Path(file.path).parent / "session.json"
            if ".part" in file.path and session.exists() and f"{name}.mp4" in session.read_text(encoding="utf-8"):
                return True
    return False


def test_several_processes_make_the_same_of_it(clips, whole, tmp_path, capsys):
    assert main(words(clips, tmp_path / "out", "--jobs", "2")) == 0
    assert "6 of 6 files measured" in capsys.readouterr().out
    assert contents(tmp_path / "out") == contents(whole)
    assert not [one for one in psutil.Process().children() if "app.batch.local" in " ".join(one.cmdline())]


def test_a_file_that_kills_its_process_is_tried_twice_and_stops_nothing_else(clips, whole, tmp_path, capsys):
    killed: set[int] = set()
    over = threading.Event()

    def kill_whoever_measures_the_longest() -> None:
        while not over.is_set():
            for process in psutil.Process().children():
                if opened(process, "long"):
                    process.kill()
                    killed.add(process.pid)
            over.wait(0.01)

    killer = threading.Thread(target=kill_whoever_measures_the_longest)
    killer.start()
    try:
        assert main(words(clips, tmp_path / "out", "--jobs", "2")) == 1
    finally:
        over.set()
        killer.join()
    captured = capsys.readouterr()
    assert len(killed) == 2
    assert "5 of 6 files measured" in captured.out
    died = "exit code" if sys.platform == "win32" else "SIGKILL"
    complaints = [line for line in captured.err.splitlines() if line.startswith("motionscope: ")]
    assert complaints == [f"motionscope: long.mp4 could not be measured: the process that did it died ({died})."]
    expected = {name: data for name, data in contents(whole).items() if not name.startswith("long/")}
    made = contents(tmp_path / "out")
    assert {name: data for name, data in made.items() if not name.startswith(".part-")} == expected

    assert main(words(clips, tmp_path / "out", "--jobs", "1")) == 0  # again, and nobody kills
    assert "5 of them earlier" in capsys.readouterr().out
    assert contents(tmp_path / "out") == contents(whole)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_run_that_was_killed_is_gone_on_with(jobs, clips, whole, tmp_path, capsys):
    out = tmp_path / "out"
    with subprocess.Popen([sys.executable, "-m", "app", *words(clips, out, "--jobs", jobs)], cwd=ROOT) as run:
        process = psutil.Process(run.pid)
        children: list[psutil.Process] = []

        def half_done() -> bool:
            """One file is whole, and another one has some rows."""
            parts = [path for path in out.glob(".part-*/frames.part.csv") if path.stat().st_size > 0]
            return bool(parts) and any(out.glob("[!.]*/frames.csv"))

        wait_until(half_done)
        children = process.children(recursive=True)
        run.kill()
    _, alive = psutil.wait_procs(children, timeout=60)  # nobody goes on for a starter that is gone
    assert not alive
    done = {path: path.stat().st_mtime_ns for path in out.glob("[!.]*/frames.csv")}
    assert 0 < len(done) < 3
    for path in done:
        Session.open(path.parent)

    assert main(words(clips, out, "--jobs", "1")) == 0
    note = capsys.readouterr().out
    assert "6 of 6 files measured" in note
    assert "of them earlier" in note
    assert {path: path.stat().st_mtime_ns for path in done} == done
    assert contents(out) == contents(whole)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_terminal_that_is_closed_leaves_nothing_unfinished(jobs, clips, tmp_path):
    out = tmp_path / "out"
    command = [sys.executable, "-m", "app", *words(clips, out, "--jobs", jobs)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as run:
        wait_until(lambda: any(path.stat().st_size > 0 for path in out.glob(".part-*/frames.part.csv")))
        run.send_signal(signal.SIGHUP)
        _, err = run.communicate(timeout=60)
    assert run.returncode == 128 + signal.SIGHUP
    assert err.strip().endswith("motionscope: ended by SIGHUP")
    assert "Traceback" not in err
    assert not list(out.glob("**/*part*"))


def test_two_runs_keep_out_of_each_others_folder(clips, tmp_path, capsys):
    out = tmp_path / "out"
    with subprocess.Popen([sys.executable, "-m", "app", *words(clips, out, "--jobs", "1")], cwd=ROOT) as run:
        try:
            wait_until(lambda: any(out.glob(".part-*")))
            assert main(words(clips, out)) == 1
        finally:
            run.kill()
    assert capsys.readouterr().err.strip() == f"motionscope: Another motionscope extract is at work in {out}."


def test_what_lies_in_the_current_folder_does_not_run_when_files_are_measured_in_processes(
    hostile: Path, clips: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ["extract", str(clips / "middle.mp4"), str(clips / "short.mp4"), "--out", "out", "--jobs", "2", "--quiet"]
    assert main([*words, "--device", "cpu", "--engine", "torch", "--weights", "lite"]) == 0
    assert "2 of 2 files measured" in capfd.readouterr().out
    assert (hostile / "out" / "middle" / "frames.csv").is_file()  # relative paths stay the person's
