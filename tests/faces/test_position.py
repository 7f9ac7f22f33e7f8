"""Where a head is, from the size and place of its face: by a made-up camera, and in the demo."""

from __future__ import annotations

import math
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from app.batch.measure import measure
from app.capture.video import VideoSource
from app.core.frames import Frame
from app.core.position import ADULT_PUPILS_MM, ASSUMED, NOWHERE, FaceSize, FieldOfView
from app.faces.position import UNIT_CM, position_of
from extractor.backends import create_backend
from extractor.training.face_frame import MEAN_FACE
from extractor.types import KEYPOINT_NAMES, Angles
from tests.factories import make_face

VIEW, SIZE = FieldOfView(70.0), (1280, 720)
DEMO_VIEW = FieldOfView(30.0)
DEMO_UNITS = 1.84 * 1.25 / math.tan(math.radians(15))
"""``extractor.training.demo.actor``: half the picture is 1.84 times a head, seen under half of 30 degrees."""


def seen(at_cm, angles=Angles(0, 0, 0)):  # noqa: B008  (frozen)
    """A face as a perfect network says it: the parallel projection nearest to what a pinhole camera shows."""
    face = make_face(angles, kp=MEAN_FACE.astype(np.float32))
    turned = face.kp @ face.rotation.T
    points = turned + np.array(at_cm) / UNIT_CM
    pixels = VIEW.focal_px(*SIZE) * points[:, :2] / points[:, 2:] + np.array(SIZE) / 2
    a, b = turned[:, :2] - turned[:, :2].mean(0), pixels - pixels.mean(0)
    scale_px = (a * b).sum() / (a**2).sum()
    half = 100.0
    origin = pixels.mean(0) - scale_px * turned[:, :2].mean(0)
    affine = np.array([[half, 0, 600], [0, half, 300]], np.float32)
    t = np.array([*((origin - (600, 300)) / half), 0], np.float32)
    return replace(face, crop_to_frame=affine, scale=scale_px / half, t=t)


@pytest.mark.parametrize("angles", [Angles(0, 0, 0), Angles(15, -20, 5)])
@pytest.mark.parametrize("at_cm", [(0, 0, 50), (0, 0, 120), (25, -10, 70), (-20, 15, 60)])
def test_a_pinhole_cameras_face_is_where_it_was(at_cm, angles):
    found = position_of(seen(at_cm, angles), VIEW, *SIZE, KEYPOINT_NAMES)
    aside = at_cm[:2] != (0, 0)  # there a network, which sees the crop alone, takes the perspective for a turn
    assert found.distance_cm == pytest.approx(np.linalg.norm(at_cm), rel=0.1 if aside else 0.04)
    assert found[:2] == pytest.approx(at_cm[:2], abs=2.5 if aside else 0.1)


def test_beside_the_axis_the_scale_holds_half_of_the_stretching():
    face, way_px = seen((0, 0, 60)), 500
    aside = replace(face, crop_to_frame=face.crop_to_frame + np.array([[0, 0, way_px], [0, 0, 0]], np.float32))
    middle_cm = UNIT_CM * float(MEAN_FACE.mean(axis=0)[2])
    at_cm, aside_cm = (position_of(each, VIEW, *SIZE, KEYPOINT_NAMES).z_cm + middle_cm for each in (face, aside))
    cosine = math.cos(math.atan(way_px / VIEW.focal_px(*SIZE)))
    assert aside_cm / at_cm == pytest.approx(cosine**-0.5, rel=2e-3)


def test_depth_is_less_certain_than_place_and_most_so_without_a_field_of_view():
    known = position_of(seen((5, 0, 60)), VIEW, *SIZE, KEYPOINT_NAMES)
    assert 0 < known.x_std_cm < known.z_std_cm < 0.1 * known.z_cm
    assumed = position_of(seen((5, 0, 60)), ASSUMED, *SIZE, KEYPOINT_NAMES)
    assert 0.15 < assumed.z_std_cm / assumed.z_cm < 0.3


def test_who_tells_how_far_their_pupils_are_apart_is_placed_by_it_and_surer():
    face = seen((5, 0, 60))
    average, same, small = (
        position_of(face, VIEW, *SIZE, KEYPOINT_NAMES, size)
        for size in (None, FaceSize(ADULT_PUPILS_MM), FaceSize(ADULT_PUPILS_MM * 0.8))
    )
    assert same.distance_cm == pytest.approx(average.distance_cm, rel=0.01)
    assert small.distance_cm == pytest.approx(0.8 * same.distance_cm)
    assert same.z_std_cm < 0.9 * average.z_std_cm
    wide_set = replace(face, kp=face.kp * (1.1, 1, 1))  # eyes wide apart in a face that is no larger
    assert position_of(wide_set, VIEW, *SIZE, KEYPOINT_NAMES, FaceSize(ADULT_PUPILS_MM)).distance_cm == pytest.approx(
        same.distance_cm / 1.1, rel=0.01
    )
    flat = replace(face, kp=face.kp * 0)
    assert position_of(flat, VIEW, *SIZE, KEYPOINT_NAMES, FaceSize(60.0)) is NOWHERE


def test_keypoints_of_unknown_size_tell_no_position():
    face = seen((0, 0, 60))
    assert position_of(face, VIEW, *SIZE, None) is NOWHERE
    assert position_of(replace(face, pose_trained=False), VIEW, *SIZE, KEYPOINT_NAMES) is NOWHERE
    assert position_of(replace(face, scale=0.0), VIEW, *SIZE, KEYPOINT_NAMES) is NOWHERE


def test_the_demos_head_is_within_five_percent_of_its_distance(assets):
    source = VideoSource(assets / "demo.mp4", paced=False)
    with closing(source), closing(create_backend("lite", "cpu", 1, "torch")) as backend:
        source.open()
        images = [source.read(1.0).image for _ in range(60)][::6]
        frames = (Frame(i, image, float(i), name=str(i)) for i, image in enumerate(images))
        with closing(measure(frames, backend, stills=True, field_of_view=DEMO_VIEW)) as results:
            found = [result.primary.position.distance_cm for result in results]
    assert np.mean(found) == pytest.approx(DEMO_UNITS * UNIT_CM, rel=0.05)
    assert np.abs(np.array(found) / (DEMO_UNITS * UNIT_CM) - 1).max() < 0.1
