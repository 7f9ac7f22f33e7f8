"""What is drawn: frozen records between the samplers and the renderer.

Lengths are decimetres in MakeHuman's coordinates; rotations and directions are in OpenGL's camera
frame (x right, y up, z towards the viewer); colours are linear RGB.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from extractor.training.geometry import Array
from extractor.training.rendering.head_model import Canonical
from extractor.training.rendering.identity import Identity

Colour = tuple[float, float, float]
Warp = Callable[[Array], Array]


@dataclass(frozen=True, eq=False)
class Surface:
    """A material of ``surface.frag``."""

    texture: str | None = None
    tint: Colour = (1.0, 1.0, 1.0)
    recolour: float = 0.0  # 1: the texture gives brightness alone
    luminance_scale: float = 1.0
    alpha: float = 1.0
    cut: float = 0.0  # alpha below which nothing is drawn
    roughness: float = 0.5
    specular: float = 0.4
    ao_flat: float = 0.0  # 1: no ambient occlusion
    seed: float = 0.0
    strands: float = 0.0  # how much locks of hair differ in brightness


@dataclass(frozen=True, eq=False)
class Part:
    """A proxy mesh that is worn."""

    kind: str
    surface: Surface
    warp: Warp | None = None
    gaze: tuple[float, float] = (0.0, 0.0)  # yaw and pitch of the eyes in the head, degrees
    ends: float = -100.0  # hair is cut off below this height in the model's coordinates


@dataclass(frozen=True, eq=False)
class Mesh:
    """A mesh made on the spot: glasses in the head's coordinates, occluders in the camera's."""

    vertices: Array  # (N, 3)
    normals: Array  # (N, 3)
    triangles: Array  # (T, 3)
    surface: Surface
    attached: Literal["head", "camera"]
    lens: bool = False


@dataclass(frozen=True, eq=False)
class Shell:
    """Fur (hair, beard) or one solid layer (beanie, face mask) grown from the skin."""

    region: Literal["scalp", "beard", "mask", "fringe", "temples"]
    thickness: float
    tint: Colour
    tint2: Colour = (0.0, 0.0, 0.0)
    solid: bool = False
    layers: int = 8
    density: float = 1.0
    frequency: float = 60.0
    seed: float = 0.0
    clump: float = 0.2
    curl: float = 0.0
    straight: float = 0.0  # 1: strands seven times as long as wide


@dataclass(frozen=True, eq=False)
class Makeup:
    """Colours on parts of the face, and how much of each; natural ones too, such as dark circles and freckles."""

    lips: Colour = (0.0, 0.0, 0.0)
    lids: Colour = (0.0, 0.0, 0.0)
    cheeks: Colour = (0.0, 0.0, 0.0)
    amounts: tuple[float, float, float] = (0.0, 0.0, 0.0)  # lips, lids, cheeks
    freckles: float = 0.0


@dataclass(frozen=True, eq=False)
class Skin:
    """A mixture of two textures and how it takes the light."""

    textures: tuple[str, str]
    mixture: float
    roughness: float
    specular: float
    relief: float
    blotches: float
    gamma: float
    tint: Colour
    beard: float
    beard_colour: Colour
    scalp: float
    scalp_colour: Colour
    mouth_dark: float
    seed: float
    makeup: Makeup = field(default_factory=Makeup)


@dataclass(frozen=True, eq=False)
class Light:
    """An environment, a key light that casts a shadow and a fill light."""

    environment: int
    turn: Array  # (3, 3) camera to environment
    gain: float
    key_direction: Array  # (3,) towards the light
    key_colour: Array
    fill_direction: Array
    fill_colour: Array
    exposure: float
    shadow_softness: float
    dapple: float = 0.0  # 1: the key light falls through leaves or blinds
    dapple_scale: tuple[float, float, float] = (1.0, 1.0, 1.0)  # spots a decimetre; blinds differ by axis


@dataclass(frozen=True, eq=False)
class Background:
    """See ``background.frag``."""

    mode: Literal["environment", "gradient", "shapes", "shelves", "foliage"]
    turn: Array = field(default_factory=lambda: np.eye(3))  # against the light's environment
    zoom: float = 1.0
    lod: float = 1.0
    gain: float = 1.0
    seed: float = 0.0
    colours: tuple[Colour, Colour, Colour] = ((0.5, 0.5, 0.5),) * 3


@dataclass(frozen=True, eq=False)
class View:
    """Pose and camera."""

    head: Array  # (3, 3) canonical head frame to camera: the label
    torso: Array  # (3, 3)
    field_of_view: float  # radians, of the square image's side
    extent: float  # half the image's side at the head's distance
    shift: tuple[float, float] = (0.0, 0.0)  # of the head's centre, in extents
    pin_torso: bool = False  # hold the shoulders still, as in a film of one person


@dataclass(frozen=True, eq=False)
class Person:
    """A shape with a neutral and a moved face, and whose it is."""

    neutral: Array  # (N, 3)
    deformed: Array  # (N, 3)
    canonical: Canonical
    identity: Identity
    lids: float  # mean closure of the lids, 0 to 1


@dataclass(frozen=True, eq=False)
class Scene:
    """One image."""

    person: Person
    parts: Mapping[str, Part]
    meshes: tuple[Mesh, ...]
    shells: tuple[Shell, ...]
    skin: Skin
    light: Light
    background: Background
    view: View
