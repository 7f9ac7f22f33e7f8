"""``python -m tests.fuzz --minutes N``: damaged inputs for so long, in a process that may crash or hang.

Each failed case is kept; its path is printed.  Moved into ``tests/fuzz/cases`` it is a test.
"""

from __future__ import annotations

import argparse
import faulthandler
import logging
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.runner import TARGETS, make_case, run_seed

HANGS_S = 60  # of processor time for one case: on a busy machine an hour on the wall says nothing
STUCK_S = 600.0  # on the wall, for what waits for ever
ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """1 where a case has failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Feed damaged inputs to the program.")
    parser.add_argument("--minutes", type=float, default=1.0, metavar="N", help="for each target (default: 1)")
    parser.add_argument("--target", choices=TARGETS, action="append", help="only this one; may be given twice")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="the first case's (default: 0)")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-failures"), metavar="DIR", help="for failed cases")
    parser.add_argument("--child", nargs=2, metavar=("SOUND", "UNTIL"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child is not None:
        return _child(args.target[0], args.seed, Path(args.child[0]), float(args.child[1]), args.keep)
    failures = 0
    with tempfile.TemporaryDirectory(prefix="motionscope-fuzz-") as folder:
        for name in args.target or TARGETS:
            failures += _run(name, args, Path(folder) / name)
    return 1 if failures else 0


def _run(name: str, args: argparse.Namespace, sound: Path) -> int:
    TARGETS[name].prepare(sound)
    until = time.monotonic() + 60 * args.minutes
    seed, failures = args.seed, 0
    keep = args.keep.absolute()
    while time.monotonic() < until:
        command = [sys.executable, "-m", "tests.fuzz", "--target", name, "--seed", str(seed), "--keep", str(keep)]
        with subprocess.Popen(
            [*command, "--child", str(sound), str(until)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        ) as child:
            assert child.stdout is not None
            for line in child.stdout:
                word, _, rest = line.partition(" ")
                if word == "seed":
                    seed = int(rest)
                else:
                    failures += word == "failed"
                    print(line, end="", flush=True)
        if child.returncode:  # it crashed or hung in this one
            failures += 1
            case = keep / f"{name}-{seed}"
            make_case(TARGETS[name], seed, sound, case)
            print(f"failed {case}: the process ended with {child.returncode}", flush=True)
        seed += 1
    print(f"{name}: {seed - args.seed} cases, {failures} failed", flush=True)
    return failures


def _child(name: str, seed: int, sound: Path, until: float, keep: Path) -> int:
    logging.disable()
    with tempfile.TemporaryDirectory(prefix="motionscope-fuzz-") as work:
        while time.monotonic() < until:
            print(f"seed {seed}", flush=True)
            faulthandler.dump_traceback_later(STUCK_S, exit=True)
            _allow_processor_time()
            found = run_seed(TARGETS[name], seed, sound, Path(work), keep)
            faulthandler.cancel_dump_traceback_later()
            if found is not None:
                path, problem = found
                print(f"failed {path}\n{problem}", flush=True)
            seed += 1
    return 0


def _allow_processor_time() -> None:
    """Let the system end this process, with a traceback, once it has worked for ``HANGS_S`` from now on."""
    if sys.platform != "win32":
        import resource

        faulthandler.register(signal.SIGXCPU, chain=True)
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + HANGS_S, hard))


if __name__ == "__main__":
    sys.exit(main())
