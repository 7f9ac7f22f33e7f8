"""The live view shows frames as they are, scaled, mirrored on request, and only when there is something new."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.frames import Frame, FrameResult
from app.ui.live.live_view import LiveView
from app.ui.live.overlay import OverlayStyle


@pytest.fixture
def view(qtbot) -> LiveView:
    view = LiveView()
    qtbot.addWidget(view)
    view.resize(640, 480)
    return view


def halves(size=(320, 240)) -> FrameResult:
    """Left half blue, right half red, in OpenCV's BGR."""
    image = np.zeros((size[1], size[0], 3), np.uint8)
    image[:, : size[0] // 2, 0] = 255
    image[:, size[0] // 2 :, 2] = 255
    return FrameResult(Frame(0, image, 0.0), (), 0.0)


def colour(view: LiveView, x: int, y: int) -> tuple[int, int, int]:
    return view.grab().toImage().pixelColor(x, y).getRgb()[:3]


def test_colours_are_right_and_the_mirror_swaps_sides(view):
    view.show_result(halves())
    assert colour(view, 100, 240) == (0, 0, 255)
    assert colour(view, 540, 240) == (255, 0, 0)
    view.set_mirrored(True)
    assert colour(view, 100, 240) == (255, 0, 0)
    assert colour(view, 540, 240) == (0, 0, 255)


@pytest.mark.parametrize("size", [(320, 240), (641, 481), (1, 1), (7680, 4320), (300, 1200)])
def test_frames_of_any_size_fill_the_view_in_one_direction(view, result, face, size):
    view.show_result(result(face(centre=(size[0] / 2, size[1] / 2), side=min(size) / 3), size=size, grey=200))
    picture = view.transform().picture
    assert picture.width() == pytest.approx(640) or picture.height() == pytest.approx(480)
    view.set_style(OverlayStyle(False, False, False, False, False))
    assert colour(view, 320, 240) == (200, 200, 200)


def test_an_array_that_is_not_contiguous_is_shown_as_well(view):
    image = halves().frame.image[::-1, ::-1]
    view.show_result(FrameResult(Frame(0, image, 0.0), (), 0.0))
    assert colour(view, 100, 240) == (255, 0, 0)


def test_the_rate_counts_new_pictures_not_paints(view, result, qtbot, monkeypatch):
    ticks = []
    monkeypatch.setattr(view.rate, "tick", lambda: ticks.append(1))
    with qtbot.waitExposed(view):
        view.show()
    for i in range(3):
        view.show_result(result(index=i))
        view.repaint()
        view.repaint()
    assert len(ticks) == 3


def test_a_repaint_does_not_scale_the_same_frame_again(view, result):
    shown = result(grey=40)
    view.show_result(shown)
    assert colour(view, 100, 240) == (40, 40, 40)
    shown.frame.image[:] = 90  # seen once the frame is scaled again
    view.set_style(OverlayStyle(axes=False))
    assert colour(view, 100, 240) == (40, 40, 40)
    view.resize(500, 400)
    assert colour(view, 100, 240) == (90, 90, 90)


def test_nothing_is_repainted_when_nothing_changed(view, result, qtbot, monkeypatch):
    updates = []
    monkeypatch.setattr(view, "update", lambda: updates.append(1))
    shown = result()
    view.show_result(shown)
    view.set_message("Stopped", "Press P")
    view.set_mirrored(True)
    assert len(updates) == 3
    view.show_result(shown)
    view.set_message("Stopped", "Press P")
    view.set_mirrored(True)
    view.set_style(OverlayStyle())
    assert len(updates) == 3


def test_a_message_stands_in_the_middle_over_a_dimmed_picture(view, result):
    view.show_result(result(grey=200))
    view.set_message("Camera lost, looking for it again…", "Check the cable. " * 12)
    image = view.grab().toImage()
    assert image.pixelColor(5, 5).lightness() < 90
    brightest = max(image.pixelColor(x, y).lightness() for x in range(100, 540) for y in range(150, 330, 2))
    assert brightest > 200
    assert view.accessibleDescription().startswith("Camera lost")
    view.set_message("")
    assert view.grab().toImage().pixelColor(5, 5).lightness() == 200


def test_an_empty_view_has_no_transform_and_paints(view):
    view.set_message("Opening…")
    view.show_result(None)
    assert view.transform() is None
    assert not view.grab().isNull()
