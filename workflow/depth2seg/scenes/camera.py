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
    """What the N pixels with a triangle in them see; ``where`` is their mask H,W, ``depth`` metres along the axis."""

    where: np.ndarray
    face: np.ndarray
    depth: np.ndarray
    point: np.ndarray
    normal: np.ndarray
    uv: np.ndarray
    ray: np.ndarray


def see(camera: Camera, numbers: np.ndarray, world: Triangles) -> Seen:
    """Meet each pixel's ray with the plane of the triangle it sees; numbers H,W are the triangles, -1 is sky."""
    where = numbers >= 0
    visible, face = np.unique(numbers[where], return_inverse=True)
    ray = camera.rays()[where]
    a, b, c = np.moveaxis(world.corners[visible], 1, 0)
    cross = np.cross(b - a, c - a)
    square = np.maximum((cross**2).sum(1), 1e-20)
    eye = camera.pose[:3, 3]
    # The ray's length along the optical axis is 1, hence the factor that takes it to the plane is the depth.
    depth = ((a - eye) * cross).sum(1)[face] / np.einsum("ni,ni->n", ray, cross[face])
    point = eye + depth[:, None] * ray
    # Texture coordinates are linear in the point: uv = start + point @ gradient, by barycentric coordinates.
    weight = cross / square[:, None]
    edges = np.stack([np.cross(c - a, weight), np.cross(weight, b - a)], 1)
    uv = world.uv[visible]
    gradient = np.einsum("fek,feu->fku", edges, uv[:, 1:] - uv[:, :1])
    start = uv[:, 0] - np.einsum("fk,fku->fu", a, gradient)
    coordinates = start[face] + np.einsum("nk,nku->nu", point, gradient[face])
    towards = -np.sign(((a - eye) * cross).sum(1))
    normal = (towards / np.sqrt(square))[:, None] * cross
    return Seen(where, visible[face], depth, point, normal[face], coordinates, ray)
