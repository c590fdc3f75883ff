"""Preflight of Cityscapes: the packages' folders, frame by frame, and each camera."""

from collections.abc import Mapping
from pathlib import Path

from depth2seg.data import cityscapes_files
from depth2seg.data.cityscapes_files import AFTER, BEFORE, CITIES, LABELLED, SIZE, Snippet
from depth2seg.data.preflight import Findings, spread
from depth2seg.data.sets import cityscapes

_PACKAGES = {
    "rightImg8bit": ("rightImg8bit.png", "rightImg8bit_trainvaltest"),
    "disparity": ("disparity.png", "disparity_trainvaltest"),
    "camera": ("camera.json", "camera_trainvaltest"),
    "gtFine": ("gtFine_labelIds.png", "gtFine_trainvaltest"),
}


def check(root: Path, dataset: Mapping) -> Findings:
    """Look at the folder; `Findings.problems` says all that is wrong."""
    findings, labels = Findings(root), []
    chosen = cityscapes.sequences(dataset)
    for split, cities in CITIES.items():
        found = [_city(findings, split, city, dataset["video"]) for city in cities if city in chosen]
        frames = [snippet for city in found for snippet in city]
        if set(cities) <= set(chosen):
            findings.expect(
                len(frames) == LABELLED[split],
                f"{root}/leftImg8bit/{split} holds {len(frames)} images, {LABELLED[split]} are published: extract "
                "leftImg8bit_trainvaltest anew",
            )
        findings.facts[f"{split}_frames"] = len(frames)
        labels += [root / snippet.path("gtFine", "gtFine_labelIds.png") for snippet in frames]
    findings.labels([path for path in labels if path.is_file()], dataset["classes"])
    return findings


def _city(findings: Findings, split: str, city: str, video: bool) -> list[Snippet]:
    found = findings.attempt(cityscapes_files.snippets, findings.root, split, city) or []
    for folder, (kind, package) in _PACKAGES.items():
        paths = [snippet.path(folder, kind) for snippet in found]
        _present(findings, paths, package)
    if video:
        numbers = range(-BEFORE, AFTER + 1) if split == "train" else range(2)
        names = ("leftImg8bit_sequence", "leftImg8bit.png")
        paths = [snippet.path(*names, snippet.frame + offset) for snippet in found for offset in numbers]
        _present(findings, paths, "leftImg8bit_sequence_trainvaltest (or set `video: false`)")
    images = [findings.root / snippet.path("leftImg8bit", "leftImg8bit.png") for snippet in found]
    pairs = [findings.root / snippet.path("rightImg8bit", "rightImg8bit.png") for snippet in found]
    shown = [path for path in (*spread(images), *spread(pairs)) if path.is_file()]
    findings.sizes(shown, SIZE)
    for snippet in found:
        path = findings.root / snippet.path("camera", "camera.json")
        camera = findings.attempt(cityscapes_files.read_camera, path) if path.is_file() else None
        if camera is not None:
            findings.camera(camera, SIZE, path)
    return found


def _present(findings: Findings, paths: list[str], package: str) -> None:
    folders = {str(Path(path).parent) for path in paths}
    there = {f"{folder}/{path.name}" for folder in folders for path in (findings.root / folder).glob("*")}
    absent = [path for path in paths if path not in there]
    findings.lacks(absent, len(paths), "files are", f"extract {package} into {findings.root}")
