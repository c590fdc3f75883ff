"""Lamps, signs, traffic lights, fences, walls and benches; what has a front shows it towards -x."""

import numpy as np

from depth2seg.scenes.mesh import Paint, Triangles, box, disc, join, limb, quads

FENCE, LIGHT, POLE, SIGN, STATIC, WALL = 13, 19, 17, 20, 4, 12


def _steel(rng: np.random.Generator) -> tuple[float, float, float]:
    base = np.array([(0.35, 0.36, 0.36), (0.08, 0.09, 0.09), (0.12, 0.17, 0.13), (0.3, 0.22, 0.15)][rng.integers(4)])
    return tuple(base * rng.uniform(0.7, 1.3))


def lamp(rng: np.random.Generator) -> Triangles:
    """Street lamp with an arm over the road (towards y > 0)."""
    steel = Paint("plain", _steel(rng), POLE)
    height, arm = rng.uniform(4.5, 9), rng.uniform(0.0, 2.2)
    head = Paint("plain", (0.5, 0.5, 0.48), POLE)
    parts = [limb((0, 0, -0.2), (0, 0, height), 0.1, 0.06, steel, 7),
             limb((0, 0, 0), (0, 0, 0.9), 0.15, 0.13, steel, 7),
             box((0.28, 0.6, 0.14), (0, arm, height + 0.1), head)]  # fmt: skip
    if arm > 0.3:
        parts.append(limb((0, 0, height - 0.3), (0, arm, height + 0.15), 0.05, 0.04, steel, 5))
    return join(parts)


def pole(rng: np.random.Generator) -> Triangles:
    """Bollard, or a pole for cables."""
    steel = Paint(str(rng.choice(["plain", "bark"])), _steel(rng), POLE)
    if rng.random() < 0.5:
        return limb((0, 0, -0.1), (0, 0, rng.uniform(0.8, 1.1)), 0.07, 0.07, steel, 7)
    height = rng.uniform(6, 9)
    return join(
        [limb((0, 0, -0.2), (0, 0, height), 0.13, 0.1, steel, 7), box((0.1, 1.8, 0.12), (0, 0, height - 0.6), steel)]
    )


def traffic_sign(rng: np.random.Generator) -> Triangles:
    """One or two signs on a pole, now and then a large direction board."""
    steel, back = Paint("plain", (0.35, 0.36, 0.36), POLE), Paint("plain", (0.3, 0.31, 0.31), SIGN)
    kind, large = int(rng.integers(6)), rng.random() < 0.2
    height, radius = rng.uniform(2.1, 2.9), rng.uniform(0.33, 0.5)
    parts = [limb((0.06, 0, -0.2), (0.06, 0, height + radius), 0.045, 0.045, steel, 6)]
    tint = tuple(np.ones(3) * rng.uniform(0.7, 1.0))

    def board(z: float, wide: float, tall: float, number: int) -> list[Triangles]:
        face, half = Paint(f"sign{number}", tint, SIGN), wide / 2
        uv = np.array([[[1, 1], [0, 1], [0, 0], [1, 0]]])
        corners = [
            [-0.02, half, z - tall / 2],
            [-0.02, -half, z - tall / 2],
            [-0.02, -half, z + tall / 2],
            [-0.02, half, z + tall / 2],
        ]
        return [quads(np.array([corners]), face, uv), box((0.02, wide, tall), (0.0, 0, z - tall / 2), back)]

    if large:
        parts += board(height + 0.3, rng.uniform(1.2, 2.2), rng.uniform(0.8, 1.3), int(rng.choice([1, 4, 5])))
    elif kind == 3:
        parts.append(disc((-0.02, 0, height), radius * 1.2, "x", Paint("sign0", tint, SIGN), 3))
        parts.append(disc((0.0, 0, height), radius * 1.2, "x", back, 3))
    elif kind < 3:
        parts += [disc((-0.02, 0, height), radius, "x", Paint(f"sign{kind}", tint, SIGN), 12),
                  disc((0.0, 0, height), radius, "x", back, 12)]  # fmt: skip
    else:
        parts += board(height, 1.7 * radius, 1.7 * radius, kind)
    if rng.random() < 0.35:
        parts += board(height - radius - 0.3, radius * 1.6, 0.35, 5)
    return join(parts)


