"""Floor, walls and ceiling, and what is fixed to them: doors, windows with curtains or blinds, pictures, lamps."""

import numpy as np

from depth2seg.scenes.mesh import Paint, Triangles, join, limb, quads
from depth2seg.scenes.rooms.parts import ID, Piece, Shine, Style, board, colour, facing, sheet
from depth2seg.scenes.rooms.things import WARM

DAYLIGHT = np.array([0.82, 0.92, 1.0])


def shell(size: np.ndarray, rng: np.random.Generator) -> tuple[Triangles, np.ndarray, np.ndarray]:
    """Floor, four walls with skirting, ceiling of a room (x, y, z); and the tints of its walls and of its floor."""
    x, y, z = size
    textures = ["parquet", "boards", "floortiles", "carpet"]
    floor_texture = textures[rng.choice(4, p=[0.3, 0.25, 0.2, 0.25])]
    floor = (
        colour(rng, 0.1, 0.5, 0.45)
        if floor_texture in ("carpet", "floortiles")
        else np.array([0.36, 0.22, 0.12]) * rng.uniform(0.5, 1.5)
    )
    wall = colour(rng, 0.4, 0.8, 0.14) if rng.random() < 0.75 else colour(rng, 0.15, 0.55, 0.5)
    texture = f"wallpaper{rng.integers(3)}" if rng.random() < 0.35 else "wallpaint"
    feature = int(rng.integers(4)) if rng.random() < 0.4 else -1  # one wall in another colour
    other = Paint(str(rng.choice(["wallpaint", "wallpaper0", "brick"])), tuple(colour(rng, 0.1, 0.5, 0.5)), ID["wall"])
    white = Paint("lacquer", tuple(np.ones(3) * rng.uniform(0.5, 0.85)), ID["wall"])
    corners = np.array([[0, 0, 0], [x, 0, 0], [x, y, 0], [0, y, 0]], float)
    up = np.array([0, 0, z])
    ceiling = Paint("ceiling", tuple(np.ones(3) * rng.uniform(0.7, 0.85)), ID["ceiling"])
    parts = [
        quads(corners[None], Paint(floor_texture, tuple(floor), ID["floor"])),
        quads((corners + up)[None], ceiling),
    ]
    for k in range(4):
        a, b = corners[k], corners[(k + 1) % 4]
        paint = other if k == feature else Paint(texture, tuple(wall), ID["wall"])
        parts.append(quads(np.array([[a, b, b + up, a + up]]), paint))
    height = rng.uniform(0.06, 0.13)
    parts += [
        board((x, 0.03, height), (x / 2, 0.015, 0), white), board((x, 0.03, height), (x / 2, y - 0.015, 0), white),
        board((0.03, y, height), (0.015, y / 2, 0), white), board((0.03, y, height), (x - 0.015, y / 2, 0), white),
    ]  # fmt: skip
    return join(parts), wall, floor


def door(rng: np.random.Generator, style: Style) -> Piece:
    """A closed door in its frame."""
    wide, tall = rng.uniform(0.8, 0.95), rng.uniform(1.98, 2.1)
    tint = tuple(style.wood if rng.random() < 0.5 else np.ones(3) * rng.uniform(0.5, 0.85))
    leaf, frame = Paint("panel", tint, ID["door"]), Paint("lacquer", tint, ID["door"])
    parts = [
        facing((-wide / 2, wide / 2), (0, tall), 0.02, leaf),
        board((0.06, wide + 0.2, 0.09), (0.03, 0, tall), frame),
    ]
    parts += [board((0.06, 0.09, tall), (0.03, k * (wide / 2 + 0.045), 0), frame) for k in (-1, 1)]
    side = rng.choice([-1, 1])
    parts.append(board((0.05, 0.13, 0.025), (0.06, side * (wide / 2 - 0.11), 1.02), style.steel("door")))
    return Piece(join(parts), (0.09, wide + 0.2, tall + 0.1))


