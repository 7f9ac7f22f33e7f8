"""Values of arguments as the parts below read them."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TypeVar

from app.core.errors import UserError

T = TypeVar("T")


def typed(parse: Callable[[str], T]) -> Callable[[str], T]:
    """``parse`` for argparse: the UserError that it raises is what is said of the word."""

    def value(text: str) -> T:
        try:
            return parse(text)
        except UserError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return value
