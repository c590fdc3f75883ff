"""Procedural textures of rooms: wall coverings, floors, fabrics, furniture, pictures, what is seen through windows."""

import numpy as np

from depth2seg.scenes.rooms import pictures
from depth2seg.scenes.textures import Noise, Textures, axes, cells, grey, street_texture
from depth2seg.scenes.tiles import ROOM

SHARED = ("plain", "plaster", "cloth", "leaves", "brick")  # of the street's


def room_textures(rng: np.random.Generator) -> Textures:
    """All textures that a room may use."""
    return Textures(rng, [*SHARED, *ROOM], room_texture)


def room_texture(name: str, rng: np.random.Generator, noise: Noise) -> np.ndarray:
    """SIZE,SIZE,3 of a name of ``tiles.ROOM``, or of one that rooms share with streets."""
    kind = name.rstrip("0123456789")
    if kind in _PATTERNS:
        return _PATTERNS[kind](rng, noise)
    return street_texture(name, rng, noise)


def _wallpaint(rng: np.random.Generator, noise: Noise) -> np.ndarray:
    return grey(1 + 0.05 * noise(1.4) + 0.03 * noise(0.2))


def _wallpaper(rng: np.random.Generator, noise: Noise) -> np.ndarray:
    """Stripes, dots or leaves in a second colour."""
    x, y = axes()
    n = int(rng.integers(4, 11))
    kind = rng.integers(3)
    if kind == 0:
        figure = (x * n) % 1 < rng.uniform(0.25, 0.6)
    elif kind == 1:
        row = np.floor(y * n)
        figure = np.hypot((x * n + 0.5 * (row % 2)) % 1 - 0.5, (y * n) % 1 - 0.5) < rng.uniform(0.15, 0.35)
    else:
        wave = np.sin(2 * np.pi * n * x) * np.sin(2 * np.pi * n * y) + 0.4 * np.sin(4 * np.pi * n * (x + y))
        figure = wave + 0.15 * noise(1.0) > rng.uniform(0.2, 0.6)
    second = rng.uniform(0.6, 1.3) * (1 + rng.uniform(-0.25, 0.25, 3))
    return np.where(figure[..., None], second, 1.0) * grey(1 + 0.04 * noise(0.6))


def _ceiling(rng: np.random.Generator, noise: Noise) -> np.ndarray:
    """Plaster, or panels with joints."""
    image = 1 + 0.04 * noise(0.8)
    if rng.random() < 0.4:
        n = int(rng.integers(3, 6))
        image *= cells(rng, n, n, 0.03, 0.03, 0.8, 0)
    return grey(image)


def _planks(rng: np.random.Generator, noise: Noise, across: int, along: int, joint: float) -> np.ndarray:
    grain = 1 + 0.1 * noise(1.1) + 0.07 * np.sin(2 * np.pi * 24 * (axes()[1] + 0.02 * noise(1.6)))
    return grey(cells(rng, across, along, joint, 0.13, 0.55) * grain)


def _floortiles(rng: np.random.Generator, noise: Noise) -> np.ndarray:
    n = int(rng.integers(4, 9))
    x, y = axes()
    check = (np.floor(x * n) + np.floor(y * n)) % 2 if rng.random() < 0.4 and n % 2 == 0 else 0 * x
    return grey(cells(rng, n, n, 0.04, 0.05, 0.6, 0) * (1 - rng.uniform(0.3, 0.7) * check) * (1 + 0.07 * noise(1.2)))


def _walltiles(rng: np.random.Generator, noise: Noise) -> np.ndarray:
    return grey(cells(rng, 8, 16, 0.06, 0.04, 0.75, rng.choice([0, 0.5])) * (1 + 0.02 * noise(1.0)))


def _carpet(rng: np.random.Generator, noise: Noise) -> np.ndarray:
    return grey(1 + 0.13 * noise(0.3) + 0.09 * noise(1.5))


def _rug(rng: np.random.Generator, noise: Noise) -> np.ndarray:
    """A border around diamonds, in three colours."""
    x, y = axes()
    colours = rng.uniform(0.15, 1.3, (3, 3))
    edge = np.minimum(np.minimum(x, 1 - x), np.minimum(y, 1 - y))
    n = rng.integers(2, 6)
    diamond = abs((x * n) % 1 - 0.5) + abs((y * n) % 1 - 0.5)
    which = np.where(diamond < rng.uniform(0.2, 0.45), 1, 0)
    which = np.where((edge < 0.09) & (edge > 0.03), 2, which)
    return colours[which] * grey(1 + 0.12 * noise(0.3))


