"""Names of recordings by a pattern, such as ``{participant}_{task}_{date}``."""

from __future__ import annotations

import datetime
import re

from app.core.errors import SessionError

PLACES = ("participant", "task", "date", "time")
DEFAULT_NAME = "{date}_{time}"
MOST_CHARACTERS = 100


def folder_name(pattern: str, participant: str = "", task: str = "", at: datetime.datetime | None = None) -> str:
    """The name of a recording's folder that begins ``at`` (None: now).

    What no folder can be called by becomes ``-``; a part that is empty takes one separator with it.
    Raises SessionError where the pattern has another place than ``PLACES``, or nothing is left of it.
    """
    moment = at or datetime.datetime.now()
    values = {
        "participant": participant,
        "task": task,
        "date": f"{moment:%Y-%m-%d}",
        "time": f"{moment:%H-%M-%S}",
    }
    text = pattern.strip()
    for name in re.findall(r"\{([^{}]*)\}", text):
        if name not in values:
            known = ", ".join(f"{{{place}}}" for place in PLACES)
            raise SessionError(f"{{{name}}} is no part of a recording's name; there are {known}.")
    text = re.sub(r"\{([^{}]*)\}([_. -]?)", lambda found: _part(values[found[1]], found[2]), text)
    text = re.sub(r"[^\w .()+-]", "-", text)[:MOST_CHARACTERS].strip(" ._-")
    if not text:
        raise SessionError(f"{pattern!r} leaves a recording without a name.")
    return text


def _part(value: str, separator: str) -> str:
    return value.strip() + separator if value.strip() else ""
