"""One room: which kind it is, what stands in it, and the light that its lamps and windows give."""

from dataclasses import dataclass, replace

import numpy as np

from depth2seg.scenes.mesh import Triangles, join, pose
from depth2seg.scenes.rooms import seats, storage, things
from depth2seg.scenes.rooms import shell as fixed
from depth2seg.scenes.rooms.clutter import hanging, loose, on_top
from depth2seg.scenes.rooms.parts import Maker, Piece, Shine, Style, random_style
from depth2seg.scenes.rooms.placing import Placer, backed

# What a kind of room may have along its walls, and how likely; the first is always there.
ALONG: dict[str, list[tuple[Maker, float]]] = {
    "bedroom": [(seats.bed, 1), (storage.cabinet, 0.7), (storage.dresser, 0.7), (storage.desk, 0.35),
                (storage.bookshelf, 0.35), (seats.armchair, 0.3), (storage.television, 0.2)],
    "living room": [(seats.sofa, 1), (storage.television, 0.7), (storage.bookshelf, 0.8), (seats.armchair, 0.7),
                    (storage.cabinet, 0.5), (seats.sofa, 0.3), (storage.desk, 0.2)],
    "study": [(storage.desk, 1), (storage.bookshelf, 1), (storage.bookshelf, 0.6), (storage.cabinet, 0.6),
              (seats.armchair, 0.4), (seats.sofa, 0.3), (storage.dresser, 0.2)],
    "dining room": [(storage.cabinet, 1), (storage.bookshelf, 0.4), (storage.dresser, 0.4), (seats.sofa, 0.35)],
    "kitchen": [(storage.kitchen, 1), (storage.cabinet, 0.5), (storage.bookshelf, 0.2)],
}  # fmt: skip
TABLES = {"bedroom": 0.1, "living room": 0.4, "study": 0.15, "dining room": 1.0, "kitchen": 0.8}


@dataclass(frozen=True)
class Room:
    """Size (x, y, z) in metres, triangles, boxes K,2,3 around what is solid, lights, mean tints of walls and floor."""

    kind: str
    size: np.ndarray
    world: Triangles
    boxes: np.ndarray
    shines: list[Shine]
    wall: np.ndarray
    floor: np.ndarray


def make_room(rng: np.random.Generator) -> Room:
    """A random room, furnished."""
    kind = str(rng.choice(list(ALONG)))
    size = np.array([rng.uniform(3.2, 5.4), rng.uniform(3.4, 6.4), rng.uniform(2.35, 2.9)])
    style, day = random_style(rng), rng.random() < 0.65
    room = Placer(size, rng)
    walls, wall, floor = fixed.shell(size, rng)
    room.parts.append(walls)
    _openings(room, style, day)
    _large(room, style, kind)
    hanging(room, style, kind)
    loose(room, style)
    for _ in range(1 if size[0] * size[1] < 20 else 2):
        lamp = fixed.ceiling_lamp(rng, style, size[2], lit=not day or rng.random() < 0.4)
        room.put(lamp, pose((*(size[:2] * rng.uniform(0.35, 0.65, 2)), 0)))
    return Room(kind, size, join(room.parts), room.boxes, room.shines, wall, floor)


def _openings(room: Placer, style: Style, day: bool) -> None:
    rng = room.rng
    door = fixed.door(rng, style)
    at = room.along_walls(door, off=0.0)
    room.put(door, at)
    room.keep_free(door, at, 0.9)
    for _k in range(int(rng.integers(1, 4))):
        opening = fixed.window(rng, style, day, room.size[2])
        at = room.along_walls(opening, off=0.0)
        if at is not None:
            room.put(opening, at)
            if opening.base > 0.5 and rng.random() < 0.5:
                heater = fixed.radiator(rng, style)
                if heater.size[1] < opening.size[1] and room.fits(heater, at):
                    room.put(heater, at)


def _large(room: Placer, style: Style, kind: str) -> None:
    rng = room.rng
    for maker, chance in ALONG[kind]:
        found = _by_a_wall(room, style, maker, 8 if chance == 1 else 1) if rng.random() < chance else None
        if found is None:
            continue
        piece, at = found
        room.put(piece, at)
        on_top(room, style, piece, at, soft=maker in (seats.bed, seats.sofa, seats.armchair))
        if maker is seats.bed:
            _beside(room, style, piece, at)
        elif maker is storage.desk:
            _chair_at(room, style, at, piece.size[0] + rng.uniform(0.15, 0.45), rng.uniform(-0.2, 0.2), np.pi)
        elif maker is seats.sofa:
            _before(room, style, piece, at)
    if rng.random() < TABLES[kind]:
        _table_set(room, style)


def _by_a_wall(room: Placer, style: Style, maker: Maker, draws: int) -> tuple[Piece, np.ndarray] | None:
    """A piece that found a place, and the place; another one is made where the first is too large."""
    for _ in range(draws):
        piece = maker(room.rng, style)
        at = room.along_walls(piece)
        if at is not None:
            return piece, at
    return None


def _beside(room: Placer, style: Style, bed: Piece, at: np.ndarray) -> None:
    for side in (-1, 1):
        stand = storage.night_stand(room.rng, style)
        place = at @ pose((0, side * (bed.size[1] / 2 + stand.size[1] / 2 + 0.05), 0))
        if room.rng.random() < 0.8 and room.fits(stand, place):
            room.put(stand, place)
            lamp = things.lamp(room.rng, style)
            middle = (stand.size[0] / 2, 0, stand.size[2])
            thing = lamp if room.rng.random() < 0.6 else things.small_thing(room.rng, style)
            room.put(backed(thing), place @ pose(middle) @ pose((-thing.size[0] / 2, 0, 0)))


def _before(room: Placer, style: Style, sofa: Piece, at: np.ndarray) -> None:
    low = seats.coffee_table(room.rng, style)
    place = at @ pose((sofa.size[0] + room.rng.uniform(0.3, 0.5), 0, 0))
    if room.rng.random() < 0.7:
        carpet = fixed.rug(room.rng, style)
        room.put(carpet, place @ pose((low.size[0] / 2, 0, 0)), solid=False)
    if room.rng.random() < 0.85 and room.fits(low, place):
        room.put(low, place)
        on_top(room, style, low, place)


def _table_set(room: Placer, style: Style) -> None:
    rng, board = room.rng, seats.table(room.rng, style)
    at = room.about(board, margin=1.1)
    if at is None:
        return
    depth, width, _ = board.size
    for y in np.linspace(-0.28, 0.28, 2) * width if width > 1.1 else (0.0,):
        _chair_at(room, style, at, depth + rng.uniform(0.1, 0.4), y, np.pi)
        _chair_at(room, style, at, -rng.uniform(0.1, 0.4), y, 0.0)
    room.put(board, at)
    on_top(room, style, board, at)


def _chair_at(room: Placer, style: Style, at: np.ndarray, x: float, y: float, yaw: float) -> None:
    """A chair before a desk or table that faces it; not where something else is in the way."""
    seat = seats.chair(room.rng, style)
    place = at @ pose((x, y, 0), yaw=yaw + room.rng.uniform(-0.25, 0.25))
    outside = replace(seat, size=(0.12, seat.size[1], seat.size[2]))  # the rest of it may be under the table
    if room.rng.random() < 0.9 and room.fits(outside, place):
        room.put(seat, place)