def _grain(rng: np.random.Generator, noise: Noise) -> np.ndarray:
    _x, y = axes()
    rings = np.sin(2 * np.pi * (rng.integers(5, 14) * y + 0.6 * noise(2.0)))
    return grey(1 + 0.1 * rings + 0.07 * np.sin(2 * np.pi * 40 * (y + 0.01 * noise(1.5))) + 0.05 * noise(0.8))


def _lacquer(rng: np.random.Generator, noise: Noise) -> np.ndarray:
    return grey(1 + 0.04 * noise(1.3) + 0.015 * noise(0))


def _weave(rng: np.random.Generator, noise: Noise) -> np.ndarray:
    x, y = axes()
    thread = 0.07 * (np.sin(2 * np.pi * 24 * x) * np.sin(2 * np.pi * 24 * y))
    return grey(1 + thread + 0.1 * noise(0.9) + 0.08 * noise(0.1))


def _quilt(rng: np.random.Generator, noise: Noise) -> np.ndarray:
    """Bed covers and cushions: checks, stripes or patches of colours."""
    x, y = axes()
    n = int(rng.integers(3, 9))
    colours = rng.uniform(0.3, 1.4, (5, 3))
    kind = rng.integers(3)
    if kind == 0:
        which = (np.floor(x * n) * 3 + np.floor(y * n) * 2) % 5
    elif kind == 1:
        which = np.floor(y * 3 * n) % n % 5
    else:
        which = 2.0 * (((x * n) % 1 < 0.3) | ((y * n) % 1 < 0.3)) + (((x * n) % 1 < 0.3) & ((y * n) % 1 < 0.3))
    return colours[which.astype(int)] * grey(1 + 0.1 * noise(0.8))


def _drape(rng: np.random.Generator, noise: Noise) -> np.ndarray:
    x, _ = axes()
    folds = np.sin(2 * np.pi * (6 * x + 0.05 * noise(2.0)))
    band = np.where((x * 6) % 1 < 0.4, rng.uniform(0.7, 1.1), 1.0)
    return grey((1 + 0.22 * folds + 0.06 * noise(0.7)) * band)


def _slats(rng: np.random.Generator, noise: Noise) -> np.ndarray:
    _, y = axes()
    part = (y * 14) % 1
    return grey(np.where(part < 0.16, 0.35, 0.75 + 0.4 * part) + 0.03 * noise(1.0))


def _marble(rng: np.random.Generator, noise: Noise) -> np.ndarray:
    return grey(1 + 0.12 * noise(1.5) - 0.3 * (abs(noise(1.7)) < 0.04) + 0.06 * noise(0))


def _cardboard(rng: np.random.Generator, noise: Noise) -> np.ndarray:
    x, y = axes()
    image = grey(1 + 0.06 * noise(1.0) + 0.03 * np.sin(2 * np.pi * 40 * y))
    image[abs(x - 0.5) < 0.05] *= [1.25, 1.15, 0.9]
    image[(abs(y - rng.uniform(0.3, 0.7)) < 0.09) & (abs(x - 0.24) < 0.14)] = rng.uniform(0.2, 1.6, 3)
    return image


def _panel(rng: np.random.Generator, noise: Noise) -> np.ndarray:
    """A door leaf: two columns or one of sunk panels."""
    x, y = axes()
    columns, rows = int(rng.integers(1, 3)), int(rng.integers(1, 4))
    u, v = (x * columns) % 1, (y * rows) % 1
    du, dv = np.minimum(u, 1 - u) / columns, np.minimum(v, 1 - v) / rows * 2
    edge = np.minimum(du, dv)
    shade = np.where((edge > 0.1) & (edge < 0.125), np.where(v > 0.5, 0.6, 1.2), 1.0)
    return grey(shade * (1 + 0.05 * noise(1.4)))


def _glare(rng: np.random.Generator, noise: Noise) -> np.ndarray:
    return grey(1 + 0.05 * noise(1.0))


_PATTERNS = {
    "wallpaint": _wallpaint, "wallpaper": _wallpaper, "ceiling": _ceiling,
    "parquet": lambda rng, noise: _planks(rng, noise, 4, 16, 0.02),
    "boards": lambda rng, noise: _planks(rng, noise, 1, 14, 0.004),
    "floortiles": _floortiles, "walltiles": _walltiles, "carpet": _carpet, "rug": _rug, "grain": _grain,
    "lacquer": _lacquer, "weave": _weave, "quilt": _quilt, "drape": _drape, "slats": _slats, "marble": _marble,
    "cardboard": _cardboard, "panel": _panel, "glare": _glare,
    "spine": pictures.spine, "page": pictures.page, "picture": pictures.picture, "screen": pictures.screen,
    "outside": pictures.outside,
}  # fmt: skip
