"""Cabinets, shelves, desks, kitchens, televisions: what holds things, with the things it holds."""

import numpy as np

from depth2seg.scenes.mesh import Triangles, join, pose
from depth2seg.scenes.rooms.parts import ID, Paint, Piece, Style, board, facing, fronts, legs
from depth2seg.scenes.rooms.things import book_row, small_thing


def cabinet(rng: np.random.Generator, style: Style) -> Piece:
    """A sideboard, or as tall as a wardrobe."""
    if rng.random() < 0.5:
        depth, width, height = rng.uniform(0.5, 0.62), rng.uniform(0.8, 1.7), rng.uniform(1.75, 2.15)
        rows = 1
    else:
        depth, width, height = rng.uniform(0.36, 0.5), rng.uniform(0.8, 1.7), rng.uniform(0.7, 1.0)
        rows = int(rng.integers(1, 3))
    return _chest(rng, style, "cabinet", (depth, width, height), max(2, round(width / 0.5)), rows)


def dresser(rng: np.random.Generator, style: Style) -> Piece:
    """A chest of drawers."""
    size = rng.uniform(0.42, 0.52), rng.uniform(0.8, 1.4), rng.uniform(0.75, 1.15)
    return _chest(rng, style, "dresser", size, int(rng.integers(1, 3)), int(rng.integers(3, 5)))


def night_stand(rng: np.random.Generator, style: Style) -> Piece:
    """A small chest for beside a bed."""
    return _chest(
        rng, style, "night stand", (0.38, rng.uniform(0.38, 0.5), rng.uniform(0.45, 0.6)), 1, int(rng.integers(1, 4))
    )


def _chest(
    rng: np.random.Generator, style: Style, what: str, size: tuple[float, float, float], columns: int, rows: int
) -> Piece:
    depth, width, height = size
    body = style.grain(what) if rng.random() < 0.6 else style.lacquer(what)
    front = style.lacquer(what, 0.9) if rng.random() < 0.6 else style.grain(what, 0.85)
    foot = rng.uniform(0.04, 0.12)
    parts = [
        board((depth - 0.02, width, height - foot), (depth / 2 - 0.01, 0, foot), body),
        fronts(depth - 0.02, width, (foot + 0.01, height - 0.03), columns, rows, front, style.steel(what)),
    ]
    if foot > 0.07:
        parts.append(legs(depth, width, foot, 0.06, body))
    else:
        parts.append(board((depth - 0.06, width - 0.02, foot), (depth / 2 - 0.03, 0, 0), body))
    return Piece(
        join(parts), (depth + 0.03, width, height), ((0.03, depth - 0.05, -width / 2 + 0.05, width / 2 - 0.05, height),)
    )


def bookshelf(rng: np.random.Generator, style: Style) -> Piece:
    """Boards between two sides, with books and other things on them."""
    depth, width, height = rng.uniform(0.26, 0.36), rng.uniform(0.7, 1.3), rng.uniform(1.2, 2.15)
    wood = style.grain("bookshelf") if rng.random() < 0.7 else style.lacquer("bookshelf")
    t, levels = 0.022, max(3, round(height / 0.37))
    parts = [board((0.012, width, height - 0.06), (0.006, 0, 0.05), wood)]
    for k in (-1, 1):
        parts.append(board((depth, t, height), (depth / 2, k * (width - t) / 2, 0), wood))
    step = (height - t - 0.05) / levels
    for i in range(levels + 1):
        parts.append(board((depth, width - 2 * t, t), (depth / 2, 0, 0.05 + i * step), wood))
    for i in range(levels):
        z = 0.05 + i * step + t
        parts.append(_filling(rng, style, depth, width - 2 * t - 0.02, z, step - t - 0.02))
    return Piece(
        join(parts), (depth, width, height), ((0.05, depth - 0.05, -width / 2 + 0.1, width / 2 - 0.1, height),)
    )


