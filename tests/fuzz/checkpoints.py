"""Damaged checkpoints: one sentence each, whatever is wrong with them; nothing in them runs."""

from __future__ import annotations

import json
import random
import struct
import zipfile
from pathlib import Path

import torch

from extractor import MotionExtractor
from extractor.convert import save_weights
from extractor.report import WeightsError
from extractor.types import CropSpec, NetworkSpec
from extractor.weights import read_weights
from tests.fuzz.mutators import damage_bytes, damage_json

NAME = "checkpoints"
EXPECTED: tuple[type[Exception], ...] = (WeightsError,)


def prepare(folder: Path) -> None:
    """The project's own layout, LivePortrait's, and a legacy pickle, of the smallest network."""
    folder.mkdir(parents=True)
    torch.manual_seed(0)
    network = MotionExtractor(24, 66, backbone="atto")
    state = {name: tensor.half() for name, tensor in network.detector.state_dict().items()}
    spec = NetworkSpec("atto", 24, 66, CropSpec(input_size=64), None)
    save_weights(folder / "own.safetensors", state, spec, {"licence": "none"}, torch.float16)
    torch.save({f"detector.{name}": tensor for name, tensor in state.items()}, folder / "liveportrait.pth")
    torch.save({"model": state}, folder / "legacy.pth", _use_new_zipfile_serialization=False)


def damage(rng: random.Random, sound: Path, folder: Path) -> None:
    """One file; what is damaged is mostly its head, where everything is described."""
    source = rng.choice(sorted(sound.iterdir()))
    data = source.read_bytes()
    target = folder / source.name
    if source.suffix == ".safetensors":
        (length,) = struct.unpack("<Q", data[:8])
        head = data[8 : 8 + length]
        if rng.random() < 0.7:
            head = damage_json(rng, head)
            told = len(head) if rng.random() < 0.9 else rng.choice((0, len(data), 2**40, 2**63))
            data = struct.pack("<Q", told) + head + data[8 + length :]
        else:
            data = damage_bytes(rng, data[: 8 + length + 1000]) + data[8 + length + 1000 :]
    elif source.name == "liveportrait.pth" and rng.random() < 0.7:
        with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
            for item in old.infolist():
                content = old.read(item)
                if item.filename.endswith(("data.pkl", "version", "byteorder")) and rng.random() < 0.7:
                    content = damage_bytes(rng, content)
                if rng.random() > 0.005:
                    new.writestr(item, content)
        return
    else:
        start = rng.choice((0, len(data) - 30_000))
        piece = damage_bytes(rng, data[start : start + 30_000])
        data = data[:start] + piece + data[start + 30_000 :]
    target.write_bytes(data)


def attempt(folder: Path) -> None:
    """Read it, and run it where it can be read."""
    for path in sorted(folder.iterdir()):
        try:
            json.dumps(read_weights(path).report.to_json())
            network = MotionExtractor.from_checkpoint(path)
        except EXPECTED:
            continue
        with torch.inference_mode():  # at a small size, for the numbers of damaged weights may be slow ones
            network(torch.zeros(1, 3, 64, 64))
