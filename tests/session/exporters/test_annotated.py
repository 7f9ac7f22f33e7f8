from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.drawing import draw_face, label_of
from app.core.errors import SessionError
from app.core.face_marks import AXES
from app.core.frames import Box, Frame, FrameResult
from app.session.exporters import export_session
from app.session.exporters.annotated import TICKS_PER_S, AnnotatedVideo, draw_faces
from app.session.exporters.base import faces_of_frames
from app.session.manifest import MediaFile
from app.session.offline import ExtractWriter
from app.session.session import Session
from app.session.video import ticks
from extractor.types import KEYPOINT_NAMES, Angles
from tests.factories import make_face, write_video
from tests.session.exporters.conftest import FRAMES, SKIPPED, TWO_FACES, UNMEASURED


def decoded(path):
    with av.open(str(path)) as container:
        return [(frame.time, frame.to_ndarray(format="bgr24")) for frame in container.decode(video=0)]


def test_every_frame_is_there_at_its_own_time(session, tmp_path):
    (path,) = export_session(session, AnnotatedVideo(), tmp_path / "out")
    times = session.table.timestamp_s
    with av.open(str(path)) as container:
        (stream,) = container.streams
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height) == (162, 122)  # 161 x 121, padded
        assert stream.time_base == Fraction(1, 90_000)
        last = times[-1] - times[-2]
        assert float(stream.duration * stream.time_base) == pytest.approx(times[-1] + last, abs=1e-4)
    frames = decoded(path)
    assert [time for time, _ in frames] == pytest.approx(times.tolist(), abs=6e-6)


def test_players_can_start_before_the_whole_file_is_there(session, tmp_path):
    (path,) = export_session(session, AnnotatedVideo(), tmp_path / "out")
    data = path.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_the_picture_is_the_recorded_one_with_the_measured_faces_drawn_in(session, tmp_path):
    (path,) = export_session(session, AnnotatedVideo(), tmp_path / "out")
    with session.frames() as video:
        for k, (_, image) in enumerate(decoded(path)):
            plain = video.image_at(k)
            assert image.shape == (122, 162, 3)
            drawn = np.abs(image[:121, :161].astype(int) - plain).max(axis=-1) > 40
            if k in UNMEASURED or k in SKIPPED:
                # The reason, in the middle and nowhere else.
                assert 0.001 < drawn.mean() < 0.05, k
                assert not drawn[:45].any(), k
                assert not drawn[80:].any(), k
            else:
                assert drawn.mean() > 0.05, k
                # The picture is a grey ramp; beside the face and its label it stays that.
                assert not drawn[112:, 145:].any(), k


def test_the_primary_face_is_drawn_over_the_others(session, monkeypatch):
    drawn = []
    monkeypatch.setattr("app.session.exporters.annotated.draw_face", lambda _, face, *more: drawn.append(face.face_id))
    faces = list(faces_of_frames(session))[TWO_FACES[0]]
    draw_faces(np.zeros((121, 161, 3), np.uint8), faces, KEYPOINT_NAMES, None)
    assert drawn == [9, 0]


def test_a_file_that_was_measured_is_its_own_picture(session, tmp_path):
    folder = tmp_path / "measured"
    folder.mkdir()
    media = MediaFile.of(session.folder / "video.mkv")
    with ExtractWriter(folder, replace(session.manifest.header, media=media)) as writer:
        for time in session.table.timestamp_s:
            writer.write(FrameResult(Frame(0, np.zeros((1, 1, 3), np.uint8), 0.0), (), 0.0), float(time))
    measured = Session.open(folder)
    (path,) = export_session(measured, AnnotatedVideo(), tmp_path / "out")
    assert len(decoded(path)) == FRAMES


