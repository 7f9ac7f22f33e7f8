"""``python -m app``: the same as the command ``motionscope``."""

import os
import sys

# Python puts the current folder before all others; what lies in somebody's folder of recordings is no module of ours.
# (pathlib would be looked for there, too.)
ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))  # noqa: PTH120
if os.path.realpath(sys.path[0]) == os.path.realpath(os.curdir) != ROOT:
    del sys.path[0]

from app.commands.cli import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