def _filling(rng: np.random.Generator, style: Style, depth: float, width: float, z: float, room: float) -> Triangles:
    """Books over a part of the shelf, and now and then something in the rest."""
    share = rng.uniform(0.35, 1.0) if rng.random() < 0.85 else 0.0
    parts = []
    start = -width / 2
    if share:
        parts.append(book_row(rng, share * width, depth, room).moved(pose((0, start + share * width / 2, z))))
    left = (1 - share) * width
    if left > 0.22:
        thing = small_thing(rng, style, room)
        wide = min(1.0, (left - 0.02) / max(thing.size[1], thing.size[0]))
        parts.append(thing.shape.moved(pose((depth / 2, width / 2 - left / 2, z), scale=wide)))
    return join(parts) if parts else board((0.01, 0.01, 0.01), (0.02, 0, z), style.grain("bookshelf"))


def wall_shelf(rng: np.random.Generator, style: Style) -> Piece:
    """One to three boards on the wall, with things on them; z = 0 is the lowest board."""
    depth, width, levels = rng.uniform(0.18, 0.26), rng.uniform(0.6, 1.2), int(rng.integers(1, 4))
    wood = style.grain("shelves")
    parts = []
    for i in range(levels):
        parts.append(board((depth, width, 0.025), (depth / 2, 0, 0.34 * i), wood))
        parts.append(_filling(rng, style, depth, width - 0.04, 0.34 * i + 0.025, 0.28))
    return Piece(join(parts), (depth, width, 0.34 * levels), ())


def desk(rng: np.random.Generator, style: Style) -> Piece:
    """A top on legs and a chest of drawers."""
    depth, width, height = rng.uniform(0.6, 0.8), rng.uniform(1.1, 1.7), rng.uniform(0.71, 0.76)
    paint = style.grain("desk") if rng.random() < 0.7 else style.lacquer("desk")
    parts = [
        board((depth, width, 0.03), (depth / 2, 0, height - 0.03), paint),
        legs(depth, width, height - 0.03, 0.05, style.steel("desk")),
    ]
    wide, side = 0.42, rng.choice([-1, 1])
    chest = join([
        board((depth - 0.08, wide, height - 0.09), ((depth - 0.08) / 2, 0, 0.06), paint),
        fronts(depth - 0.08, wide, (0.07, height - 0.05), 1, int(rng.integers(2, 5)), style.lacquer("desk", 0.9),
               style.steel("desk")),
    ])  # fmt: skip
    parts.append(chest.moved(pose((0, side * (width - wide) / 2, 0))))
    parts.append(_monitor(rng).moved(pose((0.22, -side * 0.1 * width, height))))
    return Piece(
        join(parts), (depth, width, height + 0.45), ((0.35, depth - 0.05, -width / 2 + 0.1, width / 2 - 0.1, height),)
    )


def _monitor(rng: np.random.Generator) -> Triangles:
    """A computer's screen, which NYU counts among other props."""
    wide, tall, z = rng.uniform(0.42, 0.62), rng.uniform(0.27, 0.35), 0.12
    dark = Paint("plain", (0.03, 0.03, 0.03), ID["other prop"])
    glass = Paint(f"screen{rng.integers(2)}", (1.0, 1.0, 1.0), ID["other prop"])
    return join([
        board((0.04, wide, tall), (0, 0, z), dark), board((0.03, 0.06, z), (-0.01, 0, 0), dark),
        board((0.16, 0.24, 0.015), (0, 0, 0), dark),
        facing((-wide / 2 + 0.012, wide / 2 - 0.012), (z + 0.012, z + tall - 0.012), 0.0215, glass),
    ])  # fmt: skip


