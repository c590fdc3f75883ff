"""Trees, bushes and hedges, standing at the origin."""

import numpy as np

from depth2seg.scenes.mesh import Paint, Triangles, blob, box, join, limb

VEGETATION = 21


def green(rng: np.random.Generator) -> tuple[float, float, float]:
    """A leaf colour from yellow-green to blue-green, now and then autumn's."""
    if rng.random() < 0.15:
        return tuple(np.array([0.35, 0.17, 0.04]) * rng.uniform(0.6, 1.4) + rng.uniform(-0.02, 0.04, 3))
    return tuple(
        np.array([rng.uniform(0.04, 0.16), rng.uniform(0.12, 0.24), rng.uniform(0.02, 0.08)]) * rng.uniform(0.6, 1.3)
    )


def _bark(rng: np.random.Generator) -> Paint:
    return Paint("bark", tuple(np.array([0.17, 0.13, 0.1]) * rng.uniform(0.5, 1.8)), VEGETATION)


def tree(rng: np.random.Generator) -> Triangles:
    """Broad-leaved tree of 4 to 12 m."""
    height = rng.uniform(4, 12)
    trunk, radius = height * rng.uniform(0.22, 0.4), height * rng.uniform(0.16, 0.32)
    leaves = Paint(str(rng.choice(["leaves", "hedge"])), green(rng), VEGETATION)
    lean = rng.uniform(-0.2, 0.2, 2)
    parts = [limb((0, 0, -0.3), (*lean, trunk + radius), 0.03 * height, 0.015 * height, _bark(rng), 6)]
    for _ in range(int(rng.integers(3, 6))):
        spot = rng.uniform(-0.55, 0.55, 3) * [radius, radius, (height - trunk) / 2]
        size = radius * rng.uniform(0.5, 0.9)
        middle = np.array([*lean, (height + trunk) / 2]) + spot
        shade = Paint(leaves.texture, tuple(np.array(leaves.tint) * rng.uniform(0.8, 1.2)), VEGETATION)
        parts.append(blob(middle, (size, size, size * rng.uniform(0.7, 1.1)), 0.22, rng, shade, 6, 10))
    return join(parts)


def conifer(rng: np.random.Generator) -> Triangles:
    """Fir, or a column like a cypress or poplar."""
    height = rng.uniform(4, 13)
    needles = Paint("needles", tuple(np.array(green(rng)) * 0.7), VEGETATION)
    parts = [limb((0, 0, -0.3), (0, 0, height * 0.3), 0.12, 0.1, _bark(rng), 5)]
    if rng.random() < 0.3:
        radius = height * rng.uniform(0.08, 0.13)
        parts.append(blob((0, 0, height * 0.55), (radius, radius, height * 0.47), 0.15, rng, needles, 9, 9))
        return join(parts)
    layers, radius = int(rng.integers(3, 6)), height * rng.uniform(0.16, 0.28)
    for k in range(layers):
        low = height * (0.12 + 0.75 * k / layers)
        size = radius * (1 - 0.8 * k / layers)
        parts.append(limb((0, 0, low), (*rng.uniform(-0.1, 0.1, 2), low + height * 0.35), size, 0.03, needles, 9))
        parts.append(limb((0, 0, low + 0.02), (0, 0, low), size, size * 0.9, needles, 9))
    return join(parts)


def bush(rng: np.random.Generator) -> Triangles:
    """Bush of 0.5 to 2 m."""
    leaves = Paint(str(rng.choice(["leaves", "hedge"])), green(rng), VEGETATION)
    parts = []
    for _ in range(int(rng.integers(1, 4))):
        size = rng.uniform(0.35, 0.95)
        parts.append(
            blob(
                (*rng.uniform(-0.6, 0.6, 2), size * 0.6),
                (size, size, size * rng.uniform(0.7, 1.2)),
                0.25,
                rng,
                leaves,
                5,
                8,
            )
        )
    return join(parts)


def hedge(rng: np.random.Generator, length: float) -> Triangles:
    """Clipped hedge along x."""
    return box(
        (length, rng.uniform(0.5, 1.0), rng.uniform(0.8, 2.2)), (0, 0, 0), Paint("hedge", green(rng), VEGETATION)
    )
