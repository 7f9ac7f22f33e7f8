"""The jobs sent to workers and the messages they send back; all of it can be pickled."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import app
from app.core.position import FaceSize, FieldOfView
from app.core.tilt import CameraTilt


@dataclass(frozen=True, slots=True)
class ExtractOptions:
    """The options of ``extract``."""

    weights: str | None = None  # a path or a name; None: the default ones
    device: str = "auto"
    engine: str = "auto"
    jobs: int | None = None  # None: as many as there are cores, memory and files for
    faces: int = 1
    camera_tilt: CameraTilt | None = None  # of the cameras that took the films
    field_of_view: FieldOfView | None = None  # theirs; None: not known
    face_size: FaceSize | None = None  # of the people in them; None: an adult's average
    force: bool = False  # measure again what is done
    ray: str | None = None  # the address of a Ray cluster


@dataclass(frozen=True, slots=True)
class Settings:
    """How to measure: the same on every worker."""

    options: ExtractOptions  # a path of weights is absolute, the engine a certain one, never "auto"
    weights_sha256: str
    threads: int  # of the network and of the decoder
    version: str = app.__version__
    probe: str = ""  # a file that every machine must see
    share: bool = False  # whether other users may read the results


@dataclass(frozen=True, slots=True)
class VideoJob:
    """A film to be measured into a session."""

    number: int
    path: str  # absolute
    out: str  # absolute: the folder of all results
    folder: str  # absolute: below it, where this one goes
    size_bytes: int

    @property
    def what(self) -> str:
        """The name of what is measured, to begin a sentence with."""
        return Path(self.path).name


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture to be measured."""

    path: str  # absolute
    name: str  # in the table
    size_bytes: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class PicturesJob:
    """Pictures that one worker measures, one after the other."""

    number: int
    pictures: tuple[Picture, ...]

    @property
    def size_bytes(self) -> int:
        """The size of all its pictures."""
        return sum(picture.size_bytes for picture in self.pictures)

    @property
    def what(self) -> str:
        """How messages name the job."""
        return f"{len(self.pictures)} pictures"


Job = VideoJob | PicturesJob


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is in its present attempt."""

    number: int  # the job's
    frames: int
    share: float  # 0 to 1


class ProgressBoard:
    """Collects the progress of a cluster's workers."""

    def __init__(self) -> None:
        self._told: dict[int, Progress] = {}

    def post(self, progress: Progress) -> None:
        """Replace what is known of this job."""
        self._told[progress.number] = progress

    def drain(self) -> list[Progress]:
        """Return the progress posted since the last call, the latest of each job."""
        told, self._told = self._told, {}
        return list(told.values())


@dataclass(frozen=True, slots=True)
class Outcome:
    """A job is over."""

    number: int
    frames: int = 0
    failures: tuple[str, ...] = ()  # a sentence for each file that could not be measured
    rows: tuple[tuple[Picture, tuple[str, ...]], ...] = ()  # of the pictures that could
    faceless: tuple[str, ...] = ()  # names of the files that were measured and show no face


Event = Progress | Outcome
