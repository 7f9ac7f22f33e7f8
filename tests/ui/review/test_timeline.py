"""The timeline by mouse, and the pure parts under it: scale, traces, content, player, statistics."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtCore import QPoint, QPointF, Qt, QTimer
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from app.session.table import Missing
from app.signals.gestures import find_gestures
from app.ui.review.content import Content, Series, bridged, places_of
from app.ui.review.paint import low_quality_pixels
from app.ui.review.player import Player
from app.ui.review.scale import TimeScale
from app.ui.review.statistics import DIRECTIONS, as_text, directions, statistics
from app.ui.review.traces import Trace
from app.ui.shell import theme
from app.ui.widgets.formatting import clock
from tests.ui.review.test_window import frame_shown

LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
SHIFT = Qt.KeyboardModifier.ShiftModifier


def at(review, time_s):
    lane = review.timeline.lanes().angles.rect
    return QPointF(review.timeline.scale_shown.x(time_s), lane.center().y()).toPoint()


def wheel(review, time_s, notches, modifier=Qt.KeyboardModifier.NoModifier):
    place = QPointF(at(review, time_s))
    event = QWheelEvent(
        place,
        review.timeline.mapToGlobal(place),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        modifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(review.timeline, event)


def test_dragging_scrubs(review):
    QTest.mousePress(review.timeline, LEFT, pos=at(review, 1.0))
    for time_s in (2.0, 5.0, 4.0):
        QTest.mouseMove(review.timeline, at(review, time_s))
        assert review.shown.player.time_s == pytest.approx(time_s, abs=0.05)
    QTest.mouseRelease(review.timeline, LEFT, pos=at(review, 4.0))
    assert frame_shown(review) == review.shown.player.frame


def test_dragging_with_shift_selects(review, qtbot):
    QTest.mousePress(review.timeline, LEFT, SHIFT, pos=at(review, 5.0))
    QTest.mouseMove(review.timeline, at(review, 3.0))
    with qtbot.waitSignal(review.shown.measuring.counted):
        QTest.mouseRelease(review.timeline, LEFT, SHIFT, pos=at(review, 3.0))
    assert review.shown.measuring.selection == pytest.approx((3.0, 5.0), abs=0.03)
    assert review.shown.player.frame == 0
    QTest.mouseClick(review.timeline, LEFT, SHIFT, pos=at(review, 7.0))
    assert review.shown.measuring.selection is None


def test_the_wheel_zooms_about_the_pointer_and_moves_with_shift(review):
    wheel(review, 6.0, 4)
    scale = review.timeline.scale_shown
    assert scale.span_s == pytest.approx(10.0 / 1.25**4, abs=0.01)
    assert review.timeline.scale_shown.time(at(review, 6.0).x()) == pytest.approx(6.0, abs=0.05)
    wheel(review, 6.0, -1, SHIFT)
    assert review.timeline.scale_shown.start_s == pytest.approx(scale.start_s + 0.1 * scale.span_s)


def test_the_middle_button_moves_the_view(review):
    wheel(review, 5.0, 4)
    before = review.timeline.scale_shown
    start = at(review, 5.0)
    QTest.mousePress(review.timeline, MIDDLE, pos=start)
    QTest.mouseMove(review.timeline, start - QPoint(100, 0))
    QTest.mouseRelease(review.timeline, MIDDLE, pos=start - QPoint(100, 0))
    moved = review.timeline.scale_shown.start_s - before.start_s
    assert moved == pytest.approx(100 * before.s_per_point, rel=0.02)


def test_the_bar_of_the_whole_session_moves_the_view_or_the_cursor(review):
    lanes = review.timeline.lanes()
    middle = lanes.overview.center().toPoint()
    QTest.mouseClick(review.timeline, LEFT, pos=middle)
    assert review.shown.player.time_s == pytest.approx(5.0, abs=0.1)
    review.timeline.zoom(4.0)
    QTest.mouseClick(review.timeline, LEFT, pos=QPoint(round(lanes.overview.right()) - 1, middle.y()))
    assert review.timeline.scale_shown.end_s == pytest.approx(10.0)


def test_playing_turns_the_page(review):
    review.timeline.set_scale(review.timeline.scale_shown.showing(0.0, 1.0))
    review.timeline.show_cursor(1.5, follow=True)
    scale = review.timeline.scale_shown
    assert scale.start_s < 1.5 < scale.end_s
    assert scale.span_s == pytest.approx(1.0)


def is_like(one, other):
    return sum(abs(a - b) for a, b in zip(one.getRgb()[:3], other.getRgb()[:3], strict=True)) < 130


def test_positions_have_a_lane_of_their_own_where_they_are_known(review, make_review, folder):
    """The head moves away from 60 to 66 cm in ten seconds: from 3 below the mean to 3 above."""
    lines = (folder / "frames.csv").read_text().splitlines()
    away = [line.replace("1.00,-2.00,60.00", f"0.00,0.00,{60 + 6 * k / (len(lines) - 2):.2f}")
            for k, line in enumerate(lines[1:])]  # fmt: skip
    (folder / "frames.csv").write_text("\n".join([lines[0], *away, ""]))
    timeline = make_review(folder).timeline
    lane = timeline.lanes().place
    assert (lane.low, lane.high, lane.unit) == (-6.0, 6.0, " cm")
    picture = timeline.grab().toImage()
    colour = theme.PLACE_COLOURS["distance"]
    for time_s, value in ((1.0, -2.4), (9.0, 2.4)):
        x = round(timeline.scale_shown.x(time_s))
        column = range(round(lane.rect.top()), round(lane.rect.bottom()))
        rows = [y for y in column if is_like(picture.pixelColor(x, y), colour)]
        assert np.mean(rows) == pytest.approx(lane.y(value), abs=2)
    assert Content.of(np.arange(3) / 10, Series.of_angles(np.zeros((3, 3), np.float32))).top_place == 0
    assert review.timeline.lanes().place is not None
    review.timeline.resize(800, 130)  # on a small screen the angles need the room
    assert review.timeline.lanes().place is None
    assert [lane.unit for lane in review.timeline.lanes().curves] == ["°", ""]


def test_curves_and_cursor_are_where_they_belong(review):
    """Pixels of the yaw curve's colour at the places that the scale says."""
    review.timeline.show_cursor(0.0)
    image = review.timeline.grab().toImage()
    lane, scale = review.timeline.lanes().angles, review.timeline.scale_shown
    colour = theme.ANGLE_COLOURS["yaw"]
    hits = 0
    times = np.arange(0.5, 9.5, 0.37)
    for time_s in times:
        x, y = round(scale.x(time_s)), round(lane.y(30 * np.sin(0.31 * time_s)))
        around = [image.pixelColor(x, y + dy) for dy in (-2, -1, 0, 1, 2)]
        hits += any(is_like(c, colour) for c in around)
    assert hits >= 0.6 * len(times)  # other curves cross it


