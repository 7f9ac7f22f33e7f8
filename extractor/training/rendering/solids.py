"""Meshes from scratch: boxes, tubes and spheres, with normals."""

from __future__ import annotations

import numpy as np

from extractor.training.geometry import Array

Solid = tuple[Array, Array, Array]  # vertices (N, 3), normals (N, 3), triangles (T, 3)


def join(parts: list[Solid]) -> Solid:
    """One mesh of several."""
    starts = np.cumsum([0, *(len(p[0]) for p in parts)])
    return (
        np.concatenate([p[0] for p in parts]),
        np.concatenate([p[1] for p in parts]),
        np.concatenate([p[2] + start for p, start in zip(parts, starts, strict=False)]),
    )


def box(half: Array, power: float = 8.0) -> Solid:
    """A super-ellipsoid, which is a box with round edges; ``half`` (3,) are its half sides."""
    vertices, normals, triangles = ellipsoid(np.ones(3), steps=20)
    # Points of the unit sphere pushed out until |x|^p + |y|^p + |z|^p = 1; the gradient is the normal.
    reach = (np.abs(vertices) ** power).sum(1, keepdims=True) ** (-1 / power)
    shaped = vertices * reach
    normals = np.sign(shaped) * np.abs(shaped) ** (power - 1) / half
    return shaped * half, normals / (np.linalg.norm(normals, axis=1, keepdims=True) + 1e-9), triangles


def ellipsoid(half: Array, steps: int = 14) -> Solid:
    """An ellipsoid with half axes ``half`` (3,)."""
    u, v = np.meshgrid(np.linspace(0, 2 * np.pi, 2 * steps, endpoint=False), np.linspace(0, np.pi, steps))
    unit = np.stack([np.cos(u) * np.sin(v), np.cos(v), np.sin(u) * np.sin(v)], -1).reshape(-1, 3)
    normals = unit / half
    return unit * half, normals / np.linalg.norm(normals, axis=1, keepdims=True), _grid(steps, 2 * steps, False)


def tube(path: Array, radius: Array | float, sides: int = 10, closed: bool = False) -> Solid:
    """A tube along points (N, 3), of one radius or one a point; its ends are open."""
    ahead = np.roll(path, -1, 0) - np.roll(path, 1, 0)
    if not closed:
        ahead[0], ahead[-1] = path[1] - path[0], path[-1] - path[-2]
    ahead = ahead / (np.linalg.norm(ahead, axis=1, keepdims=True) + 1e-9)
    up = np.array([0.02, 0.05, 1.0]) if np.abs(ahead[:, 2]).mean() < 0.7 else np.array([0.05, 1.0, 0.02])
    a = np.cross(ahead, up)
    a /= np.linalg.norm(a, axis=1, keepdims=True) + 1e-9
    b = np.cross(ahead, a)
    angle = np.arange(sides) / sides * 2 * np.pi
    normals = a[:, None] * np.cos(angle)[None, :, None] + b[:, None] * np.sin(angle)[None, :, None]
    wide = np.broadcast_to(np.asarray(radius, float), (len(path),))
    vertices = path[:, None] + normals * wide[:, None, None]
    return vertices.reshape(-1, 3), normals.reshape(-1, 3), _grid(len(path), sides, closed)


def capsule(start: Array, end: Array, radius: float) -> Solid:
    """A finger-like rod with round ends."""
    t = np.sin(np.linspace(-np.pi / 2, np.pi / 2, 9))
    direction = (end - start) / (np.linalg.norm(end - start) + 1e-9)
    ends = np.where(t < 0, 0.0, 1.0)[:, None]
    path = start + ends * (end - start) + t[:, None] * np.array(direction) * radius
    return tube(path, radius * np.sqrt(np.clip(1 - t**2, 1e-4, 1)))


def moved(solid: Solid, turn: Array, shift: Array) -> Solid:
    """The solid turned, then shifted."""
    return solid[0] @ turn.T + shift, solid[1] @ turn.T, solid[2]


def _grid(rows: int, columns: int, closed: bool) -> Array:
    """Triangles of a grid that closes around its columns, and around its rows if ``closed``."""
    i, j = np.meshgrid(np.arange(rows if closed else rows - 1), np.arange(columns), indexing="ij")
    right, below = (j + 1) % columns, (i + 1) % rows
    a, b, c, d = i * columns + j, i * columns + right, below * columns + j, below * columns + right
    return np.asarray(np.stack([np.stack([a, b, c], -1), np.stack([b, d, c], -1)], 2).reshape(-1, 3))
