"""The window.  The only folder that knows Qt."""

import sys

if sys.platform == "win32":
    # On Windows torch's libraries load only when they come before Qt's.
    import torch  # noqa: F401