# ---------------------------------------------------------------------- pure parts

spans = st.floats(0.001, 20_000)


@given(spans, st.floats(0.1, 50), st.floats(0, 1), st.floats(-1e5, 1e5))
def test_a_scale_stays_within_the_session(total, factor, share, by):
    scale = TimeScale.whole(total, 50, 900)
    for changed in (
        scale.zoomed(factor, share * total),
        scale.zoomed(factor, share * total).moved(by),
        scale.including(by),
    ):
        assert -1e-6 <= changed.start_s < changed.end_s <= scale.total_s + 1e-6
        for time in (changed.start_s, changed.end_s):
            assert changed.time(changed.x(time)) == pytest.approx(time, abs=1e-6 * scale.total_s + 1e-9)


@given(st.floats(0.05, 10_000), st.floats(0, 100), st.integers(50, 3000))
def test_ticks_are_apart_and_within(span, start, width):
    scale = TimeScale(start, start + span, 20_000.0, 0, width)
    ticks = scale.ticks(90)
    times = [time for time, _ in ticks]
    assert all(start - 1e-6 <= time <= start + span + 1e-6 for time in times)
    gaps = np.diff([scale.x(time) for time in times])
    assert (gaps >= 90 - 1e-6).all() or width < 100


def test_times_as_words():
    assert [clock(0), clock(59.9996, 3), clock(3661.5, 1), clock(-1)] == ["00:00", "01:00.000", "1:01:01.5", "00:00"]


@given(st.integers(1, 3000), st.integers(0, 2**32 - 1), st.floats(0, 1), st.floats(0, 1), st.integers(1, 500))
def test_traces_keep_every_extreme(rows, seed, a, b, pixels):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=rows).astype(np.float32)
    values[rng.random(rows) < 0.2] = np.nan
    first, end = sorted((a * rows, b * rows))
    end = max(end, first + 1e-3)
    piece = Trace(values).piece(first, end, pixels)
    assert len(piece.rows) == len(piece.low) == len(piece.high) <= max(4 * pixels + 8, 2)
    inside = values[int(first) : int(np.ceil(end))]
    finite = inside[np.isfinite(inside)]
    if len(finite):
        assert np.nanmin(piece.low) <= finite.min()
        assert np.nanmax(piece.high) >= finite.max()
    assert (np.isnan(piece.low) == np.isnan(piece.high)).all()
    assert (np.diff(piece.rows) > 0).all()


