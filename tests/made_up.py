"""One of each kind, declared by its row alone; ``test_declarations`` runs it as a program and reads what it prints."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

HERE = "tests.made_up"


def declare() -> None:
    """Before anything reads the tables."""
    from app.faces import estimators
    from app.outputs import catalogue as outputs
    from app.session import exporters
    from app.ui.docks import catalogue as docks
    from extractor.backends import engines

    class Punched(exporters.base.Exporter):
        name, label, file = "punched", "Punched cards", "cards.txt"

        def write(self, session: object, folder: Path, progress: object) -> None: ...

    engines.ENGINES["abacus"] = engines.Engine("numpy", f"{HERE}:abacus")
    outputs.OUTPUTS += (
        outputs.OutputSpec(
            "fax", "Fax", f"{HERE}:fax", "NUMBER", "110", "Number", "Everything on paper", "The number to dial",
            str.strip, lambda number: "", "Switch the machine at {target} on.", found=lambda: (False, "(no line)"),
        ),
    )  # fmt: skip
    docks.DOCKS += (docks.DockSpec("clock", "Cloc&k", "Ctrl+Alt+K", "Show or hide the time", f"{HERE}:clock"),)
    exporters.EXPORTERS += (Punched(),)
    estimators.OWN["guesswork"] = estimators.EstimatorSpec(
        "Guesswork", EntryPoint("guesswork", f"{HERE}:guesswork", estimators.GROUP)
    )


def abacus(weights: Path, device: str, threads: int | None, precision: str) -> object:
    return "an abacus"


def fax(number: str) -> object:
    return f"a fax to {number}"


def guesswork() -> object:
    from extractor.estimator import EstimatorError

    raise EstimatorError("Nobody guesses today.")


def clock(context: object) -> object:
    from PyQt6.QtWidgets import QLabel

    class Clock(QLabel):
        def show_result(self, result: object, history: object) -> None: ...

    return Clock("half past")


def printed(*words: str) -> str:
    """What a command prints."""
    from app.commands.cli import main

    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
        main(list(words))
    return " ".join(out.getvalue().split())


def in_the_window(folder: Path) -> dict[str, object]:
    """What people find in the menus and panels."""
    from PyQt6 import sip
    from PyQt6.QtWidgets import QComboBox, QDockWidget, QLabel, QLineEdit, QMenu

    from app.core.launch_options import LaunchOptions
    from app.ui.review.exports import Exports
    from app.ui.shell.event_loop import make_application
    from app.ui.shell.settings import Settings
    from app.ui.shell.window import MainWindow

    application = make_application()
    window = MainWindow(LaunchOptions(), Settings(folder / "settings.ini"))
    window.docks.start()
    actions = {action.text(): action for menu in window.findChildren(QMenu) for action in menu.actions()}
    actions["Cloc&k"].trigger()
    actions["&Outputs"].trigger()
    (dock,) = (dock for dock in window.findChildren(QDockWidget) if dock.accessibleName() == "Clock")
    found = {
        "panel": "half past" in [label.text() for label in dock.findChildren(QLabel)],
        "key": actions["Cloc&k"].shortcut().toString(),
        "target": [
            field.placeholderText()
            for field in window.findChildren(QLineEdit)
            if field.accessibleName() == "Fax: number"
        ],
        "exports": [a.text() for a in Exports(window, lambda _: None, lambda: "").menu.actions()],
    }
    actions["S&ettings…"].trigger()
    (engine,) = (box for box in window.findChildren(QComboBox) if box.accessibleName() == "Engine")
    found["engines"] = [engine.itemText(i) for i in range(engine.count())]
    sip.delete(window)
    sip.delete(application)
    return found


def main(folder: Path) -> None:
    declare()
    from app.commands.window import parse_window
    from app.faces.estimators import create
    from app.outputs.catalogue import output_named
    from extractor.backends import create_backend

    try:
        create("guesswork", "cpu", 1)
    except ValueError as error:
        guessed = str(error)
    found = {
        "window": printed("--help"),
        "export": printed("export", "--help"),
        "extract": printed("extract", "--help"),
        "check": printed("check"),
        "asked": parse_window(["--fax", " 112", "--engine", "abacus"]).outputs,
        "backend": create_backend(engine="abacus"),
        "output": output_named("fax").make("112"),
        "estimator": guessed,
        **in_the_window(folder),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
