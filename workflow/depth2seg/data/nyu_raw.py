"""NYU-Depth-V2's raw recordings: from a Kinect's unsynchronised frames to the form that `depth2seg.data.nyu` reads.

Below ``raw/{part}`` lies a folder a scene, ``{scene}`` or once deeper, with ``d-{seconds}-{ticks}.pgm`` (depth),
``r-{seconds}-{ticks}.ppm`` (colour) and INDEX.txt. Preparing writes ``raw_frames/{part}/{scene}``: every n-th depth
frame with the colour frame nearest to it in time, both of the size and camera of the labelled frames. A frame's file
has its number among the scene's depth frames, so that another ``stride`` finds those that are there. What was made
with one stride is listed in ``raw_frames/{part}/stride-{n}.json``. Some published files are empty or cut off: such
frames are left out.
"""

from __future__ import annotations

import bisect
import json
import logging
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from depth2seg.data import nyu_labelled, registry
from depth2seg.errors import UserError
from depth2seg.files import atomic_path, write_json

FOLDER = "raw_frames"
APART = 0.1
"""Seconds between a depth frame and its colour frame (they come 20 to 30 times a second); more, and it is left out."""

DAMAGED = 0.1  # share of a part's frames that may be left out as damaged
_NAME = re.compile(r"([dr])-(\d+\.\d+)-\d+\.(pgm|ppm)")
_KINDS = {"d": "pgm", "r": "ppm"}
logger = logging.getLogger(__name__)


def all_parts() -> list[str]:
    """The registry's parts that hold recordings."""
    return [part.name for part in registry.read() if part.dataset == "nyu" and part.folder.startswith("raw/")]


def parts(dataset: Mapping) -> list[str]:
    """The parts that a data set's block takes, each prepared by a job of its own."""
    if not dataset.get("raw"):
        return []
    taken = [dataset.get(key) for key in ("raw_parts", "parts")]
    return [name for name in all_parts() if all(names is None or name in names for names in taken)]


def scenes(folder: Path) -> list[Path]:
    """The scenes of a part, by name: folders with frames or an INDEX.txt, in it or in a folder of it."""
    below = sorted(path for path in folder.glob("*") if path.is_dir())
    return [
        scene for path in below for scene in ([path] if _is_scene(path) else filter(_is_scene, sorted(path.glob("*"))))
    ]


def frames(scene: Path) -> tuple[dict[str, list[tuple[float, str]]], list[str]]:
    """Seconds and name of a scene's frames by kind, ``d`` and ``r``, in order of time; and names that do not parse."""
    found: dict[str, list[tuple[float, str]]] = {kind: [] for kind in _KINDS}
    strange = []
    for name in (path.name for path in scene.iterdir()):
        parsed = _NAME.fullmatch(name)
        if parsed and _KINDS[parsed[1]] == parsed[3]:
            found[parsed[1]].append((float(parsed[2]), name))
        elif name.startswith(("d-", "r-")):
            strange.append(name)
    return {kind: sorted(names) for kind, names in found.items()}, sorted(strange)


def synchronised(scene: Path) -> list[tuple[Path, Path] | None]:
    """Of each depth frame, in order of time, its file and that of the nearest colour frame, as get_synched_frames.m.

    None in place of a depth frame whose nearest colour frame is more than `APART` from it.
    """
    found, _ = frames(scene)
    times, pairs = [seconds for seconds, _ in found["r"]], []
    for seconds, name in found["d"]:
        after = bisect.bisect_left(times, seconds)
        near = [(abs(times[i] - seconds), -i) for i in (after - 1, after) if 0 <= i < len(times)]
        apart, i = min(near, default=(APART + 1, 0))
        pairs.append((scene / name, scene / found["r"][-i][1]) if apart <= APART else None)
    return pairs


def held_out(root: Path) -> set[str]:
    """The places that the official test split is of: its scenes, without the letter of a scene recorded in pieces."""
    with nyu_labelled.open_mat(root / nyu_labelled.MAT) as file:
        names = nyu_labelled.scene_names(file)
    return {place(names[number - 1]) for number in nyu_labelled.official_split(root)["test"]}


def place(scene: str) -> str:
    """Where a scene was recorded: office_0003 of office_0003a and office_0003b, which show the same room."""
    return re.sub(r"(?<=\d)[a-z]$", "", scene)


