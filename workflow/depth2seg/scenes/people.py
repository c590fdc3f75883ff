"""Walkers and riders, standing at the origin and facing along x."""

import numpy as np

from depth2seg.scenes.mesh import Paint, Triangles, blob, join, limb, pose

PERSON = 24


def _cloth(rng: np.random.Generator, label: int) -> Paint:
    colour = rng.uniform(0.03, 0.5) * np.ones(3) + rng.uniform(-1, 1, 3) * rng.choice([0.02, 0.2])
    return Paint("cloth", tuple(colour.clip(0.02, 0.7)), label)


def person(
    rng: np.random.Generator,
    label: int = PERSON,
    seat: tuple[float, float] | None = None,
    hands: tuple[float, float] | None = None,
) -> Triangles:
    """A walker mid-stride, or with seat and hands (x, z) given, someone who rides."""
    top, trousers = _cloth(rng, label), _cloth(rng, label)
    skin = Paint("plain", tuple(np.array([0.62, 0.42, 0.32]) * rng.uniform(0.25, 1.1)), label)
    hair = Paint("cloth", tuple(np.array([0.2, 0.13, 0.08]) * rng.uniform(0.2, 2.5)), label)
    shoe = Paint("plain", (0.05, 0.05, 0.05), label)
    stride, swing, girth = rng.uniform(0, 0.38), rng.uniform(-0.3, 0.3), rng.uniform(0.85, 1.25)
    hip = np.array([0, 0, 0.9]) if seat is None else np.array([seat[0], 0, seat[1] + 0.05])
    lean = 0.02 if seat is None else 0.2
    neck = hip + np.array([lean, 0, 0.55])

    def at(start: np.ndarray, x: float, y: float, z: float) -> np.ndarray:
        return start + np.array([x, y, z])

    def bar(start: np.ndarray, end: np.ndarray, r0: float, r1: float, paint: Paint) -> Triangles:
        return limb(start, end, r0, r1, paint, 5, tip=False)

    parts = [
        limb(at(hip, 0, 0, -0.08), neck, 0.15 * girth, 0.19 * girth, top, 7),
        bar(neck, at(neck, 0.01, 0, 0.1), 0.06, 0.06, skin),
        blob(at(neck, 0.03, 0, 0.2), (0.105, 0.09, 0.13), 0.03, rng, skin, 4, 6),
        blob(at(neck, 0, 0, 0.24), (0.11, 0.1, 0.11), 0.08, rng, hair, 3, 6),
    ]
    for side in (-1, 1):
        joint = at(hip, 0, side * 0.09, 0)
        if seat is None:
            knee = at(joint, side * stride * 0.5 + 0.04, 0, -0.43)
            foot = at(joint, side * stride, 0, -0.84)
            elbow = at(neck, -side * swing * 0.5, side * 0.25 * girth, -0.3)
            hand = at(elbow, -side * swing * 0.5 + 0.05, 0, -0.25)
        else:
            knee = at(joint, 0.36, 0, -0.1 - 0.1 * side)
            foot = at(joint, 0.18, 0, -0.5 - 0.1 * side)
            hand = np.array([hands[0], side * 0.22, hands[1]])
            elbow = at((neck + hand) / 2, -0.05, side * 0.15, -0.1)
        shoulder = at(neck, 0, side * 0.19 * girth, -0.04)
        parts += [
            bar(joint, knee, 0.09 * girth, 0.065, trousers),
            bar(knee, foot, 0.065, 0.045, trousers),
            limb(foot, at(foot, 0.15, 0, -0.03), 0.05, 0.035, shoe, 4),
            bar(shoulder, elbow, 0.06, 0.05, top),
            limb(elbow, hand, 0.05, 0.035, top if rng.random() < 0.7 else skin, 5),
        ]
    if rng.random() < 0.3:
        parts.append(blob(at(neck, -0.2, 0, -0.22), (0.13, 0.17, 0.22), 0.05, rng, _cloth(rng, label), 4, 6))
    size = rng.uniform(0.9, 1.1) if seat is not None or rng.random() < 0.88 else rng.uniform(0.6, 0.75)
    return join(parts).moved(pose(scale=size if seat is None else 1.0))
