"""Light indoors: lamps and windows as small sources with shadows, what walls throw back, and the rest from all sides.

Walls that are lit light the room in turn. As in instant radiosity (Keller 1997) a few small sources stand for that
light; they are the same for all frames of a room, so that a surface has one brightness from wherever it is seen.
"""

from dataclasses import dataclass

import numpy as np

from depth2seg.scenes.camera import Camera, see
from depth2seg.scenes.rooms.parts import Shine
from depth2seg.scenes.rooms.room import Room
from depth2seg.scenes.shading import develop, paint
from depth2seg.scenes.textures import Textures
from depth2seg.scenes.tiles import GLOWING, TILES
from depth2seg.scenes.tracer import LampTracer

THROWN_BACK = 0.45  # share of the light that the walls send back
NEAREST = 0.3  # metres: small sources stand for large ones, next to which light does not grow without limit
MEAN_BRIGHTNESS = 0.3  # of a surface that reflects half its light, in the middle of the room, after exposure
_GLOWING = np.isin(list(TILES), GLOWING)


@dataclass(frozen=True)
class RoomLight:
    """All small sources, linear RGB from all sides, and the exposure that the camera takes."""

    shines: list[Shine]
    ambient: np.ndarray
    exposure: float


def light_of(room: Room, rng: np.random.Generator) -> RoomLight:
    """The light of a room; the sun has set if nothing of it shines, and someone has left a candle's worth."""
    x, y, z = room.size
    own = room.shines or [Shine(np.array([x / 2, y / 2, z - 0.3]), None, np.array([1.0, 0.8, 0.55]))]
    # A source that shines all ways gives 4 pi of its intensity, one that shines forward as the cosine gives pi.
    flux = sum(np.pi * shine.colour * (4 if shine.towards is None else 1) for shine in own)
    down, up = np.array([0, 0, -1.0]), np.array([0, 0, 1.0])
    spots = [
        ((0.3 * x, 0.35 * y, z - 0.1), down, np.ones(3)), ((0.7 * x, 0.65 * y, z - 0.1), down, np.ones(3)),
        ((rng.uniform(0.3, 0.7) * x, rng.uniform(0.3, 0.7) * y, 0.12), up, room.floor),
        ((0.12, 0.5 * y, 0.7 * z), np.array([1.0, 0, 0]), room.wall),
        ((x - 0.12, 0.5 * y, 0.7 * z), np.array([-1.0, 0, 0]), room.wall),
    ]  # fmt: skip
    free = [spot for spot in spots if not _inside(np.array(spot[0]), room.boxes)]
    each = THROWN_BACK * flux / np.pi / len(spots)
    shines = own + [Shine(np.array(at), towards, each * tint) for at, towards, tint in free]
    middle = np.array([(u * x, v * y, 1.0) for u in (0.3, 0.5, 0.7) for v in (0.3, 0.5, 0.7)])
    normals = np.array([(0, 0, 1.0), (1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0)])
    falls = np.mean([sum(fallen(s, middle, np.tile(n, (9, 1))) for s in shines).mean(0) for n in normals], 0)
    ambient = 0.2 * falls
    exposure = MEAN_BRIGHTNESS * rng.uniform(0.8, 1.25) / (0.5 * (falls + ambient).mean())
    return RoomLight(shines, ambient, exposure)


def fallen(shine: Shine, point: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Linear RGB N,3 of the light that falls on points N,3 with normals N,3 where nothing is in between."""
    way = shine.at - point
    square = (way**2).sum(1)
    away = np.sqrt(np.maximum(square, 1e-12))
    cosine = np.maximum((way * normal).sum(1) / away, 0)
    if shine.towards is not None:
        cosine = cosine * np.maximum(-(way @ shine.towards) / away, 0)
    return (cosine / np.maximum(square, NEAREST**2))[:, None] * shine.colour


def photograph_room(
    tracer: LampTracer, camera: Camera, room: Room, textures: Textures, light: RoomLight, samples: int
) -> np.ndarray:
    """uint8 image H,W,3, the mean of samples (a square number) on a regular grid in each pixel."""
    times = int(np.sqrt(samples))
    fine, world = camera.finer(times), room.world
    seen = see(fine, tracer.look(fine)[0], world)
    up = 0.8 + 0.2 * seen.normal[:, 2:]
    falls = light.ambient * up
    for shine in light.shines:
        lit = tracer.reached(fine, shine.at)[seen.where]
        falls[lit] += fallen(shine, seen.point[lit], seen.normal[lit])
    glows = _GLOWING[world.texture[seen.face]]
    colour = np.zeros((*seen.where.shape, 3))
    colour[seen.where] = paint(fine, seen, world, textures) * np.where(glows[:, None], 1 / light.exposure, falls)
    return develop(colour, times, light.exposure)


def _inside(point: np.ndarray, boxes: np.ndarray) -> bool:
    return bool(((boxes[:, 0] < point) & (point < boxes[:, 1])).all(1).any())
