"""NYU-Depth-V2's classes: facts of its two common labellings.

The 40 classes are those of Gupta, Arbelaez, Malik: Perceptual Organization and Recognition of Indoor Scenes from RGB-D
Images (CVPR 2013), in the order of their ids 1 to 40. The 13 are those of Couprie, Farabet, Najman, LeCun: Indoor
Semantic Segmentation using Depth Information (ICLR 2013), as class13Mapping.mat of the SceneNet project assigns the 40
to them.
"""

NYU40 = (
    "wall", "floor", "cabinet", "bed", "chair", "sofa", "table", "door", "window", "bookshelf",
    "picture", "counter", "blinds", "desk", "shelves", "curtain", "dresser", "pillow", "mirror", "floor mat",
    "clothes", "ceiling", "books", "refrigerator", "television", "paper", "towel", "shower curtain", "box",
    "whiteboard", "person", "night stand", "toilet", "sink", "lamp", "bathtub", "bag", "other structure",
    "other furniture", "other prop",
)  # fmt: skip

NYU13 = (
    "bed", "books", "ceiling", "chair", "floor", "furniture", "objects", "picture", "sofa", "table", "television",
    "wall", "window",
)  # fmt: skip

NYU13_OF_40 = {name: name for name in NYU13 if name in NYU40} | {
    "cabinet": "furniture", "bookshelf": "furniture", "counter": "furniture", "shelves": "furniture",
    "dresser": "furniture", "refrigerator": "furniture", "night stand": "furniture", "other furniture": "furniture",
    "desk": "table", "door": "wall", "blinds": "window", "curtain": "window", "floor mat": "floor",
}  # fmt: skip
"""Class of the 13 by class of the 40; those that are not named here are ``objects``."""


def colours(count: int) -> tuple[tuple[int, int, int], ...]:
    """Colours 1 to ``count`` of the PASCAL VOC development kit's map, in which the bits of a number make its colour."""
    return tuple(tuple(_channel(number >> channel) for channel in range(3)) for number in range(1, count + 1))


def _channel(number: int) -> int:
    return sum((number >> 3 * place & 1) << (7 - place) for place in range(8))
