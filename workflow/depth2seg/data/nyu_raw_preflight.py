"""Preflight of NYU-Depth-V2's raw parts: scenes, names and numbers of their frames, the size of a few."""

from collections.abc import Mapping
from pathlib import Path

from depth2seg.data import kinect, nyu_raw
from depth2seg.data.preflight import Findings, spread, times

_FRAMES = {"d": "depth images d-{seconds}-{ticks}.pgm", "r": "colour images r-{seconds}-{ticks}.ppm"}


def check(findings: Findings, dataset: Mapping) -> None:
    """Look at the raw parts that the block takes; what is wrong is added to the findings."""
    parts, raw = nyu_raw.parts(dataset), findings.root / "raw"
    absent = [part for part in parts if not (raw / part).is_dir()]
    findings.lacks(absent, len(parts), "raw parts are", f"extract their archives into {raw / '{part}'}")
    counts = [_part(findings, raw / part) for part in parts if part not in absent]
    names = ("raw_scenes", "raw_depth_frames", "raw_colour_frames", "raw_scenes_without_frames")
    findings.facts |= dict(zip(names, map(sum, zip(*counts, strict=True)), strict=False))


def _part(findings: Findings, folder: Path) -> tuple[int, int, int, int]:
    """Numbers of scenes, depth frames, colour frames, and scenes that lack either."""
    scenes, anew = nyu_raw.scenes(folder), f"remove {folder} and extract its archive anew"
    totals, sampled, strange, lacking = {"d": 0, "r": 0}, [], [], 0
    chosen = set(spread(scenes))
    for scene in scenes:
        frames, others = nyu_raw.frames(scene)
        strange += [scene / name for name in others]
        lacking += not all(frames.values())
        for kind, found in frames.items():
            totals[kind] += len(found)
            sampled += spread([scene / name for _, name in found]) if scene in chosen else []
    for kind, what in _FRAMES.items():
        findings.expect(bool(totals[kind]), f"{folder} holds no {what} in folders of scenes: {anew}")
    if strange:
        first = strange[0].relative_to(findings.root)
        findings.problems.append(
            f"{len(strange)} files of {folder} have no seconds in their names (first {first}): {anew}"
        )
    _sizes(findings, folder, sampled, anew)
    return len(scenes), totals["d"], totals["r"], lacking


def _sizes(findings: Findings, folder: Path, sampled: list[Path], anew: str) -> None:
    """Some published files are damaged, and are left out later; if all that are looked at are, that is a problem."""
    damaged = []
    for path in sampled:
        try:
            size = kinect.image_size(path)
        except kinect.DamagedFrameError as error:
            damaged.append(str(error))
        else:
            findings.expect(size == kinect.SIZE, f"{path} is {times(size)}, {times(kinect.SIZE)} is expected: {anew}")
    findings.expect(
        not sampled or len(damaged) < len(sampled),
        f"all {len(sampled)} frames of {folder} that were looked at are damaged (first: {damaged[:1]}): {anew}",
    )
