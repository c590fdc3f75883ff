"""Procedural textures of the rendered world, their mip levels, and looking them up.

A texture is SIZE x SIZE linear RGB near 1, which the tint of a surface multiplies. Mitsuba has no mip levels; without
them distant texture flickers from frame to frame, which no photometric error can match, so they are looked up here.
"""

from collections.abc import Callable, Iterable
from itertools import pairwise

import numpy as np

from depth2seg.scenes.tiles import STREET, TILES

SIZE = 256


class Noise:
    """Tileable noise; one field a falloff is made and then shown from a random place and side each time."""

    def __init__(self, rng: np.random.Generator):
        self.rng = rng
        self._fields: dict[float, np.ndarray] = {}
        self._frequency = np.hypot(np.fft.fftfreq(SIZE)[:, None], np.fft.rfftfreq(SIZE)[None]) * SIZE

    def __call__(self, falloff: float) -> np.ndarray:
        """SIZE,SIZE of unit variance whose amplitude falls with frequency to the power -falloff."""
        if falloff not in self._fields:
            gain = np.where(self._frequency > 0, np.maximum(self._frequency, 1) ** -falloff, 0)
            white = np.fft.rfft2(self.rng.standard_normal((SIZE, SIZE)))
            field = np.fft.irfft2(white * gain, s=(SIZE, SIZE))
            self._fields[falloff] = (field / field.std()).astype(np.float32)
        field = np.roll(self._fields[falloff], self.rng.integers(SIZE, size=2), axis=(0, 1))
        return field[::-1] if self.rng.random() < 0.5 else field[:, ::-1]


def axes() -> tuple[np.ndarray, np.ndarray]:
    """Coordinates (x, y) of a texture's points, SIZE,SIZE each, from 0 to 1."""
    y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE
    return x, y


