"""Preflight of NYU-Depth-V2: the three MATLAB files, and what a sample of the frames holds."""

from pathlib import Path

import numpy as np

from depth2seg.data import nyu_labelled
from depth2seg.data.nyu_labelled import CLASSES, MAT, SIZE, SPLITS
from depth2seg.data.preflight import Findings

_ARRAYS = {"images": ("uint8", (3, *SIZE[::-1])), "depths": ("float32", SIZE[::-1]), "labels": ("uint16", SIZE[::-1])}
_LABELS = 894
_SAMPLES = 12  # frames that are read


def check(root: Path) -> Findings:
    """Look at the folder; `Findings.problems` says all that is wrong."""
    findings = Findings(root)
    mapping = findings.attempt(nyu_labelled.class_mapping, root)
    if mapping is not None:
        findings.expect(
            len(mapping) == _LABELS + 1 and mapping.max() <= 40 and mapping[1:].min() >= 1,
            f"{root / CLASSES} maps {len(mapping) - 1} labels to {mapping[1:].min()} to {mapping.max()}, 894 to 1 to "
            "40 are published: obtain it anew",
        )
    split = findings.attempt(nyu_labelled.official_split, root)
    file = findings.attempt(nyu_labelled.open_mat, root / MAT)
    if file is not None:
        with file:
            count = _frames(findings, file)
        if split is not None and count:
            findings.expect(
                sorted(split["train"] + split["test"]) == list(range(1, count + 1)),
                f"{root / SPLITS} divides {len(split['train'])} and {len(split['test'])} frames, {MAT} holds {count}: "
                "they are not of one data set",
            )
            findings.facts |= {name: len(numbers) for name, numbers in split.items()}
    return findings


def _frames(findings: Findings, file: object) -> int:
    """The number of frames, after looking at the arrays and some of the frames; 0 if an array is wrong."""
    path = findings.root / MAT
    lacking = [name for name in (*_ARRAYS, "scenes") if name not in file]
    findings.lacks(lacking, len(_ARRAYS) + 1, f"arrays of {path} are", "obtain it anew")
    if lacking:
        return 0
    count = file["scenes"].size
    for name, (kind, shape) in _ARRAYS.items():
        found = file[name]
        if found.dtype != kind or found.shape != (count, *shape):
            findings.problems.append(
                f"{path}: {name} is {found.dtype} {found.shape}, {kind} {(count, *shape)} is expected: obtain it anew"
            )
            return 0
    for place in np.unique(np.linspace(0, count - 1, min(count, _SAMPLES)).astype(int)):
        depth, label = file["depths"][place], file["labels"][place]
        findings.expect(
            depth.min() >= 0 and depth.max() <= 20,
            f"{path}: depth of frame {place + 1} is {depth.min():g} to {depth.max():g}: not metres of a room",
        )
        findings.expect(
            label.max() <= _LABELS, f"{path}: frame {place + 1} holds label {label.max()}, the last is {_LABELS}"
        )
    scenes = nyu_labelled.scene_names(file)
    findings.expect(all(name.replace("_", "").isalnum() for name in scenes), f"{path}: scenes have no names")
    findings.facts |= {"frames": count, "scenes": len(set(scenes))}
    return count
