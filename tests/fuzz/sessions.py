"""Damaged session folders: everything that reads, repairs or exports one says a sentence or does its work."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np

from app.batch.images import ImageTable, Measured
from app.batch.jobs import Picture
from app.batch.plan import DoneCriteria, Item, find_places, holds_only_a_result
from app.capture.source import SourceInfo
from app.core.errors import UserError
from app.core.frames import Box, FaceResult, Frame, FrameResult
from app.session import analyses, ownership
from app.session.annotation_file import AnnotationFile
from app.session.comparison import compare
from app.session.deletion import delete_session, plan_deletion, question_about
from app.session.exporters import EXPORTERS, export_session
from app.session.identities import Identities, write_identities
from app.session.lazy_table import LazyTable, read_angles
from app.session.manifest import COMPLETE, RECORDING, Manifest, MediaFile, SessionHeader
from app.session.offline import ExtractWriter, StagedTables
from app.session.ownership import Owner
from app.session.recovery import find_unfinished, recover
from app.session.session import Session
from app.session.signals import FILTERED
from app.session.writer import SessionWriter
from app.ui.review.loading import load
from extractor.types import KEYPOINT_NAMES, Angles
from tests.factories import make_face
from tests.fuzz.mutators import damage_of

NAME = "sessions"
EXPECTED: tuple[type[Exception], ...] = (UserError,)
FRAMES = 6


def prepare(folder: Path) -> None:
    """The sound sessions that are damaged: recorded, cut off, measured from a file; and a table of pictures."""
    recorded = folder / "recorded"
    recorded.mkdir(parents=True)
    source = SourceInfo("camera", "Test camera", 34, 26, 30.0, "MJPG")
    header = SessionHeader(source, 24, "weights.safetensors", "ab" * 32, keypoint_names=KEYPOINT_NAMES)
    with SessionWriter(recorded, header) as writer:
        for k in range(FRAMES):
            writer.add_frame(_frame(k))
            writer.add_result(_result(k))
        writer.add_annotation("point", "a note", at_s=100.05)
        writer.add_annotation("interval", duration_s=0.1, at_s=100.08)
    write_identities(recorded, Identities().named(1, "mother").merged((1, 2)), Identities())
    staging = analyses.begin(recorded)
    with StagedTables(staging, 24) as tables:
        for k in range(FRAMES):
            tables.write(_result(k), k / 30)
    about = analyses.AnalysisHeader("again", FRAMES, 24, "w", "cd" * 32, "", True, "torch", "cpu", KEYPOINT_NAMES)
    analyses.publish(staging, about, exact=True)
    (recorded / "truth.csv").write_text("frame,timestamp_s,pitch_deg,yaw_deg,roll_deg\n0,0.000000,1.0,2.0,3.0\n")
    cut_off = folder / "cut off"
    shutil.copytree(recorded, cut_off)
    shutil.rmtree(cut_off / "analyses")
    for name in ("video.mkv", "frames.csv", "faces.csv", "motion.bin", "truth.csv"):
        final = cut_off / name
        final.rename(final.with_name(f"{final.stem}.part{final.suffix}"))
    (cut_off / "events.open.csv").write_bytes((cut_off / "events.csv").read_bytes())
    replace(Manifest.read(cut_off), state=RECORDING, owner=Owner(2**22 + 1, 1.0)).write(cut_off)
    measured = folder / "measured"
    measured.mkdir()
    shutil.copy(recorded / "video.mkv", measured / "clip.mkv")
    media = MediaFile.of(measured / "clip.mkv")
    with ExtractWriter(measured, replace(header, media=replace(media, path="clip.mkv"))) as extracted:
        for k in range(FRAMES):
            extracted.write(_result(k), k / 30)
    pictures = folder / "pictures"
    pictures.mkdir()
    table = ImageTable(pictures, _measured(), force=True)
    rows = [(Picture(f"/{k}.png", f"{k}.png", 10, 20), ("x",) * 70) for k in range(3)]
    table.add(rows)
    table.close()
    journal = (pictures / ".images.jsonl").read_bytes()
    table.finish([picture for picture, _ in rows])
    (pictures / ".images.jsonl").write_bytes(journal)


def damage(rng: random.Random, sound: Path, folder: Path) -> None:
    """A copy of one of the sound ones below ``folder``, with one to three of its files damaged."""
    kind = rng.choice(("recorded", "recorded", "cut off", "cut off", "measured", "pictures"))
    copy = folder / kind
    shutil.copytree(sound / kind, copy)
    names = sorted(path.relative_to(copy).as_posix() for path in copy.rglob("*") if path.is_file())
    for name in rng.sample(names, rng.choice((1, 1, 2, 3))):
        name = rng.choice((name, name, "session.json" if kind != "pictures" else "images.json"))
        path = copy / name
        if not path.is_file():
            continue
        odd = rng.random()
        if odd < 0.04:
            path.unlink()
        elif odd < 0.06 and hasattr(os, "mkfifo"):
            path.unlink()
            os.mkfifo(path)
        elif odd < 0.08:
            path.unlink()
            path.mkdir()
        elif odd < 0.1:
            path.write_bytes(b"")
        elif odd < 0.12:
            path.unlink()
            path.symlink_to(rng.choice((path.name, "/dev/zero", "/nothing", "session.json")))
        else:
            path.write_bytes(damage_of(name)(rng, path.read_bytes()))


def attempt(folder: Path) -> None:
    """Everything that the program does with a folder of sessions."""
    with mock.patch.object(ownership, "WATCH_S", 0.0):  # nobody else is at work in it
        find_unfinished(folder)
        for session in sorted(folder.iterdir()):
            for step in STEPS:
                with contextlib.suppress(*EXPECTED):
                    step(session)
            find_unfinished(folder)
            with contextlib.suppress(*EXPECTED):
                delete_session(session)
                assert not session.exists()


def _describe(folder: Path) -> None:
    question_about([plan_deletion(folder)])


def _images(folder: Path) -> None:
    if (folder / "images.json").exists():
        table = ImageTable(folder, _measured(), force=False)
        picture = Picture("/0.png", "0.png", 10, 20)
        table.missing([picture])
        table.add([(picture, ("y",) * 70)])
        table.close()
        table.finish([picture])


def _plan(folder: Path) -> None:
    find_places([Item(folder / "clip.mkv", f"{folder.name}.mkv")], folder.parent, DoneCriteria(""), force=False)
    holds_only_a_result(folder)


def _analyses(folder: Path) -> None:
    manifest = Manifest.read(folder)
    for analysis in analyses.find_analyses(folder):
        analysis.describe(manifest)
        LazyTable(analysis.table_path)


def _signals(folder: Path) -> None:
    read_angles(folder / "signals.csv", 100, FILTERED)


def _read(folder: Path) -> None:
    for table in ("", "again"):
        with contextlib.suppress(*EXPECTED):
            session = Session.open(folder, table)
            compare(session.table, session.table)
            with session.frames() as frames:
                for k in range(min(len(frames), FRAMES)):
                    frames.image_at(k)


def _review(folder: Path) -> None:
    """As its window does; a session without frames is refused there."""
    session = load(folder).session
    try:
        for k in range(min(len(session), 2 * FRAMES)):
            with contextlib.suppress(*EXPECTED):
                session.faces_of(k)
        for analysis in analyses.find_analyses(folder):
            with contextlib.suppress(*EXPECTED):
                session.open_table(analysis.table_path).close()
        pictures = session.open_pictures()
        try:
            for k in (0, len(session) - 1, len(session) // 2):
                with contextlib.suppress(*EXPECTED):
                    pictures.frame_at(k)
        finally:
            pictures.close()
    finally:
        session.close()


def _export(folder: Path) -> None:
    for table in ("", "again"):
        with contextlib.suppress(*EXPECTED):
            session = Session.open(folder, table)
            if len(session.table) > 10 * FRAMES:
                continue
            for exporter in EXPORTERS:
                with contextlib.suppress(*EXPECTED):
                    export_session(session, exporter, folder / "export", force=True)


def _mark(folder: Path) -> None:
    if Manifest.read(folder).state == COMPLETE:
        AnnotationFile(folder / "events.csv").save([])
        write_identities(folder, Identities(), Identities())


STEPS = (
    _images, _plan, _analyses, _signals, _read, _review, _export, _mark, recover, _read, _review, _describe,
)  # fmt: skip


def _measured() -> Measured:
    return Measured("w", "ab" * 32, "torch", "cpu", 24, 1)


def _frame(number: int) -> Frame:
    return Frame(number, np.full((26, 34, 3), 20 * number, np.uint8), 100.0 + number / 30)


def _result(number: int) -> FrameResult:
    faces = () if number == 2 else (_face(number, 0), *((_face(number, 1),) if number in (3, 4) else ()))
    return FrameResult(_frame(number), faces, 100.02 + number / 30)


def _face(number: int, face_id: int) -> FaceResult:
    rng = np.random.default_rng(number)
    return make_face(
        Angles(number, 2.0 * number, -number),
        box=Box(4.0, 5.0, 20.0, 18.0),
        magnitudes=0.03,
        face_id=face_id,
        crop_to_frame=np.array([[10, 0, 14], [0, 10, 13]], np.float32),
        rotation=np.eye(3, dtype=np.float32),
        kp=rng.normal(size=(24, 3)).astype(np.float32),
        exp=rng.normal(0, 0.02, (24, 3)).astype(np.float32),
        scale=0.75,
        t=np.array([0.1, -0.2, 0.0], np.float32),
        keypoints=rng.uniform(4, 24, (24, 2)).astype(np.float32),
        logits=rng.normal(size=(3, 66)).astype(np.float32),
    )
