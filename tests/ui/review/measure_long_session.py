"""How a two-hour session opens, scrubs and plays in the review window, and what memory it needs.

    python -m tests.ui.review.measure_long_session [HOURS] [FOLDER]

Makes the session first (a minute or two), in FOLDER where it is kept, or in a temporary one.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MEASURE = "measure"


def main() -> None:
    hours = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(temporary) / "long"
        if not folder.exists():
            from tests.session.long_session import make_session

            began = time.perf_counter()
            make_session(folder, round(hours * 3600 * 30))
            print(f"made in {time.perf_counter() - began:.0f} s")
        # A process of its own: what making it needed must not count.
        subprocess.run([sys.executable, "-m", "tests.ui.review.measure_long_session", MEASURE, str(folder)], check=True)


def measure(folder: Path) -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    import psutil
    from PyQt6.QtCore import QEventLoop, QTimer

    started = time.perf_counter()
    from app.ui.review.window import ReviewWindow
    from app.ui.shell.event_loop import make_application
    from app.ui.shell.settings import Settings

    app = make_application()
    window = ReviewWindow(Settings(folder / "settings.ini"))
    window.show()
    app.processEvents()
    shown, worked = time.perf_counter(), time.process_time()
    loop = QEventLoop()
    window.opened.connect(loop.quit)
    window.open(folder)
    loop.exec()
    window.shown.presenter.wait(10)
    app.processEvents()
    ready, worked = time.perf_counter(), time.process_time() - worked
    print(f"imports and empty window {shown - started:.2f} s, then open with the first picture {ready - shown:.2f} s,")
    print(f"of which {worked:.2f} s of processor time: the rest is waiting for disk and other programs")
    process = psutil.Process()
    print(f"frames {len(window.shown.session)}, memory after opening {process.memory_info().rss / 1e6:.0f} MB")

    total = window.timeline.content.total_s
    cursor, painted, exact = [], [], []
    for k in range(200):  # a drag across the whole session
        began = time.perf_counter()
        window.shown.player.seek(total * k / 200)
        cursor.append(time.perf_counter() - began)
        window.timeline.repaint()
        window.view.repaint()
        painted.append(time.perf_counter() - began)
        window.shown.presenter.wait(10)
        exact.append(time.perf_counter() - began)
        app.processEvents()
    for name, values in (("cursor set", cursor), ("timeline painted", painted), ("right picture shown", exact)):
        values.sort()
        print(f"scrub: {name}: median {statistics.median(values) * 1e3:.1f} ms, 95 % {values[190] * 1e3:.1f} ms")
    zooms = []
    for k in range(60):
        began = time.perf_counter()
        window.timeline.zoom(1.25 if k < 30 else 0.8, total * 0.37)
        window.timeline.repaint()
        zooms.append(time.perf_counter() - began)
    print(f"zoom: median {statistics.median(zooms) * 1e3:.1f} ms, longest {max(zooms) * 1e3:.1f} ms")
    shown_frames: list[int] = []
    window.shown.presenter.shown.connect(shown_frames.append)
    for speed in (1.0, 4.0):
        shown_frames.clear()
        window.shown.player.go_to(1000)
        window.shown.player.set_speed(speed)
        window.shown.player.play()
        QTimer.singleShot(3000, loop.quit)
        loop.exec()
        window.shown.player.pause()
        moved = window.shown.player.frame - 1000
        print(f"play at {speed:g}: {moved / 3:.1f} frames a second passed, {len(set(shown_frames)) / 3:.1f} shown")
    memory = process.memory_info()
    print(f"memory at the end {memory.rss / 1e6:.0f} MB, peak {getattr(memory, 'peak_wset', _peak()) / 1e6:.0f} MB")
    window.close()


def _peak() -> int:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    if sys.argv[1:2] == [MEASURE]:
        measure(Path(sys.argv[2]))
    else:
        main()
