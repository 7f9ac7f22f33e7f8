import json
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import SessionError
from app.core.frames import Frame, FrameResult
from app.session.annotations import Annotation, append_annotation
from app.session.folders import claim_folder
from app.session.manifest import Fitted, Manifest, MediaFile
from app.session.offline import ExtractWriter
from app.session.ownership import Owner
from app.session.session import Session
from app.session.writer import SessionWriter
from tests.factories import read_annotations, write_phone_video


def test_any_frame_can_be_had_in_any_order(tmp_path, header, make_frame):
    folder = claim_folder(tmp_path / "session")
    rng = np.random.default_rng(1)
    times = np.cumsum(rng.uniform(0.001, 0.1, 150))
    with SessionWriter(folder, header) as writer:
        for i, time in enumerate(times):
            assert writer.add_frame(make_frame(i, captured_s=float(time), value=i))
    session = Session.open(folder)
    with session.frames() as video:
        assert len(video) == 150
        for number in [0, 1, 2, 149, 148, 75, 75, 76, 110, 3, 0, *rng.integers(0, 150, 20).tolist()]:
            assert np.median(video.image_at(number)[:, 0]) == pytest.approx(number, abs=2), number
        for number in (-1, 150):
            with pytest.raises(IndexError):
                video.image_at(number)


def test_the_frames_of_a_measured_file_come_from_the_file(tmp_path, header, make_frame, nth_face):
    folder = claim_folder(tmp_path / "recorded")
    with SessionWriter(folder, header) as writer:
        for i in range(10):
            writer.add_frame(make_frame(i, value=10 * i))
    clip = folder / "video.mkv"
    extracted = claim_folder(tmp_path / "extracted")
    with ExtractWriter(extracted, replace(header, media=MediaFile.of(clip))) as table:
        for i in range(10):
            frame = make_frame(i)
            faces = (nth_face(i), nth_face(i, face_id=1)) if i == 4 else (nth_face(i),)
            table.write(FrameResult(frame, faces, frame.captured_s), i / 30)
        assert Manifest.read(extracted).state == "recording"
    session = Session.open(extracted)
    assert (len(session.table), len(session.faces), session.manifest.frames) == (10, 1, 10)
    assert session.manifest.duration_s == pytest.approx(0.3)
    with session.frames() as video:
        assert np.median(video.image_at(7)[:, 0]) == pytest.approx(70, abs=2)
    moved = tmp_path / "moved"
    moved.mkdir()
    for path in (clip, extracted):
        path.rename(moved / path.name)
    extracted, clip = moved / extracted.name, moved / clip.name
    assert Session.open(extracted).video == clip  # it lies beside it
    with clip.open("ab") as file:
        file.write(b"more")
    with pytest.raises(SessionError, match="is not there any more"):
        Session.open(extracted).frames()
    clip.unlink()
    with pytest.raises(SessionError, match="is not there any more"):
        Session.open(extracted).frames()
    with pytest.raises(SessionError, match="already holds a session"):
        ExtractWriter(extracted, header)
    with pytest.raises(SessionError, match="can't be read"):
        MediaFile.of(clip)


@pytest.mark.parametrize("rotation", [0, 90, 180, -90])
def test_the_frames_of_a_phones_film_are_upright_as_they_were_measured(tmp_path, header, rotation):
    clip = tmp_path / "phone.mp4"
    measured = write_phone_video(clip, rotation)
    folder = claim_folder(tmp_path / "extracted")
    with ExtractWriter(folder, replace(header, media=MediaFile.of(clip))) as table:
        for i in range(3):
            table.write(FrameResult(Frame(i, measured, 0.0), (), 0.0), i / 30)
    with Session.open(folder).frames() as video:
        assert np.array_equal(video.image_at(0), measured)
        assert np.array_equal(video.image_at(2).shape, measured.shape)


def test_an_extraction_that_failed_is_not_taken_for_a_whole_one(tmp_path, header, make_frame, result_of):
    def measure():
        with ExtractWriter(tmp_path, replace(header, media=MediaFile.of(tmp_path))) as table:
            table.write(result_of(make_frame(0)), 0.0)
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        measure()
    assert [item.name for item in tmp_path.iterdir()] == ["session.json"]
    assert Manifest.read(tmp_path).state == "recording"


