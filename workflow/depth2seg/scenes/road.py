"""The course of a road, and its surfaces: lanes, marks, pavements and ground beside it."""

from dataclasses import dataclass

import numpy as np

from depth2seg.scenes.mesh import Paint, Triangles, pose, quads
from depth2seg.scenes.tiles import TILES

ROAD, SIDEWALK, TERRAIN = 7, 8, 22
BEHIND = 25.0  # metres of street behind the first camera


class Road:
    """A winding, rising and falling line; s metres along it, d metres to its left."""

    def __init__(self, length: float, rng: np.random.Generator):
        self.length = length
        self._s = np.arange(-BEHIND, length + 1)
        bend, rise = np.zeros_like(self._s), np.zeros_like(self._s)
        for wave in rng.uniform(50, 260, 3):
            bend += rng.uniform(-1, 1) / 220 * np.sin(self._s / wave * 2 * np.pi + rng.uniform(0, 2 * np.pi))
            rise += rng.uniform(-1, 1) * 0.02 * np.sin(self._s / wave * 2 * np.pi + rng.uniform(0, 2 * np.pi))
        # A bend that lasts for ever would turn the street back onto itself.
        self._heading = np.clip(np.cumsum(bend), -1.1, 1.1)
        self._heading -= np.interp(0, self._s, self._heading)
        self._slope = rise
        self._x, self._y = np.cumsum(np.cos(self._heading)), np.cumsum(np.sin(self._heading))
        self._z = np.cumsum(rise)

    def heading(self, s: float | np.ndarray) -> np.ndarray:
        """Yaw of the road in radians."""
        return np.interp(s, self._s, self._heading)

    def slope(self, s: float | np.ndarray) -> np.ndarray:
        """Metres up per metre on."""
        return np.interp(s, self._s, self._slope)

    def point(self, s: float | np.ndarray, d: float | np.ndarray, z: float | np.ndarray = 0.0) -> np.ndarray:
        """World points ...,3 at road coordinates."""
        s, d, z = np.broadcast_arrays(np.asarray(s, float), d, z)
        yaw = self.heading(s)
        x, y = np.interp(s, self._s, self._x), np.interp(s, self._s, self._y)
        return np.stack([x - d * np.sin(yaw), y + d * np.cos(yaw), np.interp(s, self._s, self._z) + z], -1)

    def place(self, s: float, d: float, z: float = 0.0, yaw: float = 0.0, tilt: bool = False) -> np.ndarray:
        """4,4 transform to a place by the road; yaw is against the road's, tilt follows the slope."""
        pitch = float(np.arctan(self.slope(s)) * np.cos(yaw)) if tilt else 0.0
        return pose(self.point(s, d, z), yaw=float(self.heading(s)) + yaw, pitch=pitch)

    def strip(
        self, d0: float, d1: float, z0: float, z1: float, paint: Paint,
        s0: float | None = None, s1: float | None = None, step: float = 2.0,
    ) -> Triangles:  # fmt: skip
        """Surface between two lines along the road, from d0 at height z0 to d1 at height z1."""
        s0, s1 = -BEHIND if s0 is None else s0, self.length if s1 is None else s1
        s = np.linspace(s0, s1, max(2, int(np.ceil((s1 - s0) / step)) + 1))
        # On grazing slopes a tall strip is measured along its surface.
        wide = float(np.hypot(d1 - d0, z1 - z0)) / TILES[paint.texture]
        low, high = self.point(s, d0, z0), self.point(s, d1, z1)
        u = s / TILES[paint.texture]
        o = np.full_like(u, d0 / TILES[paint.texture])
        grid = np.stack([low[:-1], low[1:], high[1:], high[:-1]], 1)
        uv = [np.stack(p, 1) for p in ((u[:-1], o[1:]), (u[1:], o[1:]), (u[1:], o[1:] + wide), (u[:-1], o[1:] + wide))]
        return quads(grid, paint, np.stack(uv, 1))


@dataclass(frozen=True)
class Side:
    """Cross-section of one side, from the road's middle outwards; ``sign`` is 1 on the left."""

    sign: int
    lanes: float
    parking: float
    verge: float
    pavement: float
    rise: float

    @property
    def kerb(self) -> float:
        """Metres from the middle to the kerb."""
        return self.lanes + self.parking

    @property
    def front(self) -> float:
        """Metres from the middle to the pavement's outer edge."""
        return self.kerb + self.verge + self.pavement


