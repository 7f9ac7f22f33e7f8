"""What MediaPipe brings along when it is imported."""

from __future__ import annotations

from tests.interpreter import run_python


def test_faces_are_found_without_matplotlib_and_sound():
    code = """
import sys
import numpy as np
from app.faces.detector import create_detector
detector = create_detector()
print(detector.detect(np.zeros((120, 160, 3), np.uint8)), sorted({*sys.modules} & {"matplotlib", "sounddevice"}))
detector.close()
"""
    assert run_python(code).splitlines()[-1] == "() []"


def test_the_real_ones_can_be_imported_afterwards_and_before():
    """A module that is there already is left alone; what only stood in is gone."""
    code = """
import sys, types
mine = sys.modules["sounddevice"] = types.ModuleType("sounddevice")
from app.faces.mediapipe_import import import_mediapipe
import_mediapipe()
import_mediapipe()
from mediapipe.python.solutions.face_mesh import FaceMesh
print(sys.modules["sounddevice"] is mine, "matplotlib" in sys.modules, FaceMesh.__name__)
"""
    assert run_python(code).splitlines()[-1] == "True False FaceMesh"
