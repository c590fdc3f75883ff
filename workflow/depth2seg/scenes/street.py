"""One street: its road, what stands beside it, and what moves through it."""

from dataclasses import dataclass

import numpy as np

from depth2seg.scenes.mesh import Triangles, join
from depth2seg.scenes.road import Road, Side, crossing, surfaces
from depth2seg.scenes.roadside import Builder, blocks, kerbside
from depth2seg.scenes.traffic import Mover, traffic

VIEW = 95.0  # metres of street that must exist ahead of the last camera


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
    build = Builder(road, rng)
    build.parts += surfaces(road, sides, rng)
    for side in sides:
        blocks(build, side)
        kerbside(build, side)
    lane = -lanes * (0.75 if two_lanes and rng.random() < 0.5 else 0.5 if not two_lanes else 0.25)
    movers = traffic(road, sides, speed, lane, travel_frames, rng)
    for k in range(int(rng.integers(0, 3))):
        build.parts += crossing(road, sides, 12 + 45 * k + rng.uniform(0, 25), rng)
    return Street(road, sides, join(build.parts), movers, speed, lane + rng.uniform(-0.25, 0.25))
