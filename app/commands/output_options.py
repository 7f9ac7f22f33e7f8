"""The command line's switches for outputs, one for each row of their table."""

from __future__ import annotations

import argparse

from app.commands.typed import typed
from app.outputs.catalogue import OUTPUTS


def add_output_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "outputs", "Nothing is sent unless it is switched on; by default it stays on this computer."
    )
    for spec in OUTPUTS:
        words = f"{spec.tip} ({spec.hint})".replace("“", "'").replace("”", "'").replace("%", "%%")
        if spec.bare is None:
            group.add_argument(spec.option, type=typed(spec.parse), metavar=spec.metavar, help=words)
        else:
            group.add_argument(
                spec.option, type=typed(spec.parse), metavar=spec.metavar, nargs="?", const=spec.bare, help=words
            )


def chosen_outputs(args: argparse.Namespace) -> tuple[tuple[str, str], ...]:
    """Names and targets of those that were asked for."""
    targets = ((spec.name, getattr(args, spec.name)) for spec in OUTPUTS)
    return tuple((name, target) for name, target in targets if target is not None)
