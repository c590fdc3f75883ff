"""Triangles with paint on them, and the few solids that everything in the rendered world is made of.

Lengths are metres; x points forward, y left, z up. A texture coordinate of 1 is one texture tile.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from depth2seg.scenes.tiles import TILES


@dataclass(frozen=True)
class Paint:
    """What a surface looks like and is: texture name, linear RGB tint that multiplies it, Cityscapes label id."""

    texture: str
    tint: tuple[float, float, float]
    label: int


@dataclass(frozen=True)
class Triangles:
    """F separate triangles: corners F,3,3; uv F,3,2; tint F,3; texture, label and instance F."""

    corners: np.ndarray
    uv: np.ndarray
    tint: np.ndarray
    texture: np.ndarray
    label: np.ndarray
    instance: np.ndarray

    def __len__(self) -> int:
        return len(self.corners)

    def moved(self, pose: np.ndarray) -> "Triangles":
        """The same triangles under a 4,4 transform."""
        return replace(self, corners=self.corners @ pose[:3, :3].T + pose[:3, 3])

    def edge(self, k: int) -> np.ndarray:
        """F,3 from a triangle's first corner to its corner k."""
        return self.corners[:, k] - self.corners[:, 0]

    def only(self, keep: np.ndarray) -> "Triangles":
        """Those of the triangles that a mask F names."""
        return Triangles(*(getattr(self, f.name)[keep] for f in fields(self)))

    def numbered(self, instance: int) -> "Triangles":
        """The same triangles, all of one instance."""
        return replace(self, instance=np.full(len(self), instance))


def join(parts: Sequence[Triangles]) -> Triangles:
    """One set of all parts' triangles."""
    return Triangles(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Triangles)))


def triangles(corners: np.ndarray, uv: np.ndarray, paint: Paint) -> Triangles:
    """Triangles of one paint from corners F,3,3 and texture coordinates F,3,2."""
    n = len(corners)
    texture = list(TILES).index(paint.texture)
    return Triangles(
        np.asarray(corners, float), np.asarray(uv, float), np.tile(np.asarray(paint.tint, float), (n, 1)),
        np.full(n, texture), np.full(n, paint.label), np.zeros(n, int),
    )  # fmt: skip


def quads(points: np.ndarray, paint: Paint, uv: np.ndarray | None = None) -> Triangles:
    """Quads of corners N,4,3 in order around; without uv the texture has its natural size on them."""
    points = np.asarray(points, float).reshape(-1, 4, 3)
    if uv is None:
        u = np.linalg.norm(points[:, 1] - points[:, 0], axis=1) / TILES[paint.texture]
        v = np.linalg.norm(points[:, 3] - points[:, 0], axis=1) / TILES[paint.texture]
        o = np.zeros_like(u)
        uv = np.stack([np.stack([o, o], 1), np.stack([u, o], 1), np.stack([u, v], 1), np.stack([o, v], 1)], 1)
    pick = [[0, 1, 2], [0, 2, 3]]
    return triangles(points[:, pick].reshape(-1, 3, 3), np.asarray(uv, float)[:, pick].reshape(-1, 3, 2), paint)


def frustum(bottom: Sequence[float], top: Sequence[float], sides: Paint, cap: Paint | None = None) -> Triangles:
    """Solid between two rectangles (x0, x1, y0, y1, z); the cap paint is for the top, no bottom is made."""
    a, b = (
        np.array([[x0, y0, z], [x1, y0, z], [x1, y1, z], [x0, y1, z]]) for x0, x1, y0, y1, z in (bottom, top)
    )  # fmt: skip
    walls = np.stack([np.stack([a[i], a[(i + 1) % 4], b[(i + 1) % 4], b[i]]) for i in range(4)])
    return join([quads(walls, sides), quads(b[None], cap or sides)])


def box(size: Sequence[float], at: Sequence[float], paint: Paint, cap: Paint | None = None) -> Triangles:
    """Box of a size (x, y, z) standing with the middle of its bottom at a point."""
    (lx, ly, lz), (x, y, z) = size, at
    edges = (x - lx / 2, x + lx / 2, y - ly / 2, y + ly / 2)
    return frustum((*edges, z), (*edges, z + lz), paint, cap)


