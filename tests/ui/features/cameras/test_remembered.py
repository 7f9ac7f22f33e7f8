"""Chosen cameras as they lie in the settings."""

from __future__ import annotations

import pytest

from app.core.camera_format import CameraFormat, KnownCamera
from app.ui.features.cameras.remembered import MOST, known_cameras, remember
from app.ui.shell import settings
from app.ui.shell.profiles import Profiles
from app.ui.shell.settings import Settings

ONE = KnownCamera("HD Webcam, “rear”", "/dev/video0", CameraFormat(640, 480, 60.0, "YUYV"))
TWO = KnownCamera("Other", "", CameraFormat())


def test_the_last_chosen_one_comes_first(store):
    assert known_cameras(store) == ()
    remember(store, ONE)
    remember(store, TWO)
    assert known_cameras(store) == (TWO, ONE)
    again = KnownCamera(ONE.name, ONE.path, CameraFormat(320, 240))
    remember(store, again)
    assert known_cameras(store) == (again, TWO)
    store.save()
    assert known_cameras(Settings(store.path)) == (again, TWO)


def test_only_so_many_are_kept(store):
    for i in range(MOST + 5):
        remember(store, KnownCamera(f"Camera {i}", "", CameraFormat()))
    assert len(known_cameras(store)) == MOST
    assert known_cameras(store)[0].name == f"Camera {MOST + 4}"


@pytest.mark.parametrize(
    ("text", "count"),
    [("no json", 0), ("{}", 0), ("7", 0), ("[1, null, {}]", 0), ('[{"name": "a", "path": "", "format": "720p"}]', 0),
     ('[{"name": "a"}, {"name": "b", "path": "", "format": "640x480@30"}]', 1)],
)  # fmt: skip
def test_what_somebody_edited_badly_is_left_out(store, text, count):
    store.set(settings.CAMERAS, text)
    assert len(known_cameras(store)) == count


def test_profiles_leave_the_camera_alone(store):
    remember(store, ONE)
    profiles = Profiles(store)
    profiles.save("lab")
    remember(store, TWO)
    profiles.use("lab")
    assert known_cameras(store)[0] == TWO
