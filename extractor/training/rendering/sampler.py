"""Scenes by chance: person, outfit, light, background and view in one record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import numpy as np

from extractor.training.rendering.expression import Expression, sample_expression
from extractor.training.rendering.glasses import sample_glasses
from extractor.training.rendering.head_model import HeadModel
from extractor.training.rendering.identity import Identity, sample_identity
from extractor.training.rendering.lighting import sample_background, sample_light
from extractor.training.rendering.occluders import sample_headphones, sample_held
from extractor.training.rendering.poses import sample_view
from extractor.training.rendering.scene import Colour, Mesh, Person, Scene
from extractor.training.rendering.wardrobe import FLAT_EARS, dress

PALMS: tuple[Colour, ...] = ((0.12, 0.06, 0.035), (0.38, 0.22, 0.14), (0.55, 0.34, 0.25))
"""Colours of hands by tone."""

SIBLING_SHARE = 0.6
"""Share of people who are drawn again with another expression, everything else alike."""


class Sampler:
    """Draws scenes; a generator's seed decides everything."""

    def __init__(self, model: HeadModel) -> None:
        self.model = model

    def scenes(self, rng: np.random.Generator) -> Iterator[tuple[int, Scene]]:
        """Endless (person, scene); consecutive scenes with the same number differ in expression alone."""
        number = 0
        while True:
            scene = self.scene(rng)
            yield number, scene
            if rng.random() < SIBLING_SHARE:
                yield number, self.with_expression(scene, sample_expression(self.model, rng))
            number += 1

    def scene(self, rng: np.random.Generator, pose: tuple[float, float, float] | None = None) -> Scene:
        """One person in one pose (pitch, yaw, roll in degrees; drawn if not given)."""
        model = self.model
        person = self.person(sample_identity(model, rng), sample_expression(model, rng))
        outfit = dress(model, rng, person)
        if outfit.flat_ears:
            flat = sum(model.morphs[model.index[f"det|ears|{name}"]].reshape(-1, 3) * 0.9 for name in FLAT_EARS)
            person = replace(person, neutral=person.neutral + flat, deformed=person.deformed + flat)
        meshes: list[Mesh] = []
        if rng.random() < 0.22:
            meshes += sample_glasses(model, rng, person.deformed)
        if rng.random() < 0.06:
            meshes.append(sample_headphones(model, rng, person.deformed))
        if rng.random() < 0.12:
            palm = np.array(PALMS[person.identity.tone]) * np.exp(rng.normal(0, 0.15))
            meshes.append(sample_held(rng, cast("Colour", tuple(float(x) for x in palm))))
        return Scene(
            person=person,
            parts=outfit.parts,
            meshes=tuple(meshes),
            shells=tuple(outfit.shells),
            skin=outfit.skin,
            light=sample_light(rng, model.pack.environments),
            background=sample_background(rng),
            view=sample_view(rng, person.canonical.scale, pose),
        )

    def person(self, identity: Identity, expression: Expression) -> Person:
        """The shapes of an identity with an expression."""
        neutral = self.model.shapes(identity.weights)[0]
        return Person(
            neutral=neutral,
            deformed=neutral + self.model.displacement(expression.weights),
            canonical=self.model.canonical(neutral),
            identity=identity,
            lids=expression.lids,
        )

    def with_expression(self, scene: Scene, expression: Expression) -> Scene:
        """The same scene with another expression."""
        moved = scene.person.neutral + self.model.displacement(expression.weights)
        return replace(scene, person=replace(scene.person, deformed=moved, lids=expression.lids))