def prism(profile: np.ndarray, y0: float, y1: float, paint: Paint) -> Triangles:
    """Star-shaped profile of points N,2 in the x-z plane, swept from y0 to y1, with end caps."""
    profile = np.asarray(profile, float)
    ring = [np.stack([profile[:, 0], np.full(len(profile), y), profile[:, 1]], 1) for y in (y0, y1)]
    after = [np.roll(r, -1, axis=0) for r in ring]
    hull = quads(np.stack([ring[0], after[0], after[1], ring[1]], 1), paint)
    tile = TILES[paint.texture]
    middle = profile.mean(0)
    flat = np.stack([profile, np.roll(profile, -1, axis=0), np.broadcast_to(middle, profile.shape)], 1)
    caps = [
        triangles(np.stack([flat[..., 0], np.full(flat.shape[:2], y), flat[..., 1]], -1), flat / tile, paint)
        for y in (y0, y1)
    ]
    return join([hull, *caps])


def limb(
    start: Sequence[float], end: Sequence[float], r0: float, r1: float, paint: Paint, n: int = 6, tip: bool = True
) -> Triangles:
    """Round bar between two points with radii r0 and r1, closed at its end unless that is hidden."""
    start, end = np.asarray(start, float), np.asarray(end, float)
    axis = (end - start) / np.linalg.norm(end - start)
    side = np.cross(axis, [0.0, 0, 1] if abs(axis[2]) < 0.9 else [1.0, 0, 0])
    side /= np.linalg.norm(side)
    angle = np.linspace(0, 2 * np.pi, n + 1)[:, None]
    around = np.cos(angle) * side + np.sin(angle) * np.cross(axis, side)
    low, high = start + r0 * around, end + r1 * around
    hull = quads(np.stack([low[:-1], low[1:], high[1:], high[:-1]], 1), paint)
    if not tip:
        return hull
    top = np.stack([high[:-1], high[1:], np.broadcast_to(end, (n, 3))], 1)
    return join([hull, triangles(top, np.zeros((n, 3, 2)) + top[..., :2] / TILES[paint.texture], paint)])


def disc(at: Sequence[float], radius: float, normal: str, paint: Paint, n: int = 10, hole: float = 0) -> Triangles:
    """Flat disc, or ring with a hole of a radius, whose normal is "x" or "y"; the texture fills it once."""
    angle = np.linspace(0, 2 * np.pi, n + 1)
    ring = np.stack([np.cos(angle), np.sin(angle)], 1)
    flat = np.stack([hole * ring[:-1], radius * ring[:-1], radius * ring[1:], hole * ring[1:]], 1)
    zero = np.zeros(flat.shape[:2])
    parts = (zero, flat[..., 0], flat[..., 1]) if normal == "x" else (flat[..., 0], zero, flat[..., 1])
    return quads(np.stack(parts, -1) + np.asarray(at, float), paint, 0.5 + flat / (2 * radius))


def blob(at: Sequence[float], radii: Sequence[float], rough: float, rng: np.random.Generator, paint: Paint,
         rings: int = 6, n: int = 10) -> Triangles:  # fmt: skip
    """Ball of three radii whose surface goes in and out at random by a share ``rough`` of them."""
    theta, phi = np.linspace(0, np.pi, rings + 1), np.linspace(0, 2 * np.pi, n + 1)
    bump = 1 + rough * rng.uniform(-1, 1, (rings + 1, n + 1))
    bump[:, -1], bump[0], bump[-1] = bump[:, 0], bump[0, 0], bump[-1, 0]
    t, p = np.meshgrid(theta, phi, indexing="ij")
    ball = np.stack([np.sin(t) * np.cos(p), np.sin(t) * np.sin(p), np.cos(t)], -1) * bump[..., None]
    grid = ball * np.asarray(radii, float) + np.asarray(at, float)
    size = float(np.mean(radii)) / TILES[paint.texture]
    uv = np.stack([p, t], -1) * size + rng.uniform(0, 1, 2)

    def around(a: np.ndarray) -> np.ndarray:
        return np.stack([a[:-1, :-1], a[1:, :-1], a[1:, 1:], a[:-1, 1:]], 2).reshape(-1, 4, a.shape[-1])

    ball = quads(around(grid), paint, around(uv))
    return ball.only(np.linalg.norm(np.cross(ball.edge(1), ball.edge(2)), axis=1) > 1e-9)  # none at the poles


def pose(at: Sequence[float] = (0, 0, 0), yaw: float = 0.0, pitch: float = 0.0, scale: float = 1.0) -> np.ndarray:
    """4,4 transform: scale, then pitch (nose up), then yaw (to the left), in radians, then move to a point."""
    c, s, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]]) @ np.array([[cp, 0, -sp], [0, 1, 0], [sp, 0, cp]])
    result = np.eye(4)
    result[:3, :3], result[:3, 3] = scale * turn, at
    return result
