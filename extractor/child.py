"""Processes of our own: they run this program's code and no other's, whatever lies in the current folder.

``python -m`` and ``python -c`` look for modules in the current folder first, and so does every process of
``multiprocessing``: a file ``numpy.py`` in a folder of somebody's recordings would run.  All our processes are
started here.  They import from where this one does, its current folder left out, and stand in the program's folder,
so paths that are given to them are absolute.  In a frozen program, which has no interpreter to start, they are
the program itself with a word that nobody types.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from extractor import user_cache

ROOT = Path(__file__).resolve().parents[1]
WORD = "--run-module"
"""The first word of a frozen program that is a child; ``app.commands.cli`` gives the others to ``run``."""

_PACKAGES = ("app", "extractor")

# Isolated (-I): the interpreter itself looks neither in the current folder nor at PYTHON... variables.
_BEGIN = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from extractor.child import run; sys.exit(run(sys.argv[2:]))"
)


def command(module: str, *arguments: str) -> list[str]:
    """The command that starts ``module``, whose ``main`` takes the arguments and returns the exit code."""
    if getattr(sys, "frozen", False):
        return [sys.executable, WORD, module, *arguments]
    utf8 = ["-X", f"utf8={sys.flags.utf8_mode}"]
    return [sys.executable, "-I", *utf8, "-c", _BEGIN, json.dumps(import_path()), module, *arguments]


def import_path() -> list[str]:
    """The import path of this process, the program first, without the current folder unless that is the program's."""
    here = os.path.realpath(os.curdir)
    others = [place for place in sys.path if Path(place).is_absolute() and os.path.realpath(place) != here]
    return list(dict.fromkeys([str(ROOT), *others]))


def start(module: str, *arguments: str, **how: Any) -> subprocess.Popen[Any]:
    """Start it; ``how`` goes to ``subprocess.Popen``.  Raises OSError."""
    no_window = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    return subprocess.Popen(command(module, *arguments), cwd=ROOT, env=environment(), creationflags=no_window, **how)


def environment() -> dict[str, str]:
    """This process's, its cache included, without what would lead a child's children elsewhere."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    # PYTHONSAFEPATH: from Python 3.11 on
    return {**kept, user_cache.SWITCH: str(user_cache.cache_folder()), "PYTHONSAFEPATH": "1"}


def run(arguments: Sequence[str]) -> int:
    """In the child: call the ``main`` of the module that comes first with the others."""
    module, *others = arguments
    if module.partition(".")[0] not in _PACKAGES:
        raise ValueError(f"{module} is not a module of this program.")
    result: int = importlib.import_module(module).main(others)
    return result
