"""``python -m extractor.training.evaluate_photographs``: errors of a checkpoint on labelled photographs and films."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from extractor.training.command import command, parser_of
from extractor.training.evaluate import load_for_training
from extractor.training.learning.photo_pool import PhotoPool
from extractor.training.measuring.film_evaluation import evaluate_films, for_metadata, means
from extractor.training.measuring.film_evaluation import markdown as film_table
from extractor.training.measuring.photo_evaluation import ask, everybody, figures
from extractor.training.measuring.photo_evaluation import markdown as photo_table
from extractor.values import finite


@command
def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = parser_of(__file__, __doc__)
    parser.add_argument("checkpoint", type=Path, help="any checkpoint that the program reads, or a training state")
    parser.add_argument(
        "--photos", type=Path, nargs="+", default=[], help="shards of labelled photographs, or folders of them"
    )
    parser.add_argument("--clips", type=Path, nargs="+", default=[], help="films of one person each")
    parser.add_argument("--size", type=int, help="pixels of the input (default: the checkpoint's own)")
    parser.add_argument("--mesh-cache", type=Path, metavar="FILE.npz", help="keep there what the mesh says of films")
    parser.add_argument("--json", type=Path, help="write the numbers here as well")
    given = parser.parse_args(arguments)
    if not given.photos and not given.clips:
        parser.error("nothing to look at: name --photos or --clips")
    numbers: dict[str, object] = {}
    network, spec = load_for_training(given.checkpoint)
    spec = replace(spec, input_size=given.size or spec.input_size)
    network.eval()
    if given.photos:
        pool = PhotoPool(given.photos, sure_deg=float("inf"))
        people = everybody(pool)
        found = figures(ask(network, pool, people, spec), people)
        print(photo_table(found))
        numbers["photographs"] = finite(asdict(found))
    if given.clips:
        films = evaluate_films(network, given.clips, spec, given.mesh_cache)
        print(film_table(films))
        numbers["clips"] = {name: asdict(film) for name, film in films.items()}
        numbers["clips_mean"] = means([film.correlation for film in films.values()])
        numbers["clips_metadata"] = for_metadata(films)
        numbers["clips_mean_in_picture"] = means([film.picture_correlation for film in films.values()])
    if given.json:
        given.json.write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