def test_a_film_that_changes_its_size_is_refused_by_its_name(session, tmp_path):
    joined, folder = tmp_path / "joined.ts", tmp_path / "measured"
    for name, width in (("a.ts", 64), ("b.ts", 96)):
        write_video(tmp_path / name, [np.zeros((48, width, 3), np.uint8)] * 5)
    joined.write_bytes((tmp_path / "a.ts").read_bytes() + (tmp_path / "b.ts").read_bytes())
    folder.mkdir()
    with ExtractWriter(folder, replace(session.manifest.header, media=MediaFile.of(joined))) as writer:
        for i in range(10):
            writer.write(FrameResult(Frame(0, np.zeros((1, 1, 3), np.uint8), 0.0), (), 0.0), i / 30)
    with pytest.raises(SessionError, match="measured changes its size"):
        export_session(Session.open(folder), AnnotatedVideo(), tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_a_video_that_lost_frames_since_is_refused(session, tmp_path):
    folder = tmp_path / "measured"
    folder.mkdir()
    media = MediaFile.of(session.folder / "video.mkv")
    with ExtractWriter(folder, replace(session.manifest.header, media=media)) as writer:
        for i in range(FRAMES + 1):
            writer.write(FrameResult(Frame(0, np.zeros((1, 1, 3), np.uint8), 0.0), (), 0.0), i / 30)
    with pytest.raises(SessionError, match=f"Frame {FRAMES} of .* is missing"):
        export_session(Session.open(folder), AnnotatedVideo(), tmp_path / "out")


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_times_go_forward_and_are_as_exact_as_the_clock(steps):
    times = np.cumsum(steps) - steps[0]
    shown = ticks(times, TICKS_PER_S)
    assert (np.diff(shown) > 0).all()
    if not len(steps[1:]) or min(steps[1:]) > 1 / 45_000:
        assert np.abs(shown / 90_000 - times).max() <= 0.51 / 90_000


def drawn(angles=(0.0, 0.0, 0.0), box=(100, 100, 80, 100), points=(), names=None, size=(300, 300)):
    image = np.zeros((*size, 3), np.uint8)
    points = np.asarray(points, np.float32).reshape(-1, 2)
    x, y = points.mean(axis=0) if len(points) else (0, 0)
    crop = np.array([[1, 0, x], [0, 1, y]], np.float32)
    draw_face(image, make_face(Angles(*angles), box=Box(*box), keypoints=points, crop_to_frame=crop), names)
    return image


RED, GREEN, BLUE = (colour[2::-1] for _, colour in AXES)


def middle_of(image, colour):
    y, x = np.nonzero((np.abs(image.astype(int) - colour) < 12).all(axis=-1))
    return np.array([x.mean(), y.mean()])


@pytest.mark.parametrize(
    ("angles", "direction"),
    [((30, 0, 0), (0, 1)), ((-30, 0, 0), (0, -1)), ((0, 30, 0), (-1, 0)), ((0, -30, 0), (1, 0))],
)
def test_the_nose_axis_points_where_the_face_looks(angles, direction):
    points = np.full((24, 2), 150.0)
    image = drawn(angles, points=points, names=KEYPOINT_NAMES)
    away = middle_of(image, BLUE) - 150
    assert away @ direction > 0.9 * np.hypot(*away) > 9


def test_the_axes_start_at_the_nose_and_roll_turns_them_clockwise():
    points = np.full((24, 2), 120.0)
    points[KEYPOINT_NAMES.index("nose_tip")] = (160, 170)
    straight = drawn(points=points, names=KEYPOINT_NAMES)
    assert middle_of(straight, RED) - (160, 170) == pytest.approx((28, 0), abs=6)
    assert middle_of(straight, GREEN) - (160, 170) == pytest.approx((0, 28), abs=6)
    rolled = drawn((0, 0, 40), points=points, names=KEYPOINT_NAMES)
    assert (middle_of(rolled, RED) - (160, 170))[1] > 10
    unnamed = drawn(points=points)
    assert middle_of(unnamed, RED)[1] == pytest.approx(points.mean(axis=0)[1], abs=6)


@given(
    st.tuples(*[st.floats(-1e6, 1e6)] * 4),
    st.tuples(*[st.floats(-180, 180)] * 3),
    st.sampled_from([(1, 1), (7, 2000), (120, 90)]),
)
def test_nothing_measured_is_too_odd_to_draw(box, angles, size):
    drawn(angles, box, np.full((24, 2), box[:2]), KEYPOINT_NAMES, size)
    drawn((np.nan, 0, 0), box, np.full((21, 2), np.nan), None, size)


def test_no_number_is_drawn_for_what_was_not_measured():
    assert not drawn((np.nan, 0, 0), (np.nan,) * 4).any()
    assert label_of(Angles(-0.04, 12.36, -3.0)) == "yaw +12.4  pitch +0.0  roll -3.0 deg"
