"""The recipe in a network's metadata: layers that may compute in 8-bit integers, and their limits.

``extractor.training.quantise`` makes it, by measuring, and writes it under ``int8``:

=============  =============================================================================
``version``    ``1``
``limits``     ``{layer: [low, high]}``: the layer's input is rounded to 256 steps between them
``kept``       layers that were left as they are because rounding them costs too much
``cost_deg``   what it costs, by data set: mean absolute error of the three angles in degrees
=============  =============================================================================

Layers are named as the detector's parameters without ``.weight``.  The limits belong to the graph
that ``extractor.onnx_graph`` builds, in which a normalisation's and the GRN's parameters are part of
the layer behind them.  Weights are rounded to 255 steps, symmetric about zero, for each output.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from extractor.values import is_number

KEY = "int8"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Recipe:
    """See the module."""

    limits: Mapping[str, tuple[float, float]]
    kept: tuple[str, ...]
    cost_deg: Mapping[str, float]

    def to_json(self) -> dict[str, object]:
        """The value of ``KEY`` in the metadata."""
        limits = {name: list(pair) for name, pair in self.limits.items()}
        return {"version": VERSION, "limits": limits, "kept": list(self.kept), "cost_deg": dict(self.cost_deg)}


def recipe_of(metadata: Mapping[str, object]) -> Recipe | None:
    """The recipe in a checkpoint's metadata; None where there is none that this version understands."""
    value = metadata.get(KEY)
    if not isinstance(value, Mapping) or value.get("version") != VERSION:
        return None
    limits, kept, cost = value.get("limits"), value.get("kept", []), value.get("cost_deg", {})
    if not isinstance(limits, Mapping) or not limits or not isinstance(kept, list) or not isinstance(cost, Mapping):
        return None
    pairs: dict[str, tuple[float, float]] = {}
    for name, pair in limits.items():
        if not isinstance(pair, (list, tuple)) or len(pair) != 2 or not all(map(is_number, pair)) or pair[0] >= pair[1]:
            return None
        pairs[str(name)] = (float(pair[0]), float(pair[1]))
    return Recipe(pairs, tuple(map(str, kept)), {str(k): float(v) for k, v in cost.items() if is_number(v)})
