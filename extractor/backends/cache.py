"""What was made once of a checkpoint and need not be made again: graphs, compiled networks, and what is known of it.

It lies in the user's cache folder (or in ``MOTIONSCOPE_CACHE``), never beside the weights, in one
folder for each state of the weights.  With it an engine starts without torch.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import platformdirs

from extractor import files
from extractor.report import LoadReport

log = logging.getLogger(__name__)

GRAPH_VERSION = 2  # to be raised when extractor.onnx_graph makes another graph of the same weights
KEPT = 4  # folders; a network takes up to 120 MB, and as much again compiled
REPORT = "report.json"
NETWORK = "network.onnx"


def cache_folder() -> Path:
    """Where everything is kept; it may not exist yet."""
    chosen = os.environ.get("MOTIONSCOPE_CACHE")
    return Path(chosen) if chosen else platformdirs.user_cache_path("motionscope", appauthor=False)


def network_folder(sha256: str) -> Path:
    """The folder of one checkpoint's networks, by the hash of its file."""
    return cache_folder() / "networks" / f"{sha256[:32]}-{GRAPH_VERSION}"


def cached_report(sha256: str, path: Path) -> LoadReport | None:
    """What is known of the weights of this hash, which now lie at ``path``; None where nothing is."""
    try:
        values = json.loads((network_folder(sha256) / REPORT).read_text(encoding="utf-8"))
        report = LoadReport.from_json(values, path)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return report if report.sha256 == sha256 else None


def keep_report(report: LoadReport) -> None:
    """For ``cached_report``.  A cache that can't be written only costs time."""
    with contextlib.suppress(OSError):
        write_whole(network_folder(report.sha256) / REPORT, json.dumps(report.to_json()).encode())


def cached_model(report: LoadReport, name: str, make: Callable[[], bytes]) -> tuple[bytes, Path | None]:
    """A graph of the weights, from the cache or made and put there, and its file; None where it can't be kept."""
    folder = network_folder(report.sha256)
    path = folder / name
    try:
        model = path.read_bytes()
        os.utime(folder)
        return model, path
    except OSError:
        pass
    model = make()
    try:
        write_whole(path, model)
        _prune(folder.parent)
    except OSError as error:
        log.warning("The exported network can't be kept in %s, so it will be made anew each time: %s", folder, error)
        return model, None
    return model, path


def was_checked(report: LoadReport, facts: Sequence[str]) -> bool:
    """Whether ``note_checked`` was called for the same."""
    return _mark(report, facts).exists()


def note_checked(report: LoadReport, facts: Sequence[str]) -> None:
    """Remember that an engine, as described by ``facts``, gives the right numbers."""
    with contextlib.suppress(OSError):
        write_whole(_mark(report, facts), "\n".join(facts).encode())


def _mark(report: LoadReport, facts: Sequence[str]) -> Path:
    digest = hashlib.sha256(chr(10).join(facts).encode()).hexdigest()[:16]
    return network_folder(report.sha256) / f"checked-{digest}"


def forget(report: LoadReport) -> None:
    """Remove what was kept of a checkpoint."""
    files.remove_tree(network_folder(report.sha256))


def write_whole(path: Path, content: bytes) -> None:
    """The file appears whole or not at all, and its folder with it; raises OSError."""
    files.make_folder(path.parent)
    files.write_whole(path, content)


def _prune(parent: Path) -> None:
    """Keep the folders used last."""
    folders = sorted(parent.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in folders[KEPT:]:
        files.remove_tree(folder)
