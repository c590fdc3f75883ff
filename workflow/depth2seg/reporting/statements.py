"""The paper's claims, and what of a study's cells would test each."""

from dataclasses import dataclass

UNKNOWN = "no figure known"


@dataclass(frozen=True)
class Contrast:
    """Recipes whose cells have the values ``better`` against those with any of ``than``; a pair agrees in ``match``.

    Attributes:
        better: columns of cells.csv and their values.
        than: alternatives of the same.
        match: columns in which both sides of a pair agree.
        measure: what is compared: ``miou``; ``convergence`` or ``robustness`` (see ``evaluation.scores``); or
            ``alignment``, how well the pre-trained encoder's activations keep to boundaries.
        across: a column: the effect is taken for each of its values by itself, and the weakest counts.
    """

    better: dict[str, str]
    than: tuple[dict[str, str], ...]
    match: tuple[str, ...] = ()
    measure: str = "miou"
    across: str | None = None

    def pairs(self, described: dict[str, dict[str, str]]) -> list[tuple[str, str]]:
        """(recipe, recipe) of every pair, from each recipe's row of cells.csv."""

        def chosen(*kinds: dict[str, str]) -> list[str]:
            return [r for r, row in described.items() if any(kind.items() <= row.items() for kind in kinds)]

        return [
            (a, b)
            for a in chosen(self.better)
            for b in chosen(*self.than)
            if all(described[a][key] == described[b][key] for key in self.match)
        ]


@dataclass(frozen=True)
class Claim:
    """A claim of the paper, and the contrast that tests it."""

    name: str
    statement: str
    contrast: Contrast
    paper: str = UNKNOWN


SAME_START = ("source", "init")
NONE = ({"task": "none"},)
DEPTH = {"task": "depth"}
# Trained by us on rendered objects, or imported.
CLASSIFICATION = ({"task": "classification"}, {"task": "imported", "supervision": "classification"})
OTHER_STARTS = (
    {"task": "inpainting"},
    {"task": "contrastive"},
    {"task": "masked"},
    *(
        {"task": "imported", "supervision": kind}
        for kind in ("contrastive", "self-distillation", "masked", "segmentation")
    ),
)


def _depth(supervision: str) -> dict[str, str]:
    return DEPTH | {"supervision": supervision}


CLAIMS = (
    Claim(
        "C1",
        "Depth pre-training beats ImageNet classification pre-training",
        Contrast(DEPTH, CLASSIFICATION),
        "+5.8 mIoU, +5.2 pixel accuracy",
    ),
    Claim(
        "C2",
        "Depth pre-training beats starting from random weights",
        Contrast(DEPTH | {"init": "random"}, NONE),
    ),
    Claim(
        "C3",
        "Depth from video beats optical flow, which minimises the same photometric error",
        Contrast(_depth("video"), ({"task": "flow"},), SAME_START),
    ),
    Claim(
        "C4a",
        "Depth supervised by lidar is a better initialisation than by stereo",
        Contrast(_depth("lidar"), (_depth("stereo"),), SAME_START),
    ),
    Claim(
        "C4b",
        "Depth supervised by stereo is a better initialisation than by monocular video",
        Contrast(_depth("stereo"), (_depth("video"),), SAME_START),
    ),
    Claim(
        "C5",
        "Fine-tuning converges faster from depth than from ImageNet",
        Contrast(DEPTH, CLASSIFICATION, measure="convergence"),
    ),
    Claim(
        "C6",
        "Depth is more robust than ImageNet to changes of object scale",
        Contrast(DEPTH, CLASSIFICATION, measure="robustness"),
    ),
    Claim(
        "C7",
        "After depth pre-training, activations are sharper at semantic boundaries",
        Contrast(DEPTH, CLASSIFICATION, measure="alignment"),
    ),
    *(
        Claim(f"C8{letter}", f"The gain over random weights holds across {what}", Contrast(DEPTH, NONE, across=column))
        for letter, what, column in (
            ("a", "sizes of the labelled set", "train_size"),
            ("b", "resolutions", "height"),
            ("c", "architectures", "backbone"),
            ("d", "in- and out-of-domain source data", "source"),
        )
    ),
    Claim(
        "C9",
        "It carries to large-scale, mixed-source relative depth (Depth Anything) as initialisation",
        Contrast({"task": "imported", "supervision": "relative depth"}, (*NONE, *CLASSIFICATION)),
    ),
    # "Comparable" has no margin that is known: supported means better, contradicted worse.
    Claim(
        "C10",
        "Depth is at least comparable to self-supervised starts and to supervised segmentation on COCO",
        Contrast(DEPTH, OTHER_STARTS),
    ),
)