KERB_HEIGHT = 0.14


def surfaces(road: Road, sides: list[Side], rng: np.random.Generator) -> list[Triangles]:
    """Everything flat of the whole street."""
    grey = rng.uniform(0.09, 0.22) * np.array([1, rng.uniform(0.95, 1.02), rng.uniform(0.9, 1.05)])
    asphalt = Paint("asphalt", tuple(grey), ROAD)
    kind = str(rng.choice(["paving", "paving", "cobble", "asphalt"]))
    slab = rng.uniform(0.18, 0.42) * np.array([1, rng.uniform(0.85, 1), rng.uniform(0.7, 1)])
    paving, kerb = Paint(kind, tuple(slab), SIDEWALK), Paint("plaster", tuple(slab * 1.15), SIDEWALK)
    left, right = sides
    parts = [road.strip(-right.lanes, left.lanes, 0, 0, asphalt)]
    for side in sides:
        k, h = side.sign, KERB_HEIGHT
        bay = Paint(str(rng.choice(["asphalt", "cobble"])), tuple(grey * rng.uniform(0.8, 1.4)), ROAD)
        grass = grass_paint(rng)
        if side.parking:
            parts.append(road.strip(k * side.lanes, k * side.kerb, 0, 0, bay))
        edge = side.kerb + side.verge
        parts += [road.strip(k * side.kerb, k * side.kerb, 0, h, kerb),
                  road.strip(k * edge, k * side.front, h, h, paving)]  # fmt: skip
        if side.verge:
            parts.append(road.strip(k * side.kerb, k * edge, h, h, grass))
        yard = grass if rng.random() < 0.7 else Paint("paving", tuple(slab * rng.uniform(0.6, 1.1)), SIDEWALK)
        far, up = side.front + 16, side.rise * 16
        parts += [road.strip(k * side.front, k * far, h, h + up, yard),
                  road.strip(k * far, k * (far + 70), h + up, h + side.rise * 70, grass, step=8)]  # fmt: skip
    return parts + _marks(road, sides, rng)


def grass_paint(rng: np.random.Generator) -> Paint:
    """Grass, green or dry, or bare earth."""
    colour = np.array([(0.1, 0.2, 0.04), (0.22, 0.21, 0.08), (0.2, 0.15, 0.1)][rng.choice(3, p=[0.65, 0.2, 0.15])])
    return Paint("grass", tuple(colour * rng.uniform(0.7, 1.4)), TERRAIN)


def _marks(road: Road, sides: list[Side], rng: np.random.Generator) -> list[Triangles]:
    white = Paint("plain", tuple(np.ones(3) * rng.uniform(0.45, 0.8)), ROAD)
    left, right = sides
    lift, end = 0.012, road.length - 1
    parts = []

    def line(d: float, dash: float, gap: float, wide: float = 0.13) -> None:
        for s in np.arange(-BEHIND + 1, end - dash, dash + gap):
            parts.append(road.strip(d - wide / 2, d + wide / 2, lift, lift, white, s, s + dash, 3.0))

    style = rng.integers(4)
    if style < 3:
        line(0.0, *[(3.0, 4.5), (2.0, 3.0), (8.0, 0.0)][style])
    if rng.random() < 0.6:
        line(left.lanes - 0.2, 8, 0)
        line(-right.lanes + 0.2, 8, 0)
    for side in sides:
        if side.lanes > 5:
            line(side.sign * side.lanes / 2, 3, 5)
        if side.parking:
            for s in np.arange(-BEHIND + 1, end, 5.8):
                parts.append(road.strip(side.sign * side.lanes, side.sign * side.kerb, lift, lift, white, s, s + 0.12))
    return parts


def crossing(road: Road, sides: list[Side], s: float, rng: np.random.Generator) -> list[Triangles]:
    """Zebra crossing."""
    white = Paint("plain", tuple(np.ones(3) * rng.uniform(0.5, 0.8)), ROAD)
    stripes = np.arange(-sides[1].lanes + 0.3, sides[0].lanes - 0.4, 1.0)
    return [road.strip(d, d + 0.5, 0.013, 0.013, white, s, s + 3.2, 3.2) for d in stripes]
