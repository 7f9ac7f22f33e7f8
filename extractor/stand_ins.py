"""Reads what training leaves in a checkpoint beside the tensors, without calling what the file names.

NumPy's numbers and arrays and paths name functions of NumPy and pathlib.  In their place stand these, which do nothing
but keep a value: a number becomes Python's, a path its text, an array nothing.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np

_NUMBER = re.compile("b1|[iu][1248]|f[248]")


class _Ignored:
    """Something of no use here, whatever it was made with."""

    def __init__(self, *_: object) -> None: ...

    def __setstate__(self, _: object) -> None: ...


class _Kind:
    """A NumPy dtype: its letter and size, and the order of its bytes."""

    def __init__(self, code: object, *_: object) -> None:
        self.code, self.order = str(code), "<"

    def __setstate__(self, state: tuple[object, ...]) -> None:
        self.order = ">" if ">" in state[1:2] else "<"


def _number(kind: object, data: object = b"") -> object:
    if not isinstance(kind, _Kind) or not isinstance(data, bytes) or not _NUMBER.fullmatch(kind.code):
        return _Ignored()
    dtype = np.dtype(kind.order + kind.code)
    return np.frombuffer(data, dtype)[0].item() if len(data) == dtype.itemsize else _Ignored()


def _path_text(kind: type[PurePath]) -> Callable[..., str]:
    return lambda *parts: str(kind(*map(str, parts)))


_POSIX, _WINDOWS = _path_text(PurePosixPath), _path_text(PureWindowsPath)

STAND_INS: list[tuple[Callable[..., Any], str] | Callable[..., Any]] = [
    argparse.Namespace,  # a command line; a bag of attributes, which runs nothing
    *((_number, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")),
    *((_Ignored, f"numpy.{core}.multiarray._reconstruct") for core in ("core", "_core")),
    (_Kind, "numpy.dtype"),
    (_Ignored, "numpy.ndarray"),
    *((_POSIX, f"pathlib.{name}") for name in ("PosixPath", "PurePosixPath", "_local.PosixPath")),
    *((_WINDOWS, f"pathlib.{name}") for name in ("WindowsPath", "PureWindowsPath", "_local.WindowsPath")),
]
"""For ``torch.serialization.safe_globals``: what stands for what, by the name in the file."""