def test_a_trace_of_nothing():
    assert len(Trace(np.empty(0, np.float32)).piece(0, 10, 100).rows) == 0
    assert np.isnan(Trace(np.full(100, np.nan, np.float32)).extremes()).all()
    trace = Trace(np.arange(100_000, dtype=np.float32))
    assert trace.extremes() == (0, 99_999)
    piece = trace.piece(0, 100_000, 1000)
    assert len(piece.rows) <= 1000


def test_skipped_frames_are_bridged_and_those_without_a_face_are_not():
    success = np.array([1, 0, 1, 0, 1, 0, 0, 1, 0], bool)
    inferred = np.array([1, 0, 1, 1, 1, 0, 0, 1, 0], bool)
    assert np.flatnonzero(bridged(np.arange(9) / 10, success, inferred)).tolist() == [1, 5, 6]
    assert np.flatnonzero(bridged(np.arange(9) / 2.5, success, inferred)).tolist() == []


@pytest.mark.parametrize(
    ("pitch", "yaw", "name"),
    [(0, 0, "centre"), (0, 20, "left"), (0, -20, "right"), (-20, 3, "up"), (20, -3, "down"), (8, 8, "centre"),
     (13, 14, "left")],
)  # fmt: skip
def test_directions(pitch, yaw, name):
    (found,) = directions(np.array([float(pitch)]), np.array([float(yaw)]))
    assert DIRECTIONS[found] == name


def test_statistics_of_a_stretch():
    times = np.concatenate([np.arange(90) / 30, 10 + np.arange(30) / 30])  # with a gap
    yaw = np.where(np.arange(120) < 60, 30.0, 0.0)
    angles = np.stack([np.zeros(120), yaw, np.full(120, 1.0)], axis=1).astype(np.float32)
    success = np.ones(120, bool)
    success[10:20] = False
    angles[~success] = np.nan
    missing = np.zeros(120, np.int8)
    missing[10:15], missing[15:18], missing[18:20] = Missing.NO_FACE, Missing.SKIPPED, Missing.FAILED
    stats = statistics(times, success, angles, np.full(120, 0.5, np.float32), missing, 1 / 30)
    assert stats.missing == (("no_face", 5), ("skipped", 3), ("failed", 2))
    assert "frames without a pose: failed\t2" in as_text(stats, "title")
    assert (stats.frames, stats.measured) == (120, 110)
    assert stats.share_measured == pytest.approx(110 / 120)
    assert stats.duration_s == pytest.approx(11.0)
    # 60 frames to the left without the ten; centre: 30, of which the last counts a second, and 30.
    assert stats.seconds["left"] == pytest.approx(50 / 30, abs=1e-6)
    assert stats.seconds["centre"] == pytest.approx(29 / 30 + 1.0 + 1.0, abs=1e-6)
    roll = stats.spreads["roll"]
    assert (roll.mean, roll.sd, roll.range) == (1.0, 0.0, 0.0)
    assert "left (s)\t1.667" in as_text(stats, "title")


def test_a_skipped_frame_counts_for_the_one_before_it():
    times = np.arange(6) / 10
    success = np.array([1, 0, 1, 0, 1, 0], bool)
    angles = np.where(success[:, None], 0.0, np.nan).repeat(3, axis=1).astype(np.float32)
    stats = statistics(times, success, angles, angles[:, 0], np.where(success, 0, Missing.SKIPPED).astype(np.int8), 0.1)
    assert stats.measured_s == pytest.approx(0.6)


def test_frames_of_low_quality_can_be_left_out_of_the_statistics():
    times = np.arange(8) / 10
    low = np.arange(8) >= 4
    angles = np.where(low[:, None], 40.0, [1.0, 2.0, 3.0]).astype(np.float32)
    known, nothing = np.ones(8, bool), np.zeros(8, np.int8)
    everything = statistics(times, known, angles, angles[:, 0], nothing, 0.1)
    stats = statistics(times, known, angles, angles[:, 0], nothing, 0.1, low)
    assert (everything.measured, everything.left_out, everything.spreads["yaw"].high) == (8, 0, 40.0)
    assert (stats.measured, stats.left_out, stats.spreads["yaw"].high) == (4, 4, 2.0)
    assert stats.measured_s == pytest.approx(0.4)  # a frame that is left out was looked at: the one before ends there
    assert "left out for low quality\t4" in as_text(stats, "title")


