"""One case after the other: a sound input damaged by a seed, everything tried with it, what goes wrong kept."""

from __future__ import annotations

import random
import shutil
import traceback
import warnings
from pathlib import Path
from types import ModuleType

from tests.fuzz import checkpoints, media, sessions

TARGETS: dict[str, ModuleType] = {target.NAME: target for target in (sessions, checkpoints, media)}
CASES = Path(__file__).with_name("cases")
"""Failed cases that have become tests: ``TARGET-SEED``, each a folder as ``damage`` leaves it."""


def make_case(target: ModuleType, seed: int, sound: Path, folder: Path) -> None:
    """Damage a copy of what ``target.prepare`` made in ``sound``, in the folder ``folder``, which is made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    target.damage(random.Random(f"{target.NAME} {seed}"), sound, folder)


def problem_of(target: ModuleType, folder: Path) -> str:
    """What ``target.attempt`` raises that nobody foresaw, as a traceback; else empty.  It may change the folder."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", RuntimeWarning)  # NumPy's, of numbers that make no sense
        try:
            target.attempt(folder)
        except Exception:
            return traceback.format_exc()
    return ""


def run_seed(target: ModuleType, seed: int, sound: Path, work: Path, failed: Path) -> tuple[Path, str] | None:
    """Run one case; where it fails, the case as it was, kept in ``failed``, and the traceback."""
    case = work / f"{target.NAME}-{seed}"
    make_case(target, seed, sound, case)
    problem = problem_of(target, case)
    shutil.rmtree(case)
    if not problem:
        return None
    kept = failed / case.name
    make_case(target, seed, sound, kept)
    return kept, problem
