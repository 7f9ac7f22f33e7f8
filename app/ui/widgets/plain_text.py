"""Text stands as it is written: Qt guesses from a tag in it that it is HTML, and opens the files that it names.

A name in a file, of a camera or of a person may hold ``<img src=...>``; on Windows such a path makes
the computer log in to a stranger's.  ``PlainTextStyle`` takes the guessing away from every label
that there is, those in tool tips, message boxes and dialogs among them.  What is rich on purpose
says so with ``setTextFormat``; a test keeps the list of those places.
"""

from __future__ import annotations

import html
from typing import Any

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel, QProxyStyle


class PlainTextStyle(QProxyStyle):
    """Fusion, with labels that show what they are given.

    Qt polishes each widget once, before it measures or paints it, so before a label reads any HTML;
    a tool tip too is a label, polished before it gets its text.
    """

    def __init__(self) -> None:
        super().__init__("Fusion")

    def polish(self, what: Any) -> Any:
        if isinstance(what, QLabel) and what.textFormat() is Qt.TextFormat.AutoText:
            what.setTextFormat(Qt.TextFormat.PlainText)
        return super().polish(what)


def unguessed(text: str) -> str:
    """For What's This, which is no label and always guesses: HTML that shows ``text``, where it has a tag."""
    return f"<p>{html.escape(text)}</p>" if "<" in text else text


def without_mnemonic(text: str) -> str:
    """For menus and buttons, where a single ``&`` underlines the letter after it."""
    return text.replace("&", "&&")


def without_placeholder(text: str) -> str:
    """For the titles of windows, where ``[*]`` stands for "modified" and is taken away."""
    return text.replace("[*]", "[*][*]")
