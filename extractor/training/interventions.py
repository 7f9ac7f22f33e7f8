"""``python -m extractor.training.interventions``: what moves a checkpoint's pose although the head keeps still.

People are rendered in three pitches and drawn again with one thing changed at a time: where they look, what the face
does, glasses, the lens, the hair, a picture that ends at the mouth.  As Markdown, in degrees, pitch, yaw and roll: how
far the answers move (mean and standard deviation), and the errors of the unchanged heads, whose deviation is what
differs from person to person.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torch import Tensor

from extractor.training.command import command, parser_of
from extractor.training.evaluate import load_for_training
from extractor.training.geometry import Array
from extractor.training.learning.pool import HeadPool
from extractor.training.measuring.breakdown import answers
from extractor.training.render import add_pack_argument
from extractor.training.rendering.expression import Expression, ExpressionWeights
from extractor.training.rendering.glasses import sample_glasses
from extractor.training.rendering.head_model import HeadModel
from extractor.training.rendering.labels import HeadLabel, label, stack
from extractor.training.rendering.pack import Pack
from extractor.training.rendering.sampler import Sampler
from extractor.training.rendering.scene import Scene
from extractor.training.shards import write_shard
from extractor.types import KEYPOINT_NAMES

PITCHES_DEG = (-18.0, 0.0, 18.0)
YAW_DEG = 15.0  # at most, to either side
EYES_DEG = (35.0, 25.0)  # how far eyes turn aside, up and down
SMILE = {"mouthSmile": 0.8, "cheekSquint": 0.5}
LAUGH = {"mouthSmile": 1.0, "jawOpen": 0.6, "mouthUpperUp": 0.5, "mouthLowerDown": 0.4, "cheekSquint": 0.8}
CLEAR = (0.5, 0.08)  # brightness and opacity of a lens
DARK = (0.02, 0.97)
PLAIN = "unchanged: neutral, eyes ahead"
CUT = "the picture ends at the mouth"


def looking(scene: Scene, aside_deg: float, down_deg: float) -> Scene:
    """The same with the eyes turned in the head."""
    eyes = replace(scene.parts["eyes"], gaze=(aside_deg, down_deg))
    return replace(scene, parts={**scene.parts, "eyes": eyes})


def with_glasses(sampler: Sampler, scene: Scene, rng: np.random.Generator) -> Iterator[tuple[str, Scene]]:
    """The same with one pair of spectacles, clear and dark."""
    frame, lenses = sample_glasses(sampler.model, rng, scene.person.deformed)
    for name, (shade, alpha) in (("glasses", CLEAR), ("sunglasses", DARK)):
        surface = replace(lenses.surface, tint=(shade, shade, shade), alpha=alpha)
        yield name, replace(scene, meshes=(frame, replace(lenses, surface=surface)))


def cut_at_mouth(image: Array, points: Array) -> Array:
    """The picture (S, S, 3) with its lower part as the app fills what lies outside a frame: the last row repeated.

    ``points`` are the keypoints (K, 2), the picture's edges at -1 and +1.
    """
    corners = points[[i for i, name in enumerate(KEYPOINT_NAMES) if name.startswith("mouth")]]
    row = int(np.clip((corners[:, 1].mean() + 1) / 2 * len(image), 1, len(image) - 1))
    return np.concatenate([image[:row], np.repeat(image[row - 1 : row], len(image) - row, 0)])


def variations(sampler: Sampler, scene: Scene, rng: np.random.Generator) -> Iterator[tuple[str, Scene]]:
    """The person with a neutral face and eyes straight ahead, first as they are, then with one change at a time."""

    def face(**units: float) -> Scene:
        e = ExpressionWeights(sampler.model)
        for name, x in units.items():
            e.put(name, x)
        return looking(sampler.with_expression(scene, Expression(e.weights, 0.0)), 0.0, 0.0)

    plain = face()
    yield PLAIN, plain
    camera = scene.view.head.T @ [0.0, 0.0, 1.0]  # where the viewer is, seen from the head
    turned = np.degrees(np.arctan2([camera[0], -camera[1]], camera[2]))
    aside, down = np.clip(turned, np.negative(EYES_DEG), EYES_DEG)
    yield "eyes at the camera", looking(plain, float(aside), float(down))
    yield "smile", face(**SMILE)
    yield "laugh, mouth open", face(**LAUGH)
    yield "brows up", face(browInnerUp=0.9, browOuterUp=0.9)
    yield "brows down", face(browDown=0.9)
    yield from with_glasses(sampler, plain, rng)
    for degrees in (12, 50):
        view = replace(plain.view, field_of_view=float(np.radians(degrees)))
        yield f"lens of {degrees} degrees", replace(plain, view=view)
    yield "without cropped hair, fringe and beard", replace(plain, shells=())


def measure(checkpoint: Path, pack: Path, people: int, seed: int) -> dict[str, Tensor]:
    """Signed errors (n, 3) in degrees of each variation; rows belong to the same heads.  Raises ``TrainingError``."""
    from extractor.training.rendering.renderer import Renderer  # needs OpenGL

    network, spec = load_for_training(checkpoint)
    renderer = Renderer(HeadModel(Pack.open(pack)), 256, 2)
    sampler = Sampler(renderer.model)
    rng = np.random.default_rng(seed)
    images: dict[str, list[Array]] = {}
    labels: dict[str, list[HeadLabel]] = {}
    for i in range(people * len(PITCHES_DEG)):
        pose = (PITCHES_DEG[i % len(PITCHES_DEG)], float(rng.uniform(-YAW_DEG, YAW_DEG)), 0.0)
        scene = replace(sampler.scene(rng, pose), meshes=())  # nothing before the face
        for name, changed in variations(sampler, scene, rng):
            drawn = renderer.draw(changed)
            images.setdefault(name, []).append(drawn.image)
            labels.setdefault(name, []).append(label(renderer.model, changed, drawn.placement, drawn.depth))
        images.setdefault(CUT, []).append(cut_at_mouth(images[PLAIN][-1], labels[PLAIN][-1].points))
        labels.setdefault(CUT, []).append(labels[PLAIN][-1])
    errors = {}
    for name in images:
        with TemporaryDirectory() as folder:
            heads = stack(labels[name], list(range(len(labels[name]))))
            write_shard(Path(folder) / f"heads-{seed:04d}-00000.npz", images[name], heads)
            pool = HeadPool([Path(folder)], torch.device("cpu"))
            errors[name] = answers(network.eval(), pool, spec).signed_deg
    return errors


def table(errors: dict[str, Tensor]) -> str:
    """As Markdown: the errors of the unchanged heads, then how far each change moves the answers."""
    lines = ["| | pitch | yaw | roll |", "|---|---|---|---|"]
    for name, found in errors.items():
        moved = found if name == PLAIN else found - errors[PLAIN]
        means = [round(mean, 1) + 0.0 for mean in moved.mean(0).tolist()]  # no -0.0
        cells = [f"{mean:+.1f} ± {spread:.1f}" for mean, spread in zip(means, moved.std(0).tolist(), strict=True)]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


@command
def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = parser_of(__file__, __doc__)
    parser.add_argument("checkpoint", type=Path, help="any checkpoint that the program reads, or a training state")
    add_pack_argument(parser)
    parser.add_argument("--people", type=int, default=36, help="how many in each pitch (default: 36)")
    parser.add_argument("--seed", type=int, default=77, help="another seed gives other people (default: 77)")
    given = parser.parse_args(arguments)
    print(table(measure(given.checkpoint, given.pack, max(1, given.people), given.seed)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
