"""Hair, eyes, brows, skin, clothes, hats and masks of one person."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from extractor.training.geometry import Array
from extractor.training.rendering.head_model import HeadModel
from extractor.training.rendering.lighting import hsv
from extractor.training.rendering.makeup import sample_makeup
from extractor.training.rendering.scene import Colour, Part, Person, Shell, Skin, Surface, Warp

# Linear RGB from black over brown, blond and red to grey and white.
HAIR_COLOURS = np.array(
    [[0.012, 0.010, 0.009], [0.02, 0.014, 0.010], [0.045, 0.025, 0.014], [0.09, 0.05, 0.025], [0.16, 0.09, 0.045],
     [0.30, 0.19, 0.09], [0.45, 0.33, 0.18], [0.22, 0.07, 0.03], [0.32, 0.31, 0.30], [0.6, 0.58, 0.55]]
)  # fmt: skip
HAIR_SHARES = np.array([4, 4, 3, 2.5, 2, 1.5, 1, 0.7, 0.4, 0.3])
HAIR_SHARES_DARK = np.array([6, 4, 2, 0.5, 0.2, 0.1, 0.1, 0.1, 0.4, 0.2])

# Each hair texture's own brightness is divided out, so that the colour is the one asked for.
HAIR_BRIGHTNESS = {
    "bob02": 2.2, "braid01": 14.0, "long01": 7.0, "ponytail01": 5.0,
    "short01": 30.0, "short02": 7.0, "short03": 6.0, "short04": 40.0,
}  # fmt: skip
LONG = ("long01", "braid01", "ponytail01", "bob02")
MALE_HAIR = ("short01", "short02", "short03", "short04")
FEMALE_HAIR = ("bob02", "long01", "braid01", "ponytail01", "bob02", "long01", "ponytail01", "short04", "short03")
FLAT_EARS = ("l-ear-wing-decr", "r-ear-wing-decr", "l-ear-scale-depth-decr", "r-ear-scale-depth-decr")


@dataclass
class Outfit:
    """What is collected for a person while it is dressed."""

    skin: Skin
    parts: dict[str, Part] = field(default_factory=dict)
    shells: list[Shell] = field(default_factory=list)
    flat_ears: bool = False  # long hair lies over the ears instead of being pierced by them


def dress(model: HeadModel, rng: np.random.Generator, person: Person) -> Outfit:
    """Everything worn, drawn for this person."""
    dark = person.identity.race[0] + 0.6 * person.identity.race[1]
    hair = _hair_colour(rng, dark, person.identity.age[2])
    if rng.random() < 0.04:  # dyed
        hair = np.array(hsv(rng.random(), rng.uniform(0.3, 0.9), rng.uniform(0.03, 0.5)))
    outfit = Outfit(_skin(rng, person, hair))
    _eyes(model, rng, person, dark, outfit)
    _brows(model, rng, person, hair, outfit)
    scalp, beard = _hair(model, rng, person, hair, outfit), _beard(rng, person, hair, outfit)
    _fringe(rng, person, hair, outfit)
    _headwear(model, rng, outfit)
    _clothes(model, rng, person, outfit)
    if rng.random() < 0.04:
        _mask(rng, outfit)
    outfit.skin = replace(outfit.skin, scalp=scalp, beard=beard)
    return outfit


def _colour(x: Array) -> Colour:
    r, g, b = (float(v) for v in x)
    return r, g, b


def _hair_colour(rng: np.random.Generator, dark: float, old: float) -> Array:
    shares = (HAIR_SHARES_DARK if dark > 0.5 else HAIR_SHARES).copy()
    if old > 0.4:
        shares[8:] += 6 * old
    i, j = rng.choice(len(shares), size=2, p=shares / shares.sum())
    t = rng.random() * 0.5
    return np.asarray(
        (HAIR_COLOURS[i] * (1 - t) + HAIR_COLOURS[j] * t) * np.exp(rng.normal(0, 0.15, 3) * [1, 0.5, 0.5])
    )


def _skin(rng: np.random.Generator, person: Person, hair: Array) -> Skin:
    return Skin(
        textures=person.identity.skins,
        mixture=person.identity.skin_mixture,
        roughness=rng.uniform(0.34, 0.55),
        specular=rng.uniform(0.25, 1.2),
        relief=rng.uniform(0.3, 1.3),
        blotches=rng.uniform(0, 0.25),
        gamma=float(np.exp(rng.normal(0, 0.08))),
        tint=_colour(np.exp(rng.normal(0, 0.13)) * np.exp(rng.normal(0, [0.05, 0.04, 0.06]))),
        beard=0.0,
        beard_colour=_colour(hair * 0.8 + 0.005),
        scalp=0.0,
        scalp_colour=_colour(hair * 0.7 + 0.004),
        mouth_dark=rng.uniform(0.2, 0.55),
        seed=rng.uniform(0, 50),
        makeup=sample_makeup(rng, person.identity.male, person.identity.tone),
    )


def _eyes(model: HeadModel, rng: np.random.Generator, person: Person, dark: float, outfit: Outfit) -> None:
    irises = model.proxies["eyes"].textures
    if rng.random() < (0.95 if dark > 0.5 else 0.35):
        irises = tuple(name for name in irises if "brown" in name)
    iris = irises[rng.integers(len(irises))]
    e = float(np.exp(rng.normal(-0.1, 0.15)))
    tint: Colour = (e, e, e)
    if "brown" not in iris:
        tint = (e, e, e * rng.uniform(0.93, 1.0))
    elif dark > 0.5 and rng.random() < 0.7:
        tint = (e * 0.5, e * 0.5, e * 0.47)
    gaze = (float(np.clip(rng.normal(0, 12), -28, 28)), float(np.clip(rng.normal(0, 6), -14, 14) + 8 * person.lids))
    surface = Surface(texture=iris, cut=0.5, roughness=0.12, specular=1.2, tint=tint)
    outfit.parts["eyes"] = Part("eyes", surface, gaze=gaze)
    enamel = np.array([0.62, 0.58, 0.51]) * rng.uniform(0.6, 1.05)
    outfit.parts["teeth_base"] = Part(
        "teeth",
        Surface(model.proxies["teeth_base"].textures[0], _colour(enamel), specular=0.6, roughness=0.25, ao_flat=1.0),
    )
    outfit.parts["tongue01"] = Part(
        "tongue", Surface(model.proxies["tongue01"].textures[0], (0.5, 0.35, 0.35), specular=0.5, roughness=0.3)
    )


def _brows(model: HeadModel, rng: np.random.Generator, person: Person, hair: Array, outfit: Outfit) -> None:
    def paint(name: str, colour: Array, alpha: float) -> Surface:
        texture = model.proxies[name].textures[0]
        return Surface(
            texture, _colour(colour), recolour=1.0, luminance_scale=-1.0, alpha=alpha, specular=0.0, ao_flat=1.0
        )

    brows = model.of_kind("brow")
    name = brows[rng.integers(len(brows))]
    # The texture's own darkness goes, its alpha stays: the tint alone is the colour.
    colour = np.minimum(hair * rng.uniform(0.5, 1.1), 0.2)
    outfit.parts[name] = Part("brow", paint(name, colour, rng.uniform(0.7, 1.5)))
    if rng.random() < 0.9:
        lashes = model.of_kind("lash")
        name = lashes[rng.integers(len(lashes))]
        thick = rng.uniform(0.3, 0.6) if person.identity.male > 0.5 else rng.uniform(0.5, 1.0)
        outfit.parts[name] = Part("lash", paint(name, np.full(3, 0.01), thick))


def _hair(model: HeadModel, rng: np.random.Generator, person: Person, hair: Array, outfit: Outfit) -> float:
    """Bald, fur, or cards; returns how much the scalp is painted."""
    male = person.identity.male > 0.5
    u = rng.random()
    if u < (0.1 + 0.15 * person.identity.age[2] if male else 0.02):
        return float(rng.uniform(0.2, 0.8)) if rng.random() < 0.5 else 0.0
    if u < (0.5 if male else 0.2):
        curly = rng.random() < 0.3 + 0.5 * person.identity.race[0]
        long = rng.uniform(0.2, 0.6) if curly else rng.uniform(0.1, 0.25)
        thickness = float(rng.choice([rng.uniform(0.03, 0.08), rng.uniform(0.08, 0.2), long]))
        outfit.shells.append(
            Shell(
                "scalp",
                thickness,
                _colour(hair * 1.3),
                density=rng.uniform(1.2, 1.9),
                frequency=rng.uniform(45, 80) if curly else rng.uniform(80, 140),
                seed=rng.uniform(0, 9),
                layers=8 if thickness < 0.15 else 12,
                clump=rng.uniform(0.05, 0.45),
                curl=rng.uniform(0.5, 2) if curly else 0.0,
                straight=0.0 if curly else float(rng.choice([0.0, rng.uniform(0.5, 1)])),
            )
        )
        return 1.0
    choice: tuple[str, ...] = MALE_HAIR if male else FEMALE_HAIR
    if rng.random() < 0.12:
        choice = tuple(HAIR_BRIGHTNESS)
    name = choice[rng.integers(len(choice))]
    outfit.parts[name] = Part(
        "hair",
        Surface(
            model.proxies[name].textures[0],
            _colour(hair),
            recolour=1.0,
            luminance_scale=HAIR_BRIGHTNESS[name],
            alpha=rng.uniform(1.0, 1.4),
            specular=rng.uniform(0.2, 1.1),
            ao_flat=1.0,
            seed=rng.uniform(0, 9),
            strands=rng.uniform(0, 1.2),
        ),
        warp=_hair_warp(rng, person.canonical.centre),
        ends=_ends(rng, person, name),
    )
    outfit.flat_ears = name in LONG
    return 1.0


def _hair_warp(rng: np.random.Generator, centre: Array) -> Warp:
    """Stretches and waves that make several hair styles of one."""
    stretch = np.array([rng.normal(1.012, 0.02), rng.normal(1.005, 0.03), rng.normal(1.01, 0.02)])
    if rng.random() < 0.3:  # full hair
        stretch *= 1 + np.array([1.0, 0.6, 0.6]) * rng.uniform(0.02, 0.12)
    if rng.random() < 0.5:
        stretch[0] = -stretch[0]  # the parting on the other side; cards are drawn from both sides
    phase, amount = rng.uniform(0, 6, 3), rng.uniform(0, 0.035)
    curls, often = rng.choice([0.0, rng.uniform(0, 0.06)], p=[0.6, 0.4]), rng.uniform(8, 22)

    def warp(vertices: Array) -> Array:
        d = vertices - centre
        return np.asarray(
            centre
            + d * stretch
            + amount * np.sin(d[:, [1, 2, 0]] * 4 + phase)
            + curls * np.sin(d[:, [1, 1, 1]] * often + 3 * d + phase),
            np.float32,
        )

    return warp


def _ends(rng: np.random.Generator, person: Person, name: str) -> float:
    """Where long hair is cut: from the chin down to as long as it is."""
    if name not in LONG or rng.random() < 0.5:
        return -100.0
    return float(person.canonical.centre[1] + rng.uniform(-2.2, -0.6))


def _fringe(rng: np.random.Generator, person: Person, hair: Array, outfit: Outfit) -> None:
    """Hair over the forehead, some also before the ears."""
    if not (any(p.kind == "hair" for p in outfit.parts.values()) or any(s.region == "scalp" for s in outfit.shells)):
        return
    woman = person.identity.male < 0.5
    for region, share, reach in (("fringe", 0.22 if woman else 0.12, 0.22), ("temples", 0.15 if woman else 0.03, 0.16)):
        if rng.random() >= share:
            continue
        outfit.shells.append(
            Shell(
                "fringe" if region == "fringe" else "temples",
                float(rng.uniform(0.06, reach)),
                _colour(hair * 1.3),
                density=rng.uniform(0.7, 1.7),
                frequency=rng.uniform(35, 80),
                seed=rng.uniform(0, 9),
                layers=10,
                clump=rng.uniform(0.1, 0.5),
                straight=rng.uniform(0.6, 1.0),
            )
        )


def _beard(rng: np.random.Generator, person: Person, hair: Array, outfit: Outfit) -> float:
    """Returns how much stubble is painted."""
    if person.identity.male <= 0.6 or person.identity.age[0] >= 0.3:
        return 0.0
    u = rng.random()
    if u < 0.5:
        return float(rng.uniform(0, 0.25))
    if u < 0.77:
        return float(rng.uniform(0.25, 0.9))
    thickness = float(rng.choice([rng.uniform(0.015, 0.04), rng.uniform(0.04, 0.16)]))
    outfit.shells.append(
        Shell(
            "beard",
            thickness,
            _colour(hair * 1.2),
            density=rng.uniform(0.8, 1.4),
            frequency=rng.uniform(90, 150),
            seed=rng.uniform(0, 9),
            layers=7,
            clump=rng.uniform(0.1, 0.4),
        )
    )
    return 1.0


def _headwear(model: HeadModel, rng: np.random.Generator, outfit: Outfit) -> None:
    """A beanie or a hat, where the hair has room under it."""
    u = rng.random()
    if u >= 0.1 or any(s.region == "scalp" and s.thickness > 0.12 for s in outfit.shells):
        return
    stays: tuple[str, ...] = ("long01", "bob02")
    if u < 0.05:
        outfit.shells = [s for s in outfit.shells if s.region != "scalp"]
        a, b = (hsv(rng.random(), rng.uniform(0, 0.7), rng.uniform(0.03, 0.6)) for _ in range(2))
        outfit.shells.append(
            Shell(
                "scalp",
                rng.uniform(0.1, 0.2),
                a,
                b,
                solid=True,
                frequency=rng.uniform(20, 60),
                seed=rng.uniform(0, 9),
                clump=0.08,
            )
        )
    else:
        hats = model.of_kind("hat")
        if hats:
            paint = hsv(rng.random(), rng.uniform(0, 0.5), rng.uniform(0.05, 0.9))
            hat = hats[rng.integers(len(hats))]
            outfit.parts[hat] = Part("hat", Surface(None, paint, specular=0.1, roughness=0.8, ao_flat=1.0))
        stays = (*stays, "short04")
    outfit.parts = {k: p for k, p in outfit.parts.items() if p.kind != "hair" or k in stays}


def _clothes(model: HeadModel, rng: np.random.Generator, person: Person, outfit: Outfit) -> None:
    if rng.random() > 0.95:
        return
    fitting = [name for name in model.of_kind("cloth") if name.startswith("male") == (person.identity.male > 0.5)]
    name = fitting[rng.integers(len(fitting))]
    textures = model.proxies[name].textures
    texture = textures[0] if textures and rng.random() < 0.75 else None
    tint = hsv(rng.random(), rng.uniform(0, 0.8), rng.uniform(0.05, 1.2))
    if texture and rng.random() > 0.8:
        tint = (1.0, 1.0, 1.0)
    outfit.parts[name] = Part(
        "cloth",
        Surface(
            texture,
            tint,
            recolour=1.0 if texture and rng.random() < 0.6 else 0.0,
            luminance_scale=3.0 if texture else 1.0,
            specular=0.1,
            roughness=0.8,
            ao_flat=1.0,
        ),
    )


def _mask(rng: np.random.Generator, outfit: Outfit) -> None:
    """A face mask; a beard's fur would stick out of it."""
    paint = hsv(rng.random(), rng.uniform(0, 0.5), float(rng.choice([rng.uniform(0.02, 0.1), rng.uniform(0.4, 0.9)])))
    outfit.shells = [s for s in outfit.shells if s.region != "beard"]
    outfit.shells.append(
        Shell("mask", rng.uniform(0.06, 0.14), paint, paint, solid=True, frequency=rng.uniform(1, 4), clump=0.02)
    )
