"""What people leave about: small things on furniture, pictures on the walls, things on the floor."""

import numpy as np

from depth2seg.scenes import people
from depth2seg.scenes.mesh import pose
from depth2seg.scenes.rooms import shell as fixed
from depth2seg.scenes.rooms import storage, things
from depth2seg.scenes.rooms.parts import ID, Maker, Piece, Style
from depth2seg.scenes.rooms.placing import Placer, backed

ON_FLOOR: list[Maker] = [things.carton, things.bag, things.clothes, things.plant, things.plant, things.ball]
LYING: list[Maker] = [things.books, things.papers, things.clothes, things.bag]


def on_top(room: Placer, style: Style, piece: Piece, at: np.ndarray, soft: bool = False) -> None:
    """Small things on a piece's tops, no two in one another."""
    rng = room.rng
    for x0, x1, y0, y1, z in piece.tops:
        taken: list[tuple[float, float, float]] = []
        for _ in range(int(rng.integers(0, 2 if soft else 5))):
            maker = LYING[rng.integers(len(LYING))] if soft else things.small_thing
            thing = maker(rng, style)
            radius = np.hypot(*thing.size[:2]) / 2
            x, y = rng.uniform(min(x0 + 0.08, x1), x1), rng.uniform(y0, y1)
            if all(np.hypot(x - u, y - v) > radius + r for u, v, r in taken) and z + thing.size[2] < room.size[2]:
                taken.append((x, y, radius))
                turn = pose((x, y, z), yaw=rng.uniform(-0.5, 0.5)) @ pose((-thing.size[0] / 2, 0, 0))
                room.put(backed(thing), at @ turn)


def hanging(room: Placer, style: Style, kind: str) -> None:
    """Pictures, a clock, shelves, in a study a whiteboard."""
    rng = room.rng
    makers: list[Maker] = [fixed.picture] * int(rng.integers(2, 6)) + [things.clock] * int(rng.random() < 0.4)
    if kind == "study" and rng.random() < 0.6:
        makers.insert(0, fixed.whiteboard)
    for maker in makers:
        piece = maker(rng, style)
        at = room.along_walls(piece, z=rng.uniform(1.35, 1.75), off=0.0)
        if at is not None:
            room.put(piece, at)
    if rng.random() < 0.5:
        shelf = storage.wall_shelf(rng, style)
        at = room.along_walls(shelf, z=rng.uniform(1.2, 1.5), off=0.0)
        if at is not None:
            room.put(shelf, at)


def loose(room: Placer, style: Style) -> None:
    """Rugs, boxes, bags, plants, a lamp, and now and then someone who stands there."""
    rng = room.rng
    if rng.random() < 0.35:
        room.put(fixed.rug(rng, style), pose((*(room.size[:2] / 2), 0.004)), solid=False)
    for _ in range(int(rng.integers(2, 6))):
        piece = backed(ON_FLOOR[rng.integers(len(ON_FLOOR))](rng, style))
        at = room.along_walls(piece, off=0.06) if rng.random() < 0.75 else room.about(piece)
        if at is not None:
            room.put(piece, at)
    if rng.random() < 0.5:
        piece = backed(things.lamp(rng, style, tall=True))
        at = room.along_walls(piece, off=0.08)
        if at is not None:
            room.put(piece, at)
    if rng.random() < 0.1:
        someone = backed(Piece(people.person(rng, ID["person"]), (0.6, 0.6, 1.9)))
        at = room.about(someone)
        if at is not None:
            room.put(someone, at)
