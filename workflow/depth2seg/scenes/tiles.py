"""Names of all textures, and the metres that one tile of each covers.

Textures that fill a surface once, whatever its size, as a picture fills its frame, are given coordinates 0 to 1 by
those who use them.
"""

STREET: dict[str, float] = {
    "plain": 3.0, "asphalt": 12.0, "paving": 6.0, "cobble": 5.0, "grass": 8.0, "leaves": 3.0, "needles": 2.5,
    "hedge": 2.5, "bark": 2.0, "brick": 4.0, "plaster": 8.0, "wood": 3.0, "roof": 6.0, "glass": 2.4, "cloth": 1.2,
    **{f"facade{k}": 12.0 for k in range(8)}, **{f"shop{k}": 12.0 for k in range(3)},
    "buswindows": 3.0, "planks": 2.0, "wire": 2.0, **{f"sign{k}": 0.8 for k in range(6)}, "clouds": 1.0,
}  # fmt: skip

ROOM: dict[str, float] = {
    **{f"wallpaper{k}": 1.6 for k in range(3)}, "wallpaint": 3.0, "ceiling": 2.4, "parquet": 1.6, "boards": 2.4,
    "floortiles": 1.8, "walltiles": 1.2, "carpet": 1.5, **{f"rug{k}": 1.0 for k in range(2)}, "grain": 1.1,
    "lacquer": 1.5, "weave": 0.5, **{f"quilt{k}": 1.3 for k in range(3)}, "drape": 0.9, "slats": 0.6, "marble": 1.2,
    "cardboard": 0.7, "panel": 1.0, "spine": 1.0, "page": 1.0, **{f"picture{k}": 1.0 for k in range(6)},
    **{f"screen{k}": 1.0 for k in range(2)}, **{f"outside{k}": 1.0 for k in range(3)}, "glare": 1.0,
}  # fmt: skip

GLOWING = ("glare", *(name for name in ROOM if name.startswith(("screen", "outside"))))
"""Textures of what shines by itself: their colours are seen as they are, whatever falls on them."""

TILES = STREET | ROOM