def window(rng: np.random.Generator, style: Style, day: bool, high: float) -> Piece:
    """Panes with a view, frame and sill, at times curtains or blinds; z is from the floor; by day it gives light."""
    wide, low = rng.uniform(0.9, 2.2), rng.uniform(0.75, 1.0)
    tall = min(rng.uniform(1.1, 1.45), high - low - 0.3)
    bright = DAYLIGHT * rng.uniform(0.75, 1.0) if day else np.array([0.03, 0.035, 0.06])
    pane = Paint(f"outside{rng.integers(3)}", tuple(bright), ID["window"])
    frame = Paint("lacquer", tuple(np.ones(3) * rng.uniform(0.45, 0.85)), ID["window"])
    parts = [facing((-wide / 2, wide / 2), (low, low + tall), 0.012, pane)]
    bars = int(rng.integers(1, 4)) if wide > 1.3 else int(rng.integers(0, 2))
    for y in np.linspace(-wide / 2, wide / 2, bars + 2):
        parts.append(board((0.06, 0.06, tall), (0.03, y, low), frame))
    for z in (low - 0.03, low + tall - 0.03, *([low + 0.6 * tall] if rng.random() < 0.4 else [])):
        parts.append(board((0.055, wide + 0.06, 0.06), (0.0275, 0, z), frame))
    parts.append(board((0.16, wide + 0.16, 0.03), (0.08, 0, low - 0.06), frame))
    across, top = wide, low + tall
    base, kind = low - 0.1, rng.random()
    if kind < 0.55:
        base = 0.04 if rng.random() < 0.6 else low - 0.15
        parts += _curtains(rng, style, wide, base, top + 0.15)
        across = wide + 0.8
    elif kind < 0.8:
        drawn = rng.uniform(0.2, 0.65) * tall
        slats = Paint("slats", tuple(colour(rng, 0.45, 0.8, 0.1)), ID["blinds"])
        parts.append(board((0.03, wide + 0.05, drawn), (0.09, 0, top - drawn), slats))
    shines = ()
    if day:
        power = 0.55 * wide * tall * DAYLIGHT * rng.uniform(0.8, 1.2)
        spots = [(y, z) for y in (-wide / 4, wide / 4) for z in (low + 0.3 * tall,)]
        shines = tuple(Shine(np.array([0.13, y, z]), np.array([1.0, 0, 0]), power / len(spots)) for y, z in spots)
    return Piece(join(parts), (0.2, across, top + 0.2), (), shines, base)


def _curtains(rng: np.random.Generator, style: Style, wide: float, low: float, high: float) -> list[Triangles]:
    """Two waving sheets at the sides, on a rod."""
    paint = Paint("drape", tuple(style.accent if rng.random() < 0.5 else colour(rng, 0.1, 0.7, 0.4)), ID["curtain"])
    share = rng.uniform(0.2, 0.42) * wide + 0.12
    parts = [limb((0.11, -wide / 2 - 0.4, high), (0.11, wide / 2 + 0.4, high), 0.015, 0.015, style.steel("curtain"), 6)]
    for side in (-1, 1):
        start = side * (wide / 2 + 0.3)
        y = start - side * np.linspace(0, share, 17)
        x = 0.1 + 0.035 * np.sin(np.linspace(0, rng.integers(4, 8) * np.pi, 17) + rng.uniform(0, 3))
        line = np.stack([x, y], 1)
        bottom = np.c_[line, np.full(17, low)]
        top = np.c_[line * [0.5, 1] + [0.055, 0], np.full(17, high)]
        parts.append(quads(np.stack([bottom[:-1], bottom[1:], top[1:], top[:-1]], 1), paint))
    return parts


