"""Class tables: which values a label file may hold, and the train id that each of them means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from depth2seg.data.nyu_classes import NYU13, NYU13_OF_40, NYU40, colours
from depth2seg.errors import UserError

if TYPE_CHECKING:
    import numpy as np

IGNORE = 255
"""Train id of pixels that count neither in training nor in evaluation."""


@dataclass(frozen=True)
class ClassTable:
    """The classes of one labelling.

    Attributes:
        name: the table's name in a config.
        names: class names, in the order of their train ids.
        colours: RGB, 0 to 255, one a class.
        train_ids: every value that a label file may hold, to its train id or `IGNORE`.
        subsets: further sets of classes over which figures are reported: name to train ids.
    """

    name: str
    names: tuple[str, ...]
    colours: tuple[tuple[int, int, int], ...]
    train_ids: Mapping[int, int]
    subsets: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        """Number of classes, without the ignored one."""
        return len(self.names)

    def check(self, values: "np.ndarray", file: object) -> None:
        """Raise UserError if ``values`` (unsigned, any shape) of ``file`` hold one that is not in the table."""
        highest = max(self.train_ids)
        if values.max() <= highest < len(self.train_ids):  # the usual table has no gaps: one fast look is enough
            return
        import numpy as np

        counts = np.bincount(values.reshape(-1))
        unknown = [value for value in np.flatnonzero(counts).tolist() if value not in self.train_ids]
        if unknown:
            what = ", ".join(f"{value} ({counts[value]} pixels)" for value in unknown[:5])
            raise UserError(
                f"label file {file} holds {what}: the classes '{self.name}' know only values from "
                f"{min(self.train_ids)} to {highest}. Train ids instead of label ids, or the wrong `classes` for this "
                "data set?"
            )

    def to_train_ids(self, values: "np.ndarray", file: object) -> "np.ndarray":
        """Map the values of a label file to train ids.

        Args:
            values: unsigned integers of any shape, as stored.
            file: where they are from, for the message.

        Returns:
            uint8 array of the same shape, `IGNORE` where a pixel does not count.

        Raises:
            UserError: a value that is not in the table.
        """
        import numpy as np

        self.check(values, file)
        table = np.full(max(self.train_ids) + 1, IGNORE, np.uint8)
        table[list(self.train_ids)] = list(self.train_ids.values())
        return table[values]

    def known_or_ignored(self, values: "np.ndarray") -> "np.ndarray":
        """Map values to train ids without complaint: those that are no label are ignored. For filtered labels only."""
        import numpy as np

        table = np.full(256, IGNORE, np.uint8)
        for value, train_id in self.train_ids.items():
            if 0 <= value < 256:
                table[value] = train_id
        return table[values]

    def palette(self) -> "np.ndarray":
        """Colours for every train id: uint8, 256 x 3, black where there is no class."""
        import numpy as np

        palette = np.zeros((256, 3), np.uint8)
        palette[: len(self)] = self.colours
        return palette


# id, name, train id, colour: the published table of Cityscapes, which KITTI's semantic benchmark shares. The
# licence plate (-1) has no value of its own in an 8-bit file. 255 is left out with care: it stands for `ignore` in
# files of train ids, and so gives away train ids that are taken for label ids.
_CITYSCAPES: tuple[tuple[int, str, int, tuple[int, int, int]], ...] = (
    (0, "unlabeled", IGNORE, (0, 0, 0)),
    (1, "ego vehicle", IGNORE, (0, 0, 0)),
    (2, "rectification border", IGNORE, (0, 0, 0)),
    (3, "out of roi", IGNORE, (0, 0, 0)),
    (4, "static", IGNORE, (0, 0, 0)),
    (5, "dynamic", IGNORE, (111, 74, 0)),
    (6, "ground", IGNORE, (81, 0, 81)),
    (7, "road", 0, (128, 64, 128)),
    (8, "sidewalk", 1, (244, 35, 232)),
    (9, "parking", IGNORE, (250, 170, 160)),
    (10, "rail track", IGNORE, (230, 150, 140)),
    (11, "building", 2, (70, 70, 70)),
    (12, "wall", 3, (102, 102, 156)),
    (13, "fence", 4, (190, 153, 153)),
    (14, "guard rail", IGNORE, (180, 165, 180)),
    (15, "bridge", IGNORE, (150, 100, 100)),
    (16, "tunnel", IGNORE, (150, 120, 90)),
    (17, "pole", 5, (153, 153, 153)),
    (18, "polegroup", IGNORE, (153, 153, 153)),
    (19, "traffic light", 6, (250, 170, 30)),
    (20, "traffic sign", 7, (220, 220, 0)),
    (21, "vegetation", 8, (107, 142, 35)),
    (22, "terrain", 9, (152, 251, 152)),
    (23, "sky", 10, (70, 130, 180)),
    (24, "person", 11, (220, 20, 60)),
    (25, "rider", 12, (255, 0, 0)),
    (26, "car", 13, (0, 0, 142)),
    (27, "truck", 14, (0, 0, 70)),
    (28, "bus", 15, (0, 60, 100)),
    (29, "caravan", IGNORE, (0, 0, 90)),
    (30, "trailer", IGNORE, (0, 0, 110)),
    (31, "train", 16, (0, 80, 100)),
    (32, "motorcycle", 17, (0, 0, 230)),
    (33, "bicycle", 18, (119, 11, 32)),
)

_KITTI7_LABEL_IDS = (7, 8, 11, 21, 22, 23, 26)
"""The 7 classes that count in the paper's released KITTI evaluation."""


def _cityscapes() -> ClassTable:
    train_ids = {label: train for label, _, train, _ in _CITYSCAPES}
    counted = sorted((row for row in _CITYSCAPES if row[2] != IGNORE), key=lambda row: row[2])
    return ClassTable(
        name="cityscapes",
        names=tuple(name for _, name, _, _ in counted),
        colours=tuple(colour for _, _, _, colour in counted),
        train_ids=train_ids,
        subsets={"kitti7": tuple(train_ids[label] for label in _KITTI7_LABEL_IDS)},
    )


def _nyu(name: str, names: tuple[str, ...], class_of: Mapping[str, str]) -> ClassTable:
    """A table for files of NYU's ids: 0 is unlabelled, ids from 1 on are the 40 classes."""
    train_ids = {label: names.index(class_of[of_40]) for label, of_40 in enumerate(NYU40, 1)}
    return ClassTable(name, names, colours(len(names)), {0: IGNORE, **train_ids})


_NYU = (
    _nyu("nyu40", NYU40, {name: name for name in NYU40}),
    _nyu("nyu13", NYU13, {name: NYU13_OF_40.get(name, "objects") for name in NYU40}),
)

TABLES: dict[str, ClassTable] = {table.name: table for table in (_cityscapes(), *_NYU)}
"""Tables that several data sets share; one that a single data set has is in its module."""


def class_table(name: str) -> ClassTable:
    """The table of that name.

    Raises:
        UserError: there is none.
    """
    if name in TABLES:
        return TABLES[name]
    from depth2seg.data import sets

    known = TABLES | {table.name: table for module in sets.modules() for table in getattr(module, "CLASSES", ())}
    if name not in known:
        raise UserError(f"unknown classes '{name}': expected one of {', '.join(known)}")
    return known[name]
