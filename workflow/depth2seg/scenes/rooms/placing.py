"""Where the things of a room stand: along its walls or about its floor, none in another."""

from dataclasses import replace

import numpy as np

from depth2seg.scenes.mesh import Triangles, pose
from depth2seg.scenes.rooms.parts import Piece, Shine

GAP = 0.02  # metres between neighbours, and between furniture and wall


class Placer:
    """A room (x, y, z) that fills up.

    Attributes:
        parts: triangles of all that was put.
        boxes: K x 2 x 3, lower and upper corners of what is solid.
        shines: the lights of all that was put.
    """

    def __init__(self, size: np.ndarray, rng: np.random.Generator):
        self.size, self.rng = size, rng
        self.parts: list[Triangles] = []
        self.shines: list[Shine] = []
        self._boxes: list[np.ndarray] = []
        self._kept_free: list[np.ndarray] = []

    @property
    def boxes(self) -> np.ndarray:
        """See the class."""
        return np.array(self._boxes).reshape(-1, 2, 3)

    def put(self, piece: Piece, at: np.ndarray, solid: bool = True) -> None:
        """Add a piece under a pose 4,4; what is not solid can be stood on, like a rug."""
        self.parts.append(piece.shape.moved(at))
        for shine in piece.shines:
            towards = None if shine.towards is None else at[:3, :3] @ shine.towards
            self.shines.append(Shine(at[:3, :3] @ shine.at + at[:3, 3], towards, shine.colour))
        if solid:
            self._boxes.append(extent(piece, at))

    def keep_free(self, piece: Piece, at: np.ndarray, depth: float) -> None:
        """Nothing may be put in front of a piece as far as depth."""
        ahead = Piece(piece.shape, (depth, piece.size[1], piece.size[2]), base=piece.base)
        self._kept_free.append(extent(ahead, at))

    def fits(self, piece: Piece, at: np.ndarray) -> bool:
        """Whether a piece would be inside the room and in nothing else."""
        box = extent(piece, at)
        inside = (box[0] >= -1e-6).all() and (box[1] <= self.size + 1e-6).all()
        return bool(inside) and not any(_overlap(box, other) for other in (*self._boxes, *self._kept_free))

    def on_wall(self, k: int, s: float, z: float = 0.0, off: float = 0.0) -> np.ndarray:
        """Pose with the back at wall k (0 to 3: y = 0, x = most, y = most, x = 0), s along it, z up, ``off`` away."""
        x, y, _ = self.size
        at = [(s, off), (x - off, s), (s, y - off), (off, s)][k]
        return pose((*at, z), yaw=[np.pi / 2, np.pi, -np.pi / 2, 0.0][k])

    def along_walls(self, piece: Piece, z: float = 0.0, off: float = GAP, tries: int = 40) -> np.ndarray | None:
        """A free place at some wall, or None."""
        for _ in range(tries):
            k = int(self.rng.integers(4))
            length, half = self.size[k % 2], piece.size[1] / 2 + GAP
            if length > 2 * half:
                at = self.on_wall(k, self.rng.uniform(half, length - half), z, off)
                if self.fits(piece, at):
                    return at
        return None

    def about(self, piece: Piece, margin: float = 0.6, tries: int = 40) -> np.ndarray | None:
        """A free place off the walls by a margin, turned by quarters, or None."""
        for _ in range(tries):
            x, y = self.rng.uniform(margin, self.size[:2] - margin)
            at = pose((x, y, 0), yaw=self.rng.integers(4) * np.pi / 2) @ pose((-piece.size[0] / 2, 0, 0))
            if self.fits(piece, at):
                return at
        return None


def extent(piece: Piece, at: np.ndarray) -> np.ndarray:
    """Lower and upper corner 2,3 of a piece under a pose."""
    depth, width, height = piece.size
    corners = [(x, y, z) for x in (0, depth) for y in (-width / 2, width / 2) for z in (piece.base, height)]
    moved = np.array(corners) @ at[:3, :3].T + at[:3, 3]
    return np.stack([moved.min(0), moved.max(0)])


def backed(piece: Piece) -> Piece:
    """A piece whose origin is its middle, moved so that its back is at x = 0 as that of others."""
    ahead = np.array([piece.size[0] / 2, 0, 0])
    shines = tuple(replace(shine, at=shine.at + ahead) for shine in piece.shines)
    return replace(piece, shape=piece.shape.moved(pose(ahead)), shines=shines)


def _overlap(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(((a[0] < b[1] - 1e-6) & (b[0] < a[1] - 1e-6)).all())
