"""Films the real window while it plays the built-in demo: ``assets/window.webp`` of the README.

``xvfb-run -a -s "-screen 0 1280x720x24" python -m tests.tools.moving_picture``, from the checkout.  It begins once the
curves are full; where the file would be too large, its quality goes down.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from app.core.launch_options import LaunchOptions
from app.ui.shell.application import run_window

if TYPE_CHECKING:  # it imports Qt
    from app.ui.shell.window import MainWindow

WINDOW = (1200, 690)
WIDTH = 800  # pixels of the picture
FRAMES, EVERY_MS = 40, 100
BEFORE_MS = 12_000  # until the curves of the last ten seconds are full
LARGEST = 700_000  # bytes


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.tools.moving_picture", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[2] / "assets" / "window.webp")
    parser.add_argument("--engine", default="openvino-int8", help="fixed, so that nothing is measured meanwhile")
    given = parser.parse_args(words)
    frames: list[Image.Image] = []
    with tempfile.TemporaryDirectory() as settings:
        os.environ["XDG_CONFIG_HOME"] = settings  # the window as it is at first, whatever was chosen here
        code = run_window(LaunchOptions("demo", engine=given.engine), lambda window: film(window, frames))
    if len(frames) == FRAMES:
        given.out.write_bytes(animation(frames, LARGEST))
        print(f"{given.out}: {given.out.stat().st_size / 1e6:.2f} MB, {frames[0].width}x{frames[0].height}")
        return code
    print("The window was closed too early.", file=sys.stderr)
    return 1


def film(window: MainWindow, frames: list[Image.Image]) -> None:
    """Collect the frames, then close the window."""
    from PyQt6.QtCore import QBuffer, QIODevice, Qt, QTimer

    window.resize(*WINDOW)
    timer = QTimer(window)

    def begin() -> None:
        pipeline = window.controller.pipeline
        if pipeline is not None and pipeline.status().inferred:
            timer.timeout.disconnect(begin)
            QTimer.singleShot(BEFORE_MS, lambda: timer.timeout.connect(shoot))

    def shoot() -> None:
        picture = window.grab().toImage().scaledToWidth(WIDTH, Qt.TransformationMode.SmoothTransformation)
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        picture.save(buffer, "PNG")
        frames.append(Image.open(io.BytesIO(bytes(buffer.data()))).convert("RGB"))
        if len(frames) == FRAMES:
            timer.stop()
            window.close()

    timer.timeout.connect(begin)
    timer.start(EVERY_MS)


def animation(frames: Sequence[Image.Image], largest: int) -> bytes:
    """An endless animated WebP of at most ``largest`` bytes, as good as that allows."""
    for quality in (80, 70, 60, 50, 40, 30):
        file = io.BytesIO()
        frames[0].save(
            file, "WEBP", save_all=True, append_images=frames[1:], duration=EVERY_MS, loop=0, quality=quality, method=4
        )
        if file.tell() <= largest:
            break
    return file.getvalue()


if __name__ == "__main__":
    sys.exit(main())
