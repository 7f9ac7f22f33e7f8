"""Kills a recorder at random moments, recovers each time, and says what was lost.

``python -m tests.session.many_kills [KILLS]``, from the checkout; the tests do three kills.
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

from tests.session.test_recovery import FPS, kill_and_recover


def main() -> None:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    draw = random.Random()
    lost = []
    for i in range(kills):
        with tempfile.TemporaryDirectory() as folder:
            recorded, recovered = kill_and_recover(Path(folder), draw.randint(1, 8 * FPS))
        lost.append((recorded - recovered) / FPS)
        print(f"kill {i + 1}: {recorded} frames recorded, {recovered} recovered, {lost[-1]:.2f} s lost", flush=True)
    print(f"{kills} of {kills} recovered; lost at most {max(lost):.2f} s, {sum(lost) / kills:.2f} s on average")


if __name__ == "__main__":
    main()
