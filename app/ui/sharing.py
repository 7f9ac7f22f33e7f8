"""Whether other users of this computer may read what is written: one rule for the window and every command.

What was said for once (``--share``, ``--no-share``) counts, else what the window's switch was left at.
"""

from __future__ import annotations

from app.ui import settings
from app.ui.settings import Settings
from extractor import files


def apply(said: bool | None, store: Settings | None = None) -> bool:
    """Let files be made by that rule from now on; whether others may read them.

    ``said``: for this run, None where nothing was; ``store``: the window's settings, None for the user's own.
    """
    on = (store or Settings()).get(settings.SHARE) if said is None else said
    files.share(on)
    return on
