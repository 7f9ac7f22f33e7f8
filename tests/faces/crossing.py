"""Two real people cut out of their clips who move past each other in one picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np

from app.core.frames import Frame, FrameResult
from app.faces.detector import create_detector

WIDTH, HEIGHT, FPS = 960, 540, 30
SIDE = 150.0  # pixels of a face box in the composed picture
HEAD = 2.0  # the cut-out's height in box sides; its width is 0.75 of that


@dataclass(frozen=True, slots=True)
class CutOut:
    """Somebody's head in successive frames, with a soft oval edge."""

    pictures: list[np.ndarray]  # (h, w, 3), the face box's centre in the middle
    alpha: np.ndarray  # (h, w, 1), 0 to 1

    def at(self, number: int) -> np.ndarray:
        """Forwards and backwards, so that it never jumps."""
        last = len(self.pictures) - 1
        return self.pictures[last - abs(number % (2 * last) - last)]


def cut_out(path: Path, count: int = 60, first: int = 0) -> CutOut:
    """The head of the only person in a clip, as large as every other one."""
    with av.open(str(path)) as container:
        frames = [
            f.to_ndarray(format="bgr24") for _, f in zip(range(first + count), container.decode(video=0), strict=False)
        ]
    detector = create_detector(stills=True)
    box = detector.detect(frames[first])[0].box
    detector.close()
    scale = SIDE / box.w
    width, height = round(0.75 * HEAD * SIDE), round(HEAD * SIDE)
    centre = (box.x + box.w / 2) * scale, (box.y + 0.4 * box.h) * scale
    shift = np.array([[scale, 0, width / 2 - centre[0]], [0, scale, height / 2 - centre[1]]])
    pictures = [
        cv2.warpAffine(f, shift, (width, height), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
        for f in frames[first:]
    ]
    y, x = np.mgrid[0:height, 0:width]
    radius = np.hypot((x - width / 2) / (width / 2), (y - height / 2) / (height / 2))
    return CutOut(pictures, np.clip((1 - radius) / 0.06, 0, 1)[..., None].astype(np.float32))


Path2 = Callable[[float], tuple[float, float]]
"""Where both are, as shares of the picture's width, at a share of the film."""


def past_each_other(share: float) -> tuple[float, float]:
    """Straight through, the first one in front."""
    return 0.15 + 0.7 * share, 0.85 - 0.7 * share


def meet_and_turn_back(share: float) -> tuple[float, float]:
    """To the same place, where the first one hides the second, and back to where each came from."""
    return 0.5 - 0.35 * abs(math.cos(math.pi * share)), 0.5 + 0.35 * abs(math.cos(math.pi * share))


@dataclass(frozen=True, slots=True)
class Moment:
    frame: Frame
    centres: tuple[tuple[float, float], tuple[float, float]]  # of the face boxes, in pixels
    hidden: bool  # the second one, for the most part


def scene(front: CutOut, behind: CutOut, path: Path2, seconds: float) -> Iterator[Moment]:
    """The composed film."""
    count = round(seconds * FPS)
    ramp = np.linspace(70, 130, WIDTH, dtype=np.float32)
    ground = np.repeat(np.repeat(ramp[None, :, None], HEIGHT, 0), 3, 2)
    for number in range(count):
        places = [share * WIDTH for share in path(number / (count - 1))]
        picture = ground.copy()
        for person, x in ((behind, places[1]), (front, places[0])):
            _paste(picture, person.at(number), person.alpha, x, HEIGHT / 2)
        frame = Frame(number, picture.round().astype(np.uint8), 100 + number / FPS, number / FPS)
        near = abs(places[0] - places[1]) < 0.9 * SIDE
        y = HEIGHT / 2 + 0.1 * SIDE  # the box's centre lies a little below the cut-out's
        yield Moment(frame, ((places[0], y), (places[1], y)), near)


def switches(moments: list[tuple[Moment, FrameResult]]) -> tuple[int, int, list[int | None]]:
    """How often somebody's number changed, how often somebody in sight was not found, and their last numbers."""
    changed = missed = 0
    numbers: list[int | None] = [None, None]
    for moment, result in moments:
        for who, (x, y) in enumerate(moment.centres):
            if who == 1 and moment.hidden:
                continue
            near = []
            for face in result.faces:
                box = face.detection.box
                near.append((math.hypot(box.x + box.w / 2 - x, box.y + box.h / 2 - y), face.face_id))
            distance, face_id = min(near, default=(math.inf, -1))
            if distance > 0.4 * SIDE:
                missed += 1
                continue
            changed += numbers[who] not in (None, face_id)
            numbers[who] = face_id
    return changed, missed, numbers


def _paste(picture: np.ndarray, head: np.ndarray, alpha: np.ndarray, x: float, y: float) -> None:
    h, w = head.shape[:2]
    left, top = round(x - w / 2), round(y - h / 2)
    a, b, c, d = max(top, 0), min(top + h, HEIGHT), max(left, 0), min(left + w, WIDTH)
    part, mask = head[a - top : b - top, c - left : d - left], alpha[a - top : b - top, c - left : d - left]
    picture[a:b, c:d] = mask * part + (1 - mask) * picture[a:b, c:d]
