"""What counts as done: results are faked, so nothing is measured here."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import PIL.Image
import pytest

from app.batch.images import JOURNAL, TABLE, ImageTable, Measured, pictures_of
from app.batch.jobs import ExtractOptions, Settings
from app.batch.plan import DoneCriteria, Item, Place, find_places, find_work, holds_only_a_result, is_free
from app.batch.worker import Worker
from app.capture.source import SourceInfo
from app.core.errors import UserError
from app.session.manifest import COMPLETE, RECORDING, STOPPED, Manifest, MediaFile, SessionHeader
from app.session.table import Missing, columns, row
from extractor import files
from extractor.backends import ENGINES, BackendInfo
from tests.factories import read_pictures

WEIGHTS = "ab" * 32
SAME = DoneCriteria(WEIGHTS)
HEADER = SessionHeader(SourceInfo("video", "clip.mp4", 64, 48, 30.0), 24, weights_sha256=WEIGHTS, engine="torch")


@pytest.fixture
def clip(tmp_path: Path) -> Item:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"a film")
    return Item(path, "clip.mp4")


def result(folder: Path, clip: Item, state: str = COMPLETE, ended_by: str = "", **changes: object) -> Path:
    folder.mkdir(parents=True)
    header = replace(HEADER, media=MediaFile.of(clip.path), **changes)
    Manifest(header, state=state, ended_by=ended_by).write(folder)
    (folder / "frames.csv").touch()
    return folder


def place(clip: Item, out: Path, criteria: DoneCriteria = SAME, force: bool = False) -> Place:
    (found,) = find_places([clip], out, criteria, force=force)
    return found


def test_a_whole_result_of_the_same_file_and_weights_is_done(clip, tmp_path):
    out = tmp_path / "out"
    assert place(clip, out) == Place(out / "clip")
    result(out / "clip", clip)
    assert place(clip, out) == Place(out / "clip", done=True)
    assert place(clip, out, force=True) == Place(out / "clip")
    assert place(clip, out, DoneCriteria(WEIGHTS, ExtractOptions(engine="torch"))).done
    assert place(clip, out, DoneCriteria("cd" * 32)) == Place(out / "clip")
    for other in (ExtractOptions(faces=2), ExtractOptions(engine="openvino")):
        assert place(clip, out, DoneCriteria(WEIGHTS, other)) == Place(out / "clip")


@pytest.mark.parametrize(
    ("engine", "precision", "done"),
    [
        ("openvino", "", {"auto", "openvino"}),  # of an earlier version
        ("openvino", "bfloat16", {"auto", "openvino"}),
        ("openvino", "int8", {"auto", "openvino-int8"}),
        ("torch", "bfloat16", {"auto", "torch-bf16"}),
        ("torch", "float32", {"auto", "torch"}),
    ],
)
def test_a_result_is_done_for_the_engine_and_precision_that_it_was_measured_with(
    engine, precision, done, clip, tmp_path
):
    result(tmp_path / "out" / "clip", clip, engine=engine, precision=precision)
    criteria = {name: DoneCriteria(WEIGHTS, ExtractOptions(engine=name)) for name in ("auto", *ENGINES)}
    assert {name for name, each in criteria.items() if place(clip, tmp_path / "out", each).done} == done


def test_a_result_that_was_cut_off_is_not_done(clip, tmp_path):
    result(tmp_path / "out" / "clip", clip, RECORDING)
    assert not place(clip, tmp_path / "out").done


def test_a_damaged_film_stays_a_failure_without_being_measured_again(clip, tmp_path):
    result(tmp_path / "out" / "clip", clip, STOPPED, "clip.mp4 is damaged.")
    assert place(clip, tmp_path / "out") == Place(tmp_path / "out" / "clip", True, "clip.mp4 is damaged.")


@pytest.mark.parametrize("change", ["content", "time"])
def test_a_film_that_has_changed_is_measured_again_in_the_same_place(change, clip, tmp_path):
    result(tmp_path / "out" / "clip", clip)
    if change == "content":
        clip.path.write_bytes(b"a longer film")
    else:
        os.utime(clip.path, (1, 1))
    assert place(clip, tmp_path / "out") == Place(tmp_path / "out" / "clip")


def test_a_film_that_was_moved_is_still_done_but_another_of_the_same_name_gets_its_own_place(clip, tmp_path):
    out = tmp_path / "out"
    result(out / "clip", clip)
    moved = tmp_path / "elsewhere" / "clip.mp4"
    moved.parent.mkdir()
    clip.path.rename(moved)
    assert place(Item(moved, "clip.mp4"), out).done
    moved.write_bytes(b"quite another film")
    assert place(Item(moved, "clip.mp4"), out) == Place(out / "clip-2")


def test_what_somebody_has_added_to_is_never_replaced(clip, tmp_path):
    out = tmp_path / "out"
    (result(out / "clip", clip) / "events.csv").touch()
    assert place(clip, out).done
    assert place(clip, out, force=True) == Place(out / "clip-2")
    (out / "clip" / "session.json").unlink()
    assert place(clip, out) == Place(out / "clip-2")


def test_no_two_films_get_the_same_folder(clip, tmp_path):
    other = Item(tmp_path / "clip-2.mp4", "clip-2.mp4")
    other.path.write_bytes(b"another")
    (tmp_path / "out" / "clip").mkdir(parents=True)
    (tmp_path / "out" / "clip" / "precious").touch()
    places = find_places([clip, other], tmp_path / "out", SAME, force=False)
    assert [found.folder.name for found in places] == ["clip-2", "clip-2-2"]


def test_links_that_lead_nowhere_and_pipes_are_no_files(clip, tmp_path):
    (tmp_path / "nowhere.mp4").symlink_to("gone")
    (tmp_path / "round.mp4").symlink_to("round.mp4")
    for name in ("nowhere.mp4", "round.mp4"):
        with pytest.raises(UserError, match="does not exist"):
            find_work([str(tmp_path / name)])
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.mp4")
        with pytest.raises(UserError, match="is no file"):
            find_work([str(tmp_path / "pipe.mp4")])
    assert find_work([str(tmp_path / "*.mp4")]).videos == (clip,)


@pytest.mark.skipif(sys.platform == "win32", reason="there such a path is no path")
def test_a_path_that_can_not_be_looked_at_stops_none_of_the_others(clip, tmp_path):
    refused = tmp_path / ("x" * 300)  # the system refuses so long a name
    work = find_work([str(refused), str(tmp_path / "none.mp4"), str(clip.path)])
    assert work.videos == (clip,)
    too_long = f"{refused} can't be read: file name too long."
    assert work.failures == (too_long, f"{tmp_path / 'none.mp4'} does not exist.")
    with pytest.raises(UserError, match="file name too long"):
        find_work([str(refused)])


@pytest.mark.parametrize("named", ["", "locked"], ids=["folder above", "locked itself"])
def test_a_folder_that_one_may_not_read_is_said(clip, tmp_path, named):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0)
    if os.access(locked, os.R_OK):
        pytest.skip("this user may read everything")
    try:
        work = find_work([str(tmp_path / named), str(clip.path)])
    finally:
        locked.chmod(0o700)
    assert work.videos == (clip,)
    assert work.failures == (f"{locked} can't be read: permission denied.",)


# ---------------------------------------------------------------------- pictures

MEASURED = Measured("weights.safetensors", WEIGHTS, "torch", "cpu", 24, 1)


@pytest.fixture
def pictures(tmp_path):
    items = []
    for name in ("a.jpg", "b ü.jpg", "c.jpg"):
        (tmp_path / name).write_bytes(name.encode())
        items.append(Item(tmp_path / name, name))
    return pictures_of(items)


def table(out: Path, measured: Measured = MEASURED, force: bool = False) -> ImageTable:
    return ImageTable(out, measured, force=force)


def fields(picture):
    return row(picture.name, None, None, 0.0, 24, Missing.NO_FACE)


def test_pictures_that_have_their_row_are_not_measured_again(pictures, tmp_path):
    first = table(tmp_path)
    assert first.missing(pictures) == list(pictures)
    first.add([(picture, fields(picture)) for picture in reversed(pictures)])
    first.finish(pictures)
    assert read_pictures(tmp_path / TABLE)[0] == tuple(picture.name for picture in pictures)
    assert not (tmp_path / JOURNAL).exists()

    again = table(tmp_path)
    assert again.missing(pictures) == []
    assert again.is_of(pictures)
    assert table(tmp_path, force=True).missing(pictures) == list(pictures)
    assert table(tmp_path, replace(MEASURED, weights_sha256="cd" * 32)).missing(pictures) == list(pictures)
    os.utime(pictures[1].path, (5, 5))
    changed = pictures_of([Item(Path(picture.path), picture.name) for picture in pictures])
    assert again.missing(changed) == [changed[1]]


def test_a_table_that_a_spreadsheet_has_saved_is_kept_before_it_is_written_anew(pictures, tmp_path):
    first = table(tmp_path)
    first.add([(picture, fields(picture)) for picture in pictures])
    first.finish(pictures)
    first = table(tmp_path)
    first.finish(pictures)
    assert not (tmp_path / "images.original.csv").exists()
    saved = b"rating;" + (tmp_path / TABLE).read_bytes().replace(b",", b";")
    (tmp_path / TABLE).write_bytes(saved)
    again = table(tmp_path)
    again.finish(pictures)
    assert (tmp_path / "images.original.csv").read_bytes() == saved


@pytest.mark.parametrize("cut", [0, 1, 30])
def test_a_killed_run_keeps_the_rows_that_are_whole(cut, pictures, tmp_path):
    killed = table(tmp_path)
    killed.add([(pictures[0], fields(pictures[0]))])
    killed.add([(pictures[1], fields(pictures[1]))])
    killed.close()
    data = (tmp_path / JOURNAL).read_bytes()
    (tmp_path / JOURNAL).write_bytes(data[: len(data) - cut])
    lost = [pictures[1], pictures[2]] if cut else [pictures[2]]

    again = table(tmp_path)
    assert again.missing(pictures) == lost
    again.add([(picture, fields(picture)) for picture in lost])
    again.finish(pictures)
    names, found = read_pictures(tmp_path / TABLE)
    assert names == tuple(picture.name for picture in pictures)
    assert found.inferred.all()


def test_a_picture_that_could_not_be_read_has_an_empty_row_and_is_tried_again(pictures, tmp_path):
    first = table(tmp_path)
    first.add([(pictures[0], fields(pictures[0]))])
    first.finish(pictures)
    assert read_pictures(tmp_path / TABLE)[1].inferred.tolist() == [True, False, False]
    assert table(tmp_path).missing(pictures) == list(pictures[1:])


@pytest.mark.parametrize("about", [b"", b"{}", b"[1]", b'{"schema": 99}', b"\xff"])
def test_odd_notes_about_the_table_only_cost_time(about, pictures, tmp_path):
    first = table(tmp_path)
    first.add([(picture, fields(picture)) for picture in pictures])
    first.finish(pictures)
    (tmp_path / "images.json").write_bytes(about)
    (tmp_path / JOURNAL).write_bytes(about)
    assert table(tmp_path).missing(pictures) == list(pictures)


def test_two_pictures_of_one_name_are_told_apart(tmp_path):
    items = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.jpg").touch()
        items.append(Item(tmp_path / folder / "a.jpg", "a.jpg"))
    names = [picture.name for picture in pictures_of(items)]
    assert names == [(tmp_path / "one" / "a.jpg").as_posix(), (tmp_path / "two" / "a.jpg").as_posix()]


def test_the_notes_say_with_what_the_rows_were_measured(pictures, tmp_path):
    first = table(tmp_path)
    first.add([(picture, fields(picture)) for picture in pictures])
    first.measured_with(BackendInfo("openvino", "cpu", "AMD EPYC", "int8"))
    first.finish(pictures)
    about = json.loads((tmp_path / "images.json").read_text(encoding="utf-8"))
    assert (about["engine"], about["precision"]) == ("openvino", "int8")
    assert (about["weights_sha256"], len(about["images"])) == (WEIGHTS, 3)
    for engine, missing in (("auto", 0), ("openvino-int8", 0), ("openvino", 3), ("torch", 3)):
        assert len(table(tmp_path, replace(MEASURED, engine=engine)).missing(pictures)) == missing, engine
    assert len((tmp_path / TABLE).read_text(encoding="utf-8").splitlines()[0].split(",")) == len(columns("file", 24))


def test_a_picture_whose_name_a_spreadsheet_would_run_gets_another_of_the_same_file(tmp_path):
    (tmp_path / "=cmd.png").write_bytes(b"x")
    item, plain = Item(tmp_path / "=cmd.png", "=cmd.png"), Item(tmp_path / "a.png", "a.png")
    pictures = pictures_of([item, plain])
    assert [picture.name for picture in pictures] == ["./=cmd.png", "a.png"]
    assert (tmp_path / pictures[0].name).samefile(tmp_path / "=cmd.png")


def test_what_systems_leave_beside_files_is_no_input_wherever_it_lies(tmp_path):
    notes = ("._a.mp4", "b/._c.jpg", "__MACOSX/a.mp4", "__MACOSX/sub/a.jpg", ".DS_Store", "Thumbs.db", "@eaDir/a.jpg")
    for name in ("a.mp4", *notes):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    work = find_work([str(tmp_path), str(tmp_path / "._a.mp4"), str(tmp_path / "**")])
    assert [item.path for item in work.videos] == [tmp_path / "a.mp4"]
    assert work.images == ()
    with pytest.raises(UserError, match="No video and no image"):
        find_work([str(tmp_path / "._a.mp4")])


@pytest.mark.parametrize("ending", ["h264", "H265", "hevc", "mxf", "vob", "dv", "ts", "gif"])
def test_a_folder_is_searched_for_every_kind_of_film(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    path.touch()
    assert [item.path for item in find_work([str(tmp_path)]).videos] == [path]


def test_a_folder_that_a_file_manager_has_looked_into_is_still_free_and_still_a_result(tmp_path):
    (tmp_path / ".DS_Store").touch()
    assert is_free(tmp_path)
    (tmp_path / "session.json").touch()
    (tmp_path / "._frames.csv").touch()
    assert holds_only_a_result(tmp_path)
    assert not is_free(tmp_path)


def test_kinds_that_are_left_out_are_named_and_pictures_are_known_by_content(tmp_path):
    (tmp_path / "raw.nef").touch()
    PIL.Image.new("RGB", (4, 4)).save(tmp_path / "no ending", "PNG")
    work = find_work([str(tmp_path), str(tmp_path / "no ending")])
    assert work.left_out == (tmp_path / "raw.nef",)
    assert [item.name for item in work.images] == ["no ending"]


@pytest.mark.parametrize("share", [False, True])
def test_every_process_knows_who_may_read_its_results(private_files, share):
    files.share(not share)
    backend = SimpleNamespace(report=SimpleNamespace(sha256="ab"), close=lambda: None)
    Worker(Settings(ExtractOptions(None, "cpu", "torch"), "ab", 1, share=share), backend)
    assert files.is_shared() is share
