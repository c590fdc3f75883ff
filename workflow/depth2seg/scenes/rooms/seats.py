"""Beds, sofas, chairs and tables."""

import numpy as np

from depth2seg.scenes.mesh import Triangles, box, join, limb, pose
from depth2seg.scenes.rooms.parts import ID, Paint, Piece, Style, board, cushion, legs
from depth2seg.scenes.rooms.things import pillow


def bed(rng: np.random.Generator, style: Style) -> Piece:
    """Headboard at the wall, mattress, a cover that hangs over, pillows."""
    width, length, height = rng.choice([0.95, 1.4, 1.7]) + rng.uniform(0, 0.1), rng.uniform(1.95, 2.15), 0.32
    wood, top = style.grain("bed"), rng.uniform(0.46, 0.6)
    head = rng.uniform(0.8, 1.25)
    cover = (
        Paint(f"quilt{rng.integers(3)}", tuple(style.accent), ID["bed"])
        if style.patterned
        else style.cloth("bed", rng, 0.6)
    )
    linen = Paint("weave", tuple(np.ones(3) * rng.uniform(0.55, 0.8)), ID["bed"])
    parts = [
        board((0.06, width + 0.06, head), (0.03, 0, 0), wood),
        board((length - 0.06, width, height - 0.12), ((length + 0.06) / 2, 0, 0.12), wood),
        cushion((length - 0.1, width - 0.04, top - height), ((length + 0.06) / 2, 0, height), linen, 0.07),
    ]
    start = rng.uniform(0.45, 0.75)
    drop = rng.uniform(0.1, 0.28)
    middle, hangs = (start + length) / 2, width + 0.05
    parts.append(cushion((length - start + 0.04, hangs, top + 0.05 - drop), (middle, 0, drop), cover, 0.08))
    for side in (-0.25, 0.25) if width > 1.2 else (0,):
        for row in range(int(rng.integers(1, 3))):
            shape = pillow(rng, style).shape.moved(pose((0.17 + 0.2 * row, side * width, top), pitch=-0.9 + 0.2 * row))
            parts.append(shape)
    if rng.random() < 0.5:
        parts.append(board((0.05, width + 0.06, rng.uniform(0.4, 0.7)), (length + 0.04, 0, 0), wood))
    shelf = (start + 0.3, length - 0.2, -0.4 * width, 0.4 * width, top + 0.05)
    return Piece(join(parts), (length + 0.08, width + 0.08, head), (shelf,))


def sofa(rng: np.random.Generator, style: Style, seats: int = 0) -> Piece:
    """Two to four seats, or one: arms, back, a cushion a seat, pillows."""
    seats = seats or int(rng.integers(2, 4))
    arm, depth = rng.uniform(0.12, 0.24), rng.uniform(0.82, 0.95)
    width = seats * rng.uniform(0.62, 0.75) + 2 * arm
    seat, back, side = rng.uniform(0.4, 0.46), rng.uniform(0.75, 0.92), rng.uniform(0.55, 0.66)
    cloth = style.cloth("sofa", rng)
    inner = (width - 2 * arm) / seats
    parts = [
        box((depth - 0.05, width - 0.04, 0.2), (depth / 2, 0, 0.08), cloth),
        cushion((0.24, width, back - 0.08), (0.12, 0, 0.08), cloth, 0.06),
        legs(depth, width, 0.1, 0.05, style.steel("sofa")),
    ]
    for k in (-1, 1):
        parts.append(cushion((depth, arm, side - 0.08), (depth / 2, k * (width - arm) / 2, 0.08), cloth, 0.06))
    for i in range(seats):
        y = (i + 0.5) * inner - width / 2 + arm
        parts.append(cushion((depth - 0.26, inner - 0.015, seat - 0.27), ((depth + 0.22) / 2, y, 0.27), cloth, 0.06))
        parts.append(
            cushion((0.18, inner - 0.03, 0.36), (0, 0, 0), cloth, 0.07).moved(pose((0.33, y, seat - 0.03), pitch=0.2))
        )
    for i in range(int(rng.integers(0, seats + 1))):
        y = rng.choice([-1, 1]) * (width / 2 - arm - 0.25) * (1 if i < 2 else 0.1)
        shape = pillow(rng, style).shape.moved(pose((0.42, y, seat + 0.02), pitch=-1.1))
        parts.append(shape)
    top = (0.45, depth - 0.05, -width / 2 + arm + 0.1, width / 2 - arm - 0.1, seat)
    return Piece(join(parts), (depth, width, back), (top,))


def armchair(rng: np.random.Generator, style: Style) -> Piece:
    """A sofa for one, which NYU calls a chair."""
    one = sofa(rng, style, 1)
    label = np.where(one.shape.label == ID["sofa"], ID["chair"], one.shape.label)
    return Piece(_labelled(one.shape, label), one.size, one.tops)


