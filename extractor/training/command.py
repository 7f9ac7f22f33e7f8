"""How the commands of this package begin and end."""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec

from extractor.training.errors import TrainingError

P = ParamSpec("P")


def parser_of(file: str, text: str) -> argparse.ArgumentParser:
    """The parser of the command in ``file``, of whose docstring ``text`` is the beginning."""
    module = Path(file).relative_to(Path(__file__).parent).with_suffix("")
    return argparse.ArgumentParser(
        prog=f"python -m extractor.training.{'.'.join(module.parts)}", description=text.split(": ", 1)[1]
    )


def command(main: Callable[P, int]) -> Callable[P, int]:
    """``main`` with one sentence and status 1 for what goes wrong."""

    @functools.wraps(main)
    def run(*args: P.args, **kwargs: P.kwargs) -> int:
        try:
            return main(*args, **kwargs)
        except (TrainingError, ValueError, RuntimeError, OSError) as error:
            print(f"{Path(main.__code__.co_filename).stem}: {error}", file=sys.stderr)
            return 1

    return run