def test_the_manifest_is_read_back_as_written(tmp_path, header):
    fitted = (Fitted(3, 640, 480, 0.5, 0, 12),)
    media = MediaFile("/clips/ü\udce9.mp4", 5, 1.5)  # a name that isn't UTF-8
    header = replace(header, media=media, participant="P 01", comment='"quoted"\nlines', consent="yes")
    manifest = Manifest(header, fitted=fitted, owner=Owner.this_process(), first_frame_monotonic_s=1.25)
    manifest.write(tmp_path)
    assert Manifest.read(tmp_path) == manifest
    text = json.loads((tmp_path / "session.json").read_bytes().decode("utf-8", "surrogateescape"))
    assert text["schema"] == 1
    assert any("Rz(roll) Ry(yaw) Rx(pitch)" in line for line in text["conventions"])
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (None, "is not a recorded session"),
        (b"{", "isn't JSON"),
        (b"\xff\xfe", "isn't JSON"),
        (b"[]", "is damaged: it isn't an object"),
        (b'{"schema": 1}', "is damaged: header is missing"),
        ({"schema": 2}, "newer version"),
        ({"clocks": 5}, "is damaged: clocks isn't a list"),
        ({"clocks": []}, "is damaged: clocks makes no sense"),
        ({"clocks": [{"monotonic_s": 1, "unix_s": 1e300}]}, r"is damaged: clocks\[0\]\.unix_s makes no sense"),
        ({"owner": {"pid": [1], "started_unix_s": 1.0}}, r"is damaged: owner\.pid isn't a whole number"),
        ({"duration_s": float("nan")}, "is damaged: duration_s isn't a number"),
        ({"frames": True}, "is damaged: frames isn't a whole number"),
        (b"[" * 100_000, "isn't JSON"),
        ({"header": {"num_kp": 3}}, "is damaged"),
    ],
)
def test_a_bad_manifest_is_one_sentence(tmp_path, header, change, words):
    path = tmp_path / "session.json"
    if isinstance(change, bytes):
        path.write_bytes(change)
    elif change is not None:
        Manifest(header).write(tmp_path)
        path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **change}), encoding="utf-8")
    with pytest.raises(SessionError, match=words) as caught:
        Session.open(tmp_path)
    assert "\n" not in str(caught.value)


def test_fields_of_a_later_version_do_not_disturb(tmp_path, header):
    Manifest(header).write(tmp_path)
    path = tmp_path / "session.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    values["mood"] = values["header"]["mood"] = values["drops"]["mood"] = "good"
    path.write_text(json.dumps(values), encoding="utf-8")
    assert Manifest.read(tmp_path).header == header


@given(
    st.lists(
        st.builds(
            Annotation,
            st.integers(0, 10**10).map(lambda n: n / 1e6),
            st.integers(0, 10**10).map(lambda n: n / 1e6),
            st.text("aé頭 ,\"';"),
            st.text("aé頭 ,\"';"),
            st.integers(0, 10**7),
        ),
        max_size=5,
    )
)
def test_annotations_are_read_back_as_written(tmp_path_factory, annotations):
    path = tmp_path_factory.mktemp("events") / "events.csv"
    for annotation in annotations:
        append_annotation(path, annotation)
    read = read_annotations(path)
    assert [replace(e, label=e.label, note=e.note) for e in read] == annotations
    if annotations:
        data = path.read_bytes()
        path.write_bytes(data[:-1])
        assert read_annotations(path) == read  # an editor that ends no last line has lost nothing


def test_damaged_annotations_are_one_sentence(tmp_path):
    path = tmp_path / "events.csv"
    assert read_annotations(path) == ()
    for data in (
        b"onset\n",
        b"onset_s,duration_s,label,note,frame\nx,0,a,b,0\n",
        b"onset_s,duration_s,label,note,frame\n1\n",
    ):
        path.write_bytes(data)
        with pytest.raises(SessionError, match="are damaged"):
            read_annotations(path)


def test_a_film_where_one_may_not_look_leaves_the_numbers(tmp_path, header, make_frame, nth_face):
    hidden = MediaFile("/" + "y" * 5000, 5, 1.5)  # the system refuses the look, as in a folder of somebody else
    folder = claim_folder(tmp_path / "session")
    with ExtractWriter(folder, replace(header, media=hidden)) as table:
        frame = make_frame(0)
        table.write(FrameResult(frame, (nth_face(0),), frame.captured_s), 0.0)
    with closing(Session.open(folder)) as session:
        assert session.video is None
        assert session.table.success.all()
