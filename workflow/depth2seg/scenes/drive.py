"""One sequence: the street, its light and textures, and the camera that drives through it."""

import numpy as np

from depth2seg.scenes.camera import Camera, see
from depth2seg.scenes.mesh import Triangles
from depth2seg.scenes.shading import Light, photograph, random_light
from depth2seg.scenes.street import Street, make_street
from depth2seg.scenes.textures import Textures
from depth2seg.scenes.tracer import Tracer

SKY = 23
FOCAL = 0.58  # focal length in image widths, as KITTI's
BASELINE = 0.54  # metres
SPLIT_SEED = {"video": 0, "val": 1, "train": 2, "test": 3}


class Drive:
    """A sequence of a data set; everything in it follows from (seed, split, index)."""

    def __init__(self, dataset: dict, split: str, index: int, last_frame: int):
        self.seed, self.fps = int(dataset["seed"]), float(dataset.get("fps") or 10)
        rng = np.random.default_rng([self.seed, SPLIT_SEED[split], index])
        self.height, self.width = dataset["size"]
        self.samples = int(dataset["samples"])
        self.street: Street = make_street(last_frame + 2, (5.0, 12.0), self.fps, rng)
        self.light: Light = random_light(rng)
        self.textures = Textures(rng)
        self._rig_height, self._pitch = rng.uniform(1.35, 1.9), rng.uniform(-0.035, 0.02)
        self._sway = rng.uniform(0, 2 * np.pi, 4), rng.uniform(25, 60, 4)

    def camera(self, frame: float) -> Camera:
        """Left camera at a video frame: in its lane, swaying and turning a little, on the road's slope."""
        street = self.street
        phase, period = self._sway
        wave = np.sin(2 * np.pi * frame / period + phase)
        s, d = street.speed * frame, street.lane + 0.12 * wave[0]
        place = street.road.place(s, d, self._rig_height + 0.01 * wave[1])
        yaw, pitch = (
            street.road.heading(s) + 0.03 * wave[2],
            np.arctan(street.road.slope(s)) + self._pitch + 0.006 * wave[3],
        )
        forward = np.array([np.cos(pitch) * np.cos(yaw), np.cos(pitch) * np.sin(yaw), np.sin(pitch)])
        right = np.array([np.sin(yaw), -np.cos(yaw), 0.0])
        pose = np.eye(4)
        pose[:3, :3] = np.stack([right, np.cross(forward, right), forward], 1)
        pose[:3, 3] = place[:3, 3]
        return Camera(self.width, self.height, FOCAL * self.width, pose)

    def moment(self, frame: int) -> "Moment":
        """The world at a video frame, ready to be looked at."""
        return Moment(self, frame)


class Moment:
    """One frame's world; images and exact truth of it."""

    def __init__(self, drive: Drive, frame: int):
        self.drive, self.frame = drive, frame
        self.left = drive.camera(frame)
        everything = drive.street.world(frame)
        self.poses = drive.street.poses(frame)
        self.world = _near(everything, self.left)
        eyes = np.stack([camera.pose[:3, 3] for camera in (self.left, self.left.beside(BASELINE))])
        self.tracer = Tracer(self.world.corners, drive.light.direction, eyes)
        numbers, _ = self.tracer.look(self.left)
        self._seen = see(self.left, numbers, self.world)

    def image(self, right: bool = False) -> np.ndarray:
        """uint8 H,W,3 of the left or right camera."""
        d = self.drive
        camera = self.left.beside(BASELINE) if right else self.left
        return photograph(self.tracer, camera, self.world, d.textures, d.light, d.samples)

    def depth(self) -> np.ndarray:
        """Metres along the optical axis at pixel centres, H,W; 0 is sky."""
        return self._spread(self._seen.depth, 0.0)

    def labels(self) -> np.ndarray:
        """Cityscapes label ids, uint8 H,W."""
        return self._spread(self.world.label[self._seen.face], SKY).astype(np.uint8)

    def instances(self) -> np.ndarray:
        """Instance numbers of the sequence, H,W; 0 is what is not countable."""
        return self._spread(self.world.instance[self._seen.face], 0).astype(int)

    def flow(self) -> np.ndarray:
        """Exact optical flow to the next frame in pixels, H,W,2; NaN for sky and for what gets behind the camera."""
        instance = self.world.instance[self._seen.face]
        step = self.drive.street.poses(self.frame + 1) @ np.linalg.inv(self.poses)
        point = np.einsum("nij,nj->ni", step[instance][:, :3, :3], self._seen.point) + step[instance][:, :3, 3]
        there = self.drive.camera(self.frame + 1).project(point)
        v, u = np.nonzero(self._seen.where)
        flow = np.where(there[:, 2:] > 0.1, there[:, :2] - np.stack([u, v], 1), np.nan)
        return self._spread(flow, np.nan)

    def _spread(self, values: np.ndarray, empty: float) -> np.ndarray:
        full = np.full((*self._seen.where.shape, *values.shape[1:]), empty)
        full[self._seen.where] = values
        return full


def _near(world: Triangles, camera: Camera, reach: float = 130.0) -> Triangles:
    """What the camera or its shadows can show: not far behind, not beyond reach."""
    ahead = (world.corners - camera.pose[:3, 3]) @ camera.pose[:3, 2]
    keep = (ahead.max(1) > -25) & (ahead.min(1) < reach)
    return world.only(keep)
