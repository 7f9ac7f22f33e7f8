"""ARKit's blendshapes of faces that were moved by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.blendshapes import CARRIED, CM, blendshapes
from extractor.types import KEYPOINT_NAMES
from tests.extractor.test_face_shape import moved, neutral

ARKIT = (
    *(f"eye{what}{side}" for side in ("Left", "Right")
      for what in ("Blink", "LookDown", "LookIn", "LookOut", "LookUp", "Squint", "Wide")),
    "jawForward", "jawLeft", "jawRight", "jawOpen",
    "mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight",
    "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight", "mouthDimpleLeft", "mouthDimpleRight",
    "mouthStretchLeft", "mouthStretchRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
    "mouthPressLeft", "mouthPressRight", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft",
    "mouthUpperUpRight", "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip
"""All 52, as ``ARFaceAnchor.BlendShapeLocation`` spells and orders them."""


def shapes(**points: tuple[float, float, float]) -> dict[str, float]:
    """Those that are not 0."""
    found = blendshapes(neutral(), moved(**points), KEYPOINT_NAMES)
    assert tuple(found) == CARRIED
    return {name: value for name, value in found.items() if value > 1e-9}


def test_there_are_52_and_those_carried_are_among_them_in_order():
    assert len(ARKIT) == len(set(ARKIT)) == 52
    assert [name for name in ARKIT if name in CARRIED] == sorted(CARRIED, key=ARKIT.index)


def test_a_face_at_rest_is_all_zeros():
    assert shapes() == {}


CENTIMETRE_UP = (0, -CM, 0)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ({"lid_up_l": (0, 0.1, 0)}, {"eyeBlinkLeft": 1}),
        ({"lid_up_r": (0, 0.05, 0)}, {"eyeBlinkRight": 0.5}),
        ({"lip_low": (0, 0.25, 0), "chin": (0, 0.25, 0)}, {"jawOpen": 0.5}),
        ({"brow_inner": CENTIMETRE_UP}, {"browInnerUp": 1}),
        ({"brow_mid_l": CENTIMETRE_UP, "brow_outer_l": CENTIMETRE_UP}, {"browOuterUpLeft": 1}),
    ],
)
def test_one_motion_is_one_shape(points, expected):
    assert shapes(**points) == {name: pytest.approx(value, abs=0.01) for name, value in expected.items()}


def test_each_corner_of_the_mouth_smiles_for_itself():
    corner = (CM / 2**0.5, -CM / 2**0.5, 0)
    assert shapes(mouth_l=corner)["mouthSmileLeft"] == pytest.approx(1)
    assert "mouthSmileRight" not in shapes(mouth_l=corner)
    both = shapes(mouth=corner)
    assert both["mouthSmileLeft"] == both["mouthSmileRight"] == pytest.approx(1)


def test_what_moves_the_whole_face_moves_no_shape():
    everything = np.tile((0.03, -0.05, 0.02), (24, 1))
    assert max(blendshapes(neutral(), everything, KEYPOINT_NAMES).values()) == pytest.approx(0, abs=1e-9)


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 1e3), st.floats(0, 10))
def test_values_stay_within_0_and_1_and_do_not_depend_on_the_size(seed, size, strength):
    d = np.random.default_rng(seed).normal(0, strength, (24, 3))
    found = blendshapes(neutral(), d, KEYPOINT_NAMES)
    assert all(0 <= value <= 1 for value in found.values())
    assert blendshapes(neutral() * size, d * size, KEYPOINT_NAMES) == pytest.approx(found, abs=1e-6)


def test_what_is_not_known_is_not_there():
    nothing = np.full((24, 3), np.nan)
    assert blendshapes(neutral(), nothing, KEYPOINT_NAMES) == {}
    assert blendshapes(neutral(), np.zeros((24, 3)), None) == {}
    assert blendshapes(np.zeros((24, 3)), np.zeros((24, 3)), KEYPOINT_NAMES) == {}
    narrow = neutral()
    narrow[KEYPOINT_NAMES.index("lid_up_l")] = narrow[KEYPOINT_NAMES.index("lid_low_l")]
    found = blendshapes(narrow, np.zeros((24, 3)), KEYPOINT_NAMES)
    assert "eyeBlinkLeft" not in found
    assert "eyeBlinkRight" in found
