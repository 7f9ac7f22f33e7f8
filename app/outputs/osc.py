"""Open Sound Control by UDP, for Max, Pure Data, TouchDesigner, SuperCollider and the like."""

from __future__ import annotations

import math

from app.core.frames import FrameResult
from app.outputs.address import Address
from app.outputs.bundles import BundleOutput, OscMessage
from app.outputs.values import DERIVED, EXPRESSION, PLACE, POSE, arkit, faces_to_send, quaternion, read

NAME = "osc"
ROOT = "/motionscope"


class OscOutput(BundleOutput):
    """One bundle a result, then one for each of its faces; a result without a face says so with ``/faces 0``.

    ``/motionscope/face/0`` is the primary face; the first argument of each of its messages is its ``face_id``.
    """

    def __init__(self, address: Address) -> None:
        super().__init__(NAME, address)

    def _bundles(self, result: FrameResult, time_s: float) -> list[list[OscMessage]]:
        return bundles(result, time_s)


def bundles(result: FrameResult, time_s: float) -> list[list[OscMessage]]:
    """A bundle for the frame, and one for each of its faces."""
    faces = faces_to_send(result)
    out: list[list[OscMessage]] = [
        [(f"{ROOT}/frame", [result.frame.index, time_s]), (f"{ROOT}/faces", [len(faces)])],
    ]
    for i, shown in enumerate(faces):
        here, face_id = f"{ROOT}/face/{i}", shown.face.face_id
        derived = ((channel.name, channel.read(shown)) for channel in DERIVED)
        values: dict[str, list[float]] = {
            "pose": read(POSE, shown),
            "quaternion": list(quaternion(shown.rotation)),
            "place": read(PLACE, shown),
            "expression": read(EXPRESSION, shown),
            **{name: [value] for name, value in derived if math.isfinite(value)},  # what is known
            **{f"arkit/{name}": [value] for name, value in arkit(shown).items()},
        }
        out.append([(f"{here}/{name}", [face_id, *numbers]) for name, numbers in values.items()])
    return out
