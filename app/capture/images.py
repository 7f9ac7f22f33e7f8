"""One picture or a folder of pictures as a source."""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from app.capture.pacing import Pacer
from app.capture.source import FileSource, SourceInfo, SourceState, SourceStatus
from app.core.clutter import is_clutter
from app.core.errors import SourceError, reason
from app.core.frames import Frame
from app.core.frames import Image as BgrImage

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".bmp", ".dib", ".webp", ".tif", ".tiff", ".jp2",
     ".j2k", ".jpf", ".jpx", ".pgm", ".ppm", ".pbm", ".pnm", ".pfm", ".heic", ".heif", ".hif", ".avif", ".avifs",
     ".tga", ".psd", ".ico", ".icns", ".pcx", ".sgi", ".dds", ".qoi"}
)  # fmt: skip
UNREADABLE_SUFFIXES = frozenset(
    {".jxl", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".raf", ".rw2", ".pef", ".exr", ".hdr", ".xcf"}
)  # fmt: skip
"""Pictures that nothing here reads; they are named when they are left out."""

_SIGNED = ("JPEG", "MPO", "PNG", "WEBP", "AVIF", "HEIF", "TIFF", "BMP", "JPEG2000", "PSD", "QOI")
_FORMATS = (*_SIGNED, "DIB", "PPM", "TGA", "ICO", "ICNS", "PCX", "SGI", "DDS", "GIF")
"""What is tried whatever a file's name says; of the others some run programs, such as Ghostscript for EPS.  The
first ones begin with bytes that nothing else begins with."""

MOST_PIXELS = 2**28  # 16384 x 16384, more than any camera has; a small file may claim more than the memory holds
Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2  # Pillow refuses twice as many
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)  # and warns of fewer

SINGLE_S = 0.1  # a single picture repeats, so that settings can be tried on it
SLIDE_S = 1.0  # a folder shows one picture a second


def read_image(path: str | Path) -> BgrImage:
    """(H, W, 3) BGR uint8, turned as a viewer shows it; raises SourceError.

    Grey becomes three equal channels, 16-bit values are scaled to 8, transparency is dropped; of several pictures
    in one file it is the first.
    """
    path = Path(path)
    try:
        with _open(path) as picture:
            upright = ImageOps.exif_transpose(picture)
            return np.ascontiguousarray(np.asarray(_rgb(upright), np.uint8)[..., ::-1])
    except SourceError:
        raise
    except FileNotFoundError:
        raise SourceError(f"{path} does not exist.") from None
    except PermissionError:
        raise SourceError(f"{path} can't be read: permission denied.") from None
    except Image.DecompressionBombError:
        raise SourceError(_too_large(path)) from None
    except MemoryError:
        raise SourceError(f"{path.name} is too large for this computer's memory.") from None
    except OSError as error:
        if error.errno is not None:
            raise SourceError(f"{path} can't be read: {reason(error)}.") from None
        raise SourceError(_no_picture(path)) from None
    except Exception:  # decoders raise almost anything on damaged files
        raise SourceError(_no_picture(path)) from None


def is_picture(path: Path) -> bool:
    """Whether a file holds one picture, by its content rather than its name."""
    try:
        with _open(path, _SIGNED) as picture:
            return getattr(picture, "n_frames", 1) == 1
    except Exception:  # as above
        return False


def _open(path: Path, formats: Sequence[str] = _FORMATS) -> Image.Image:
    """Read the head; nothing is decoded yet.  Raises SourceError and whatever Pillow does."""
    _register_heif()
    Image.init()
    picture = Image.open(path, formats=[name for name in formats if name in Image.OPEN])
    if picture.width * picture.height > MOST_PIXELS:
        picture.close()
        raise SourceError(_too_large(path))
    return picture


@functools.cache
def _register_heif() -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()


def _rgb(picture: Image.Image) -> Image.Image:
    """Eight bits a channel.  Pillow's own conversion would cut off what has more."""
    if picture.mode.startswith("I") or picture.mode == "F":
        values = np.asarray(picture, np.float64)
        most = 1.0 if picture.mode == "F" and values.max(initial=0.0) <= 1.0 else 65535.0
        picture = Image.fromarray(np.clip(values * (255 / most), 0, 255).round().astype(np.uint8))
    return picture.convert("RGB")


def _too_large(path: Path) -> str:
    return f"{path.name} is refused: it claims more than {MOST_PIXELS // 10**6} million pixels."


def _no_picture(path: Path) -> str:
    return f"{path.name} is not a picture that can be read."


def natural_key(path: Path) -> tuple[tuple[int, str], ...]:
    """Sorts 2.jpg before 10.jpg."""
    parts = re.findall(r"\d+|\D+", path.name.casefold())
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)


def left_out(paths: Sequence[Path]) -> str:
    """One sentence about pictures that can't be read."""
    names = ", ".join(path.name for path in paths[:3])
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return f"Left out because they can't be read: {names}{more}."


class ImageSource(FileSource):
    """Pictures by name: one file, or those directly in a folder, in natural order.

    Live (``paced``), one picture repeats ten times a second and a folder shows one a second, over
    and over.  With ``paced=False`` each comes once.  A broken file is left out and reported; only
    when all are broken does it raise SourceError.
    """

    def __init__(self, path: str | Path, *, paced: bool = True, pacer: Pacer | None = None) -> None:
        """``path``: a file or a folder."""
        self._root = Path(path).expanduser()
        self._paced = paced
        self._pacer = pacer or Pacer()
        self._paths: tuple[Path, ...] = ()
        self._broken: dict[Path, str] = {}
        self._left_out: tuple[Path, ...] = ()

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
        self._still: BgrImage | None = None
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

    def close(self) -> None:
        self._next = None
        if self._status.state is not SourceState.ENDED:
            self._status = SourceStatus(SourceState.CLOSED)

    def _list(self) -> tuple[Path, ...]:
        if not self._root.is_dir():
            return (self._root,)
        try:
            files = [p for p in self._root.iterdir() if not is_clutter(Path(p.name)) and p.is_file()]
        except OSError as error:
            raise SourceError(f"{self._root} can't be read: {reason(error)}.") from None
        found = [path for path in files if path.suffix.lower() in IMAGE_SUFFIXES]
        self._left_out = tuple(path for path in files if path.suffix.lower() in UNREADABLE_SUFFIXES)
        if not found:
            raise SourceError(f"The folder {self._root} contains no pictures.")
        return tuple(sorted(found, key=lambda p: (natural_key(p), p.name)))

    def _load_next(self) -> tuple[Path, BgrImage] | None:
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
        broken = (*self._left_out, *self._broken)
        if broken and (len(self._paths) > 1 or self._left_out):
            message = left_out(broken)
        self._status = SourceStatus(state, message)

    def _all_broken(self) -> str:
        if len(self._paths) == 1:
            return next(iter(self._broken.values()))
        return f"None of the {len(self._paths)} pictures in {self._root} can be read."
