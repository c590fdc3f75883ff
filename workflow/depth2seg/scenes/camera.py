"""The pinhole camera of the rendered world, and what one of its pixels sees of a set of triangles."""

from dataclasses import dataclass, replace

import numpy as np

from depth2seg.scenes.mesh import Triangles


@dataclass(frozen=True)
class Camera:
    """Square pixels, optical axis in the image's middle; whole numbers are pixel centres, as in KITTI.

    ``pose`` is 4,4, world from camera, with x to the right, y down and z forward in the camera.
    """

    width: int
    height: int
    f: float
    pose: np.ndarray

    @property
    def centre(self) -> tuple[float, float]:
        """Principal point (cx, cy)."""
        return (self.width - 1) / 2, (self.height - 1) / 2

    def finer(self, times: int) -> "Camera":
        """The same view with each pixel cut in times x times."""
        return replace(self, width=self.width * times, height=self.height * times, f=self.f * times)

    def beside(self, metres: float) -> "Camera":
        """The same camera moved along its own x axis."""
        pose = self.pose.copy()
        pose[:3, 3] += metres * pose[:3, 0]
        return replace(self, pose=pose)

    def rays(self) -> np.ndarray:
        """World directions H,W,3 through the pixels' centres, of length 1 along the optical axis."""
        cx, cy = self.centre
        v, u = np.mgrid[0 : self.height, 0 : self.width]
        local = np.stack([(u - cx) / self.f, (v - cy) / self.f, np.ones(u.shape)], -1)
        return local @ self.pose[:3, :3].T

    def project(self, points: np.ndarray) -> np.ndarray:
        """Pixel coordinates and depth (u, v, z) of world points ...,3."""
        local = (points - self.pose[:3, 3]) @ self.pose[:3, :3]
        cx, cy = self.centre
        z = local[..., 2]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.stack([self.f * local[..., 0] / z + cx, self.f * local[..., 1] / z + cy, z], -1)


@dataclass(frozen=True)
class Seen:
    """What the N pixels with a triangle in them see; ``where`` is their mask H,W."""

    where: np.ndarray
    face: np.ndarray
    depth: np.ndarray
    point: np.ndarray
    normal: np.ndarray
    uv: np.ndarray
    ray: np.ndarray


def see(camera: Camera, numbers: np.ndarray, world: Triangles) -> Seen:
    """Meet each pixel's ray with the plane of the triangle it sees."""
    where = numbers >= 0
    face, ray = numbers[where], camera.rays()[where]
    origin = camera.pose[:3, 3]
    a = world.corners[:, 0]
    e1, e2 = world.corners[:, 1] - a, world.corners[:, 2] - a
    cross = np.cross(e1, e2)
    area = np.maximum((cross**2).sum(1), 1e-20)
    height = ((a - origin) * cross).sum(1)
    # depth along the optical axis: the ray's z is 1
    depth = height[face] / (ray * cross[face]).sum(1)
    point = origin + depth[:, None] * ray
    off = point - a[face]
    weight = cross / area[:, None]
    b1 = (off * np.cross(e2, weight)[face]).sum(1)
    b2 = (off * np.cross(weight, e1)[face]).sum(1)
    uv0 = world.uv[:, 0]
    uv = uv0[face] + b1[:, None] * (world.uv[:, 1] - uv0)[face] + b2[:, None] * (world.uv[:, 2] - uv0)[face]
    normal = (cross / np.sqrt(area)[:, None])[face]
    normal = normal * -np.sign((normal * ray).sum(1))[:, None]
    return Seen(where, face, depth, point, normal, uv, ray)
