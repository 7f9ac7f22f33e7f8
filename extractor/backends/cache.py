"""What was made once of a checkpoint and need not be made again: exported and compiled networks.

It lies in the user's cache folder (or in ``MOTIONSCOPE_CACHE``), never beside the weights, in one
folder for each state of the weights and of the packages involved.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import platformdirs
import torch

from extractor.weights import LoadReport

log = logging.getLogger(__name__)

EXPORT_VERSION = 1  # to be raised when extractor.export makes another graph of the same weights
KEPT = 4  # folders; a network takes up to 120 MB, and as much again compiled


def cache_folder() -> Path:
    """Where everything is kept; it may not exist yet."""
    chosen = os.environ.get("MOTIONSCOPE_CACHE")
    return Path(chosen) if chosen else platformdirs.user_cache_path("motionscope", appauthor=False)


def network_folder(report: LoadReport) -> Path:
    """The folder of one checkpoint's networks."""
    torch_version = torch.__version__.partition("+")[0]
    name = f"{report.sha256[:32]}-{report.spec.crop.input_size}-torch{torch_version}-{EXPORT_VERSION}"
    return cache_folder() / "networks" / name


def cached_model(report: LoadReport, make: Callable[[], bytes]) -> bytes:
    """The exported network, from the cache or made and put there.  A cache that can't be written only costs time."""
    folder = network_folder(report)
    path = folder / "network.onnx"
    try:
        model = path.read_bytes()
        os.utime(folder)
        return model
    except OSError:
        pass
    model = make()
    partial = folder / f"network.{os.getpid()}.partial"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(model)
        partial.replace(path)
        _prune(folder.parent)
    except OSError as error:
        log.warning("The exported network can't be kept in %s, so it will be made anew each time: %s", folder, error)
        partial.unlink(missing_ok=True)
    return model


def was_checked(report: LoadReport, facts: Sequence[str]) -> bool:
    """Whether ``note_checked`` was called for the same."""
    return _mark(report, facts).exists()


def note_checked(report: LoadReport, facts: Sequence[str]) -> None:
    """Remember that an engine, as described by ``facts``, gives the right numbers."""
    mark = _mark(report, facts)
    with contextlib.suppress(OSError):
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text("\n".join(facts), encoding="utf-8")


def _mark(report: LoadReport, facts: Sequence[str]) -> Path:
    return network_folder(report) / f"checked-{hashlib.sha256(chr(10).join(facts).encode()).hexdigest()[:16]}"


def forget(report: LoadReport) -> None:
    """Remove what was kept of a checkpoint."""
    shutil.rmtree(network_folder(report), ignore_errors=True)


def _prune(parent: Path) -> None:
    """Keep the folders used last."""
    folders = sorted(parent.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in folders[KEPT:]:
        shutil.rmtree(folder, ignore_errors=True)
