"""What was made once of a checkpoint and need not be made again: graphs, compiled networks, and what is known of it.

It lies in the user's cache folder (``extractor.user_cache``), never beside the weights, in one
folder for each state of the weights.  Beside each file lies its hash: what is not what was written is
made anew, since a network with a damaged part gives numbers that look right.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from extractor import files
from extractor.report import LoadReport, sha256_of
from extractor.user_cache import cache_folder

log = logging.getLogger(__name__)

GRAPH_VERSION = 3  # to be raised when extractor.onnx_graph makes another graph of the same weights
KEPT_FOLDERS = 4  # folders; a network takes up to 120 MB, and as much again compiled
REPORT = "report.json"
SEAL = ".sha256"
NETWORK, NETWORK_INT8 = "network.onnx", "network-int8.onnx"


def network_folder(sha256: str) -> Path:
    """The folder of one checkpoint's networks, by the hash of its file."""
    return cache_folder() / "networks" / f"{sha256[:32]}-{GRAPH_VERSION}"


def cached_report(sha256: str, path: Path) -> LoadReport | None:
    """What is known of the weights of this hash, which now lie at ``path``; None where nothing is."""
    try:
        values = json.loads(_read(network_folder(sha256) / REPORT))
        report = LoadReport.from_json(values, path)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return report if report.sha256 == sha256 else None


def keep_report(report: LoadReport) -> None:
    """For ``cached_report``.  A cache that can't be written only costs time."""
    with contextlib.suppress(OSError):
        _write(network_folder(report.sha256) / REPORT, json.dumps(report.to_json()).encode())


def cached_model(report: LoadReport, name: str, make: Callable[[], bytes]) -> tuple[bytes, Path | None]:
    """A graph of the weights, from the cache or made and put there, and its file; None where it can't be kept."""
    folder = network_folder(report.sha256)
    path = folder / name
    try:
        model = _read(path)
        os.utime(folder)
        return model, path
    except OSError:
        pass
    model = make()
    try:
        _write(path, model)
        _prune(folder.parent)
    except OSError as error:
        log.warning("The exported network can't be kept in %s, so it will be made anew each time: %s", folder, error)
        return model, None
    return model, path


def was_checked(report: LoadReport, facts: Sequence[str]) -> bool:
    """Whether ``note_checked`` was called for the same."""
    try:
        return _mark(report, facts).read_bytes() == _text(facts)
    except OSError:
        return False


def note_checked(report: LoadReport, facts: Sequence[str]) -> None:
    """Remember that an engine, as described by ``facts``, gives the right numbers."""
    with contextlib.suppress(OSError):
        write_whole(_mark(report, facts), _text(facts))


def _mark(report: LoadReport, facts: Sequence[str]) -> Path:
    return network_folder(report.sha256) / f"checked-{hashlib.sha256(_text(facts)).hexdigest()[:16]}"


def _text(facts: Sequence[str]) -> bytes:
    return "\n".join(facts).encode()


def forget(report: LoadReport) -> None:
    """Remove what was kept of a checkpoint."""
    files.remove_tree(network_folder(report.sha256))


def seal(folder: Path) -> None:
    """Write down the hashes of what an engine has put into a folder of its own; for ``open_sealed``."""
    with contextlib.suppress(OSError):
        for path in _files(folder):
            write_whole(_checksum_file(path), sha256_of(path).encode())


def open_sealed(folder: Path) -> None:
    """Remove the folder where anything in it is not what was sealed: its engine makes it again."""
    try:
        found = [path for path in _files(folder) if not _is_sealed(path, sha256_of(path))]
        if found:
            if _checksum_file(found[0]).exists():  # else its writer was ended in between
                _note_damage(found[0])
            files.remove_tree(folder)
    except FileNotFoundError:
        pass
    except OSError as error:
        log.warning("What is kept of engines in %s can't be checked: %s", folder, error)


def damaged() -> tuple[str, ...]:
    """The names of the files that were found damaged since this program started, and made again."""
    return tuple(_damaged)


_damaged: list[str] = []


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file() and path.suffix != SEAL)


def _read(path: Path) -> bytes:
    """Raises OSError where the file isn't there or isn't what was written."""
    content = path.read_bytes()
    if not _is_sealed(path, hashlib.sha256(content).hexdigest()):
        _note_damage(path)
        raise OSError(f"{path} is not what was written")
    return content


def _write(path: Path, content: bytes) -> None:
    write_whole(path, content)
    write_whole(_checksum_file(path), hashlib.sha256(content).hexdigest().encode())


def _checksum_file(path: Path) -> Path:
    return path.with_name(path.name + SEAL)


def _is_sealed(path: Path, sha256: str) -> bool:
    try:
        return _checksum_file(path).read_bytes() == sha256.encode()
    except OSError:
        return False


def _note_damage(path: Path) -> None:
    log.info("%s is damaged and is made again", path)
    _damaged.append(path.name)


def write_whole(path: Path, content: bytes) -> None:
    """The file appears whole or not at all, and its folder with it; raises OSError."""
    files.make_folder(path.parent)
    files.write_whole(path, content, durable=False)


def _prune(parent: Path) -> None:
    """Keep the folders used last."""
    folders = sorted(parent.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in folders[KEPT_FOLDERS:]:
        files.remove_tree(folder)