def traffic_light(rng: np.random.Generator) -> Triangles:
    """Signal on a pole at the kerb, or on an arm over the road (towards y > 0)."""
    steel, dark = Paint("plain", _steel(rng), POLE), Paint("plain", (0.03, 0.035, 0.03), LIGHT)
    lit = int(rng.integers(3))
    colours = [(0.9, 0.05, 0.03), (0.9, 0.5, 0.02), (0.05, 0.8, 0.3)]
    spots = [(0.0, rng.uniform(2.3, 2.9))]
    height = spots[0][1] + 0.9
    parts = []
    if rng.random() < 0.4:
        height, reach = 5.6, rng.uniform(2.5, 4.5)
        spots.append((reach, 4.8))
        parts.append(limb((0.1, 0, height - 0.1), (0.1, reach, height), 0.07, 0.05, steel, 6))
    parts.append(limb((0.1, 0, -0.2), (0.1, 0, height), 0.08, 0.07, steel, 7))
    for y, z in spots:
        parts.append(box((0.22, 0.36, 1.0), (-0.05, y, z), dark))
        for k in range(3):
            shine = tuple(np.array(colours[k]) * (1.6 if k == lit else 0.12))
            parts.append(disc((-0.17, y, z + 0.82 - 0.31 * k), 0.125, "x", Paint("plain", shine, LIGHT), 8))
    return join(parts)


def fence(rng: np.random.Generator, length: float) -> Triangles:
    """Fence along x: railing with bars, planks or wire."""
    height = rng.uniform(0.9, 1.8)
    colour = [(0.5, 0.48, 0.44), (0.22, 0.14, 0.08), (0.06, 0.07, 0.07), (0.12, 0.2, 0.14)][rng.integers(4)]
    kind = rng.integers(3)
    paint = Paint(str(("planks", "planks", "wire")[kind]), colour, FENCE)
    parts = [box((0.1, 0.1, height + 0.1), (x, 0, 0), paint) for x in np.arange(-length / 2, length / 2 + 0.1, 2.4)]
    if kind == 0:
        parts += [box((length, 0.05, 0.1), (0, 0, z), paint) for z in (0.15, height - 0.15)]
        x = np.arange(-length / 2, length / 2, 0.3)
        o = np.zeros_like(x)
        bars = [np.stack([x + dx, o, o + z], 1) for dx, z in ((0, 0.05), (0.14, 0.05), (0.14, height), (0, height))]
        parts.append(quads(np.stack(bars, 1), paint))
    else:
        parts.append(box((length, 0.06, height), (0, 0, 0.02), paint))
    return join(parts)


def wall(rng: np.random.Generator, length: float) -> Triangles:
    """Garden wall along x."""
    paint = Paint(
        str(rng.choice(["brick", "plaster", "cobble"])),
        tuple(rng.uniform(0.2, 0.5) * np.array([1, rng.uniform(0.7, 1), rng.uniform(0.5, 1)])),
        WALL,
    )
    height = rng.uniform(0.8, 2.4)
    cap = Paint("plaster", (0.35, 0.34, 0.32), WALL)
    return join([box((length, 0.3, height), (0, 0, 0), paint), box((length, 0.4, 0.1), (0, 0, height), cap)])


def bench(rng: np.random.Generator) -> Triangles:
    """Park bench along y."""
    wood = Paint("wood", tuple(np.array([0.3, 0.18, 0.09]) * rng.uniform(0.5, 1.8)), STATIC)
    iron = Paint("plain", (0.06, 0.06, 0.06), STATIC)
    length = rng.uniform(1.3, 2.0)
    slats = [box((0.12, length, 0.04), (x, 0, 0.45), wood) for x in (-0.2, -0.05, 0.1)]
    back = [box((0.04, length, 0.12), (0.24 + 0.03 * k, 0, 0.58 + 0.17 * k), wood) for k in range(2)]
    legs = [box((0.5, 0.06, 0.45), (0, y, 0), iron) for y in (-length / 2 + 0.15, length / 2 - 0.15)]
    return join(slats + back + legs)
