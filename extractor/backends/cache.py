"""Keeps what was made of a checkpoint for the next start: graphs, compiled networks, and its report.

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


class NetworkCache:
    """The folder of one checkpoint's networks, by the hash of its file.

    ``damaged`` names the files that were found damaged here, and are made again.
    """

    def __init__(self, sha256: str) -> None:
        self.folder = cache_folder() / "networks" / f"{sha256[:32]}-{GRAPH_VERSION}"
        self.damaged: list[str] = []
        self._sha256 = sha256

    def report(self, path: Path) -> LoadReport | None:
        """The kept report of these weights, which now lie at ``path``; None where there is none."""
        try:
            report = LoadReport.from_json(json.loads(self._read(self.folder / REPORT)), path)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return report if report.sha256 == self._sha256 else None

    def keep_report(self, report: LoadReport) -> None:
        """For ``report``.  A cache that can't be written only costs time."""
        with contextlib.suppress(OSError):
            _write(self.folder / REPORT, json.dumps(report.to_json()).encode())

    def model(self, name: str, make: Callable[[], bytes]) -> bytes:
        """A graph of the weights, from the cache or made and put there."""
        path = self.folder / name
        try:
            model = self._read(path)
            os.utime(self.folder)
            return model
        except OSError:
            pass
        model = make()
        try:
            _write(path, model)
            _prune(self.folder.parent)
        except OSError as error:
            log.warning(
                "The exported network can't be kept in %s, so it will be made anew each time: %s", self.folder, error
            )
        return model

    def is_noted(self, facts: Sequence[str]) -> bool:
        """Whether ``note`` was called for the same."""
        try:
            return self._note(facts).read_bytes() == _text(facts)
        except OSError:
            return False

    def note(self, facts: Sequence[str]) -> None:
        """Remember something that was found out of an engine and these weights."""
        with contextlib.suppress(OSError):
            write_cached(self._note(facts), _text(facts))

    def _note(self, facts: Sequence[str]) -> Path:
        return self.folder / f"checked-{hashlib.sha256(_text(facts)).hexdigest()[:16]}"

    def forget(self) -> None:
        """Remove all that was kept."""
        files.remove_tree(self.folder)

    def open_sealed(self, folder: Path) -> None:
        """Remove an engine's own folder where anything in it is not what was sealed: the engine makes it again."""
        try:
            found = [path for path in _files(folder) if not is_sealed(path, sha256_of(path))]
            if found:
                if _checksum_file(found[0]).exists():  # else its writer was ended in between
                    self._note_damage(found[0])
                files.remove_tree(folder)
        except FileNotFoundError:
            pass
        except OSError as error:
            log.warning("What is kept of engines in %s can't be checked: %s", folder, error)

    def _read(self, path: Path) -> bytes:
        """Raises OSError where the file isn't there or isn't what was written."""
        content = path.read_bytes()
        if not is_sealed(path, hashlib.sha256(content).hexdigest()):
            self._note_damage(path)
            raise OSError(f"{path} is not what was written")
        return content

    def _note_damage(self, path: Path) -> None:
        log.info("%s is damaged and is made again", path)
        self.damaged.append(path.name)


def seal(folder: Path) -> None:
    """Write down the hashes of what an engine has put into a folder of its own; for ``open_sealed``."""
    with contextlib.suppress(OSError):
        for path in _files(folder):
            seal_file(path)


def seal_file(path: Path) -> None:
    """Write down the file's hash beside it; for ``is_sealed``."""
    write_cached(_checksum_file(path), sha256_of(path).encode())


def write_cached(path: Path, content: bytes) -> None:
    """The file appears whole or not at all, and its folder with it; raises OSError."""
    files.make_folder(path.parent)
    files.write_whole(path, content, durable=False)


def _text(facts: Sequence[str]) -> bytes:
    return "\n".join(facts).encode()


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file() and path.suffix != SEAL)


def _write(path: Path, content: bytes) -> None:
    write_cached(path, content)
    write_cached(_checksum_file(path), hashlib.sha256(content).hexdigest().encode())


def _checksum_file(path: Path) -> Path:
    return path.with_name(path.name + SEAL)


def is_sealed(path: Path, sha256: str = "") -> bool:
    """Whether the file, whose hash is this, is as it was when it was sealed; False where it is not there."""
    try:
        return _checksum_file(path).read_bytes() == (sha256 or sha256_of(path)).encode()
    except OSError:
        return False


def _prune(parent: Path) -> None:
    """Keep the folders used last."""
    folders = sorted(parent.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in folders[KEPT_FOLDERS:]:
        files.remove_tree(folder)