def prepare(root: Path, dataset: Mapping, part: str) -> dict:
    """Write the frames of one part as image files; what an earlier, broken run has written is kept.

    Returns:
        counts: ``scenes`` that were taken, those of the test split that were ``held_out``, ``frames`` in place, and
        those that were ``apart`` (without a colour frame at the time) or ``damaged``.

    Raises:
        UserError: there are no scenes, or an absurd share of the frames is damaged.
    """
    folder, tested = root / "raw" / part, held_out(root)
    found = scenes(folder)
    if not found:
        raise UserError(f"{folder} holds no scenes, folders with r-*.ppm and d-*.pgm: extract {part}.zip anew")
    taken = [scene for scene in found if place(scene.name) not in tested]
    made: dict[str, list[int]] = {}
    apart, damaged = 0, []
    for scene in taken:
        pairs = list(enumerate(synchronised(scene)))[:: dataset["stride"]]
        problems = {n: _write(root / FOLDER / part / scene.name, n, pair) for n, pair in pairs if pair is not None}
        made[scene.name] = [number for number, problem in problems.items() if problem is None]
        apart += len(pairs) - len(problems)
        damaged += filter(None, problems.values())
    written = sum(map(len, made.values()))
    if len(damaged) > DAMAGED * (written + len(damaged)):
        raise UserError(
            f"{folder}: {len(damaged)} of {written + len(damaged)} frames are damaged ({damaged[0]}), where few are as "
            f"published. Remove {folder}, so that {part}.zip is obtained and extracted anew"
        )
    write_json(_list(root, part, dataset["stride"]), made)
    counts = {"scenes": len(taken), "held_out": len(found) - len(taken), "frames": written}
    counts |= {"apart": apart, "damaged": len(damaged)}
    logger.info("%s: %s", part, ", ".join(f"{name} {count}" for name, count in counts.items()))
    return counts


def rows(root: Path, dataset: Mapping) -> Iterator[dict]:
    """Rows of the frame index, split ``video``; frames that follow each other differ by one.

    Raises:
        UserError: a part is not prepared, or files are missing.
    """
    from depth2seg.data.nyu import scene_rows

    for part in parts(dataset):
        path = _list(root, part, dataset["stride"])
        if not path.is_file():
            raise UserError(f"{path} is missing: `python -m depth2seg prepare` writes it when {part} is extracted")
        for scene, numbers in json.loads(path.read_text()).items():
            there = (
                {row["frame"]: row for row in scene_rows(root, f"{FOLDER}/{part}/{scene}", "video")} if numbers else {}
            )
            for number in numbers:
                if number not in there:
                    raise UserError(
                        f"{path} lists frame {number} of {scene}, which is not there: remove it and prepare anew"
                    )
                yield there[number] | {"frame": number // dataset["stride"], "sequence": f"{part}/{scene}"}


def _list(root: Path, part: str, stride: int) -> Path:
    return root / FOLDER / part / f"stride-{stride}.json"


def _is_scene(path: Path) -> bool:
    return path.is_dir() and any(found.name == "INDEX.txt" or _NAME.fullmatch(found.name) for found in path.iterdir())


def _write(folder: Path, number: int, pair: tuple[Path, Path]) -> str | None:
    """Write a frame unless it is there; what is wrong with its files, if anything is."""
    image = folder / "image" / f"{number:06d}.png"
    problem = None if image.is_file() else _align(pair, folder / "depth" / image.name, image)
    if problem:
        logger.info("left out: %s", problem)
    elif not (folder / "camera.json").is_file():
        write_json(folder / "camera.json", nyu_labelled.CAMERA)
    return problem


def _align(pair: tuple[Path, Path], depth_image: Path, image: Path) -> str | None:
    """Write depth and colour as the colour camera sees them, the latter last: a frame is there when its image is."""
    import numpy as np

    from depth2seg.data import kinect
    from depth2seg.scenes.formats import write_png

    window = np.s_[nyu_labelled.TOP : nyu_labelled.BOTTOM, nyu_labelled.LEFT : nyu_labelled.RIGHT]
    try:
        depth = kinect.seen_by_colour_camera(kinect.depth_of(kinect.read_disparity(pair[0])))[window]
        colour = kinect.undistorted(kinect.read_colour(pair[1]))[window]
    except kinect.DamagedFrameError as error:
        return str(error)
    if not depth.any():
        return f"{pair[0]} holds no depth"
    for path, pixels in ((depth_image, np.rint(depth * 1000).astype(np.uint16)), (image, colour)):
        with atomic_path(path) as temporary:
            write_png(temporary, pixels)
    return None
