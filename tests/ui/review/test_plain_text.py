"""The hostile string in everything that a session's folder says: the review window opens nothing for it."""

from __future__ import annotations

import dataclasses
import sys

import pytest
from PyQt6.QtCore import QEvent, QPoint
from PyQt6.QtGui import QHelpEvent
from PyQt6.QtWidgets import QApplication, QToolTip

from app.session.annotations import Annotation, encode_annotations
from app.session.folders import ANNOTATIONS
from app.session.manifest import Manifest
from app.ui.features.annotations.annotations import AnnotationSlot, write_slots
from app.ui.shell import settings
from app.ui.shell.messages import Message, Severity
from tests.ui.hostile import HOSTILE, look_at_everything

WAIT_MS = 60_000

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the bait is watched by inotify")


def test_a_recorded_session_is_shown_as_it_is_written(bait, make_review, folder, store, qtbot, tmp_path):
    store.set(settings.ANNOTATIONS, write_slots((AnnotationSlot(HOSTILE),)))
    hostile = folder.rename(tmp_path / HOSTILE)
    manifest = Manifest.read(hostile)
    header = dataclasses.replace(
        manifest.header,
        source=dataclasses.replace(manifest.header.source, name=HOSTILE),
        participant=HOSTILE, task=HOSTILE, comment=HOSTILE, consent=HOSTILE, weights_name=HOSTILE,
        weights_summary=HOSTILE, engine=HOSTILE, device=HOSTILE, keypoint_names=(HOSTILE,) * 24,
    )  # fmt: skip
    dataclasses.replace(manifest, header=header, ended_by=HOSTILE).write(hostile)
    annotation = Annotation(1.0, 2.0, HOSTILE, HOSTILE, 30)
    (hostile / ANNOTATIONS).write_bytes(encode_annotations([annotation]))
    window = make_review(hostile)
    window.shown.editing.choose(0)
    window.commands["select_marker"].trigger()
    qtbot.waitUntil(lambda: window.shown.measuring.statistics is not None, timeout=WAIT_MS)
    assert look_at_everything() >= 7
    place = window.timeline
    for x in range(0, place.width(), 4):  # every annotation's own tip
        for y in range(0, place.height(), 6):
            tell = QHelpEvent(QEvent.Type.ToolTip, QPoint(x, y), place.mapToGlobal(QPoint(x, y)))
            QApplication.sendEvent(place, tell)
            if HOSTILE in QToolTip.text():
                break
    assert HOSTILE in QToolTip.text()
    window.commands["edit"].trigger()
    window.commands["reanalyse"].trigger()
    window.exports.compare(HOSTILE)
    (hostile / "export" / "openface.csv").mkdir(parents=True)  # so that it is asked whether to replace it
    next(action for action in window.exports.actions if action.objectName() == "export_openface").trigger()
    window.view.set_message(HOSTILE, HOSTILE)
    window.notify(Message(HOSTILE, Severity.ERROR))
    assert look_at_everything() >= 8
    assert not bait.opened()
    for box in QApplication.topLevelWidgets():
        if box is not window and box.isVisible() and not box.inherits("QTipLabel"):
            box.close()
