"""Writes the pages of ``docs/`` that are made from the code; ``tests/test_docs.py`` compares them.

``python -m tests.tools.generated_pages``, from the checkout.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

import extractor
from app.ui.shell.commands import LIVE, LIVE_MOUSE, REVIEW, REVIEW_MOUSE, SESSIONS, Command, KeyLine, key_lines
from extractor import decode, files
from extractor.backends.base import Backend, BackendInfo
from extractor.estimator import Capabilities, Estimates, Estimator, EstimatorBackend

DOCS = Path(__file__).resolve().parents[2] / "docs"
ESTIMATOR = (Estimator, Capabilities, Estimates, EstimatorBackend)
GENERATED = "This page is generated: `python -m tests.tools.generated_pages` writes it anew."


def keys_page() -> str:
    """Every key of all windows, as ``app/ui/shell/commands.py`` declares it."""
    windows = (
        ("The window", (*key_lines(LIVE, declared_keys), *LIVE_MOUSE)),
        ("The review window", (*key_lines(REVIEW, declared_keys), *REVIEW_MOUSE)),
        ("The window of recordings", tuple(key_lines(SESSIONS, declared_keys))),
    )
    parts = [
        "# Keys",
        "`?` lists them in each window, with a line to search in. On a Mac `Ctrl` is the Command key. "
        "Some panels have keys of their own: see [the window](window.md#views).",
        GENERATED,
    ]
    for title, lines in windows:
        parts.append(f"## {title}")
        for section, rows in groupby(lines, lambda line: line.section):
            parts += [f"### {section}", keys_table(rows)]
    return "\n\n".join(parts) + "\n"


def keys_table(lines: Iterable[KeyLine]) -> str:
    return "\n".join(["| key | what it does |", "|---|---|", *(f"| {line.keys} | {line.tip} |" for line in lines)])


def declared_keys(command: Command) -> str:
    """As they are declared, whatever system the page is written on."""
    return ", ".join(f"`{key}`" for key in (command.key, *command.also))


def api_page() -> str:
    """What ``extractor`` exports, what its objects hand out, and the functions of ``extractor.decode``."""
    parts = [
        "# API reference",
        "The public names of `extractor`. Shapes, units and signs follow the [conventions](conventions.md); "
        "[The library](library.md) shows how to use them.",
        GENERATED,
        "## extractor",
        *(part for name in extractor.__all__ for part in described(name, getattr(extractor, name))),
        "## extractor.backends.base",
        *(part for kind in (Backend, BackendInfo) for part in described(kind.__name__, kind)),
        "## extractor.estimator",
        *(part for kind in ESTIMATOR for part in described(kind.__name__, kind)),
        "## extractor.decode",
        *(part for name, function in public_functions(decode.__name__) for part in described(name, function)),
    ]
    return "\n\n".join(parts) + "\n"


def public_functions(module: str) -> list[tuple[str, Callable[..., object]]]:
    found = inspect.getmembers(importlib.import_module(module), inspect.isfunction)
    own = [(name, value) for name, value in found if value.__module__ == module and not name.startswith("_")]
    return sorted(own, key=lambda item: item[1].__code__.co_firstlineno)


def described(name: str, value: Any) -> list[str]:
    """Heading, signature and docstring of a name, for a class of its public methods, too."""
    parts = [f"### {name}"]
    if not callable(value):
        text = ", ".join(f"`{item}`" for item in value) if isinstance(value, tuple) else f"`{value}`"
        return [*parts, text]
    if not inspect.isclass(value):
        return [*parts, *callable_parts(name, value)]
    record = dataclasses.is_dataclass(value) or hasattr(value, "_fields")
    if not record and "__init__" in vars(value) and not getattr(value, "_is_protocol", False):
        parts.append(code(signature(name, value)))
    parts += docstring(value)
    if record:
        parts.append(fields(value))
    for method, member in vars(value).items():
        if method.startswith("_"):
            continue
        if isinstance(member, property):
            kind = inspect.signature(member.fget).return_annotation
            parts += [f"#### {name}.{method}", code(f"{name}.{method}: {kind}"), *docstring(member)]
        elif inspect.isroutine(member):
            parts += [f"#### {name}.{method}", *callable_parts(f"{name}.{method}", getattr(value, method))]
    return parts


def callable_parts(name: str, value: Callable[..., object]) -> list[str]:
    return [code(signature(name, value)), *docstring(value)]


class Annotation(str):
    """Shown without the quotes in which annotations are kept."""

    def __repr__(self) -> str:
        return str(self)


def signature(name: str, value: Callable[..., object]) -> str:
    """As it is called: without ``self``."""
    found = inspect.signature(value)
    kept = [
        parameter.replace(annotation=Annotation(parameter.annotation))
        for parameter in found.parameters.values()
        if parameter.name != "self"
    ]
    returned = found.return_annotation
    nothing = returned in (inspect.Signature.empty, "None", None)
    answer = inspect.Signature.empty if nothing else Annotation(returned)
    return name + str(inspect.Signature(kept, return_annotation=answer))


def code(text: str) -> str:
    return f"```python\n{text}\n```"


def docstring(value: object) -> list[str]:
    """Its paragraphs; the entries of Args, Returns and Raises as lists."""
    text = re.sub(r"``([^`]+)``", r"`\1`", inspect.getdoc(value) or "")
    parts = []
    for paragraph in re.split(r"\n\s*\n", text):
        lines = paragraph.splitlines()
        if not lines or lines[0] not in ("Args:", "Returns:", "Raises:"):
            parts += [" ".join(" ".join(lines).split())] * bool(lines)
            continue
        title, body = lines[0].rstrip(":"), inspect.cleandoc("\n".join(["", *lines[1:]])).splitlines()
        if title == "Returns":
            parts.append(f"**Returns** {' '.join(' '.join(body).split())}")
            continue
        entries: list[str] = []
        for line in body:
            text = " ".join(line.split())
            if line.startswith(" "):
                entries[-1] += f" {text}"
            else:
                entries.append(text)
        named = (entry.partition(": ") for entry in entries)
        parts += [f"**{title}**", "\n".join(f"- `{name}`: {what}" for name, _, what in named)]
    return parts


def fields(record: type) -> str:
    """A record's fields, with the comment behind each."""
    found = re.findall(r"(?m)^    (\w+): ([^#=\n]+?)(?: = ([^#\n]+?))?(?:\s+# (.*))?$", inspect.getsource(record))
    rows = [
        "| " + " | ".join(map(_cell, (f"`{name}`", f"`{kind}`", default and f"`{default}`", note))) + " |"
        for name, kind, default, note in found
    ]
    return "\n".join(["| field | type | default | |", "|---|---|---|---|", *rows])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


PAGES = {"keys.md": keys_page, "api.md": api_page}


def main() -> int:
    for name, page in PAGES.items():
        files.write_whole(DOCS / name, page().encode())
        print(DOCS / name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
