"""What stands where in one street: blocks of buildings and gardens, things by the kerb, parked and moving traffic."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from depth2seg.scenes import buildings, furniture, people, plants, vehicles
from depth2seg.scenes.mesh import Paint, Triangles, join
from depth2seg.scenes.road import KERB_HEIGHT, ROAD, Road, Side, crossing, surfaces

VIEW = 95.0  # metres of street that must exist ahead of the last camera


@dataclass(frozen=True)
class Mover:
    """A thing that rides along the road: its place at frame 0, and metres a frame along and across."""

    shape: Triangles
    s: float
    d: float
    z: float
    yaw: float
    along: float
    across: float = 0.0


@dataclass
class Street:
    """The whole static world of a sequence, and what moves through it."""

    road: Road
    sides: list[Side]
    static: Triangles
    movers: list[Mover]
    speed: float  # of the camera, metres a frame
    lane: float  # the camera's d

    def poses(self, frame: float) -> np.ndarray:
        """Pose I,4,4 of every instance at a video frame; the identity for what stands still."""
        still = np.tile(np.eye(4), (int(self.static.instance.max()) + 1, 1, 1))
        return np.concatenate([still, *(self._place(m, frame)[None] for m in self.movers)])

    def world(self, frame: float) -> Triangles:
        """All triangles at a video frame."""
        first = int(self.static.instance.max()) + 1
        moved = [m.shape.moved(self._place(m, frame)).numbered(first + k) for k, m in enumerate(self.movers)]
        return join([self.static, *moved])

    def _place(self, m: Mover, frame: float) -> np.ndarray:
        return self.road.place(m.s + m.along * frame, m.d + m.across * frame, m.z, m.yaw, tilt=True)


@dataclass
class _Builder:
    road: Road
    rng: np.random.Generator
    parts: list[Triangles] = field(default_factory=list)
    instances: int = 0

    def put(self, thing: Triangles, s: float, d: float, z: float = 0.0, yaw: float = 0.0, own: bool = False) -> None:
        """Stand a thing by the road; ``own`` gives it an instance number."""
        self.instances += own
        placed = thing.moved(self.road.place(s, d, z, yaw, tilt=own))
        self.parts.append(placed.numbered(self.instances if own else 0))


def make_street(
    travel_frames: int, metres_a_second: tuple[float, float], fps: float, rng: np.random.Generator
) -> Street:
    """A random street, long enough for a camera that drives through it for a number of frames."""
    speed = rng.uniform(*metres_a_second) / fps
    road = Road(speed * travel_frames + VIEW, rng)
    two_lanes = rng.random() < 0.25
    lanes = rng.uniform(3.0, 3.7) * (2 if two_lanes else 1)
    sides = [
        Side(sign, lanes, rng.uniform(2.1, 2.4) if rng.random() < 0.6 else 0.0,
             rng.uniform(1.0, 2.5) if rng.random() < 0.45 else 0.0, rng.uniform(1.5, 4.0), rng.uniform(-0.03, 0.12))
        for sign in (1, -1)
    ]  # fmt: skip
    build = _Builder(road, rng)
    build.parts += surfaces(road, sides, rng)
    for side in sides:
        _blocks(build, side)
        _kerbside(build, side)
    lane = -lanes * (0.75 if two_lanes and rng.random() < 0.5 else 0.5 if not two_lanes else 0.25)
    movers = _traffic(road, sides, speed, lane, travel_frames, rng)
    for k in range(int(rng.integers(0, 3))):
        build.parts += crossing(road, sides, 12 + 45 * k + rng.uniform(0, 25), rng)
    return Street(road, sides, join(build.parts), movers, speed, lane + rng.uniform(-0.25, 0.25))


def _blocks(build: _Builder, side: Side) -> None:
    """Fill one side behind the pavement with blocks of one character each, and side roads between them."""
    rng, s = build.rng, -20.0
    kinds: list[Callable[[_Builder, Side, float, float], None]] = [_town, _suburb, _park]
    weights = rng.dirichlet([1.2, 1.2, 0.7])
    while s < build.road.length:
        kind = kinds[rng.choice(3, p=weights)]
        length = rng.uniform(28, 60)
        kind(build, side, s, min(s + length, build.road.length))
        s += length
        if rng.random() < 0.5:
            _side_road(build, side, s + 1, rng.uniform(5, 8))
            s += 10


def _town(build: _Builder, side: Side, s0: float, s1: float) -> None:
    rng, s = build.rng, s0
    setback = rng.choice([0.0, rng.uniform(0, 4)])
    while s < s1 - 6:
        width = rng.uniform(8, 20)
        thing = buildings.building(rng, width)
        facing(build, thing, side, s + width / 2, side.front + setback + rng.uniform(0.2, 0.8))
        s += width + (rng.uniform(0.5, 5) if rng.random() < 0.25 else 0)
    if setback > 2 and rng.random() < 0.5:
        _border(build, side, s0, s1)


def _suburb(build: _Builder, side: Side, s0: float, s1: float) -> None:
    rng, s = build.rng, s0
    setback = rng.uniform(3, 9)
    while s < s1 - 8:
        facing(build, buildings.house(rng), side, s + 6, side.front + setback + rng.uniform(-1, 1.5))
        for _ in range(int(rng.integers(1, 4))):
            plant = (plants.bush, plants.bush, plants.tree, plants.conifer)[rng.integers(4)](rng)
            build.put(plant, s + rng.uniform(-1, 13), side.sign * (side.front + rng.uniform(1.2, setback)), KERB_HEIGHT)
        s += rng.uniform(12, 18)
    _border(build, side, s0, s1)


def _park(build: _Builder, side: Side, s0: float, s1: float) -> None:
    rng = build.rng
    for _ in range(int((s1 - s0) / 4)):
        plant = (plants.tree, plants.tree, plants.conifer, plants.bush)[rng.integers(4)](rng)
        out = rng.uniform(2, 26)
        build.put(plant, rng.uniform(s0, s1), side.sign * (side.front + out), KERB_HEIGHT + side.rise * out)
    if rng.random() < 0.6:
        _border(build, side, s0, s1)
    for s in np.arange(s0, s1, 14):
        facing(build, buildings.building(rng, rng.uniform(10, 16)), side, s, side.front + rng.uniform(32, 50))


def _border(build: _Builder, side: Side, s0: float, s1: float) -> None:
    """Fence, wall or hedge at the pavement's outer edge, with gaps."""
    rng, s = build.rng, s0
    kind = (furniture.fence, furniture.wall, plants.hedge)[rng.integers(3)]
    state = rng.bit_generator.state
    while s < s1 - 2:
        length = min(rng.uniform(4, 9), s1 - s)
        same = np.random.default_rng(state["state"]["state"] % 2**32)  # one look for the whole border
        build.put(kind(same, length), s + length / 2, side.sign * (side.front + 0.4), KERB_HEIGHT)
        s += length + (rng.uniform(1.2, 4) if rng.random() < 0.3 else 0.05)


