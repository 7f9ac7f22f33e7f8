"""The head as a linear model: a base mesh, morphs for identity and expression, and meshes fitted to it.

MakeHuman's ``hm08`` mesh cut at the chest.  Proxies (eyes, brows, hair, clothes) hang on three base
vertices each, so they follow every morph.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import numpy as np
from scipy.sparse import csr_matrix

from extractor.training.face_frame import MEAN_FACE
from extractor.training.geometry import FLIP_YZ, Array, align
from extractor.training.rendering.pack import Pack
from extractor.types import KEYPOINT_NAMES

# Opposite ends of one control, by the last part of the morph's name.
OPPOSITES = (
    ("decr", "incr"), ("down", "up"), ("in", "out"), ("backward", "forward"), ("concave", "convex"),
    ("compress", "uncompress"), ("pointed", "triangle"), ("round", "square"),
)  # fmt: skip

# How far a control usually goes, by part of the head; found by looking at contact sheets.
AMPLITUDE = {
    "head": 0.22, "forehead": 0.25, "eyebrows": 0.22, "eyes": 0.22, "nose": 0.22, "mouth": 0.22,
    "ears": 0.35, "chin": 0.25, "cheek": 0.25, "neck": 0.2,
}  # fmt: skip


@dataclass
class Control:
    """One direction of variation: morphs for its two ends (left and right move together)."""

    amplitude: float
    negative: list[int] = field(default_factory=list)
    positive: list[int] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Proxy:
    """A mesh that hangs on the base mesh."""

    kind: str  # eyes, brow, lash, teeth, tongue, hair, hat, cloth
    corners: Array  # (N, 3) base vertices that carry each vertex
    weights: Array  # (N, 3)
    offsets: Array  # (N, 3)
    extents: Array  # (3, 3): two base vertices and their distance in the base, per axis
    render_vertices: Array  # (V,) vertex of each rendered vertex (uv seams split vertices)
    triangles: Array  # (T, 3) of rendered vertices
    uv: Array  # (V, 2)
    skinning: Array  # (N, 2) neck and head
    hides: Array  # base vertices under it
    textures: tuple[str, ...]
    averager: csr_matrix


@dataclass(frozen=True, eq=False)
class Canonical:
    """The head frame of one identity: ``x_head = (x - centre) @ rotation / scale`` for row vectors."""

    rotation: Array  # (3, 3) mean head to this identity's coordinates
    scale: float  # size against the mean head
    centre: Array  # (3,) what the head turns about


class HeadModel:
    """Base mesh, morphs, proxies and landmarks of a pack."""

    def __init__(self, pack: Pack) -> None:
        g = pack.geometry
        self.pack = pack
        self.base = g["base"].astype(np.float32)
        self.targets: list[str] = list(pack.meta["targets"])
        self.index = {name: i for i, name in enumerate(self.targets)}
        self.morphs = g["T"].astype(np.float32).reshape(len(self.targets), -1)
        self.skin_vertices, self.skin_triangles, self.skin_uv = g["skin_vid"], g["skin_tri"], g["skin_uv"]
        self.skin_faces = self.skin_vertices[self.skin_triangles]
        self.skinning = np.stack([g["wneck"], g["whead"]], axis=1).astype(np.float32)
        self._skin_averager = _averager(self.skin_faces, len(self.base))
        self.landmarks: list[str] = list(pack.meta["landmarks"])
        self.landmark_vertices = g["lm"]
        self.keypoint_vertices = self.vertices_of(KEYPOINT_NAMES)
        self.proxies = {name: self._proxy(name) for name in pack.meta["proxies"]}
        self.controls = self._controls()
        self.asymmetries = [i for n, i in self.index.items() if n.startswith("det|asym")]
        self.ict_modes = [i for n, i in self.index.items() if n.startswith("ict|")]
        self.units = {n[4:]: i for n, i in self.index.items() if n.startswith("exp|")}
        self.ict_units = {n[7:]: i for n, i in self.index.items() if n.startswith("ictexp|")}

    def vertices_of(self, names: tuple[str, ...]) -> Array:
        """Base vertices of landmarks."""
        return np.asarray(self.landmark_vertices[[self.landmarks.index(name) for name in names]])

    def landmark(self, vertices: Array, name: str) -> Array:
        """(3,) of one landmark."""
        return cast("Array", vertices[self.landmark_vertices[self.landmarks.index(name)]])

    def shapes(self, weights: Array) -> Array:
        """Rows of morph weights (B, M) or (M,) to base vertices (B, N, 3)."""
        return np.asarray(self.base + (np.atleast_2d(weights) @ self.morphs).reshape(-1, *self.base.shape))

    def displacement(self, weights: Array) -> Array:
        """What the morphs (M,) add to any shape, (N, 3)."""
        used = np.flatnonzero(weights)  # a handful: an expression moves few units
        return np.asarray((weights[used] @ self.morphs[used]).reshape(self.base.shape))

    def canonical(self, neutral: Array) -> Canonical:
        """The head frame of a neutral shape (N, 3): its face is laid on the mean face (``face_frame``)."""
        face, mean = neutral[self.keypoint_vertices], MEAN_FACE @ FLIP_YZ
        turn, scale = align(mean, face)
        return Canonical(turn, float(scale), face.mean(0) - scale * turn @ mean.mean(0))

    def proxy_vertices(self, name: str, base: Array) -> Array:
        """(N, 3) of a proxy on a deformed base."""
        p = self.proxies[name]
        stretch = np.ones(3, np.float32)
        for axis, (i, j, distance) in enumerate(p.extents):
            if distance:
                stretch[axis] = abs(base[int(i), axis] - base[int(j), axis]) / distance
        return cast("Array", (base[p.corners] * p.weights[..., None]).sum(1) + p.offsets * stretch)

    def skin_normals(self, vertices: Array) -> Array:
        """(N, 3) unit normals of the skin at the base vertices."""
        return _normals(vertices, self.skin_faces, self._skin_averager)

    def proxy_normals(self, name: str, vertices: Array) -> Array:
        p = self.proxies[name]
        return _normals(vertices, p.render_vertices[p.triangles], p.averager)

    def of_kind(self, kind: str) -> list[str]:
        return [name for name, p in self.proxies.items() if p.kind == kind]

    def _proxy(self, name: str) -> Proxy:
        g, meta = self.pack.geometry, self.pack.meta["proxies"][name]

        def part(key: str) -> Array:
            return g[f"{name}/{key}"]

        corners, weights, faces = part("idx"), part("w"), part("rv")[part("tri")]
        return Proxy(
            kind=meta["kind"],
            corners=corners,
            weights=weights,
            offsets=part("off"),
            extents=part("sc"),
            render_vertices=part("rv"),
            triangles=part("tri"),
            uv=part("uv"),
            skinning=np.clip((self.skinning[corners] * weights[..., None]).sum(1), 0, 1),
            hides=g.get(f"{name}/del", np.zeros(0, np.int64)),
            textures=tuple(meta["tex"]),
            averager=_averager(faces, len(corners)),
        )

    def _controls(self) -> dict[tuple[str, str, str], Control]:
        controls: dict[tuple[str, str, str], Control] = {}
        for name, i in self.index.items():
            part = name.split("|")
            if part[0] != "det" or part[1] == "asym":
                continue
            body = part[2][2:] if part[2].startswith(("l-", "r-")) else part[2]
            stem, _, end = body.rpartition("-")
            pair = next((p for p in OPPOSITES if end in p), None)
            if pair is None:
                key = (part[1], body, "")
                controls.setdefault(key, Control(0.35)).positive.append(i)
                continue
            control = controls.setdefault((part[1], stem, pair[0]), Control(AMPLITUDE[part[1]]))
            (control.negative if end == pair[0] else control.positive).append(i)
        for (region, stem, end), control in controls.items():
            if end == "in" and stem.endswith("trans") and region in ("nose", "mouth", "neck"):
                control.amplitude = 0.06  # sideways shifts make a face crooked
            if region == "head" and "scale-vert" in stem:
                control.amplitude = 0.25
        return controls


def _averager(faces: Array, vertices: int) -> csr_matrix:
    """Sums face normals at the vertices."""
    n = len(faces)
    return csr_matrix((np.ones(3 * n, np.float32), (faces.ravel(), np.repeat(np.arange(n), 3))), (vertices, n))


def _normals(vertices: Array, faces: Array, averager: csr_matrix) -> Array:
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    normals = averager @ np.cross(b - a, c - a).astype(np.float32)
    return cast("Array", normals / (np.linalg.norm(normals, axis=1, keepdims=True) + 1e-9))
