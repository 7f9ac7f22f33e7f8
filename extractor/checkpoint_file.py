"""Opens files that claim to be checkpoints, whatever they are, and never runs code from them.

Safetensors, and torch's zip and legacy pickles with ``weights_only=True``.  Everything that can't be
read becomes one ``WeightsError``.  What the tensors mean is decided in ``extractor.weights``.
"""

from __future__ import annotations

import pickle
import re
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Literal

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from extractor.report import WeightsError, sha256_of
from extractor.stand_ins import STAND_INS
from extractor.values import first_line

Container = Literal["safetensors", "bare", "model"]
"""How the state dict lies in the file: safetensors, a pickle of it, or a pickle of ``{'model': it}``."""

MOST_GROWTH = 4  # times its size; weights hardly get smaller when somebody compresses them
SMALL = 1_000_000  # bytes; what is smaller may grow to four times as much as this

_PLAIN = (str, int, float, bool, type(None))

# The words with which well-known files of another kind begin.
_SIGNATURES = (
    (b"version https://git-lfs", "it is a Git LFS pointer and not the file itself, which `git lfs pull` fetches"),
    (b"\x89PNG", "it is a PNG image"),
    (b"\xff\xd8\xff", "it is a JPEG image"),
    (b"GIF8", "it is a GIF image"),
    (b"%PDF", "it is a PDF document"),
    (b"\x1f\x8b", "it is a gzip archive, which must be unpacked first"),
    (b"\xfd7zXZ", "it is an xz archive, which must be unpacked first"),
    (b"\x89HDF", "it is an HDF5 file, perhaps weights for another framework"),
    (b"\x93NUMPY", "it is a NumPy array"),
)


@dataclass(frozen=True, slots=True, eq=False)
class CheckpointFile:
    """A file's tensors under the names they have there, and what else it says."""

    path: Path
    sha256: str
    container: Container
    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, object]  # safetensors: strings; a pickle: the plain values beside 'model'


def read_file(path: str | PathLike[str]) -> CheckpointFile:
    """Read a checkpoint of any known container; raises ``WeightsError``."""
    path = Path(path)
    try:
        if path.is_dir():
            raise WeightsError.of(path, "it is a folder")
        size = path.stat().st_size
        if not path.is_file():
            raise WeightsError.of(path, "it is not a regular file")
        with path.open("rb") as file:
            start = file.read(512)
    except FileNotFoundError:
        raise WeightsError.of(path, "there is no such file") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the path
        if isinstance(error, WeightsError):
            raise
        raise WeightsError.of(path, f"it can't be opened ({getattr(error, 'strerror', None) or error})") from error
    if not start:
        raise WeightsError.of(path, "it is empty (0 bytes)")

    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, object]
    container: Container
    if start.startswith(b"PK\x03\x04"):
        _check_protocol(path, _start_of_zipped_pickle(path))
        container, tensors, metadata = _unwrap(path, _load_pickle(path))
    elif _looks_like_safetensors(start):
        container = "safetensors"
        tensors, metadata = _load_safetensors(path, start, size)
    elif start[:1] == b"\x80":
        _check_protocol(path, start)
        container, tensors, metadata = _unwrap(path, _load_pickle(path))
    else:
        raise WeightsError.of(path, _foreign(start))
    return CheckpointFile(path, sha256_of(path), container, tensors, metadata)


def _looks_like_safetensors(start: bytes) -> bool:
    # Eight bytes of header length, then the JSON header; 100 MB is the format's own limit.
    return len(start) > 8 and start[8:9] == b"{" and struct.unpack("<Q", start[:8])[0] <= 100_000_000


def _load_safetensors(path: Path, start: bytes, size: int) -> tuple[dict[str, Tensor], dict[str, str]]:
    if struct.unpack("<Q", start[:8])[0] + 8 > size:
        raise WeightsError.of(path, "it is cut short, its header already is incomplete")
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118
    except SafetensorError as error:
        if "not fully covered" in str(error):
            raise WeightsError.of(
                path, "it is cut short or has bytes too many, so the download should be repeated"
            ) from error
        raise WeightsError.of(path, "its safetensors header is damaged") from error
    except Exception as error:  # the tensors' types may be unknown to this torch
        raise WeightsError.of(path, f"its tensors can't be read ({first_line(error)})") from error