def chair(rng: np.random.Generator, style: Style) -> Piece:
    """Four legs or a star base, a seat, a back of slats, a board or upholstery."""
    width, depth, seat, top = (
        rng.uniform(0.4, 0.48),
        rng.uniform(0.42, 0.5),
        rng.uniform(0.43, 0.48),
        rng.uniform(0.8, 1.05),
    )
    frame = style.grain("chair") if rng.random() < 0.6 else style.steel("chair")
    soft = rng.random() < 0.5
    pad = style.cloth("chair", rng, 0.5) if soft else frame
    parts = [cushion((depth, width, 0.07), (depth / 2, 0, seat - 0.05), pad, 0.02)]
    if rng.random() < 0.25:
        parts.append(limb((depth / 2, 0, 0.06), (depth / 2, 0, seat), 0.03, 0.03, style.steel("chair"), 7))
        for angle in np.arange(5) * 2 * np.pi / 5:
            foot = (depth / 2 + 0.28 * np.cos(angle), 0.28 * np.sin(angle), 0.03)
            parts.append(limb((depth / 2, 0, 0.09), foot, 0.025, 0.03, style.steel("chair"), 5))
    else:
        parts.append(legs(depth, width, seat, 0.045, frame, 0.02))
    lean = rng.uniform(0.02, 0.1)
    for k in (-1, 1):
        y = k * (width / 2 - 0.025)
        parts.append(limb((0.03, y, seat), (0.03 - lean, y, top), 0.02, 0.018, frame, 6))
    if soft or rng.random() < 0.4:
        parts.append(
            cushion(
                (0.05, width - 0.03, 0.6 * (top - seat)), (0.03 - 0.7 * lean, 0, top - 0.62 * (top - seat)), pad, 0.02
            )
        )
    else:
        for z in np.linspace(seat + 0.15, top - 0.06, int(rng.integers(2, 5))):
            parts.append(board((0.025, width - 0.05, 0.06), (0.03 - lean * (z - seat) / (top - seat), 0, z), frame))
    return Piece(join(parts), (depth + 0.02, width, top))


def table(rng: np.random.Generator, style: Style) -> Piece:
    """A table to sit at, square or round."""
    height, depth = rng.uniform(0.71, 0.77), rng.uniform(0.75, 1.05)
    width = rng.uniform(depth, 1.9)
    return _table(rng, style, (depth, width, height), "table", round_top=rng.random() < 0.25)


def coffee_table(rng: np.random.Generator, style: Style) -> Piece:
    """A low table, at times with a shelf under its top."""
    return _table(rng, style, (rng.uniform(0.5, 0.7), rng.uniform(0.8, 1.25), rng.uniform(0.36, 0.48)), "table", True)


def _table(
    rng: np.random.Generator, style: Style, size: tuple[float, float, float], what: str, shelf: bool = False,
    round_top: bool = False,
) -> Piece:  # fmt: skip
    depth, width, height = size
    paint = style.grain(what) if rng.random() < 0.75 else style.lacquer(what)
    under = paint if rng.random() < 0.6 else style.steel(what)
    thick = rng.uniform(0.025, 0.05)
    if round_top:
        width = depth
        middle = (depth / 2, 0)
        parts = [
            limb((*middle, height - thick), (*middle, height), depth / 2, depth / 2, paint, 20),
            limb((*middle, height), (*middle, height - thick), depth / 2, depth / 2, paint, 20),
            limb((*middle, 0.03), (*middle, height - thick), 0.06, 0.05, under, 8),
            limb((*middle, 0), (*middle, 0.04), 0.26, 0.2, under, 12),
        ]
        inside = 0.33 * depth
        tops = ((depth / 2 - inside, depth / 2 + inside, -inside, inside, height),)
        return Piece(join(parts), (depth, width, height), tops)
    parts = [
        board((depth, width, thick), (depth / 2, 0, height - thick), paint),
        legs(depth, width, height - thick, rng.uniform(0.04, 0.08), under),
    ]
    if shelf and rng.random() < 0.6:
        parts.append(board((depth - 0.1, width - 0.1, 0.02), (depth / 2, 0, 0.14), paint))
    else:
        parts.append(board((depth - 0.12, width - 0.12, 0.07), (depth / 2, 0, height - thick - 0.07), under))
    return Piece(join(parts), size, ((0.04, depth - 0.04, -width / 2 + 0.04, width / 2 - 0.04, height),))


def _labelled(shape: Triangles, label: np.ndarray) -> Triangles:
    return Triangles(shape.corners, shape.uv, shape.tint, shape.texture, label, shape.instance)
