import json
import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import SessionError
from app.session.folders import claim_folder
from app.session.manifest import Manifest, MediaFile
from app.session.motion import MotionEncoder, open_motion, record_type, whole_size
from app.session.offline import ExtractWriter
from app.session.recovery import recover
from app.session.writer import SessionWriter
from extractor.types import Angles

RECORD = record_type(24, 66).itemsize


@pytest.fixture
def face_of(nth_face):
    def make(number, **changes):
        rng = np.random.default_rng(number)
        values = {
            "logits": rng.normal(size=(3, 66)).astype(np.float32),
            "kp": rng.normal(size=(24, 3)).astype(np.float32),
            "exp": rng.normal(size=(24, 3)).astype(np.float32),
            "rotation": rng.normal(size=(3, 3)).astype(np.float32),
            "crop_to_frame": rng.normal(size=(2, 3)).astype(np.float32),
            "t": rng.normal(size=3).astype(np.float32),
            "scale": 1.5 + number,
        }
        return nth_face(number, **{**values, **changes})

    return make


def write(path, numbers, face_of):
    encoder = MotionEncoder()
    path.write_bytes(b"".join(encoder.encode(k, face_of(k)) for k in numbers))
    return path


def test_the_bytes_are_what_the_format_says(tmp_path, face_of):
    data = write(tmp_path / "motion.bin", [3], face_of).read_bytes()
    header, body = data.split(b"\n", 1)
    assert json.loads(header) == {"format": "motionscope.motion", "version": 1, "num_kp": 24, "num_bins": 66}
    face = face_of(3)
    number, *values = struct.unpack(f"<I{(len(body) - 4) // 4}f", body)
    assert number == 3
    wanted = [face.logits, face.t, face.exp, np.float32(face.scale), face.kp, face.rotation, face.crop_to_frame]
    assert values == np.concatenate([np.ravel(item) for item in wanted]).tolist()


def test_a_recording_keeps_exactly_what_the_network_gave(tmp_path, header, face_of, make_frame, result_of):
    folder = claim_folder(tmp_path / "session")
    untrained = {
        4: {"pose_trained": False},
        5: {"angles": Angles(float("nan"), 0.0, 0.0)},
        6: {"kp": np.zeros((21, 3))},
    }
    with SessionWriter(folder, header) as writer:
        for k in range(9):
            frame = make_frame(k)
            writer.add_frame(frame)
            faces = [] if k == 2 else [face_of(k, **untrained.get(k, {})), face_of(k + 50, face_id=1)]
            writer.add_result(result_of(frame, faces))
    records = open_motion(folder / "motion.bin").records
    assert records["frame"].tolist() == [0, 1, 3, 7, 8]
    for record in records:
        face = face_of(int(record["frame"]))
        for name in ("t", "exp", "scale", "kp", "rotation", "crop_to_frame"):
            assert np.array_equal(record[name], getattr(face, name)), name
        assert np.array_equal([record["pitch"], record["yaw"], record["roll"]], face.logits)


def test_crops_are_those_of_the_recorded_picture(tmp_path, header, face_of, make_frame, result_of):
    folder = claim_folder(tmp_path / "session")
    with SessionWriter(folder, header) as writer:
        for k, (width, height) in enumerate([(64, 48), (128, 48)]):
            frame = make_frame(k, width=width, height=height)
            writer.add_frame(frame)
            face = face_of(k, crop_to_frame=np.array([[20, 0, 60], [0, 20, 30]], np.float32))
            writer.add_result(result_of(frame, [face]))
    first, second = open_motion(folder / "motion.bin").records["crop_to_frame"]
    assert first.tolist() == [[20, 0, 60], [0, 20, 30]]
    assert second.tolist() == [[10, 0, 30], [0, 10, 15 + 12]]  # half the size, 12 black lines above


def test_a_measured_file_has_them_too(tmp_path, header, face_of, make_frame, result_of):
    clip = tmp_path / "clip"
    clip.write_bytes(b"")
    folder = claim_folder(tmp_path / "extracted")

    def measure():
        with ExtractWriter(folder, replace(header, media=MediaFile.of(clip))) as writer:
            for k in range(4):
                faces = [] if k == 1 else [face_of(k)]
                writer.write(result_of(make_frame(k), faces), k / 30)
            assert (folder / "motion.part.bin").exists()
            yield
            raise ValueError("broken")

    broken = measure()
    next(broken)
    broken.close()
    assert not list(folder.glob("motion*"))
    (folder / "session.json").unlink()
    with ExtractWriter(folder, replace(header, media=MediaFile.of(clip))) as writer:
        for k in range(4):
            writer.write(result_of(make_frame(k), [] if k == 1 else [face_of(k)]), k / 30)
    assert open_motion(folder / "motion.bin").records["frame"].tolist() == [0, 2, 3]


