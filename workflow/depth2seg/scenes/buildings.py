"""Town buildings and houses: the front is at y = 0, the building behind it at y > 0, its width along x."""

import numpy as np

from depth2seg.scenes.mesh import Paint, Triangles, box, join, pose, prism

BUILDING = 11
_WALLS = [
    (0.6, 0.58, 0.54), (0.6, 0.5, 0.34), (0.5, 0.33, 0.16), (0.36, 0.15, 0.1), (0.33, 0.33, 0.34),
    (0.28, 0.36, 0.42), (0.35, 0.42, 0.32), (0.5, 0.3, 0.25), (0.2, 0.18, 0.17),
]  # fmt: skip


def wall_colour(rng: np.random.Generator) -> tuple[float, float, float]:
    """Plaster white, cream, ochre, brick red, grey, now and then blue or green."""
    base = np.array(_WALLS[rng.integers(len(_WALLS))])
    return tuple((base * rng.uniform(0.7, 1.25) + rng.uniform(-0.03, 0.03, 3)).clip(0.05, 0.75))


def _roof_colour(rng: np.random.Generator) -> tuple[float, float, float]:
    base = np.array([(0.3, 0.1, 0.06), (0.1, 0.1, 0.11), (0.2, 0.15, 0.12)][rng.integers(3)])
    return tuple(base * rng.uniform(0.7, 1.5))


def _facade(rng: np.random.Generator) -> str:
    return f"facade{rng.integers(8)}"


def _gable(width: float, depth: float, base: float, rise: float, along: bool, roof: Paint, wall: Paint) -> Triangles:
    over = 0.35
    # A prism's ends are its caps: the gables take the wall's paint by standing a little in front of them.
    if along:
        profile = [(-depth / 2 - over, base), (depth / 2 + over, base), (0, base + rise)]
        inner = [(-depth / 2, base), (depth / 2, base), (0, base + rise * 0.96)]
        parts = [prism(profile, -width / 2 + 0.05, width / 2 - 0.05, roof), prism(inner, -width / 2, width / 2, wall)]
        return join(parts).moved(pose((0, depth / 2, 0), yaw=np.pi / 2))
    profile = [(-width / 2 - over, base), (width / 2 + over, base), (0, base + rise)]
    inner = [(-width / 2, base), (width / 2, base), (0, base + rise * 0.96)]
    return join([prism(profile, 0.05, depth - 0.05, roof), prism(inner, 0, depth, wall)])


def building(rng: np.random.Generator, width: float | None = None, depth: float = 11.0) -> Triangles:
    """Town building of two to seven storeys, some with shops, balconies or a pitched roof."""
    width = width or rng.uniform(8, 20)
    storeys = int(rng.integers(2, 8))
    height = 3.0 * storeys + rng.uniform(0.2, 1.2)
    wall = Paint(_facade(rng), wall_colour(rng), BUILDING)
    roof = Paint("roof", _roof_colour(rng), BUILDING)
    trim = Paint("plaster", tuple(np.array(wall.tint) * rng.uniform(0.6, 1.4)), BUILDING)
    parts = [box((width, depth, height), (0, depth / 2, 0), wall, roof)]
    if rng.random() < 0.6:
        shop = Paint(f"shop{rng.integers(3)}", tuple(np.array(wall.tint) * rng.uniform(0.7, 1.3)), BUILDING)
        parts.append(box((width * 0.995, 0.3, 3.4), (0, 0, 0), shop))
    if rng.random() < 0.5:
        parts.append(_gable(width, depth, height, rng.uniform(1.5, 4), True, roof, trim))
    else:
        parts.append(box((width + 0.3, depth + 0.4, rng.uniform(0.3, 0.9)), (0, depth / 2, height), trim))
    if rng.random() < 0.5:
        rail = Paint("wire", (0.12, 0.12, 0.13), BUILDING)
        for storey in range(1, storeys):
            for x in np.arange(-width / 2 + 2, width / 2 - 1, rng.uniform(3.5, 5)):
                parts.append(box((1.8, 1.0, 0.95), (x, -0.5, 3 * storey + 0.1), rail, trim))
    return join(parts)


def house(rng: np.random.Generator) -> Triangles:
    """House of one or two storeys under a gable roof."""
    width, depth, height = rng.uniform(7, 12), rng.uniform(7, 10), rng.uniform(2.8, 6.2)
    wall = Paint(_facade(rng), wall_colour(rng), BUILDING)
    gable = Paint(str(rng.choice(["plaster", "brick", "planks"])), wall.tint, BUILDING)
    roof = Paint("roof", _roof_colour(rng), BUILDING)
    parts = [box((width, depth, height), (0, depth / 2, 0), wall),
             _gable(width, depth, height, rng.uniform(2, 4.5), bool(rng.random() < 0.5), roof, gable)]  # fmt: skip
    if rng.random() < 0.6:
        brick = Paint("brick", (0.3, 0.14, 0.1), BUILDING)
        parts.append(box((0.8, 0.6, 2.5), (rng.uniform(-2, 2), depth / 2, height + 2.2), brick))
    if rng.random() < 0.4:
        garage = Paint(str(rng.choice(["planks", "plain"])), wall_colour(rng), BUILDING)
        parts.append(box((3.2, 5, 2.6), (width / 2 + 1.6, 3.5, 0), garage, roof))
    return join(parts)
