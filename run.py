#!/usr/bin/env python3
"""Set Motionscope up and start it, with nothing but Python 3.10 to 3.12 on the machine.

python3 run.py              set up once, then open the window
python3 run.py test         set up with the test tools, then run the tests in one process a core;
                            further words are pytest's, e.g. -n 0 --durations=20 tests/ui
python3 run.py add EXTRA... add what not everybody needs: lsl, onnx, cluster, train, bundle
python3 run.py WORDS...     the same with further words for the app, e.g.
                            python3 run.py extract clip.mp4 --out out

The environment is .venv beside this file.  Nothing else on the machine is changed, except
that as root on Debian and its kin the few missing system libraries are installed with apt.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))

from app.core.system import install_command, missing_packages, remedy  # noqa: E402

VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
MINORS = (10, 11, 12)  # MediaPipe has no builds for others
# One process a core; what the tests of a file share is made once.  Folders in order: the slowest come early.
TEST_WORDS = ("-n", "logical", "--maxprocesses", "8", "--dist", "loadfile", "--no-loadscope-reorder")
EXTRAS = ("lsl", "onnx", "cluster", "train", "bundle")  # of pyproject.toml, which only Python 3.11 on can read


def report(text: str) -> None:
    print(f"motionscope: {text}", file=sys.stderr, flush=True)


def find_python() -> tuple[str, str]:
    """A supported interpreter and its version; this one where possible."""
    if sys.version_info[0] == 3 and sys.version_info[1] in MINORS:
        return sys.executable, f"3.{sys.version_info[1]}"
    for minor in reversed(MINORS):
        found = shutil.which(f"python3.{minor}")
        if found:
            return found, f"3.{minor}"
    raise SystemExit(f"motionscope: Python 3.10, 3.11 or 3.12 is needed; this is {platform.python_version()}.")


def install_system_packages(packages: list[str]) -> None:
    """As root with apt: install.  Otherwise print the one command and go on: not all of it may be needed."""
    if not packages:
        return
    if shutil.which("apt-get") and os.geteuid() == 0:
        report("installing system libraries: " + " ".join(packages))
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        quiet = {"env": env, "stdout": subprocess.DEVNULL, "check": False}
        subprocess.run(["apt-get", "update", "-q"], **quiet)
        if subprocess.run(install_command(packages), **quiet).returncode == 0:
            return
        report("apt-get could not install them.")
    report("system libraries are missing: " + remedy(packages))


def make_venv() -> None:
    python, version = find_python()
    probe = [python, "-I", "-c", "import ensurepip, venv"]
    if subprocess.run(probe, stderr=subprocess.DEVNULL, check=False).returncode != 0:
        install_system_packages([f"python{version}-venv"])  # Debian splits it off
    report("making .venv")
    # A half-made environment of an interrupted run is replaced, not mended.
    if subprocess.run([python, "-I", "-m", "venv", "--clear", str(VENV)], check=False).returncode != 0:
        raise SystemExit("motionscope: the virtual environment can't be made; Python's message is above.")


def fingerprint() -> str:
    """Changes whenever what would be installed changes, or the folder has moved."""
    digest = hashlib.sha256(str(ROOT).encode())
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def added() -> list[str]:
    """The extras that somebody has added to .venv."""
    remembered = VENV / "extras"
    return remembered.read_text().split() if remembered.exists() else []


def add(extras: list[str]) -> int:
    unknown = [extra for extra in extras if extra not in EXTRAS]
    if unknown or not extras:
        there_are = f"There are {', '.join(EXTRAS)}."
        report(f"there is no extra {' '.join(unknown)}. {there_are}" if unknown else f"which extra? {there_are}")
        return 2
    set_up(testing=False)
    install(sorted({*added(), *extras}))
    report(f"{', '.join(extras)} can be used now.")
    return 0


def install(extras: list[str]) -> None:
    report("installing packages into .venv (once; a few minutes)")
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "-q", "-c", "constraints.txt"]
    what = f".[{','.join(extras)}]" if extras else "."
    if subprocess.run([*pip, "-e", what], cwd=ROOT, check=False).returncode != 0:
        raise SystemExit("motionscope: installing the packages failed; pip's message is above.")
    if "test" not in extras:
        (VENV / "extras").write_text(" ".join(extras))


def set_up(testing: bool) -> None:
    """Make .venv and install into it, unless that is done already."""
    wanted = fingerprint()
    app, test = VENV / "installed-app", VENV / "installed-test"
    # The test tools come on top of the app, so either set-up serves the app.
    for stamp in [test] if testing else [app, test]:
        if PYTHON.exists() and stamp.exists() and stamp.read_text() == wanted:
            return
    install_system_packages(missing_packages(for_tests=testing))
    whole = VENV / "whole"
    if not (PYTHON.exists() and whole.exists() and whole.read_text() == str(ROOT)):
        make_venv()
        whole.write_text(str(ROOT))
    install(["test"] if testing else added())
    if testing:  # not a package, but part of what is installed; without it a few tests are skipped
        subprocess.run([str(PYTHON), "-m", "tests.session.exporters.eaf"], cwd=ROOT, check=False)
    (test if testing else app).write_text(wanted)


def main() -> int:
    arguments = sys.argv[1:]
    testing = arguments[:1] == ["test"]
    try:
        if arguments[:1] == ["add"]:
            return add(arguments[1:])
        set_up(testing)
        if testing:
            return subprocess.run(
                [str(PYTHON), "-m", "pytest", *TEST_WORDS, *arguments[1:]], cwd=ROOT, check=False
            ).returncode
        # The current folder stays the user's own: relative paths on the command line are theirs.
        # What lies in it is not imported (-I), though: app.__main__ could not help that.
        return subprocess.run([str(PYTHON), "-I", "-m", "app", *arguments], check=False).returncode
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
