#!/usr/bin/env python3
"""Make the program for people without Python: one folder that holds everything, with a table of what is large in it.

python packaging/build.py [--out DIR] [--without-torch]

Wants the extra ``bundle`` and, on Linux, binutils.  It is made for the system that it is made on.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import contents
import icons

LARGE = 16  # how many parts are listed
MB = 1e6


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=contents.ROOT / "dist", help="where it goes (default: dist)")
    parser.add_argument(
        contents.WITHOUT_TORCH, action="store_true", help="a third smaller: OpenVINO is the engine, for our own weights"
    )
    args = parser.parse_args()
    out = args.out.absolute()
    import PyInstaller.__main__

    spec = Path(__file__).with_name("motionscope.spec")
    with tempfile.TemporaryDirectory() as work:
        words = [str(spec), "--noconfirm", "--distpath", str(out), "--workpath", work, "--log-level", "WARN"]
        PyInstaller.__main__.run([*words, "--", contents.WITHOUT_TORCH] if args.without_torch else words)
    folder = out / "motionscope"
    if sys.platform.startswith("linux"):
        add_to_menus(folder)
    for name, size in sizes(folder).most_common(LARGE):
        print(f"{size / MB:8.0f} MB  {name}")
    print(f"{sum(sizes(folder).values()) / MB:8.0f} MB  {folder}")
    # What was left out and is needed after all shows at once.
    return subprocess.run([folder / "motionscope", "check"], check=False).returncode


def add_to_menus(folder: Path) -> None:
    """What a desktop shows, as it lies below /usr or ~/.local."""
    share = folder / "share"
    (share / "applications").mkdir(parents=True, exist_ok=True)
    shutil.copy(Path(__file__).with_name("motionscope.desktop"), share / "applications")
    icons.write_theme(contents.ROOT / "assets" / "icon.svg", share / "icons")


def sizes(folder: Path) -> Counter[str]:
    """Bytes by what they belong to: a package with its libraries beside it; links count nothing."""
    counted: Counter[str] = Counter()
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            parts = [part for part in path.relative_to(folder).parts if part != "_internal"]
            name = parts[0].removesuffix(".libs") if len(parts) > 1 else "the program, Python and system libraries"
            counted[name] += path.stat().st_size
    return counted


if __name__ == "__main__":
    sys.exit(main())
