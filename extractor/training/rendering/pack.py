"""The asset pack: where it lies, whether it is whole, and what is in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from extractor.training.errors import MissingPackError
from extractor.training.geometry import Array

PACK_VARIABLE = "MOTIONSCOPE_PACK"
"""Environment variable that names the unpacked folder where no ``--pack`` is given."""

NEEDED = ("geom.npz", "meta.json", "env.npz", "skin", "tex", "env")

ORIGIN = (
    "The pack is built from MakeHuman's base mesh and morphs (CC0), ICT-FaceKit's identity and expression modes (MIT), "
    "makehuman-assets (CC0) and CC0 HDRIs, as the model card describes; unpack pack.tar.xz and give its folder with "
    f"--pack or in {PACK_VARIABLE}"
)


@dataclass(frozen=True, eq=False)
class Pack:
    """What the files hold, read once; arrays as stored.  Lengths are decimetres, y up, z out of the face."""

    folder: Path
    geometry: dict[str, Array]
    meta: dict[str, Any]
    environments: dict[str, Array]  # names, sh (E, 9, 3), hdr (E, 128, 256, 3), sun (E, 4): direction and strength

    @classmethod
    def open(cls, folder: Path) -> Pack:
        """Read the pack; raises ``MissingPackError``."""
        lacking = [name for name in NEEDED if not (folder / name).exists()]
        if lacking:
            where = f"{folder} lacks {', '.join(lacking)}" if folder.is_dir() else f"there is no folder {folder}"
            raise MissingPackError(f"The asset pack can't be used: {where}. {ORIGIN}.")
        try:
            with np.load(folder / "geom.npz") as file:
                geometry = {key: file[key] for key in file.files}
            with np.load(folder / "env.npz") as file:
                environments = {key: file[key] for key in file.files}
            meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError) as error:
            raise MissingPackError(f"The asset pack in {folder} is damaged ({error}). {ORIGIN}.") from error
        return cls(folder, geometry, meta, environments)