def facing(build: _Builder, thing: Triangles, side: Side, s: float, out: float) -> None:
    """Stand a building with its front towards the road."""
    build.put(thing, s, side.sign * out, min(KERB_HEIGHT, KERB_HEIGHT + side.rise * 5), 0.0 if side.sign > 0 else np.pi)


def _side_road(build: _Builder, side: Side, s: float, width: float) -> None:
    paint = Paint("asphalt", tuple(np.ones(3) * build.rng.uniform(0.1, 0.2)), ROAD)
    lift, k = KERB_HEIGHT + 0.02, side.sign
    build.parts.append(build.road.strip(k * side.kerb, k * side.front, lift, lift, paint, s, s + width))
    build.parts.append(
        build.road.strip(
            k * side.front, k * (side.front + 60), lift, lift + max(side.rise, 0) * 62, paint, s, s + width
        )
    )


def _kerbside(build: _Builder, side: Side) -> None:
    """Lamps, signs, signals, street trees, parked vehicles, and cycles leaning about."""
    rng, end, k = build.rng, build.road.length, side.sign
    edge = side.kerb + 0.45
    turn = 0.0 if k < 0 else np.pi  # fronts face the traffic of their side; some show their backs to us

    def along(least: float, most: float) -> np.ndarray:
        return np.cumsum(rng.uniform(least, most, int(end / least) + 2)) - 18

    def row(thing: Callable[[np.random.Generator], Triangles], least: float, most: float, yaw: float = 0.0) -> None:
        for s in along(least, most):
            if s < end:
                build.put(thing(rng), s, k * edge, KERB_HEIGHT, yaw)

    state = int(rng.integers(2**32))
    row(lambda _: furniture.lamp(np.random.default_rng(state)), 18, 34, turn)
    row(furniture.traffic_sign, 12, 38, 0.0 if rng.random() < 0.6 else turn)
    if rng.random() < 0.6:
        row(furniture.traffic_light, 30, 60, 0.0 if rng.random() < 0.6 else turn)
    if rng.random() < 0.4:
        row(furniture.pole, 4, 15)
    if rng.random() < 0.25:
        row(lambda r: furniture.fence(np.random.default_rng(state), r.uniform(5, 9)), 14, 40)
    if side.verge or rng.random() < 0.35:
        row((plants.tree, plants.tree, plants.conifer, plants.bush)[rng.integers(4)], 6, 20)
    for s in along(9, 40):
        cycle = vehicles.bicycle(rng) if rng.random() < 0.7 else vehicles.motorcycle(rng)
        build.put(cycle, s, k * (edge + 0.5), KERB_HEIGHT, rng.uniform(-0.5, 0.5), own=True)
    if side.parking:
        share = rng.uniform(0.35, 0.95)
        for s in np.arange(-18, end - 4, 5.8):
            if rng.random() < share:
                kind = (vehicles.car, vehicles.car, vehicles.car, vehicles.van)[rng.integers(4)]
                build.put(
                    kind(rng),
                    s + 2.9 + rng.uniform(-0.2, 0.2),
                    k * (side.lanes + side.parking / 2 + rng.uniform(-0.1, 0.1)),
                    0,
                    turn,
                    own=True,
                )
    for s in along(7, 45):
        build.put(
            people.person(rng),
            s,
            k * (side.kerb + side.verge + rng.uniform(0.5, side.pavement)),
            KERB_HEIGHT,
            rng.uniform(0, 6.3),
            own=True,
        )