def test_positions_have_statistics_where_they_are_known():
    times, known, nothing = np.arange(4) / 10, np.array([1, 1, 1, 0], bool), np.zeros(4, np.int8)
    angles = np.where(known[:, None], [1.0, 2.0, 3.0], np.nan).astype(np.float32)
    places = places_of(np.array([[3, -4, 0], [3, -4, 12], [np.nan] * 3, [9, 9, 9]], np.float32), None)
    stats = statistics(times, known, angles, angles[:, 0], nothing, 0.1, places_cm=places)
    x, y, distance = (stats.spreads[name] for name in ("x", "y", "distance"))
    assert (x.mean, y.mean, distance.mean, distance.range) == (3.0, -4.0, 9.0, 8.0)
    assert "distance (cm)\t9.00\t5.66\t5.00\t13.00\t8.00" in as_text(stats, "title")
    without = statistics(times, known, angles, angles[:, 0], nothing, 0.1)
    assert np.isnan(without.spreads["distance"].mean)
    assert "distance (cm)\t\t\t" in as_text(without, "title")


@given(
    low=st.lists(st.booleans(), min_size=2, max_size=60),
    start=st.floats(0, 1),
    share=st.floats(0.01, 1),
    pixels=st.integers(1, 200),
)
def test_every_pixel_that_shows_a_frame_of_low_quality_is_shaded(low, start, share, pixels):
    times = np.arange(len(low)) / 10
    nothing = np.zeros((len(low), 3), np.float32)
    series = replace(Series.of_angles(nothing), low_before=np.concatenate([[0], np.cumsum(low)]))
    content = Content.of(times, series)
    span_s = content.total_s * share
    start_s = start * (content.total_s - span_s)
    scale = TimeScale(start_s, start_s + span_s, content.total_s, 0.0, float(pixels))
    shaded = low_quality_pixels(content, scale, pixels)
    assert len(shaded) == pixels
    for pixel in range(pixels):
        left, right = (start_s + span_s * (pixel + edge) / pixels for edge in (0.001, 0.999))
        shown = [k for k in range(len(low)) if times[k] <= right and (k + 1 == len(low) or times[k + 1] > left)]
        if any(low[k] for k in shown):
            assert shaded[pixel]


def test_nods_and_shakes_are_those_of_the_live_signals():
    times = np.arange(0, 6, 1 / 30)
    pitch = np.where((times > 1) & (times < 3), 8 * np.sin(2 * np.pi * 2 * (times - 1)), 0.0)
    angles = np.stack([pitch, np.zeros_like(pitch), np.zeros_like(pitch)], axis=1).astype(np.float32)
    everything = np.ones(len(times), bool)
    stats = statistics(times, everything, angles, angles[:, 0], np.zeros(len(times), np.int8), 1 / 30)
    assert stats.nods == len([g for g in find_gestures(times, pitch, 0 * pitch) if g.kind == "nod"]) == 1
    assert stats.shakes == 0


def test_statistics_of_nothing():
    nothing = np.empty(0, bool)
    stats = statistics(
        np.empty(0), nothing, np.empty((0, 3), np.float32), np.empty(0, np.float32), np.empty(0, np.int8), 0.1
    )
    assert stats.frames == stats.measured == 0
    assert np.isnan(stats.spreads["yaw"].mean)
    assert "share measured\tnan" in as_text(stats, "nothing")


class Clock:
    def __init__(self, monkeypatch):
        self.now = 0.0
        monkeypatch.setattr("app.ui.review.player.now_s", lambda: self.now)


def tick(player: Player) -> None:
    player.findChild(QTimer).timeout.emit()


@pytest.mark.parametrize("speed", [0.1, 1.0, 4.0])
def test_playing_follows_real_time_stamps(monkeypatch, qapp, speed):
    clock = Clock(monkeypatch)
    times = np.array([0.0, 0.1, 0.15, 1.0, 1.05, 5.0])
    player = Player(times)
    player.set_speed(speed)
    player.play()
    seen = []
    for recorded in (0.05, 0.12, 0.5, 1.02, 4.9):
        clock.now = recorded / speed
        tick(player)
        seen.append(player.frame)
    assert seen == [0, 1, 2, 3, 4]
    clock.now = 6.0 / speed
    tick(player)
    assert player.frame == 5
    assert not player.playing
    player.play()  # at the end it begins again
    assert player.frame == 0
    player.pause()


def test_a_change_of_speed_does_not_jump(monkeypatch, qapp):
    clock = Clock(monkeypatch)
    player = Player(np.arange(100) / 10)
    player.play()
    clock.now = 2.0
    player.set_speed(0.5)
    clock.now = 4.0
    tick(player)
    assert player.time_s == pytest.approx(3.0)
    player.pause()


def test_a_loop_comes_round(monkeypatch, qapp):
    clock = Clock(monkeypatch)
    player = Player(np.arange(100) / 10)
    player.loop = (2.0, 3.0)
    player.play()
    assert player.time_s == 2.0
    clock.now = 1.25
    tick(player)
    assert player.playing
    assert player.time_s == pytest.approx(2.2)
    player.pause()
