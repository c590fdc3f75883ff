"""Small data sets in the publishers' exact layouts and formats: KITTI, Cityscapes, NYU-Depth-V2.

Each maker writes what the publisher's archives hold once they are extracted side by side, so that a server can pack the
same folders into archives. Pictures are blocks of colour: what matters here is where things lie and how they are coded.
"""

import io
import json
import zipfile

import cv2
import numpy as np
from depth2seg.data import kitti_splits
from depth2seg.data.cityscapes_files import AFTER, BEFORE
from depth2seg.data.registry_rows import is_archive
from depth2seg.scenes import formats

KITTI_SIZE = (96, 320)  # height, width: KITTI's own is about 375 x 1242, and differs by day
TRAINED, VALIDATED, TESTED = (f"2011_09_26_drive_{number}_sync" for number in ("0001", "0015", "0048"))
KITTI_DRIVES = {TRAINED: 12, VALIDATED: 3, TESTED: 23}  # Eigen tests on frames 0 to 21 of drive 0048
STANDING = (2, 3, 4)  # frames of the training drive after which the car has not moved
STEP = 0.8  # metres a frame otherwise
KITTI_LABELS = (7, 8, 11, 21, 22, 23, 26)
CITYSCAPES = {("train", "aachen"): ("000000", "000001"), ("val", "frankfurt"): ("000000",)}
CITYSCAPES_FRAME = 19  # the labelled one of each snippet
CITYSCAPES_CAMERA = {
    "extrinsic": {"baseline": 0.209313, "pitch": 0.038, "roll": 0.0, "x": 1.7, "y": 0.1, "yaw": -0.0195, "z": 1.22},
    "intrinsic": {"fx": 2262.52, "fy": 2265.3017905988554, "u0": 1096.98, "v0": 513.137},
}  # the first frame of aachen, as published
NYU_SCENES = ("kitchen_0004", "kitchen_0004", "office_0002a", "bedroom_0010", "bedroom_0010", "study_0001")
NYU_TRAIN = (1, 2, 3)  # numbers of frames, from 1
NYU_RAW = {
    "basements": {"basement_0001a": 7, "bedroom_0010": 2},
    "kitchens_part1": {"kitchen_0004": 4, "study_0001b": 1},
}


def picture(rng, size, channels=3):
    """Coloured blocks, height x width x channels, 8 bits."""
    blocks = rng.integers(0, 256, (4, 8, channels), np.uint8)
    return cv2.resize(blocks, size[::-1], interpolation=cv2.INTER_NEAREST).reshape(*size, channels)


def labels(rng, size, values):
    """A label image of blocks of the given values."""
    blocks = rng.choice(np.array(values, np.uint8), (4, 8))
    return cv2.resize(blocks, size[::-1], interpolation=cv2.INTER_NEAREST)