def grid(u: float, v: float, gap: float, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Mask of the joints, and a cell number, of a brick-like pattern with u x v cells a tile."""
    x, y = axes()
    row = np.floor(y * v)
    column = np.floor(x * u + shift * (row % 2)) % u
    inside = ((x * u + shift * (row % 2)) % 1 > gap) & ((y * v) % 1 > gap * v / u)
    return ~inside, (row * u + column).astype(int)


def cells(rng: np.random.Generator, u: int, v: int, gap: float, spread: float, joint: float, shift: float = 0.5):
    """Brightness of a brick-like pattern: cells that differ by a spread, joints all alike."""
    joints, cell = grid(u, v, gap, shift)
    shade = 1 + spread * rng.standard_normal(u * v)
    return np.where(joints, joint, shade[cell])


def grey(a: np.ndarray) -> np.ndarray:
    """The same brightness in all three colours."""
    return np.repeat(a[..., None], 3, axis=2)


def _leafy(noise: Noise, grain: float) -> np.ndarray:
    a = 1 + 0.38 * noise(grain) + 0.12 * noise(0)
    hue = 0.12 * noise(1.0)
    return np.stack([a * (1 + hue), a, a * (1 - hue)], -1)


def _facade(rng: np.random.Generator, noise: Noise) -> np.ndarray:
    """Four storeys of windows on plaster, brick or panels."""
    wall = 1 + 0.07 * noise(1.2) + 0.03 * noise(0)
    kind = rng.integers(3)
    if kind == 0:
        wall *= cells(rng, 40, 128, 0.1, 0.08, 0.8)
    elif kind == 1:
        wall *= cells(rng, 4, 8, 0.02, 0.05, 0.75, 0)
    image = grey(wall)
    columns, storeys = int(rng.integers(3, 8)), 4
    width, height = rng.uniform(0.35, 0.75), rng.uniform(0.4, 0.65)
    frame = rng.uniform(0.5, 1.5)
    x, y = axes()
    u, v = (x * columns) % 1 - 0.5, (y * storeys) % 1 - 0.5
    cell = (np.floor(y * storeys) * columns + np.floor(x * columns)).astype(int)
    border = 0.04 * columns / 4
    outer = (abs(u) < width / 2 + border) & (abs(v) < height / 2 + 0.035)
    inner = (abs(u) < width / 2) & (abs(v) < height / 2)
    cross = (abs(u) < 0.02 * columns / 4) | (abs(v - 0.1) < 0.012)
    image[outer] = frame
    pane = rng.uniform(0.06, 0.35, (columns * storeys, 1)) * rng.uniform(0.7, 1.3, 3)
    curtain = rng.random(columns * storeys) < 0.3
    shade = pane[cell] * np.where(curtain[cell] & (v > -0.1), 2.5, 1)[..., None] + 0.08 * (v[..., None] + 0.5)
    image[inner] = shade[inner]
    image[inner & cross] = frame * 0.9
    image[(abs(v - 0.48) < 0.02)] *= rng.uniform(0.6, 1.25)
    return image


def _shop(rng: np.random.Generator, noise: Noise) -> np.ndarray:
    """Ground floor: shop windows, doors and a coloured fascia; 4 m of the tile's height are seen."""
    image = grey(1 + 0.08 * noise(1.0))
    x, y = axes()
    for left, right in pairwise(np.sort(np.append(rng.uniform(0, 1, 5), [0, 1]))):
        inside = (x > left + 0.015) & (x < right - 0.015) & (y < rng.uniform(0.2, 0.24)) & (y > rng.choice([0, 0.05]))
        image[inside] = rng.uniform(0.05, 0.4, 3) + 0.1 * rng.random((int(inside.sum()), 1))
        fascia = (x > left) & (x < right) & (y > 0.245) & (y < 0.3)
        image[fascia] = rng.uniform(0.1, 1.2, 3)
    return image


def _sign(noise: Noise, kind: int) -> np.ndarray:
    x, y = (a - 0.5 for a in axes())
    radius = np.hypot(x, y) if kind < 3 else np.maximum(abs(x), abs(y))
    back, edge = [((0.9, 0.9, 0.9), (0.7, 0.03, 0.04)), ((0.03, 0.1, 0.55), (0.03, 0.1, 0.55)),
                  ((0.7, 0.03, 0.04), (0.7, 0.03, 0.04)), ((0.9, 0.55, 0.03), (0.9, 0.9, 0.9)),
                  ((0.03, 0.12, 0.55), (0.9, 0.9, 0.9)), ((0.9, 0.9, 0.9), (0.05, 0.05, 0.05))][kind]  # fmt: skip
    image = np.where((radius > 0.39)[..., None], edge, back).astype(float)
    inner = noise(1.5) > 0.9 if kind != 2 else abs(y) < 0.08
    image[inner & (radius < 0.32)] = 0.05 if kind in (0, 3, 5) else 0.9
    return image


def street_texture(name: str, rng: np.random.Generator, noise: Noise) -> np.ndarray:
    """SIZE,SIZE,3 of a name of ``tiles.STREET``."""
    x, y = axes()
    if name == "asphalt":
        a = 1 + 0.12 * noise(1.3) + 0.15 * noise(0.3)
        a -= 0.35 * (abs(noise(1.6)) < 0.025)
        a *= np.where(noise(2.2) > 1.1, rng.uniform(0.7, 1.2), 1)
        return grey(a)
    if name == "paving":
        n = int(rng.integers(8, 16))
        return grey(cells(rng, n, n, 0.07, 0.1, 0.65, rng.choice([0, 0.5])) * (1 + 0.1 * noise(1.0)))
    if name == "cobble":
        return grey(cells(rng, 36, 36, 0.16, 0.16, 0.5) * (1 + 0.1 * noise(1.0)))
    if name in ("leaves", "needles", "hedge", "grass"):
        return _leafy(noise, {"leaves": 0.6, "needles": 0.35, "hedge": 0.45, "grass": 0.8}[name])
    if name in ("brick", "roof"):
        return grey(cells(rng, 16, 48, 0.1, 0.12, 0.7) * (1 + 0.12 * noise(1.0)))
    if name in ("bark", "wood", "planks"):
        stripes = np.sin(2 * np.pi * (x * 12 + 0.15 * noise(1.5)))
        return grey(1 + 0.15 * stripes + 0.12 * noise(0.7) - 0.6 * (((x * 10) % 1 < 0.08) & (name == "planks")))
    if name == "glass":
        pillar = ((x * 2) % 1 < 0.12) | (y < 0.04)
        return grey(np.where(pillar, 2.5, 0.8 + 0.7 * y + 0.15 * noise(1.5)))
    if name == "buswindows":
        window = (abs(y - 0.55) < 0.2) & ((x * 2) % 1 > 0.08)
        return grey(np.where(window, 0.1 + 0.05 * noise(1.5), 1 + 0.03 * noise(1.0)))
    if name == "wire":
        return grey(np.where(((x * 16) % 1 < 0.25) | ((y * 4) % 1 < 0.12), 1.2, 0.45) + 0.05 * noise(0.5))
    if name.startswith("facade"):
        return _facade(rng, noise)
    if name.startswith("shop"):
        return _shop(rng, noise)
    if name.startswith("sign"):
        return _sign(noise, int(name[4:]))
    if name == "clouds":
        return grey(np.clip(0.5 + 0.5 * noise(1.7), 0, 1))
    return grey(1 + {"plaster": 0.1, "cloth": 0.12}.get(name, 0.05) * noise(1.0))


class Textures:
    """Textures of one sequence and their mip levels; those who look them up count in TILES."""

    def __init__(
        self,
        rng: np.random.Generator,
        names: Iterable[str] = STREET,
        make: Callable[[str, np.random.Generator, Noise], np.ndarray] = street_texture,
    ):
        noise, names = Noise(rng), list(names)
        level = np.stack([make(name, rng, noise).astype(np.float32) for name in names]).clip(0.02, 3)
        self.levels = [level]
        while level.shape[1] > 1:
            rows = level[:, ::2] + level[:, 1::2]
            level = (rows[:, :, ::2] + rows[:, :, 1::2]) / 4
            self.levels.append(level)
        self._place = np.array([names.index(name) if name in names else -1 for name in TILES])
        self.texel = np.array(list(TILES.values())) / SIZE

    def look_up(self, texture: np.ndarray, uv: np.ndarray, footprint: np.ndarray) -> np.ndarray:
        """Bilinear colours N,3 of textures N at uv N,2, from the mip level that a footprint N in metres asks for."""
        wanted = np.log2(np.maximum(footprint / self.texel[texture], 1)).astype(int)
        wanted = np.minimum(wanted, len(self.levels) - 1)
        colour = np.empty((len(texture), 3), np.float32)
        for k in np.unique(wanted):
            at = np.flatnonzero(wanted == k)
            size = SIZE >> int(k)
            place = (uv[at] % 1) * size - 0.5
            low = np.floor(place).astype(int)
            part = (place - low).astype(np.float32)
            flat = self.levels[k].reshape(-1, 3)
            row = self._place[texture[at]] * size
            (x0, y0), (x1, y1) = (low % size).T, ((low + 1) % size).T
            wx, wy = part[:, :1], part[:, 1:]
            top = flat[(row + y0) * size + x0] * (1 - wx) + flat[(row + y0) * size + x1] * wx
            bottom = flat[(row + y1) * size + x0] * (1 - wx) + flat[(row + y1) * size + x1] * wx
            colour[at] = top * (1 - wy) + bottom * wy
        return colour
