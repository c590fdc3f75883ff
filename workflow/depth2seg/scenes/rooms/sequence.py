"""Render one sequence of a room, in the form that NYU-Depth-V2 is extracted to (see data/nyu.py).

::

    {job}/camera.json                the camera of all its frames
    {job}/image/{frame:06d}.png      the image
    {job}/depth/{frame:06d}.png      its exact depth
    {job}/label/{frame:06d}.png      its NYU-40 ids; of the splits train and test
    {job}/pose/{frame:06d}.txt       4 x 4, world from camera, metres: row by row, z is up in the world
    manifests/{job}.json             last: every file with size and sha256
"""

import contextlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import numpy as np

from depth2seg.errors import UserError
from depth2seg.files import write_json
from depth2seg.scenes import layout
from depth2seg.scenes.camera import Camera, Seen, see
from depth2seg.scenes.drive import SPLIT_SEED
from depth2seg.scenes.rooms.light import light_of, photograph_room
from depth2seg.scenes.rooms.room import Room, make_room
from depth2seg.scenes.rooms.textures import room_textures
from depth2seg.scenes.rooms.walk import NoFreePlaceError, Walk
from depth2seg.scenes.sequence import save, with_progress, write_manifest
from depth2seg.scenes.tracer import LampTracer

FOCAL = 0.81  # focal length in image widths, as of NYU's camera: 519 of 640 pixels
FURTHEST = 65.535  # metres: what 16 bits of millimetres hold


class Visit:
    """A room and the camera that looks around in it; everything follows from (seed, split, index)."""

    def __init__(self, dataset: dict, split: str, index: int, frames: list[int]):
        rng = np.random.default_rng([int(dataset["seed"]), SPLIT_SEED[split], index])
        self.height, self.width = dataset["size"]
        self.samples, self.fps = int(dataset["samples"]), float(dataset.get("fps") or 10)
        self.room, self.walk = _room_with_a_place(np.array(frames) / self.fps, rng)
        self.light = light_of(self.room, rng)
        self.textures = room_textures(rng)

    def camera(self, frame: int) -> Camera:
        """The camera at a video frame."""
        return Camera(self.width, self.height, FOCAL * self.width, self.walk.pose(frame / self.fps))

    def view(self, frame: int) -> "View":
        """What it sees at one of the frames that the visit was made for."""
        return View(self, self.camera(frame))


def _room_with_a_place(seconds: np.ndarray, rng: np.random.Generator) -> tuple[Room, Walk]:
    """The first room in which a camera can be held at the given times, and its path."""
    for _ in range(100):
        room = make_room(rng)
        with contextlib.suppress(NoFreePlaceError):
            return room, Walk(room, seconds, rng)
    raise UserError(
        f"no room of a hundred has a clear path for a camera over {np.ptp(seconds):.0f} s: ask for fewer frames"
    )


class View:
    """One frame: the image and exact truth of it."""

    def __init__(self, visit: Visit, camera: Camera):
        self.visit, self.camera = visit, camera
        self.tracer = LampTracer(visit.room.world.corners, camera.pose[:3, 3])

    @cached_property
    def _seen(self) -> Seen:
        return see(self.camera, self.tracer.look(self.camera)[0], self.visit.room.world)

    def image(self) -> np.ndarray:
        """uint8 H,W,3."""
        v = self.visit
        return photograph_room(self.tracer, self.camera, v.room, v.textures, v.light, v.samples)

    def depth(self) -> np.ndarray:
        """Metres along the optical axis at pixel centres, H,W."""
        return self._spread(self._seen.depth)

    def labels(self) -> np.ndarray:
        """NYU-40 ids, uint8 H,W."""
        return self._spread(self.visit.room.world.label[self._seen.face]).astype(np.uint8)

    def _spread(self, values: np.ndarray) -> np.ndarray:
        full = np.zeros(self._seen.where.shape)
        full[self._seen.where] = values
        return full


def render_room(dataset: dict, job: str, root: Path) -> None:
    """Render the frames of a job, "{split}-{number}", and last its manifest."""
    split, _, index = job.partition("-")
    frames = layout.frame_numbers(dataset["splits"][split])
    visit = Visit(dataset, split, int(index), frames)
    files = [_camera_file(visit, root / job)]
    for frame_files in with_progress(_frames(visit, frames, split, root / job), len(frames), "frame"):
        files += frame_files
    write_manifest(dataset, job, root, files)


def millimetres(depth: np.ndarray) -> np.ndarray:
    """uint16 of depth in metres H,W; what is too far for 16 bits becomes 0."""
    return np.where(depth <= FURTHEST, np.rint(1000 * depth), 0).astype(np.uint16)


def _camera_file(visit: Visit, folder: Path) -> Path:
    camera = visit.camera(0)
    (cx, cy), path = camera.centre, folder / "camera.json"
    intrinsics = {"fx": camera.f, "fy": camera.f, "cx": cx, "cy": cy}
    write_json(path, intrinsics | {"width": camera.width, "height": camera.height})
    return path


def _frames(visit: Visit, frames: list[int], split: str, folder: Path) -> Iterator[list[Path]]:
    for k in frames:
        view = visit.view(k)
        pose = "".join(" ".join(repr(float(v)) for v in row) + "\n" for row in view.camera.pose)
        files = [
            save(folder / f"image/{k:06d}.png", view.image()),
            save(folder / f"depth/{k:06d}.png", millimetres(view.depth())),
            save(folder / f"pose/{k:06d}.txt", pose.encode()),
        ]
        if split in layout.LABEL_BASE:
            files.append(save(folder / f"label/{k:06d}.png", view.labels()))
        yield files
