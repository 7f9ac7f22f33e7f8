"""The options of the measurement."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.camera_format import CameraFormat, CameraRequest

PEERS = ("mediapipe",)


@dataclass(frozen=True, slots=True)
class BenchOptions:
    """The options of ``bench``."""

    source: str = "demo"  # as for the window
    seconds: float = 10.0  # measured, after the warm-up
    weights: str | None = None
    device: str = "auto"
    engine: str = "auto"
    engines: str | None = None  # "all": time every installed engine by itself
    window: bool = False  # in the real window rather than without one
    record: bool = False  # while a recording is written, into a folder that is deleted afterwards
    peer: str | None = None  # one of PEERS
    json: bool = False
    faces: int = 1  # measured at most
    camera_format: CameraFormat | None = None  # asked of a camera; None: the usual
    first_minute: bool = False  # with an empty cache, second by second
    warm_up_s: float = 2.0  # from the first result on, not measured

    @property
    def camera_request(self) -> CameraRequest:
        """What is remembered for a camera in the window does not count here."""
        return CameraRequest(self.camera_format)
