"""How the camera stands: typed, measured, remembered for each camera, and applied to no other source."""

from __future__ import annotations

from dataclasses import replace

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel

from app.capture.source import SourceInfo
from app.core.tilt import MEASURED, CameraTilt
from app.pipeline.signal_controller import Finished
from app.signals.calibration import CalibrationState, Outcome, Waiting
from app.ui.features.cameras.remembered import MOST, TILTS
from app.ui.features.cameras.tilt_dialog import TiltDialog
from app.ui.features.signals.signals import outcome_text, waiting_text
from app.ui.live.pose import PosePanel
from app.ui.shell import settings
from tests.ui.find import dialog as find_dialog
from tests.ui.find import find

TILT = CameraTilt(-20.0, 2.5)
FOUND = CameraTilt(18.0, -1.0, MEASURED, 0.7, -15.0)


def info(kind: str, name: str) -> SourceInfo:
    return SourceInfo(kind, name, 640, 480, 30.0)


def test_a_tilt_belongs_to_its_camera(window, status, store):
    signals = window.controller.pipeline.signals
    window.tilt.show_status(status(source_info=info("camera", "Desk cam")))
    assert signals.chain.tilt is None
    window.tilt.use(TILT)
    assert signals.chain.tilt == TILT
    window.tilt.show_status(status(source_info=info("camera", "Other cam")))
    assert signals.chain.tilt is None
    window.tilt.show_status(status(source_info=info("video", "Desk cam")))
    assert signals.chain.tilt is None
    window.tilt.use(FOUND)  # of a film: for this run
    window.tilt.show_status(status(source_info=info("camera", "Desk cam")))
    assert signals.chain.tilt == TILT
    window.tilt.show_status(status(source_info=info("video", "Desk cam")))
    assert signals.chain.tilt == FOUND
    assert TILTS.known(store) == {"Desk cam": TILT}
    store.reset()
    assert signals.chain.tilt is None


def test_what_is_measured_is_kept_but_for_the_bend_of_the_person_who_shook(window, status, store):
    window.tilt.show_status(status(source_info=info("camera", "Desk cam")))
    finished = Finished(1, Outcome(Waiting.TILT, 0.0, 1, 150, tilt=FOUND))
    window.tilt.show_status(status(source_info=info("camera", "Desk cam"), finished_wait=finished))
    assert TILTS.known(store) == {"Desk cam": FOUND.without_bend}
    assert window.tilt.value == FOUND
    text, _ = outcome_text(finished)
    assert "pitch\u00a0+18.0° roll\u00a0\u22121.0° (± 0.7°)" in text


def test_the_command_line_says_it_for_any_source_until_it_is_chosen(make_window, status):
    window = make_window(camera_tilt=TILT)
    window.tilt.show_status(status(source_info=info("video", "clip.mp4")))
    assert window.tilt.value == TILT
    window.tilt.use(None)
    window.tilt.show_status(status(source_info=info("video", "other.mp4")))
    assert window.tilt.value is None


def test_the_dialog_types_measures_and_levels(window, qtbot, status):
    window.tilt.show_status(status(source_info=info("camera", "Desk cam")))
    qtbot.keyClick(window, Qt.Key.Key_L, Qt.KeyboardModifier.ShiftModifier)
    dialog = find_dialog(window, "Camera tilt")
    assert isinstance(dialog, TiltDialog)
    assert dialog.state.text() == "The camera counts as level."
    dialog.pitch.setValue(-20.0)
    dialog.roll.setValue(2.5)
    qtbot.waitUntil(lambda: window.controller.pipeline.signals.chain.tilt == TILT, timeout=10_000)
    assert dialog.state.text() == "Typed in."
    window.tilt.use(FOUND)
    assert (dialog.pitch.value(), dialog.roll.value()) == (18.0, -1.0)
    assert dialog.state.text().startswith("Measured by shake and nod, ± 0.7°. A turn by 30° no longer adds \u22122.0°")
    dialog.pitch.setValue(5.0)
    dialog.close()  # what was typed last holds at once
    assert window.tilt.value == CameraTilt(5.0, -1.0)


def test_the_dialog_leaves_the_face_free(window):
    window.commands["camera_tilt"].trigger()
    dialog = find_dialog(window, "Camera tilt")
    middle = window.view.mapToGlobal(window.view.rect().center())
    assert not dialog.geometry().contains(middle)


def test_the_person_is_told_what_to_do_in_the_picture(window, status):
    waiting = CalibrationState(waiting=Waiting.TILT, progress=0.2, face=True)
    assert waiting_text(waiting) == "Shake your head… 20 %"
    assert waiting_text(replace(waiting, progress=0.6)) == "Now nod… 60 %"
    assert waiting_text(replace(waiting, face=False)) == "Waiting for a face; L ends it."
    window.state.show(status(calibration=waiting), closing=False)
    assert window.view.message[0] == "Shake your head… 20 %"


def test_the_numbers_say_what_is_taken_off(qtbot, store, result, face):
    panel = PosePanel(store)
    qtbot.addWidget(panel)
    panel.show_result(replace(result(face()), tilt=TILT))
    assert find(panel, "Recentring", QLabel).text() == "camera tilt pitch\u00a0\u221220.0° roll\u00a0+2.5° taken off"


def test_what_somebody_edited_badly_is_left_out(store):
    for text in ("no json", "[]", '{"a": 7, "b": {"pitch_deg": 500, "roll_deg": 0}}'):
        store.set(settings.CAMERA_TILTS, text)
        assert TILTS.known(store) == {}
    for i in range(MOST + 3):
        TILTS.remember(store, f"Camera {i}", TILT)
    assert len(TILTS.known(store)) == MOST
    TILTS.remember(store, f"Camera {MOST + 2}", None)
    assert f"Camera {MOST + 2}" not in TILTS.known(store)