def picture(rng: np.random.Generator, style: Style) -> Piece:
    """A framed picture; z = 0 is its middle."""
    wide, tall = rng.uniform(0.25, 0.95), rng.uniform(0.3, 0.75)
    frame = Paint("grain", tuple(style.wood * rng.uniform(0.4, 1.2)), ID["picture"])
    tint = Paint(f"picture{rng.integers(6)}", (0.85, 0.85, 0.85), ID["picture"])
    edge = rng.uniform(0.02, 0.05)
    parts = [
        board((0.025, wide, tall), (0.0125, 0, -tall / 2), frame),
        facing((-wide / 2 + edge, wide / 2 - edge), (-tall / 2 + edge, tall / 2 - edge), 0.0265, tint),
    ]
    return Piece(join(parts), (0.03, wide, tall / 2), base=-tall / 2)


def whiteboard(rng: np.random.Generator, style: Style) -> Piece:
    """A whiteboard with some writing; z = 0 is its middle."""
    wide, tall = rng.uniform(1.0, 1.6), rng.uniform(0.8, 1.0)
    parts = [
        board((0.025, wide, tall), (0.0125, 0, -tall / 2), style.steel("whiteboard")),
        facing((-wide / 2 + 0.02, wide / 2 - 0.02), (-tall / 2 + 0.02, tall / 2 - 0.02), 0.0265,
               Paint("lacquer", (0.85, 0.85, 0.86), ID["whiteboard"])),
        facing((-0.3 * wide, 0.1 * wide), (-0.1 * tall, 0.35 * tall), 0.028,
               Paint("page", (0.85, 0.85, 0.86), ID["whiteboard"])),
    ]  # fmt: skip
    return Piece(join(parts), (0.03, wide, tall / 2), base=-tall / 2)


def radiator(rng: np.random.Generator, style: Style) -> Piece:
    """A heater on the wall, which NYU counts among other structure."""
    wide, white = rng.uniform(0.6, 1.2), Paint("lacquer", tuple(np.ones(3) * 0.75), ID["other structure"])
    ribs = [board((0.06, 0.045, 0.5), (0.07, y, 0.12), white) for y in np.arange(-wide / 2, wide / 2, 0.07)]
    return Piece(join([board((0.03, wide, 0.44), (0.06, 0, 0.15), white), *ribs]), (0.1, wide, 0.62))


def rug(rng: np.random.Generator, style: Style) -> Piece:
    """A rug on the floor, lying about its middle."""
    x, y = rng.uniform([1.0, 1.3], [1.9, 2.6])
    paint = Paint(f"rug{rng.integers(2)}", tuple(np.ones(3) * rng.uniform(0.4, 0.8)), ID["floor mat"])
    flat = sheet(
        [(-x / 2, -y / 2, 0.012), (-x / 2, y / 2, 0.012), (x / 2, y / 2, 0.012), (x / 2, -y / 2, 0.012)], paint
    )
    return Piece(flat, (x, y, 0.012))


def ceiling_lamp(rng: np.random.Generator, style: Style, high: float, lit: bool) -> Piece:
    """A disc under the ceiling, or a shade that hangs from it; at the origin of x and y."""
    tint = WARM ** rng.uniform(0.3, 1.0)
    glow = Paint("glare", tuple(tint), ID["lamp"]) if lit else Paint("lacquer", (0.6, 0.58, 0.52), ID["lamp"])
    if rng.random() < 0.5:
        low, radius = high - 0.09, rng.uniform(0.15, 0.25)
        parts = [limb((0, 0, high), (0, 0, low), radius, 0.9 * radius, glow, 16)]
    else:
        low, radius = high - rng.uniform(0.45, 0.75), rng.uniform(0.15, 0.26)
        shade = Paint("lacquer", tuple(style.accent), ID["lamp"])
        parts = [
            limb((0, 0, high), (0, 0, low + 0.15), 0.008, 0.008, style.steel("lamp"), 5),
            limb((0, 0, low + 0.18), (0, 0, low), 0.4 * radius, radius, shade, 16, tip=False),
            limb((0, 0, low + 0.16), (0, 0, low + 0.02), 0.05, 0.06, glow, 8),
        ]
    shines = (Shine(np.array([0, 0, low - 0.05]), None, 1.0 * tint),) if lit else ()
    return Piece(join(parts), (0.5, 0.5, high), (), shines, low)
