"""Procedural textures of rooms that are pictures: paintings, screens, printed pages, what is seen through windows."""

import numpy as np

from depth2seg.scenes.textures import SIZE, Noise, axes, grey


def spine(rng: np.random.Generator, noise: Noise) -> np.ndarray:
    """The back of a book: a title and a band."""
    x, y = axes()
    image = grey(1 + 0.05 * noise(1.0))
    image[(abs(y - 0.7) < 0.12) & (abs(x - 0.5) < 0.3)] = 2.0
    image[abs(y - 0.15) < 0.03] = 0.4
    return image


def page(rng: np.random.Generator, noise: Noise) -> np.ndarray:
    """Lines of print on white."""
    x, y = axes()
    text = ((y * 18) % 1 < 0.45) & (abs(x - 0.5) < 0.38) & (abs(y - 0.5) < 0.4) & (noise(0.6) > -0.7)
    return grey(np.where(text, 0.3, 1.0))


def picture(rng: np.random.Generator, noise: Noise) -> np.ndarray:
    """A landscape, shapes of colour, or a face-like oval, within a mount."""
    x, y = axes()
    kind = rng.integers(3)
    if kind == 0:
        hill = 0.45 + 0.12 * np.sin(2 * np.pi * (x * rng.uniform(0.5, 2) + rng.random())) + 0.03 * noise(1.5)
        sky, land = rng.uniform([0.3, 0.5, 0.7], [1.0, 1.0, 1.2]), rng.uniform([0.05, 0.15, 0.02], [0.5, 0.5, 0.3])
        image = np.where((y > hill)[..., None], sky * (0.6 + 0.5 * y[..., None]), land * grey(1 + 0.3 * noise(0.9)))
    elif kind == 1:
        image = np.ones((SIZE, SIZE, 3)) * rng.uniform(0.3, 1.0, 3)
        for _ in range(int(rng.integers(4, 12))):
            (cx, cy), radius = rng.uniform(0.1, 0.9, 2), rng.uniform(0.05, 0.25)
            inside = np.hypot(x - cx, y - cy) < radius
            if rng.random() < 0.5:
                inside = (abs(x - cx) < radius) & (abs(y - cy) < radius * rng.uniform(0.3, 2))
            image[inside] = rng.uniform(0.02, 1.2, 3)
    else:
        image = rng.uniform(0.05, 0.5, 3) * grey(1 + 0.3 * noise(1.6))
        image[np.hypot((x - 0.5) / 0.8, y - 0.28) < 0.3] = rng.uniform(0.05, 0.7, 3)
        image[np.hypot((x - 0.5) / 0.75, y - 0.62) < 0.19] = np.array([0.75, 0.5, 0.38]) * rng.uniform(0.3, 1.1)
    if rng.random() < 0.5:
        image[np.maximum(abs(x - 0.5), abs(y - 0.5)) > 0.4] = 0.9
    return image


def screen(rng: np.random.Generator, noise: Noise) -> np.ndarray:
    """A television that is off, or on with a picture."""
    if rng.random() < 0.6:
        return grey(0.035 + 0.02 * axes()[1] + 0.006 * noise(1.5))
    return 0.8 * picture(rng, noise)


def outside(rng: np.random.Generator, noise: Noise) -> np.ndarray:
    """Sky above trees or houses, overexposed as a window seen from inside."""
    x, y = axes()
    line = rng.uniform(0.25, 0.5) + 0.08 * noise(1.6)
    if rng.random() < 0.5:
        line = rng.uniform(0.2, 0.6, 6)[np.floor(x * 6).astype(int)]
    sky = np.array([0.8, 0.93, 1.1]) * grey(0.9 + 0.25 * y)
    ground = rng.uniform([0.12, 0.2, 0.06], [0.5, 0.5, 0.4]) * grey(1 + 0.35 * noise(0.9))
    return np.where((y > line)[..., None], sky, ground)
