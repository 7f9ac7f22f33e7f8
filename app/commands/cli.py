"""The command ``motionscope``: its first word names a module of this package; without one it is the window."""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import sys
from collections.abc import Sequence

from app.commands import window
from app.commands.arguments import with_negative_numbers
from app.core.ending import EndedError, interrupted_by_signals
from app.core.errors import UserError, is_readable, reason
from app.core.plain_locale import use_plain_locale
from app.core.stdout import OutputLostError, told_stdout
from extractor import child

COMMANDS = (
    "extract", "sessions", "review", "reanalyse", "export", "recover", "delete", "ctl", "cameras", "check", "bench"
)  # fmt: skip
"""Each is a module here with ``run(parser, arguments)``."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; its exit code: 0, 1 when something could not be done, 2 for words it doesn't know."""
    arguments = with_negative_numbers(sys.argv[1:] if argv is None else argv)
    # Read when torch loads: otherwise OpenMP's threads spin while they wait, and a frame took 200 ms instead of 20
    # whenever capture or encoding wanted a core too.
    # Small letters: OpenMP ignores case in the way of the locale, and in Turkish a capital I is another letter.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    use_plain_locale()
    logging.basicConfig(level=logging.WARNING, format="motionscope: %(levelname)s: %(name)s: %(message)s")
    try:
        if arguments[:1] == [child.WORD]:
            return child.run(arguments[1:])
        with told_stdout():
            if arguments and arguments[0] in COMMANDS:
                with interrupted_by_signals():
                    return _command(*arguments)
            return window.run(arguments)
    except OutputLostError as error:
        if error.sentence:
            print(f"motionscope: {error.sentence}", file=sys.stderr)
        return 1
    except (UserError, ValueError) as error:
        if not is_readable(error):
            raise
        print(f"motionscope: {error}", file=sys.stderr)
        return 1
    except OSError as error:  # a path of the command line that the system doesn't let us look at
        if error.filename is None:
            raise
        print(f"motionscope: {os.fsdecode(error.filename)} can't be used: {reason(error)}.", file=sys.stderr)
        return 1
    except EndedError as error:
        print(f"motionscope: ended by {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("motionscope: interrupted", file=sys.stderr)
        return 130


def _command(name: str, *arguments: str) -> int:
    module = importlib.import_module(f"app.commands.{name}")
    code: int = module.run(argparse.ArgumentParser(prog=f"motionscope {name}"), arguments)
    return code
