"""Runs before the program: what it starts, such as the browser, gets the person's own libraries and not ours.

PyInstaller's loader puts the program's folder first on the path of libraries.  The system has read that by now, so
it may be put back; our own children put it there again themselves.
"""

import os

for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"):
    if (before := os.environ.pop(f"{name}_ORIG", None)) is not None:
        os.environ[name] = before
    else:
        os.environ.pop(name, None)
os.environ["PYINSTALLER_RESET_ENVIRONMENT"] = "1"
