"""Who: weights of the identity morphs and the skin that goes with them, evenly over tone, sex and age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from extractor.training.geometry import Array
from extractor.training.rendering.head_model import HeadModel

RACES = ("african", "asian", "caucasian")
TONES = {"african": 0, "asian": 1, "caucasian": 2}
AGES = ("young", "mid", "old")


@dataclass(frozen=True, eq=False)
class Identity:
    """Morph weights and what they stand for."""

    weights: Array  # (M,) of the model's morphs
    male: float
    age: tuple[float, float, float]  # child, young, old
    race: tuple[float, float, float]  # african, asian, caucasian: MakeHuman's names for its morphs
    skins: tuple[str, str]
    skin_mixture: float
    tone: int  # 0 dark, 1 medium, 2 light


def sample_identity(model: HeadModel, rng: np.random.Generator) -> Identity:
    """Tone, sex and age are drawn first and evenly, then the skins nearest to them."""
    race_name = RACES[rng.integers(3)]
    is_male = rng.random() < 0.5
    age_name = AGES[rng.choice(3, p=[0.45, 0.3, 0.25])]
    skins = _skins(model, rng, race_name, is_male, age_name)

    alpha = [2.5 if name == race_name else 0.25 for name in RACES]
    race = tuple(float(x) for x in rng.dirichlet(alpha))
    male = float(rng.beta(6, 1.3) if is_male else rng.beta(1.3, 6))
    age = _age(rng, age_name)
    muscle = _three(np.clip(rng.normal(0, 0.4), -1, 1))
    weight = _three(np.clip(rng.normal(0.05, 0.5), -1, 1))
    shares = {
        **dict(zip(RACES, race, strict=True)),
        **dict(zip(("child", "young", "old"), age, strict=True)),
        "female": 1 - male,
        "male": male,
    }
    w = np.zeros(len(model.targets), np.float32)
    for name, i in model.index.items():
        part = name.split("|")
        if part[0] == "race":
            w[i] = shares[part[1]] * shares[part[2]] * shares[part[3]]
        elif part[0] == "uni":
            w[i] = shares[part[1]] * shares[part[2]] * muscle[part[3]] * weight[part[4]]
    spread = rng.uniform(0.25, 1.2)  # most people are near the average, some far from it
    for control in model.controls.values():
        u = float(np.clip(rng.normal(0, control.amplitude * spread), -1, 1))
        for i in control.positive if u > 0 else control.negative:
            w[i] += abs(u) * (1 + rng.normal(0, 0.1))
    for i in model.asymmetries:
        w[i] += max(0.0, rng.normal(0, 0.12))
    if model.ict_modes:
        w[model.ict_modes] = rng.normal(0, rng.uniform(0.35, 1.25), len(model.ict_modes))
    return Identity(
        weights=w,
        male=male,
        age=age,
        race=cast("tuple[float, float, float]", race),
        skins=skins,
        skin_mixture=float(rng.beta(0.7, 0.7)),
        tone=TONES[race_name],
    )


def _skins(model: HeadModel, rng: np.random.Generator, race: str, is_male: bool, age: str) -> tuple[str, str]:
    """Two skins of this tone; sex counts more than age where the pack has no skin of both."""
    table = model.pack.meta["skins"]
    same = [name for name, s in table.items() if s["race"] == race]

    def misfit(name: str) -> float:
        s = table[name]
        return float(2 * (s["sex"] != ("m" if is_male else "f")) + abs(AGES.index(s["age"]) - AGES.index(age)))

    order = sorted(same, key=lambda name: misfit(name) + rng.uniform(0, 0.9))
    return order[0], order[min(int(rng.integers(1, 3)), len(order) - 1)]


def _age(rng: np.random.Generator, name: str) -> tuple[float, float, float]:
    if name == "young":
        child = max(0.0, rng.uniform(-0.6, 0.5))
        return child, 1 - child, 0.0
    old = rng.uniform(0.25, 0.6) if name == "mid" else rng.uniform(0.6, 1)
    return 0.0, 1 - old, old


def _three(m: float) -> dict[str, float]:
    """-1 to 1 as shares of the morphs' three stages."""
    return {"min": max(0.0, -m), "average": 1 - abs(m), "max": max(0.0, m)}
