"""One hostile string, through every place of the windows that shows a text from outside: nothing is opened for it."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QLabel,
    QMessageBox,
)

from app.outputs.base import OutputState, OutputStatus
from app.session.annotations import Annotation, AnnotationKind, WrittenAnnotation
from app.session.manifest import SessionFields
from app.ui.features.annotations.annotations import AnnotationSlot
from app.ui.shell import settings
from app.ui.shell.messages import Message, Severity
from tests.ui.hostile import HOSTILE, look_at_everything, spin

WAIT_MS = 60_000
UI = Path(__file__).resolve().parents[3] / "app" / "ui"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the bait is watched by inotify")


# ---------------------------------------------------------------------- the tests


def test_the_bait_is_opened_where_a_label_is_rich(bait, qtbot):
    """So the other tests can see it."""
    for make in (QLabel, lambda: QMessageBox()):
        widget = make()
        qtbot.addWidget(widget)
        widget.setTextFormat(Qt.TextFormat.RichText)
        widget.setText(HOSTILE)
        widget.show()
        widget.grab()
        assert bait.opened()


def test_labels_boxes_and_tips_of_qt_itself_are_plain(bait, qtbot):
    label, box = QLabel(HOSTILE), QMessageBox()
    for widget in (label, box):
        qtbot.addWidget(widget)
    label.setWordWrap(True)
    box.setText(HOSTILE)
    box.setInformativeText(HOSTILE)
    label.setToolTip(HOSTILE)
    label.show()
    box.show()
    assert look_at_everything() >= 4
    assert not bait.opened()


def test_the_main_window_shows_what_files_cameras_and_people_say(bait, idle_window, qtbot, store, tmp_path):
    window = idle_window
    weights = tmp_path / f"{HOSTILE}.safetensors"
    write_weights(weights)
    store.set(settings.KNOWN_WEIGHTS, [str(weights)])
    recording = tmp_path / HOSTILE
    recording.mkdir()
    window.recent.add(recording)
    window.recent.menu.aboutToShow.emit()
    window.docks.start()
    for name in ("weights", "outputs", "markers", "table", "shape"):
        window.docks.switch(name, True)
    spin()
    panel = window.docks.view("weights")
    panel.select(str(weights))
    qtbot.waitUntil(lambda: bool(panel.details.facts), timeout=WAIT_MS)
    window.toolbar.source.show_entries(source_entries_of_cameras(), "0")
    controls = window.annotations
    controls.use_fields(SessionFields(HOSTILE, HOSTILE, HOSTILE, HOSTILE))
    controls.use_slot("1", AnnotationSlot(HOSTILE))
    controls.show_written(
        "1", HOSTILE, WrittenAnnotation(Annotation(1.0, 0.0, HOSTILE, HOSTILE, 1), AnnotationKind.POINT)
    )
    outputs = window.docks.view("outputs")
    outputs.rows["osc"].show_status(OutputStatus("osc", HOSTILE, OutputState.FAILED, 0.0, 0, HOSTILE))
    window.controller.noticed.emit(Message(HOSTILE, Severity.ERROR))
    window.view.set_message(HOSTILE, HOSTILE)
    assert look_at_everything() >= 12
    assert not bait.opened()


def source_entries_of_cameras() -> list:
    from app.ui.widgets.pickers import source_entries

    return source_entries([("0", HOSTILE), ("demo", "Demo")], "0")


def write_weights(path: Path) -> None:
    """Real weights whose metadata say the hostile string wherever they have words."""
    from safetensors import safe_open
    from safetensors.torch import save_file

    source = Path(__file__).resolve().parents[3] / "assets" / "motion_extractor_lite.safetensors"
    with safe_open(str(source), "pt") as file:
        metadata = dict(file.metadata())
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    for name in ("training_data", "licence", "errors"):
        metadata[name] = json.dumps(HOSTILE)
    metadata["keypoint_names"] = json.dumps([f"{HOSTILE} {k}" for k in range(json.loads(metadata["num_kp"]))])
    save_file(tensors, str(path), metadata)


# ---------------------------------------------------------------------- no new places

RICH = {
    "RichText", "AutoText", "MarkdownText", "setHtml", "insertHtml", "setMarkdown", "QTextDocument", "QTextEdit",
    "QTextBrowser", "QErrorMessage", "QStaticText", "QGraphicsTextItem", "TextItem", "LabelItem", "setWhatsThis",
    "setStyle",
}  # fmt: skip
"""What shows HTML or guesses it, and what would put another style in the place of the plain one."""

ALLOWED = {
    ("widgets/plain_text.py", "AutoText"): "the one mechanism",
    ("shell/theme.py", "setStyle"): "installs it",
    ("shell/commands.py", "setWhatsThis"): "by unguessed()",
    ("review/exports.py", "setWhatsThis"): "fixed words",
    ("review/transport.py", "RichText"): "a clock and numbers",
    ("plots/dock.py", "RichText"): "signals from the table, and numbers",
    ("plots/files.py", "QTextDocument"): "the same legend",
    ("plots/files.py", "setHtml"): "the same legend",
    ("plots/canvas.py", "setStyle"): "of an axis",
    ("shell/help.py", "QTextBrowser"): "the program's own documentation",
    ("review/paint.py", "setStyle"): "of a pen",
}


def rich_places(source: str) -> set[str]:
    """Names in ``source`` that can make HTML of a text."""
    names = {node.attr for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)}
    return (names | {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}) & RICH


def test_no_other_place_shows_html():
    found = {
        (path.relative_to(UI).as_posix(), name)
        for path in UI.rglob("*.py")
        for name in rich_places(path.read_text(encoding="utf-8"))
    }
    assert found == set(ALLOWED)


def test_mnemonics_and_titles_are_guarded_in_one_place():
    """``&&`` and ``[*]`` are written by the helpers alone."""
    for path in UI.rglob("*.py"):
        if path.name != "plain_text.py":
            text = path.read_text(encoding="utf-8")
            assert '"&&"' not in text, path
            assert "'&&'" not in text, path
            assert "[*]" not in text, path
