"""What furniture is made of: a room's colours, and boards, cushions, legs and fronts in them.

A piece stands with its back in the plane x = 0, faces along x, and is symmetric about y = 0; z is up, in metres.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from depth2seg.data.nyu_classes import NYU40
from depth2seg.scenes.mesh import Paint, Triangles, box, frustum, join, limb, quads

ID = {name: label for label, name in enumerate(NYU40, 1)}
Top = tuple[float, float, float, float, float]
"""A flat place x0, x1, y0, y1 at height z on which small things can stand."""


@dataclass(frozen=True)
class Shine:
    """A small source of light: where, which way it faces (None: all ways), linear RGB intensity."""

    at: np.ndarray
    towards: np.ndarray | None
    colour: np.ndarray


@dataclass(frozen=True)
class Piece:
    """One thing of a room: its triangles, its extent (depth, width, height), its tops, and the light it gives.

    ``base`` is the height at which it begins: of what hangs on a wall, and below 0 where the origin is its middle.
    """

    shape: Triangles
    size: tuple[float, float, float]
    tops: tuple[Top, ...] = ()
    shines: tuple[Shine, ...] = ()
    base: float = 0.0


@dataclass(frozen=True)
class Style:
    """The colours that the things of a room share, as linear RGB."""

    wood: np.ndarray
    front: np.ndarray
    fabric: np.ndarray
    accent: np.ndarray
    metal: np.ndarray
    patterned: bool

    def grain(self, what: str, shade: float = 1.0) -> Paint:
        """Wood of a thing of a class."""
        return Paint("grain", tuple(self.wood * shade), ID[what])

    def lacquer(self, what: str, shade: float = 1.0) -> Paint:
        """Painted fronts."""
        return Paint("lacquer", tuple(self.front * shade), ID[what])

    def steel(self, what: str) -> Paint:
        """Legs and handles."""
        return Paint("plain", tuple(self.metal), ID[what])

    def cloth(self, what: str, rng: np.random.Generator, own: float = 0.3) -> Paint:
        """Upholstery in the room's colour, or at times in one of its own."""
        tint = colour(rng, 0.05, 0.6, 0.5) if rng.random() < own else self.fabric
        texture = f"quilt{rng.integers(3)}" if self.patterned and rng.random() < 0.4 else "weave"
        return Paint(texture, tuple(tint * rng.uniform(0.85, 1.15)), ID[what])


Maker = Callable[[np.random.Generator, Style], Piece]


def colour(rng: np.random.Generator, low: float, high: float, vivid: float) -> np.ndarray:
    """Linear RGB of a brightness from low to high whose channels differ by a share ``vivid``."""
    return (rng.uniform(low, high) * (1 + rng.uniform(-vivid, vivid, 3))).clip(0.015, 0.9)


def random_style(rng: np.random.Generator) -> Style:
    """Light, brown or dark wood, and fabrics that go with nothing in particular."""
    wood = np.array([(0.42, 0.27, 0.14), (0.24, 0.12, 0.055), (0.09, 0.045, 0.025), (0.55, 0.5, 0.44)][rng.integers(4)])
    wood = wood * rng.uniform(0.75, 1.3)
    front = wood * rng.uniform(0.8, 1.25) if rng.random() < 0.5 else colour(rng, 0.25, 0.75, 0.15)
    steel = np.ones(3) * rng.choice([0.04, 0.35, 0.55])
    fabric, accent = colour(rng, 0.05, 0.5, 0.45), colour(rng, 0.1, 0.6, 0.7)
    return Style(wood, front, fabric, accent, steel, bool(rng.random() < 0.5))


def board(size: Sequence[float], at: Sequence[float], paint: Paint) -> Triangles:
    """A box that is closed below too, for what may be seen from there."""
    (lx, ly, _), (x, y, z) = size, at
    x0, x1, y0, y1 = x - lx / 2, x + lx / 2, y - ly / 2, y + ly / 2
    below = np.array([[[x0, y0, z], [x1, y0, z], [x1, y1, z], [x0, y1, z]]])
    return join([box(size, at, paint), quads(below, paint)])


def cushion(size: Sequence[float], at: Sequence[float], paint: Paint, round_by: float = 0.04) -> Triangles:
    """A box with its edges taken off."""
    (lx, ly, lz), (x, y, z) = size, at
    r = min(round_by, lx / 3, ly / 3, lz / 3)

    def ring(inset: float, height: float) -> tuple[float, ...]:
        hx, hy = lx / 2 - inset, ly / 2 - inset
        return (x - hx, x + hx, y - hy, y + hy, z + height)

    levels = [ring(r, 0), ring(0, r), ring(0, lz - r), ring(0.4 * r, lz - 0.35 * r), ring(1.4 * r, lz)]
    return join([frustum(low, high, paint) for low, high in itertools.pairwise(levels)])


def legs(depth: float, width: float, height: float, thick: float, paint: Paint, spread: float = 0.0) -> Triangles:
    """Four legs under a rectangle that begins at x = 0, their feet set apart by ``spread``."""
    inset = 0.5 * thick + 0.02
    parts = []
    for x, out in ((inset, -1), (depth - inset, 1)):
        for side in (-1, 1):
            y = side * (width / 2 - inset)
            foot = (x + out * spread, y + side * spread, 0)
            parts.append(limb(foot, (x, y, height), 0.4 * thick, 0.55 * thick, paint, 6, tip=False))
    return join(parts)


def fronts(
    x: float, width: float, z: tuple[float, float], columns: int, rows: int, paint: Paint, knob: Paint
) -> Triangles:
    """Doors or drawers with handles on a face at x of a body."""
    gap, thick, (low, high) = 0.008, 0.018, z
    wide, tall = width / columns, (high - low) / rows
    parts = []
    for i in range(columns):
        for j in range(rows):
            y, bottom = -width / 2 + (i + 0.5) * wide, low + j * tall
            parts.append(board((thick, wide - gap, tall - gap), (x + thick / 2, y, bottom + gap / 2), paint))
            if rows >= columns or wide > tall:
                grip, place = (0.03, 0.3 * wide, 0.02), (x + thick + 0.015, y, bottom + 0.55 * tall)
            else:
                towards = 0.4 if i % 2 == 0 and i + 1 < columns else -0.4
                grip, place = (
                    (0.03, 0.02, min(0.2, 0.3 * tall)),
                    (x + thick + 0.015, y + towards * wide, bottom + 0.45 * tall),
                )
            parts.append(board(grip, place, knob))
    return join(parts)


def sheet(corners: Sequence[Sequence[float]], paint: Paint) -> Triangles:
    """One quad that its texture fills once; corners go around, from the texture's lower left."""
    return quads(np.array([corners], float), paint, np.array([[[0, 0], [1, 0], [1, 1], [0, 1]]], float))


def facing(y: tuple[float, float], z: tuple[float, float], x: float, paint: Paint) -> Triangles:
    """A sheet in the plane x that is looked at from the front."""
    (y0, y1), (z0, z1) = y, z
    return sheet([(x, y0, z0), (x, y1, z0), (x, y1, z1), (x, y0, z1)], paint)
