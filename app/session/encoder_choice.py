"""Which encoder a recording uses: hardware that has been proven to work, otherwise software.

The proof runs once, in processes of their own, because a broken driver may crash or hang, and is
remembered in the user's cache folder for a day, or until FFmpeg or the machine's devices change.
Until it has come out, recordings are made in software: nobody waits for it.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
from av import library_versions

from app.session.codecs import FFV1, H264
from app.session.encoders import HARDWARE, LOSSLESS, SOFTWARE, Encoder, prove
from extractor import child, files
from extractor.user_cache import cache_folder

TIMEOUT_S = 20.0
KEPT_S = 24 * 3600.0
SWITCH, SOFTWARE_ONLY = "MOTIONSCOPE_ENCODER", "software"
"""An environment variable, and its value that keeps away from hardware."""

_FILE = "encoders.json"


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of the search: an encoder that works, or None; and why each one before it does not."""

    encoder: Encoder | None
    refused: tuple[tuple[str, str], ...] = ()  # (name, reason)


def prove_apart(encoder: Encoder, timeout_s: float = TIMEOUT_S) -> str:
    """``prove`` in a process of its own; why the encoder can't be used, empty when it can."""
    try:
        process = child.start(
            "app.session.encoder_choice",
            encoder.name,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError as error:
        return f"it can't be tried: {error.strerror or error}"
    with process:
        try:
            said, _ = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            return f"no answer within {timeout_s:.0f} s"
    if process.returncode == 0:
        return ""
    last = said.decode("utf-8", "replace").strip().rpartition("\n")[2]
    return last or f"its driver ended the program with {process.returncode}"


def find(candidates: Sequence[Encoder] = HARDWARE, proof: Callable[[Encoder], str] = prove_apart) -> Finding:
    """The first candidate that works; takes seconds."""
    refused: list[tuple[str, str]] = []
    for encoder in candidates:
        # Not to start a process for what isn't there at all.
        reason = proof(encoder) if encoder.name in av.codecs_available else "not part of this FFmpeg"
        if not reason:
            return Finding(encoder, tuple(refused))
        refused.append((encoder.name, reason))
    return Finding(None, tuple(refused))


class EncoderChoice:
    """Searches once, in the background; any thread may ask at any time."""

    def __init__(self, candidates: Sequence[Encoder] = HARDWARE, proof: Callable[[Encoder], str] = prove_apart) -> None:
        self._candidates = tuple(candidates)
        self._proof = proof
        self._lock = threading.Lock()
        self._searching: threading.Thread | None = None
        self._finding: Finding | None = None
        self._distrusted: set[str] = set()

    def search(self) -> None:
        """Begin to search, if nobody has yet; returns at once."""
        with self._lock:
            if self._finding is None and os.environ.get(SWITCH) == SOFTWARE_ONLY:
                self._finding = Finding(None, (("all", f"switched off by {SWITCH}"),))
            elif self._searching is None and self._finding is None:
                self._searching = threading.Thread(target=self._search, name="try encoders", daemon=True)
                self._searching.start()

    def wait(self, timeout_s: float | None = None) -> Finding | None:
        """What the search found; None when it is still going on after ``timeout_s``."""
        self.search()
        if self._searching is not None:
            self._searching.join(timeout_s)
        return self._finding

    @property
    def finding(self) -> Finding | None:
        """None while nothing is known yet."""
        return self._finding

    @property
    def hardware(self) -> Encoder | None:
        """The one that works, as far as is known."""
        encoder = self._finding.encoder if self._finding is not None else None
        return None if encoder is None or encoder.name in self._distrusted else encoder

    def distrust(self, encoder: Encoder) -> None:
        """It failed in a recording: not to be used again in this run, and to be tried anew in the next."""
        with self._lock:
            self._distrusted.add(encoder.name)
        with contextlib.suppress(OSError):
            files.remove(_cache())

    def encoders(self, codec: str) -> tuple[Encoder, ...]:
        """Those to be tried for one of CODECS, in this order.  Raises ValueError for another one."""
        if codec == FFV1:
            return (LOSSLESS,)
        hardware = self.hardware if codec == H264 else None
        return (SOFTWARE,) if hardware is None else (hardware, SOFTWARE)

    def _search(self) -> None:
        key = self._key()
        finding = self._remembered(key)
        if finding is None:
            finding = find(self._candidates, self._proof)
            _remember(key, finding)
        self._finding = finding

    def _key(self) -> str:
        """What must be the same for a remembered finding to count."""
        devices = [path.name for pattern in ("dri/*", "nvidia*") for path in Path("/dev").glob(pattern)]
        names = [f"{encoder.name} {dict(encoder.options)}" for encoder in self._candidates]
        return json.dumps([library_versions, platform.platform(), platform.node(), sorted(devices), names])

    def _remembered(self, key: str) -> Finding | None:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            values = json.loads(_cache().read_text(encoding="utf-8"))
            if values["key"] == key and 0 <= time.time() - values["unix_s"] < KEPT_S:
                found = {encoder.name: encoder for encoder in self._candidates}.get(values["encoder"])
                if found is not None or values["encoder"] == "":
                    return Finding(found, tuple((str(name), str(why)) for name, why in values["refused"]))
        return None


def _cache() -> Path:
    return cache_folder() / _FILE


def _remember(key: str, finding: Finding) -> None:
    values = {
        "key": key,
        "unix_s": time.time(),
        "encoder": finding.encoder.name if finding.encoder is not None else "",
        "refused": finding.refused,
    }
    with contextlib.suppress(OSError):  # it is searched again the next time
        files.write_whole(_cache(), json.dumps(values).encode(), durable=False)


CHOICE = EncoderChoice()
"""The one that recordings ask."""


def main(words: Sequence[str]) -> int:
    """In the process of its own: prove the encoder of that name and print why it can't be used."""
    reason = prove(next(encoder for encoder in HARDWARE if encoder.name == words[0]))
    print(reason)
    return 1 if reason else 0
