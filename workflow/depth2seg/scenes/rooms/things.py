"""Small things that lie and stand about: pillows, books, boxes, bags, vases, paper, plants, and lamps."""

import itertools
from collections.abc import Callable

import numpy as np

from depth2seg.scenes.mesh import Paint, blob, disc, join, limb, pose
from depth2seg.scenes.rooms.parts import ID, Piece, Shine, Style, board, colour, cushion, facing, sheet

WARM = np.array([1.0, 0.78, 0.52])


def pillow(rng: np.random.Generator, style: Style) -> Piece:
    """A cushion, lying."""
    size = (rng.uniform(0.34, 0.5), rng.uniform(0.4, 0.65), rng.uniform(0.1, 0.16))
    tint = tuple(style.accent if rng.random() < 0.4 else colour(rng, 0.1, 0.75, 0.5))
    paint = Paint(f"quilt{rng.integers(3)}" if rng.random() < 0.4 else "weave", tint, ID["pillow"])
    return Piece(cushion(size, (0, 0, 0), paint, 0.06), size)


def _book(rng: np.random.Generator) -> Paint:
    return Paint("lacquer", tuple(colour(rng, 0.03, 0.55, 0.7)), ID["books"])


def book_row(rng: np.random.Generator, width: float, depth: float, room: float) -> object:
    """Triangles of upright books from y = -width/2 to width/2, none taller than ``room``, on a shelf of a depth."""
    parts, y = [], -width / 2
    tall, deep = rng.uniform(0.6, 0.9) * room, min(depth - 0.03, rng.uniform(0.15, 0.24))
    while y < width / 2 - 0.012:
        thick = min(rng.uniform(0.015, 0.055), width / 2 - y)
        height = tall * rng.uniform(0.75, 1.1)
        out = deep * rng.uniform(0.85, 1.0)
        paint = _book(rng)
        parts.append(board((out, thick - 0.002, height), (0.015 + out / 2, y + thick / 2, 0), paint))
        spine = Paint("spine", paint.tint, paint.label)
        parts.append(facing((y + 0.001, y + thick - 0.001), (0, height), 0.0155 + out, spine))
        y += thick + (0.03 if rng.random() < 0.05 else 0)
    return join(parts)


def books(rng: np.random.Generator, style: Style) -> Piece:
    """A stack of them, lying."""
    parts, z = [], 0.0
    for _ in range(int(rng.integers(1, 6))):
        size = (rng.uniform(0.13, 0.2), rng.uniform(0.19, 0.28), rng.uniform(0.012, 0.045))
        parts.append(board(size, (0, 0, 0), _book(rng)).moved(pose((0, 0, z), yaw=rng.uniform(-0.3, 0.3))))
        z += size[2]
    return Piece(join(parts), (0.24, 0.3, z))


def carton(rng: np.random.Generator, style: Style) -> Piece:
    """A box of cardboard or in a colour."""
    size = tuple(rng.uniform([0.12, 0.15, 0.08], [0.35, 0.45, 0.35]))
    tint = (0.38, 0.26, 0.15) if rng.random() < 0.6 else tuple(colour(rng, 0.1, 0.6, 0.6))
    return Piece(board(size, (0, 0, 0), Paint("cardboard", tint, ID["box"])), size)


def bag(rng: np.random.Generator, style: Style) -> Piece:
    """A bag that stands, with a handle."""
    paint = Paint("weave", tuple(colour(rng, 0.03, 0.4, 0.6)), ID["bag"])
    x, y, z = rng.uniform([0.12, 0.25, 0.25], [0.22, 0.45, 0.42])
    arch = [(0, -0.12, z - 0.02), (0, -0.09, z + 0.1), (0, 0.09, z + 0.1), (0, 0.12, z - 0.02)]
    handle = [limb(a, b, 0.012, 0.012, paint, 5) for a, b in itertools.pairwise(arch)]
    return Piece(join([cushion((x, y, z), (0, 0, 0), paint, 0.05), *handle]), (x, y, z + 0.1))


def vase(rng: np.random.Generator, style: Style) -> Piece:
    """A vase, bottle or bowl."""
    paint = Paint("lacquer", tuple(colour(rng, 0.05, 0.75, 0.6)), ID["other prop"])
    height, wide = rng.uniform(0.1, 0.32), rng.uniform(0.035, 0.09)
    belly = rng.uniform(0.2, 0.6) * height
    neck = wide * rng.uniform(0.3, 1.1)
    shape = join([limb((0, 0, 0), (0, 0, belly), 0.7 * wide, wide, paint, 10, tip=False),
                  limb((0, 0, belly), (0, 0, height), wide, neck, paint, 10)])  # fmt: skip
    return Piece(shape, (2 * wide, 2 * wide, height))


def papers(rng: np.random.Generator, style: Style) -> Piece:
    """A few printed sheets."""
    parts = []
    for i in range(int(rng.integers(1, 5))):
        (x, y), z = rng.uniform(-0.08, 0.08, 2), 0.002 * (i + 1)
        white = Paint("page", tuple(np.ones(3) * rng.uniform(0.7, 0.9)), ID["paper"])
        leaf = sheet([(-0.148, -0.105, 0), (-0.148, 0.105, 0), (0.148, 0.105, 0), (0.148, -0.105, 0)], white)
        parts.append(leaf.moved(pose((x, y, z), yaw=rng.uniform(-0.6, 0.6))))
    return Piece(join(parts), (0.4, 0.36, 0.01))


