"""Rendered single objects, one class a folder: {root}/{split}/{class}/{image:05d}.png.

The stand-in for ImageNet classification: the street's own makers of things, each in a random view, light and colour
before a random background.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from depth2seg.scenes import buildings, furniture, people, plants, vehicles
from depth2seg.scenes.camera import Camera
from depth2seg.scenes.layout import OBJECT_CLASSES
from depth2seg.scenes.mesh import Paint, Triangles, box, join, pose, quads
from depth2seg.scenes.sequence import save, with_progress, write_manifest
from depth2seg.scenes.shading import photograph, random_light
from depth2seg.scenes.textures import Textures
from depth2seg.scenes.tracer import Tracer

MAKERS: dict[str, Callable[[np.random.Generator], Triangles]] = {
    "bench": furniture.bench, "bicycle": vehicles.bicycle, "building": buildings.building, "bus": vehicles.bus,
    "bush": plants.bush, "car": vehicles.car, "conifer": plants.conifer,
    "fence": lambda rng: furniture.fence(rng, rng.uniform(3, 6)), "house": buildings.house, "lamp": furniture.lamp,
    "motorcycle": vehicles.motorcycle, "person": people.person, "rider": vehicles.rider,
    "traffic_light": furniture.traffic_light, "traffic_sign": furniture.traffic_sign, "tree": plants.tree,
    "truck": vehicles.truck, "van": vehicles.van,
}  # fmt: skip
_HAS_FRONT = {"traffic_light", "traffic_sign"}  # towards -x; from behind they are all alike
_SPLITS = ("train", "val")
_PER_TEXTURES = 40  # images that share one set of textures, which takes as long as some ten images


def render_objects(dataset: dict, job: str, root: Path) -> None:
    """Render all images of a job "{split}-{class}", and last its manifest."""
    split, _, name = job.partition("-")
    total = int(dataset["splits"][split]["images"])
    seed = [int(dataset["seed"]), _SPLITS.index(split), OBJECT_CLASSES.index(name)]

    def images() -> Iterator[Path]:
        for k in range(total):
            if k % _PER_TEXTURES == 0:
                textures = Textures(np.random.default_rng([*seed, k, 1]))
            rng = np.random.default_rng([*seed, k])
            image = portrait(name, dataset["size"], int(dataset["samples"]), textures, rng)
            yield save(root / split / name / f"{k:05d}.png", image)

    write_manifest(dataset, job, root, list(with_progress(images(), total, "image")))


def portrait(name: str, size: list[int], samples: int, textures: Textures, rng: np.random.Generator) -> np.ndarray:
    """uint8 image H,W,3 of one object of a class."""
    height, width = size
    thing = MAKERS[name](rng)
    low, high = thing.corners.min((0, 1)), thing.corners.max((0, 1))
    middle, radius = (low + high) / 2, float(np.linalg.norm(high - low)) / 2
    world = join([thing, *_background(radius, rng)])
    azimuth = np.pi + rng.uniform(-1.2, 1.2) if name in _HAS_FRONT else rng.uniform(0, 2 * np.pi)
    elevation = rng.uniform(0.02, 0.4)
    f = rng.uniform(1.0, 1.8)
    distance = radius * f * rng.uniform(1.5, 2.4)
    towards = np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
    eye = middle + distance * towards
    eye[2] = max(eye[2], 0.15 * radius)
    aim = middle + radius * rng.uniform(-0.2, 0.2, 3)
    camera = Camera(width, height, f * width, _look(eye, aim))
    light = random_light(rng)
    tracer = Tracer(world.corners, light.direction, eye[None])
    return photograph(tracer, camera, world, textures, light, samples)


def _background(radius: float, rng: np.random.Generator) -> list[Triangles]:
    """Ground, and around it clutter of walls, balls of leaves and boxes far enough not to hide the object."""
    floor = str(rng.choice(["asphalt", "paving", "cobble", "grass", "plaster", "wood"]))
    far = 40 * radius
    corners = np.array([[[-far, -far, 0], [far, -far, 0], [far, far, 0], [-far, far, 0]]])
    parts = [quads(corners, Paint(floor, tuple(rng.uniform(0.08, 0.45, 3)), 0))]
    kinds = ["brick", "plaster", "hedge", "leaves", "planks", "roof", *(f"facade{k}" for k in range(8))]
    for _ in range(int(rng.integers(3, 12))):
        angle, out = rng.uniform(0, 2 * np.pi), radius * rng.uniform(5, 9)
        paint = Paint(str(rng.choice(kinds)), tuple(rng.uniform(0.05, 0.6, 3)), 0)
        block = box(radius * rng.uniform(0.5, 4, 3), (0, 0, 0), paint)
        parts.append(block.moved(pose((out * np.cos(angle), out * np.sin(angle), 0), yaw=rng.uniform(0, np.pi))))
    return parts


def _look(eye: np.ndarray, aim: np.ndarray) -> np.ndarray:
    forward = (aim - eye) / np.linalg.norm(aim - eye)
    right = np.cross(forward, [0.0, 0, 1])
    right /= np.linalg.norm(right)
    result = np.eye(4)
    result[:3, :3], result[:3, 3] = np.stack([right, np.cross(forward, right), forward], 1), eye
    return result