def _traffic(
    road: Road, sides: list[Side], speed: float, lane: float, frames: int, rng: np.random.Generator
) -> list[Mover]:
    """Vehicles in every lane, riders at its edge, walkers on the pavements and now and then across the road."""
    movers: list[Mover] = []
    many = frames * speed

    def vehicle() -> Triangles:
        kinds = (vehicles.car, vehicles.van, vehicles.truck, vehicles.bus)
        return kinds[rng.choice(4, p=[0.55, 0.13, 0.16, 0.16])](rng)

    for side in sides:
        two = side.lanes > 5
        for place in (0.25, 0.75) if two else (0.5,):
            d, ours = side.sign * side.lanes * place, side.sign < 0
            mine = ours and abs(d - lane) < 0.5
            # Whoever shares our lane keeps about our speed; the others come towards us or overtake.
            pace = speed * (rng.uniform(0.97, 1.06) if mine else rng.uniform(0.6, 1.4)) * (1 if ours else -1)
            s = rng.uniform(16, 45) if ours else rng.uniform(8, 30)
            while s < road.length + (0 if ours else many) - 10:
                if rng.random() < (0.7 if not mine else 0.6):
                    movers.append(Mover(vehicle(), s, d + rng.uniform(-0.15, 0.15), 0, 0.0 if ours else np.pi, pace))
                s += rng.uniform(16, 45)
        if rng.random() < 0.6:
            pace = rng.uniform(0.25, 0.5) * (1 if side.sign < 0 else -1)
            s = rng.uniform(12, 40)
            edge = side.sign * (side.lanes - 0.5)
            movers.append(Mover(vehicles.rider(rng), s, edge, 0, 0.0 if side.sign < 0 else np.pi, pace * 0.8))
        s = rng.uniform(4, 15)
        while s < road.length - 5:
            way = rng.choice([-1, 1])
            d = side.sign * (side.kerb + side.verge + rng.uniform(0.4, side.pavement - 0.3))
            yaw = 0.0 if way > 0 else np.pi
            movers.append(Mover(people.person(rng), s, d, KERB_HEIGHT, yaw, way * rng.uniform(0.08, 0.17)))
            s += rng.uniform(5, 30)
    if rng.random() < 0.5:
        s, way = rng.uniform(9, 20) + many * rng.uniform(0.3, 1), rng.choice([-1, 1])
        movers.append(
            Mover(people.person(rng), s, -way * rng.uniform(1, 3), 0, way * np.pi / 2, 0, way * rng.uniform(0.08, 0.16))
        )
    return movers
