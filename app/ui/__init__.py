"""The window.  The only folder that knows Qt."""

import importlib.util
import sys

if sys.platform == "win32" and importlib.util.find_spec("torch") is not None:
    # On Windows torch's libraries load only when they come before Qt's.
    import torch  # noqa: F401