def television(rng: np.random.Generator, style: Style) -> Piece:
    """A television on its low cabinet."""
    base = _chest(rng, style, "cabinet", (rng.uniform(0.38, 0.5), rng.uniform(1.1, 1.8), rng.uniform(0.42, 0.6)), 3, 1)
    depth, width, height = base.size
    wide = rng.uniform(0.75, 1.25)
    tall = 0.58 * wide
    dark = Paint("plain", (0.025, 0.025, 0.028), ID["television"])
    glass = Paint(f"screen{rng.integers(2)}", (1.0, 1.0, 1.0), ID["television"])
    x, z = 0.45 * depth, height + 0.07
    parts = [
        base.shape, board((0.05, wide, tall), (x, 0, z), dark), board((0.2, 0.4, 0.02), (x, 0, height), dark),
        board((0.04, 0.1, 0.08), (x, 0, height), dark),
        facing((-wide / 2 + 0.02, wide / 2 - 0.02), (z + 0.02, z + tall - 0.02), x + 0.0265, glass),
    ]  # fmt: skip
    return Piece(join(parts), (depth, width, z + tall))


def kitchen(rng: np.random.Generator, style: Style) -> Piece:
    """Base cabinets under a counter with a sink, tiles and wall cabinets above, a refrigerator at one end."""
    depth, cold = 0.62, 0.65
    width = rng.uniform(1.8, 2.8)
    top = Paint("marble", tuple(rng.uniform(0.1, 0.6) * np.ones(3)), ID["counter"])
    front, steel = style.lacquer("cabinet"), style.steel("cabinet")
    tiles = Paint("walltiles", tuple(rng.uniform(0.3, 0.8) * np.ones(3)), ID["wall"])
    run = width - cold
    base = [
        board((depth - 0.04, run, 0.78), (depth / 2 - 0.02, 0, 0.08), front),
        fronts(depth - 0.04, run, (0.1, 0.84), max(2, round(run / 0.5)), 1, front, steel),
        board((depth, run, 0.04), (depth / 2, 0, 0.86), top),
        board((0.006, run, 0.52), (0.003, 0, 0.9), tiles),
        board((0.33, run, 0.7), (0.165, 0, 1.42), front),
        fronts(0.33, run, (1.43, 2.11), max(2, round(run / 0.5)), 1, style.lacquer("cabinet", 0.95), steel),
        *_sink(0.5 * depth, rng.uniform(-0.25, 0.25) * run),
    ]  # fmt: skip
    parts = [join(base).moved(pose((0, -cold / 2, 0)))]
    tall, white = (
        rng.uniform(1.6, 1.95),
        Paint("lacquer", tuple(rng.choice([0.7, 0.4]) * np.ones(3)), ID["refrigerator"]),
    )
    y = (width - cold) / 2
    handle = Paint("plain", (0.2, 0.2, 0.2), ID["refrigerator"])
    fridge = [
        board((depth, cold - 0.03, tall), (depth / 2, 0, 0.02), white),
        fronts(depth, cold - 0.03, (0.06, 0.35 * tall), 1, 1, white, handle),
        fronts(depth, cold - 0.03, (0.36 * tall, tall), 1, 1, white, handle),
    ]
    parts.append(join(fridge).moved(pose((0, y, 0))))
    return Piece(
        join(parts), (depth + 0.04, width, 2.12), ((0.3, depth - 0.06, -width / 2 + 0.05, width / 2 - cold - 0.1, 0.9),)
    )


def _sink(x: float, y: float) -> list[Triangles]:
    steel = Paint("plain", (0.3, 0.31, 0.32), ID["sink"])
    dark = Paint("plain", (0.12, 0.125, 0.13), ID["sink"])
    basin = [board((0.44, 0.03, 0.012), (x, y + k * 0.27, 0.9), steel) for k in (-1, 1)]
    basin += [board((0.03, 0.54, 0.012), (x + k * 0.2, y, 0.9), steel) for k in (-1, 1)]
    tap = [board((0.03, 0.03, 0.22), (x - 0.24, y, 0.9), steel), board((0.16, 0.025, 0.025), (x - 0.17, y, 1.1), steel)]
    return [*basin, board((0.38, 0.52, 0.004), (x, y, 0.9), dark), *tap]
