"""What moves along a road: vehicles in every lane, riders at its edge, walkers on the pavements."""

from dataclasses import dataclass

import numpy as np

from depth2seg.scenes import people, vehicles
from depth2seg.scenes.mesh import Triangles
from depth2seg.scenes.road import KERB_HEIGHT, Road, Side


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


def traffic(
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
