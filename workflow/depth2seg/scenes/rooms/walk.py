"""A camera that someone holds and looks around with: an ellipse in free space, a slow pan, and a little shake."""

import numpy as np

from depth2seg.scenes.rooms.room import Room

CLEAR = 0.3  # metres that the camera keeps from everything
AHEAD = 1.6  # metres to the next wall, at least, in the direction that it looks

CHOICE = 12  # paths to choose from


class NoFreePlaceError(Exception):
    """The furniture of a room leaves no place to hold a camera in."""


class Walk:
    """A smooth path, the same at any frame rate and for any number of frames, since it goes round.

    Of many drawn at random it is, among the first few that stay clear of everything, the one that looks at the most.
    """

    def __init__(self, room: Room, seconds: np.ndarray, rng: np.random.Generator):
        """Draw a path that is clear at the given times K; NoFreePlaceError if none is found."""
        clear: list[tuple[float, dict]] = []
        for attempt in range(600):
            self._draw(room.size, rng, max(0.99**attempt, 0.25))
            places, forward = self._places(seconds), self._axes(seconds)[2]
            if _clearance(places, room) > CLEAR and _ahead(places, forward, room.size) > AHEAD:
                clear.append((_looked_at(places, forward, room), dict(vars(self))))
            if len(clear) == CHOICE:
                break
        if not clear:
            raise NoFreePlaceError
        vars(self).update(max(clear, key=lambda found: found[0])[1])

    def pose(self, seconds: float) -> np.ndarray:
        """4,4 world from camera at a time, with x to the right, y down and z forward in the camera."""
        t = np.array([seconds])
        result = np.eye(4)
        result[:3, :3] = self._axes(t)[:, 0].T
        result[:3, 3] = self._places(t)[0]
        return result

    def _draw(self, size: np.ndarray, rng: np.random.Generator, smaller: float) -> None:
        self._middle = np.array([*rng.uniform(0.2, 0.8, 2) * size[:2], rng.uniform(1.05, 1.6)])
        self._radii = rng.uniform(0.3, 1.1, 2) * smaller
        self._turn, self._start = rng.uniform(0, 2 * np.pi, 2)
        speed = rng.uniform(0.45, 0.75) * max(smaller, 0.6)  # metres a second
        self._rate = rng.choice([-1, 1]) * speed / self._radii.mean()
        self._yaw, self._pan = rng.uniform(0, 2 * np.pi), rng.uniform(0.15, 0.6)
        self._pitch = rng.uniform(-0.4, -0.05)
        self._slow = rng.uniform(0.25, 0.6, 4), rng.uniform(0, 2 * np.pi, 4)  # hertz are a fifth of it
        self._shake = rng.uniform(0.7, 1.9, (6, 2)), rng.uniform(0, 2 * np.pi, (6, 2))

    def _places(self, t: np.ndarray) -> np.ndarray:
        angle = self._start + self._rate * t
        x, y = self._radii[0] * np.cos(angle), self._radii[1] * np.sin(angle)
        c, s = np.cos(self._turn), np.sin(self._turn)
        path = np.stack([c * x - s * y, s * x + c * y, 0.06 * self._wave(t, 0)], 1)
        return self._middle + path + 0.004 * np.stack([self._tremble(t, k) for k in range(3)], 1)

    def _axes(self, t: np.ndarray) -> np.ndarray:
        """Right, down and forward, 3,K,3."""
        yaw = self._yaw + self._pan * self._wave(t, 1) + 0.006 * self._tremble(t, 3)
        pitch = self._pitch + 0.1 * self._wave(t, 2) + 0.005 * self._tremble(t, 4)
        roll = 0.04 * self._wave(t, 3) + 0.004 * self._tremble(t, 5)
        zero = np.zeros_like(t)
        forward = np.stack([np.cos(pitch) * np.cos(yaw), np.cos(pitch) * np.sin(yaw), np.sin(pitch)], 1)
        level = np.stack([np.sin(yaw), -np.cos(yaw), zero], 1)
        below = np.cross(forward, level)
        c, s = np.cos(roll)[:, None], np.sin(roll)[:, None]
        return np.stack([c * level + s * below, c * below - s * level, forward])

    def _wave(self, t: np.ndarray, k: int) -> np.ndarray:
        rate, phase = self._slow
        return np.sin(2 * np.pi * 0.2 * rate[k] * t + phase[k])

    def _tremble(self, t: np.ndarray, k: int) -> np.ndarray:
        rate, phase = self._shake
        return np.sin(2 * np.pi * rate[k] * t[:, None] + phase[k]).sum(1)


def _clearance(places: np.ndarray, room: Room) -> float:
    """Least distance of places K,3 to walls, floor, ceiling and the boxes around things."""
    outside = np.maximum(room.boxes[:, 0] - places[:, None], places[:, None] - room.boxes[:, 1]).clip(0)
    walls = np.minimum(places, room.size - places)
    return float(min(np.linalg.norm(outside, axis=2).min(), walls.min()))


def _looked_at(places: np.ndarray, forward: np.ndarray, room: Room) -> float:
    """Mean number of pieces of furniture within 30 degrees of directions K,3, one to five metres from places K,3."""
    size = room.boxes[:, 1] - room.boxes[:, 0]
    large = room.boxes[(size.min(1) > 0.25) & (size.max(1) > 0.5)].mean(1)  # no doors, windows or pictures
    way = large - places[:, None]
    far = np.linalg.norm(way, axis=2)
    ahead = np.einsum("kbi,ki->kb", way, forward) / far
    return float(((ahead > np.cos(np.radians(30))) & (far > 1) & (far < 5)).sum(1).mean())


def _ahead(places: np.ndarray, forward: np.ndarray, size: np.ndarray) -> float:
    """Least distance from places K,3 to the walls along directions K,3, on the floor's plane."""
    level = forward[:, :2] / np.linalg.norm(forward[:, :2], axis=1, keepdims=True)
    with np.errstate(divide="ignore"):
        reach = np.where(level > 0, (size[:2] - places[:, :2]) / level, -places[:, :2] / level)
    return float(reach.min())