def write(path, pixels):
    """Write a PNG and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    formats.write_png(path, pixels)


def write_kitti(root, drives=KITTI_DRIVES, size=KITTI_SIZE):
    """Raw drives with calibration (``raw``), and data_semantics (``semantics``). Returns the folder."""
    rng = np.random.default_rng(0)
    f, centre = 0.58 * size[1], ((size[1] - 1) / 2, (size[0] - 1) / 2)
    for drive, frames in drives.items():
        day = root / "raw" / drive[:10]
        folder, place = day / drive, 0.0
        for name in ("velodyne_points", "oxts"):
            (folder / name / "data").mkdir(parents=True, exist_ok=True)
        for frame in range(frames):
            name, pose = f"{frame:010d}", np.eye(4)
            pose[0, 3] = place
            for camera in ("image_02", "image_03"):
                write(folder / camera / "data" / f"{name}.png", picture(rng, size))
            scan(rng).tofile(folder / "velodyne_points/data" / f"{name}.bin")
            (folder / "oxts/data" / f"{name}.txt").write_text(formats.oxts_line(pose, 10 * STEP))
            place += 0.0 if drive == TRAINED and frame in STANDING else STEP
        (day / "calib_cam_to_cam.txt").write_text(formats.camera_calibration(f, *centre, *size[::-1]))
        (day / "calib_velo_to_cam.txt").write_text(formats.rigid_calibration(formats.VELO_TO_CAM))
        (day / "calib_imu_to_velo.txt").write_text(formats.rigid_calibration(formats.IMU_TO_VELO))
    for number in range(kitti_splits.LABELLED):
        write(root / f"semantics/training/image_2/{number:06d}_10.png", picture(rng, size))
        write(root / f"semantics/training/semantic/{number:06d}_10.png", labels(rng, size, KITTI_LABELS))
    return root


def scan(rng, points=600):
    """A laser scan: points all around, most of them on the ground."""
    angle, distance = rng.uniform(-np.pi, np.pi, points), rng.uniform(4, 40, points)
    height = np.where(np.arange(points) % 3, -1.7, rng.uniform(-1.5, 2, points))
    return np.stack([distance * np.cos(angle), distance * np.sin(angle), height, rng.uniform(0, 1, points)], 1).astype(
        "<f4"
    )


def write_cityscapes(root, cities=CITYSCAPES, video=True):
    """The packages for left and right images, disparity, camera, fine labels and sequences. Returns the folder."""
    rng, size = np.random.default_rng(1), (1024, 2048)
    for (split, city), found in cities.items():
        for sequence in found:

            def path(folder, kind, frame=CITYSCAPES_FRAME, split=split, city=city, sequence=sequence):
                return root / folder / split / city / f"{city}_{sequence}_{frame:06d}_{kind}"

            write(path("leftImg8bit", "leftImg8bit.png"), picture(rng, size))
            write(path("rightImg8bit", "rightImg8bit.png"), picture(rng, size))
            disparity = labels(rng, size, (0, 20, 40, 80)).astype(np.uint16) * 256
            write(path("disparity", "disparity.png"), disparity + (disparity > 0))
            write(path("gtFine", "gtFine_labelIds.png"), labels(rng, size, range(34)))
            camera = path("camera", "camera.json")
            camera.parent.mkdir(parents=True, exist_ok=True)
            camera.write_text(json.dumps(CITYSCAPES_CAMERA))
            for frame in range(CITYSCAPES_FRAME - BEFORE, CITYSCAPES_FRAME + AFTER + 1) if video else ():
                target = path("leftImg8bit_sequence", "leftImg8bit.png", frame)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(path("leftImg8bit", "leftImg8bit.png").read_bytes())  # encoding takes its time
    return root


def write_nyu(root, scenes=NYU_SCENES, train=NYU_TRAIN, raw=NYU_RAW):
    """nyu_depth_v2_labeled.mat, splits.mat and classMapping40.mat, and recordings below ``raw``. Returns the folder."""
    import h5py
    from scipy.io import savemat

    rng, size, count = np.random.default_rng(2), (480, 640), len(scenes)
    root.mkdir(parents=True, exist_ok=True)
    images = np.stack([picture(rng, size) for _ in scenes])
    depths = np.stack([picture(rng, size, 1)[..., 0] / np.float32(40) + 1 for _ in scenes]).astype(np.float32)
    values = np.stack([labels(rng, size, range(0, 200, 7)) for _ in scenes]).astype(np.uint16)
    values[:, 100:120, 100:120] = 894
    with h5py.File(root / "nyu_depth_v2_labeled.mat", "w", userblock_size=512) as file:
        file["images"], file["depths"] = images.transpose(0, 3, 2, 1), depths.transpose(0, 2, 1)
        file["labels"] = values.transpose(0, 2, 1)
        references = file.create_dataset("scenes", (1, count), h5py.ref_dtype)
        for place, scene in enumerate(scenes):
            text = file.create_dataset(f"#refs#/{place}", data=np.array([[ord(c)] for c in scene], np.uint16))
            references[0, place] = text.ref
    test = [number for number in range(1, count + 1) if number not in train]
    savemat(root / "splits.mat", {"trainNdxs": np.array([train]).T, "testNdxs": np.array([test]).T})
    savemat(root / "classMapping40.mat", {"mapClass": nyu_classes()[None]})
    return write_nyu_raw(root, raw)


def write_nyu_raw(root, parts):
    """Recordings: so many depth frames of each scene, 25 a second, each followed by its colour frame."""
    rng, size = np.random.default_rng(3), (480, 640)
    shown = [(picture(rng, size), picture(rng, size, 1)[..., 0].astype(np.uint16) + 750) for _ in range(2)]
    for part, scenes in parts.items():
        for scene, frames in scenes.items():
            folder, names = root / "raw" / part / scene, []
            folder.mkdir(parents=True, exist_ok=True)
            for frame in range(frames):
                colour, disparity = shown[frame % 2]
                seconds, ticks = 1294886362.665769 + 0.04 * frame, 3143255701 + 2400000 * frame
                files = {
                    f"a-{seconds - 0.004:.6f}-{ticks}.dump": bytes(16),
                    f"d-{seconds:.6f}-{ticks}.pgm": kinect_depth(disparity),
                    f"r-{seconds + 0.012:.6f}-{ticks + 720000}.ppm": kinect_colour(colour),
                }
                for name, content in files.items():
                    (folder / name).write_bytes(content)
                names += files
            (folder / "INDEX.txt").write_text("".join(f"{name}\n" for name in names))
    return root


def kinect_depth(disparity):
    """A d-*.pgm as libfreenect's recorder writes it: the least significant byte first."""
    return b"P5 %d %d 65535\n" % disparity.shape[::-1] + disparity.astype("<u2").tobytes()


def kinect_colour(pixels):
    """An r-*.ppm."""
    return b"P6 %d %d 255\n" % pixels.shape[1::-1] + pixels.tobytes()


def nyu_classes():
    """A stand-in for the published mapping of labels 1 to 894 to classes 1 to 40."""
    return (np.arange(894) % 40 + 1).astype(np.uint8)


def archives(root, parts):
    """These parts of the registry as the publishers' files, by name, made of a folder that a maker above wrote."""
    return {part.file: _zipped(root, part) if is_archive(part.file) else (root / part.makes[0]).read_bytes()
            for part in parts}  # fmt: skip


def _zipped(root, part):
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:  # pictures are compressed already
        for path in sorted(path for made in part.makes for path in _files(root / made)):
            archive.write(path, path.relative_to(root / part.folder))
    return written.getvalue()


def _files(path):
    return [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