@given(st.data())
def test_of_a_file_cut_off_anywhere_the_whole_records_remain(tmp_path_factory, data):
    kind = record_type(2, 3)
    header = b'{"format": "motionscope.motion", "version": 1, "num_kp": 2, "num_bins": 3}\n'
    numbers = sorted(data.draw(st.sets(st.integers(0, 40), max_size=8)))
    records = np.zeros(len(numbers), kind)
    records["frame"] = numbers
    whole = header + records.tobytes()
    zeros = data.draw(st.integers(0, 3 * kind.itemsize))
    cut = data.draw(st.integers(0, len(whole)))
    frames = data.draw(st.integers(0, 50))
    path = tmp_path_factory.mktemp("motion") / "motion.bin"
    path.write_bytes(whole[:cut] + b"\0" * zeros)
    size = whole_size(path, frames)
    if cut < len(header):
        assert size == 0
        return
    kept = (cut - len(header)) // kind.itemsize
    left = [number for number in numbers[:kept] if number < frames]
    # A record whose tail was lost may be completed by zeros, and one of zeros alone may pass for frame 0.
    count = (size - len(header)) // kind.itemsize
    assert size == len(header) + count * kind.itemsize
    assert count in (len(left), len(left) + 1) if zeros else count == len(left)
    path.write_bytes(path.read_bytes()[:size])
    assert open_motion(path).records["frame"][: len(left)].tolist() == left


def test_recovery_keeps_the_records_of_the_frames_it_keeps(tmp_path, header, face_of, make_frame, result_of):
    folder = claim_folder(tmp_path / "session")
    with SessionWriter(folder, header) as writer:
        for k in range(10):
            frame = make_frame(k)
            writer.add_frame(frame)
            writer.add_result(result_of(frame, [face_of(k)]))
    for name in ("video.mkv", "frames.csv", "motion.bin"):
        path = folder / name
        path.rename(path.with_name(f"{path.stem}.part{path.suffix}"))
    replace(Manifest.read(folder), state="recording").write(folder)
    with (folder / "motion.part.bin").open("ab") as file:
        record = np.zeros((), record_type(24, 66))
        record["frame"] = 12  # its frame is not in the video
        file.write(record.tobytes() + record.tobytes()[:77])
    recover(folder)
    assert open_motion(folder / "motion.bin").records["frame"].tolist() == list(range(10))
    header_size = open_motion(folder / "motion.bin").offset
    assert (folder / "motion.bin").stat().st_size == header_size + 10 * RECORD
    assert not list(folder.glob("*.part.*"))


def test_recovery_without_a_whole_header_leaves_none(tmp_path, header, make_frame):
    folder = claim_folder(tmp_path / "session")
    with SessionWriter(folder, header) as writer:
        writer.add_frame(make_frame(0))
    replace(Manifest.read(folder), state="recording").write(folder)
    (folder / "motion.part.bin").write_bytes(b'{"format": "motionscope')
    recover(folder)
    assert not list(folder.glob("motion*"))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "holds no raw outputs"),
        (b"", "is damaged"),
        (b"\xff\n", "is damaged"),
        (b"[]\n", "is damaged"),
        (b'{"format": "x"}\n', "is damaged"),
        (b'{"format": "motionscope.motion", "version": 1, "num_kp": -1, "num_bins": 66}\n', "is damaged"),
        (b'{"format": "motionscope.motion", "version": 1, "num_kp": 24, "num_bins": 66}', "is damaged"),
        (b'{"format": "motionscope.motion", "version": 2, "num_kp": 24, "num_bins": 66}\n', "newer version"),
    ],
)
def test_what_is_no_such_file_is_refused_in_one_sentence(tmp_path, data, words):
    path = tmp_path / "motion.bin"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(SessionError, match=words) as caught:
        open_motion(path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith((".", "update."))
