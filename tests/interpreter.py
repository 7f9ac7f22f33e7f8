"""An interpreter of its own: what is imported stays imported."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.conftest import ROOT


def run_python(code: str, **environment: str) -> str:
    """What this code prints where nothing is imported yet."""
    words, everything = [sys.executable, "-c", code], {**os.environ, **environment}
    done = subprocess.run(words, cwd=ROOT, env=everything, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
