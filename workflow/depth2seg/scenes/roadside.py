"""What stands beside a road: blocks of buildings and gardens, and things by the kerb, parked vehicles among them."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from depth2seg.scenes import buildings, furniture, people, plants, vehicles
from depth2seg.scenes.mesh import Paint, Triangles
from depth2seg.scenes.road import KERB_HEIGHT, ROAD, Road, Side


@dataclass
class Builder:
    """Gathers what stands along a road."""

    road: Road
    rng: np.random.Generator
    parts: list[Triangles] = field(default_factory=list)
    instances: int = 0

    def put(self, thing: Triangles, s: float, d: float, z: float = 0.0, yaw: float = 0.0, own: bool = False) -> None:
        """Stand a thing by the road; ``own`` gives it an instance number."""
        self.instances += own
        placed = thing.moved(self.road.place(s, d, z, yaw, tilt=own))
        self.parts.append(placed.numbered(self.instances if own else 0))


def blocks(build: Builder, side: Side) -> None:
    """Fill one side behind the pavement with blocks of one character each, and side roads between them."""
    rng, s = build.rng, -20.0
    kinds: list[Callable[[Builder, Side, float, float], None]] = [_town, _suburb, _park]
    weights = rng.dirichlet([1.2, 1.2, 0.7])
    while s < build.road.length:
        kind = kinds[rng.choice(3, p=weights)]
        length = rng.uniform(28, 60)
        kind(build, side, s, min(s + length, build.road.length))
        s += length
        if rng.random() < 0.5:
            _side_road(build, side, s + 1, rng.uniform(5, 8))
            s += 10


def _town(build: Builder, side: Side, s0: float, s1: float) -> None:
    rng, s = build.rng, s0
    setback = rng.choice([0.0, rng.uniform(0, 4)])
    while s < s1 - 6:
        width = rng.uniform(8, 20)
        thing = buildings.building(rng, width)
        _facing(build, thing, side, s + width / 2, side.front + setback + rng.uniform(0.2, 0.8))
        s += width + (rng.uniform(0.5, 5) if rng.random() < 0.25 else 0)
    if setback > 2 and rng.random() < 0.5:
        _border(build, side, s0, s1)


def _suburb(build: Builder, side: Side, s0: float, s1: float) -> None:
    rng, s = build.rng, s0
    setback = rng.uniform(3, 9)
    while s < s1 - 8:
        _facing(build, buildings.house(rng), side, s + 6, side.front + setback + rng.uniform(-1, 1.5))
        for _ in range(int(rng.integers(1, 4))):
            plant = (plants.bush, plants.bush, plants.tree, plants.conifer)[rng.integers(4)](rng)
            build.put(plant, s + rng.uniform(-1, 13), side.sign * (side.front + rng.uniform(1.2, setback)), KERB_HEIGHT)
        s += rng.uniform(12, 18)
    _border(build, side, s0, s1)


def _park(build: Builder, side: Side, s0: float, s1: float) -> None:
    rng = build.rng
    for _ in range(int((s1 - s0) / 4)):
        plant = (plants.tree, plants.tree, plants.conifer, plants.bush)[rng.integers(4)](rng)
        out = rng.uniform(2, 26)
        build.put(plant, rng.uniform(s0, s1), side.sign * (side.front + out), KERB_HEIGHT + side.rise * out)
    if rng.random() < 0.6:
        _border(build, side, s0, s1)
    for s in np.arange(s0, s1, 14):
        _facing(build, buildings.building(rng, rng.uniform(10, 16)), side, s, side.front + rng.uniform(32, 50))


def _border(build: Builder, side: Side, s0: float, s1: float) -> None:
    """Fence, wall or hedge at the pavement's outer edge, with gaps."""
    rng, s = build.rng, s0
    kind = (furniture.fence, furniture.wall, plants.hedge)[rng.integers(3)]
    look = int(rng.integers(2**32))  # one look for the whole border
    while s < s1 - 2:
        length = min(rng.uniform(4, 9), s1 - s)
        same = np.random.default_rng(look)
        build.put(kind(same, length), s + length / 2, side.sign * (side.front + 0.4), KERB_HEIGHT)
        s += length + (rng.uniform(1.2, 4) if rng.random() < 0.3 else 0.05)


def _facing(build: Builder, thing: Triangles, side: Side, s: float, out: float) -> None:
    """Stand a building with its front towards the road."""
    build.put(thing, s, side.sign * out, min(KERB_HEIGHT, KERB_HEIGHT + side.rise * 5), 0.0 if side.sign > 0 else np.pi)


def _side_road(build: Builder, side: Side, s: float, width: float) -> None:
    paint = Paint("asphalt", tuple(np.ones(3) * build.rng.uniform(0.1, 0.2)), ROAD)
    lift, k = KERB_HEIGHT + 0.02, side.sign
    build.parts.append(build.road.strip(k * side.kerb, k * side.front, lift, lift, paint, s, s + width))
    build.parts.append(
        build.road.strip(
            k * side.front, k * (side.front + 60), lift, lift + max(side.rise, 0) * 62, paint, s, s + width
        )
    )


def kerbside(build: Builder, side: Side) -> None:
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
