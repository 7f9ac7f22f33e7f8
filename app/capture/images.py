"""One picture or a folder of pictures as a source."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from app.capture.pacing import Pacer
from app.capture.source import SourceInfo, SourceState, SourceStatus
from app.core.errors import SourceError
from app.core.frames import Frame, Image

__all__ = ["IMAGE_SUFFIXES", "ImageSource", "natural_key", "read_image"]

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".png", ".bmp", ".dib", ".webp", ".tif", ".tiff", ".jp2", ".pgm", ".ppm", ".pbm", ".pnm"}
)

SINGLE_S = 0.1  # a single picture repeats, so that settings can be tried on it
SLIDE_S = 1.0  # a folder shows one picture a second


def read_image(path: str | Path) -> Image:
    """(H, W, 3) BGR uint8, turned upright by its EXIF entry; raises SourceError.

    Grey becomes three equal channels, 16-bit values are scaled to 8, transparency is dropped.
    """
    path = Path(path)
    try:
        data = np.fromfile(path, np.uint8)  # cv2.imread fails on Unicode paths on Windows
    except FileNotFoundError:
        raise SourceError(f"{path} does not exist.") from None
    except PermissionError:
        raise SourceError(f"{path} can't be read: permission denied.") from None
    except OSError as error:
        raise SourceError(f"{path} can't be read: {error.strerror or error}.") from None
    image = None
    if data.size:
        try:
            image = cv2.imdecode(data, cv2.IMREAD_COLOR)
        except cv2.error:  # larger than OpenCV allows
            image = None
    if image is None:
        raise SourceError(f"{path.name} is not a picture that can be read.")
    return np.asarray(image, np.uint8)


def natural_key(path: Path) -> tuple[tuple[int, str], ...]:
    """Sorts 2.jpg before 10.jpg."""
    parts = re.findall(r"\d+|\D+", path.name.casefold())
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)


class ImageSource:
    """Pictures by name: one file, or those directly in a folder, in natural order.

    Live (``paced``), one picture repeats ten times a second and a folder shows one a second, over
    and over.  With ``paced=False`` each comes once.  A broken file is left out and reported; only
    when all are broken does it raise SourceError.
    """

    def __init__(self, path: str | Path | Sequence[Path], *, paced: bool = True, pacer: Pacer | None = None) -> None:
        """``path``: a file, a folder, or the files themselves."""
        if isinstance(path, (str, Path)):
            self._root = Path(path).expanduser()
            self._given: tuple[Path, ...] | None = None
        else:
            self._given = tuple(Path(p) for p in path)
            self._root = self._given[0].parent if self._given else Path()
        self._paced = paced
        self._pacer = pacer or Pacer()
        self._paths: tuple[Path, ...] = ()
        self._broken: dict[Path, str] = {}
        self._info: SourceInfo | None = None
        self._status = SourceStatus(SourceState.CLOSED)

    def open(self) -> SourceInfo:
        """List the files and read the first sound one; raises SourceError when there is none."""
        try:
            self._paths = self._list()
            self._broken = {}
            self._at = 0  # position of the next picture in the list
            self._index = 0
            self._next = self._load_next()
            if self._next is None:
                raise SourceError(self._all_broken())
        except SourceError as error:
            self._status = SourceStatus(SourceState.FAILED, str(error))
            raise
        self._still: Image | None = None
        height, width = self._next[1].shape[:2]
        step = SINGLE_S if len(self._paths) == 1 else SLIDE_S
        name = self._root.name or str(self._root)
        suffix = self._next[0].suffix.lstrip(".").lower()
        self._info = SourceInfo("images", name, width, height, 1 / step if self._paced else 0.0, suffix)
        self._step_s = step
        self._update_status(SourceState.STREAMING)
        return self._info

    def read(self, timeout_s: float) -> Frame | None:
        """The next picture when it is due; None while it is not, and at the end."""
        if self._status.state is not SourceState.STREAMING:
            return None
        if self._next is None:
            self._next = self._load_next()
        if self._next is None:
            self._update_status(SourceState.ENDED)
            return None
        path, image = self._next
        captured: float | None = self._pacer.now()
        if self._paced:
            captured = self._pacer.wait(self._index * self._step_s, timeout_s)
        if captured is None:
            return None
        frame = Frame(self._index, image, captured, name=path.name)
        self._index += 1
        if not (self._paced and len(self._paths) == 1):
            self._next = None
        return frame

    @property
    def broken(self) -> tuple[str, ...]:
        """One sentence for each file that could not be read so far."""
        return tuple(self._broken.values())

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files, in order; empty before ``open``."""
        return self._paths

    @property
    def info(self) -> SourceInfo | None:
        return self._info

    @property
    def status(self) -> SourceStatus:
        return self._status

    def close(self) -> None:
        self._next = None
        if self._status.state is not SourceState.ENDED:
            self._status = SourceStatus(SourceState.CLOSED)

    def _list(self) -> tuple[Path, ...]:
        if self._given is not None:
            if not self._given:
                raise SourceError("No pictures were given.")
            return self._given
        if not self._root.is_dir():
            return (self._root,)
        try:
            found = [p for p in self._root.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES and p.is_file()]
        except OSError as error:
            raise SourceError(f"{self._root} can't be read: {error.strerror or error}.") from None
        # Names that start with "._" are macOS's notes about files, not pictures.
        found = [p for p in found if not p.name.startswith("._")]
        if not found:
            raise SourceError(f"The folder {self._root} contains no pictures.")
        return tuple(sorted(found, key=lambda p: (natural_key(p), p.name)))

    def _load_next(self) -> tuple[Path, Image] | None:
        """The next sound picture; None at the end, or when a whole round found nothing."""
        for _ in range(len(self._paths)):
            if self._at >= len(self._paths):
                if not self._paced:
                    return None
                self._at = 0
            path = self._paths[self._at]
            self._at += 1
            try:
                image = read_image(path)
            except SourceError as error:
                self._broken[path] = str(error)
                self._update_status(self._status.state)
                continue
            self._broken.pop(path, None)
            return path, image
        return None

    def _update_status(self, state: SourceState) -> None:
        message = ""
        if self._broken and len(self._paths) > 1:
            names = ", ".join(path.name for path in list(self._broken)[:3])
            more = f" and {len(self._broken) - 3} more" if len(self._broken) > 3 else ""
            message = f"Left out because they can't be read: {names}{more}."
        self._status = SourceStatus(state, message)

    def _all_broken(self) -> str:
        if len(self._paths) == 1:
            return next(iter(self._broken.values()))
        return f"None of the {len(self._paths)} pictures in {self._root} can be read."