def _start_of_zipped_pickle(path: Path) -> bytes:
    """The first bytes of a checkpoint's pickle; a zip that is cut short or holds something else is refused."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.rpartition("/")[2]: name for name in archive.namelist()}
            unpacked = sum(entry.file_size for entry in archive.infolist())
            start = b""
            if "data.pkl" in names:
                with archive.open(names["data.pkl"]) as entry:
                    start = entry.read(2)
    except Exception as error:
        raise WeightsError.of(path, "it is cut short or damaged, so the download should be repeated") from error
    # torch writes tensors uncompressed; what is compressed grows, and may grow past the memory.
    if unpacked > MOST_GROWTH * max(path.stat().st_size, SMALL):
        grown = f"{unpacked / 1e6:.0f} MB out of {path.stat().st_size / 1e6:.0f} MB"
        raise WeightsError.of(path, f"it would grow to {grown}, so it was refused and nothing was read")
    if "constants.pkl" in names:
        raise WeightsError.of(path, "it is a TorchScript program, not a state dict")
    if "data.pkl" not in names:
        raise WeightsError.of(path, "it is a zip archive without a checkpoint in it")
    return start


def _check_protocol(path: Path, start: bytes) -> None:
    """Refuse pickles with operations that torch's restricted reader does not know; torch itself writes protocol 2."""
    if len(start) > 1 and start[0] == 0x80 and 3 < start[1] <= pickle.HIGHEST_PROTOCOL:
        reason = f"its pickle has protocol {start[1]}, which can't be read without the risk of running code"
        raise WeightsError.of(path, f"{reason}, so it was refused and nothing was run")


def _load_pickle(path: Path) -> object:
    try:
        # Opened here, because torch leaves a damaged file open.
        with torch.serialization.safe_globals(STAND_INS), path.open("rb") as file:
            content: object = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        found = re.search(r"GLOBAL ([\w.]+)", str(error))
        what = f"calls {found[1]}, which could run code on this machine" if found else "is damaged or no plain weights"
        raise WeightsError.of(path, f"its pickle {what}, so it was refused and nothing was run") from error
    except Exception as error:  # a damaged file makes torch's reader raise almost anything
        raise WeightsError.of(path, "it is cut short or damaged, so the download should be repeated") from error
    return content


def _unwrap(path: Path, content: object) -> tuple[Container, dict[str, Tensor], dict[str, object]]:
    """The state dict inside a pickle's content, bare or under 'model', and the plain values beside it."""
    if not isinstance(content, Mapping):
        raise WeightsError.of(path, f"it holds a {type(content).__name__} and not a state dict")
    container: Container = "bare"
    state: object = content
    metadata: dict[str, object] = {}
    if "model" in content and not isinstance(content["model"], Tensor):
        container, state = "model", content["model"]
        metadata = {str(key): value for key, value in content.items() if key != "model" and _is_plain(value)}
    if not isinstance(state, Mapping):
        raise WeightsError.of(path, "its entry 'model' is not a state dict")
    for name, value in state.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise WeightsError.of(path, f"it is not a state dict: {str(name)[:80]!r} is a {type(value).__name__}")
        if value.layout is not torch.strided or value.nbytes > value.untyped_storage().nbytes():
            reason = f"its {str(name)[:80]!r} would grow to {value.nbytes / 1e6:.0f} MB, which are not in the file"
            raise WeightsError.of(path, f"{reason}, so it was refused")
    return container, dict(state), metadata


def _is_plain(value: object) -> bool:
    """Whether a value could as well have come out of JSON."""
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _is_plain(item) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return all(_is_plain(item) for item in value)
    return isinstance(value, _PLAIN)


def _foreign(start: bytes) -> str:
    for signature, reason in _SIGNATURES:
        if start.startswith(signature):
            return reason
    text = start.lstrip().lower()
    if text.startswith((b"<!doctype", b"<html")):
        return "it is a web page, so the download has failed"
    # The last character may be cut in two, and control characters are no text.
    if "\x00" not in (decoded := start.decode("utf-8", errors="ignore")) and len(decoded.encode()) >= len(start) - 3:
        return "it is a text file"
    return "it is neither a safetensors file nor a PyTorch checkpoint"