def ball(rng: np.random.Generator, style: Style) -> Piece:
    """A toy, fruit or ornament."""
    radius = rng.uniform(0.04, 0.11)
    paint = Paint("lacquer", tuple(colour(rng, 0.1, 0.6, 0.8)), ID["other prop"])
    return Piece(blob((0, 0, radius), (radius,) * 3, 0.03, rng, paint, 6, 9), (2 * radius,) * 3)


def clothes(rng: np.random.Generator, style: Style) -> Piece:
    """A heap of them."""
    parts = []
    for _ in range(int(rng.integers(2, 5))):
        paint = Paint("weave", tuple(colour(rng, 0.03, 0.6, 0.6)), ID["clothes"])
        (x, y), radii = rng.uniform(-0.12, 0.12, 2), rng.uniform([0.1, 0.12, 0.04], [0.2, 0.24, 0.1])
        parts.append(blob((x, y, radii[2] * 0.8), radii, 0.2, rng, paint, 5, 9))
    return Piece(join(parts), (0.55, 0.6, 0.18))


def plant(rng: np.random.Generator, style: Style) -> Piece:
    """A pot with leaves, which NYU counts among other props."""
    pot = Paint("lacquer", tuple(colour(rng, 0.15, 0.6, 0.4)), ID["other prop"])
    green = np.array([rng.uniform(0.04, 0.14), rng.uniform(0.12, 0.25), rng.uniform(0.03, 0.08)])
    size = rng.uniform(0.3, 1.1)
    wide, tall = 0.1 + 0.09 * size, 0.13 + 0.17 * size
    parts = [limb((0, 0, 0), (0, 0, tall), 0.75 * wide, wide, pot, 10)]
    stem = Paint("plain", tuple(0.7 * green), ID["other prop"])
    for _ in range(int(rng.integers(7, 14))):
        angle, rise = rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 1.0)
        reach = rng.uniform(0.12, 0.3) * size
        tip = np.array([reach * np.cos(angle), reach * np.sin(angle), tall + rise * size])
        parts.append(limb((0, 0, tall), tip, 0.008, 0.006, stem, 4))
        paint = Paint("leaves", tuple(green * rng.uniform(0.7, 1.4)), ID["other prop"])
        parts.append(blob(tip, rng.uniform(0.05, 0.14, 3) * (0.5 + 0.6 * size), 0.25, rng, paint, 4, 7))
    return Piece(join(parts), (0.3 + 0.5 * size, 0.3 + 0.5 * size, tall + 1.1 * size))


def lamp(rng: np.random.Generator, style: Style, tall: bool = False) -> Piece:
    """A lamp to stand on something, or on the floor; its light leaves the shade above."""
    height = rng.uniform(1.4, 1.7) if tall else rng.uniform(0.38, 0.6)
    radius, shade = (rng.uniform(0.16, 0.22), 0.26) if tall else (rng.uniform(0.1, 0.15), 0.18)
    stem = Paint("plain", tuple(style.metal), ID["lamp"])
    lit = rng.random() < 0.75
    glow = Paint("glare", tuple(WARM * 0.95), ID["lamp"]) if lit else Paint("weave", (0.6, 0.55, 0.45), ID["lamp"])
    low = height - shade
    parts = [
        limb((0, 0, 0), (0, 0, 0.025), 0.8 * radius, 0.75 * radius, stem, 12),
        limb((0, 0, 0), (0, 0, low + 0.1), 0.018, 0.014, stem, 6),
        limb((0, 0, low), (0, 0, height), radius, 0.72 * radius, glow, 14, tip=False),
    ]
    shines = (Shine(np.array([0, 0, height + 0.03]), None, 0.45 * WARM),) if lit else ()
    return Piece(join(parts), (2 * radius, 2 * radius, height), (), shines)


def clock(rng: np.random.Generator, style: Style) -> Piece:
    """A round clock or plate for a wall."""
    radius = rng.uniform(0.12, 0.2)
    rim = Paint("plain", tuple(style.metal), ID["other prop"])
    face = Paint("lacquer", tuple(colour(rng, 0.5, 0.85, 0.1)), ID["other prop"])
    parts = [disc((0.02, 0, 0), radius, "x", rim, 16), disc((0.025, 0, 0), 0.88 * radius, "x", face, 16)]
    return Piece(join(parts), (0.03, 2 * radius, radius), base=-radius)


SMALL: tuple[Callable[[np.random.Generator, Style], Piece], ...] = (books, carton, vase, vase, papers, ball, lamp)


def small_thing(rng: np.random.Generator, style: Style, room: float = 0.6) -> Piece:
    """Something that stands on furniture, not taller than ``room``."""
    for _ in range(10):
        thing = SMALL[rng.integers(len(SMALL))](rng, style)
        if thing.size[2] <= room and not (thing.shines and room < 0.6):
            return thing
    return ball(rng, style)
