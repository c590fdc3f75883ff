"""Cars, vans, lorries, buses, bicycles and motorcycles; each stands at the origin and points along x."""

import numpy as np

from depth2seg.scenes.mesh import Paint, Triangles, box, disc, frustum, join, limb, prism
from depth2seg.scenes.people import person

BICYCLE, BUS, CAR, MOTORCYCLE, RIDER, TRUCK = 33, 28, 26, 32, 25, 27

_BODY = [(0.6, 0.6, 0.62), (0.05, 0.05, 0.06), (0.75, 0.75, 0.72), (0.5, 0.03, 0.03), (0.04, 0.09, 0.35),
         (0.25, 0.26, 0.28), (0.05, 0.2, 0.1), (0.6, 0.35, 0.05), (0.35, 0.28, 0.2), (0.1, 0.3, 0.45)]  # fmt: skip


def body_colour(rng: np.random.Generator) -> tuple[float, float, float]:
    """A colour that vehicles are sold in, a little off."""
    base = np.array(_BODY[rng.integers(len(_BODY))]) * rng.uniform(0.7, 1.25) + rng.uniform(-0.02, 0.02, 3)
    return tuple(base.clip(0.02, 0.9))


def _wheels(xs: list[float], width: float, radius: float, label: int) -> list[Triangles]:
    tyre, rim = Paint("plain", (0.03, 0.03, 0.03), label), Paint("plain", (0.35, 0.35, 0.36), label)
    parts = []
    for x in xs:
        for side in (-1, 1):
            y = side * width / 2
            parts.append(limb((x, y - side * 0.2, radius), (x, y + side * 0.02, radius), radius, radius, tyre, 9))
            parts.append(disc((x, y + side * 0.03, radius), radius * 0.6, "y", rim, 7))
    return parts


def _lamps(front: float, back: float, width: float, height: float, label: int) -> list[Triangles]:
    white, red = Paint("plain", (0.9, 0.9, 0.8), label), Paint("plain", (0.6, 0.02, 0.02), label)
    plate = Paint("plain", (0.8, 0.8, 0.7), label)
    parts = [box((0.05, 0.5, 0.12), (x, 0, height - 0.3), plate) for x in (front, back)]
    for y in (-width / 2 + 0.2, width / 2 - 0.2):
        parts += [box((0.06, 0.3, 0.13), (front, y, height), white), box((0.06, 0.26, 0.16), (back, y, height), red)]
    return parts


def car(rng: np.random.Generator, label: int = CAR) -> Triangles:
    """Saloon, hatchback, estate or off-roader."""
    length, width, height = rng.uniform(3.7, 4.9), rng.uniform(1.68, 1.9), rng.uniform(1.38, 1.75)
    waist, sill = height * rng.uniform(0.55, 0.62), rng.uniform(0.18, 0.3)
    front, back = length / 2, -length / 2
    bonnet, boot = rng.uniform(0.9, 1.4), rng.choice([0.1, 0.15, 0.9])
    paint = Paint("plain", body_colour(rng), label)
    dark = Paint("plain", (0.04, 0.04, 0.045), label)
    nose = waist - rng.uniform(0.1, 0.3)
    profile = [(back, sill), (front, sill), (front + 0.03, nose - 0.15), (front - 0.15, nose), (front - bonnet, waist),
               (back + boot * 0.5, waist), (back, waist - 0.12), (back - 0.03, sill + 0.2)]  # fmt: skip
    half = width / 2
    rake = rng.uniform(0.35, 0.7)
    low = (back + boot, front - bonnet, -half + 0.05, half - 0.05, waist)
    high = (back + boot + 0.25, front - bonnet - rake, -half + 0.25, half - 0.25, height)
    glass = Paint("glass", tuple(np.array((0.05, 0.06, 0.07)) * rng.uniform(0.7, 2)), label)
    skirt = box((length * 0.98, width * 1.01, 0.1), (0, 0, sill - 0.02), dark)
    return join([
        prism(profile, -half, half, paint), frustum(low, high, glass, paint), skirt,
        *_wheels([front - 0.85, back + 0.8], width, rng.uniform(0.3, 0.36), label),
        *_lamps(front + 0.01, back - 0.01, width, nose - 0.22, label),
    ])  # fmt: skip


def van(rng: np.random.Generator, label: int = CAR) -> Triangles:
    """Delivery van or people carrier."""
    length, width, height = rng.uniform(4.6, 5.4), rng.uniform(1.85, 2.05), rng.uniform(1.9, 2.5)
    front, back, half = length / 2, -length / 2, width / 2
    paint = Paint("plain", body_colour(rng), label)
    glass = Paint("glass", (0.06, 0.07, 0.08), label)
    profile = [(back, 0.3), (front, 0.3), (front, 0.85), (front - 0.7, 1.15), (front - 1.2, height), (back, height)]
    window = box((rng.uniform(0.8, length * 0.75), width + 0.02, 0.5), (front - 1.9, 0, 1.2), glass)
    rear = box((0.04, width * 0.8, 0.5), (back, 0, 1.25), glass)
    shield = frustum((front - 0.78, front - 0.7, -half + 0.1, half - 0.1, 1.2),
                     (front - 1.18, front - 1.1, -half + 0.15, half - 0.15, height - 0.15), glass)  # fmt: skip
    return join([prism(profile, -half, half, paint), window, rear, shield,
                 *_wheels([front - 0.9, back + 0.9], width, 0.36, label),
                 *_lamps(front + 0.01, back - 0.01, width, 0.75, label)])  # fmt: skip


def truck(rng: np.random.Generator) -> Triangles:
    """Lorry with a box, or a tipper with planks."""
    length, width, height = rng.uniform(6.5, 9.5), rng.uniform(2.3, 2.5), rng.uniform(2.9, 3.7)
    front, back = length / 2, -length / 2
    cab = Paint("plain", body_colour(rng), TRUCK)
    cargo = Paint(str(rng.choice(["plain", "planks", "plaster"])), body_colour(rng), TRUCK)
    glass, dark = Paint("glass", (0.06, 0.07, 0.08), TRUCK), Paint("plain", (0.05, 0.05, 0.05), TRUCK)
    cab_height = height - rng.uniform(0.3, 0.9)
    tall = height if rng.random() < 0.7 else rng.uniform(1.8, 2.2)
    return join([
        box((length, width * 0.8, 0.35), (0, 0, 0.55), dark),
        box((2.0, width, cab_height - 0.6), (front - 1, 0, 0.6), cab),
        box((0.9, width + 0.02, 0.75), (front - 0.7, 0, cab_height - 1.1), glass),
        box((0.04, width * 0.9, 0.8), (front + 0.01, 0, cab_height - 1.1), glass),
        box((length - 2.2, width + 0.05, tall - 0.95), (back + (length - 2.2) / 2, 0, 0.95), cargo),
        *_wheels([front - 1.2, back + 1.0, back + 2.2], width, 0.48, TRUCK),
        *_lamps(front + 0.03, back - 0.02, width, 0.75, TRUCK),
    ])  # fmt: skip


def bus(rng: np.random.Generator) -> Triangles:
    """City bus."""
    length, width, height = rng.uniform(9, 12), 2.5, rng.uniform(2.9, 3.2)
    paint = Paint("plain", body_colour(rng), BUS)
    windows = Paint("buswindows", paint.tint, BUS)
    front = length / 2
    stripe = Paint("plain", body_colour(rng), BUS)
    glass = Paint("glass", (0.06, 0.07, 0.08), BUS)
    return join([
        box((length, width, height - 0.35), (0, 0, 0.35), windows, paint),
        box((length + 0.03, width + 0.03, 0.3), (0, 0, 0.4), stripe),
        box((0.05, width * 0.92, 1.5), (front, 0, 1.1), glass),
        box((0.05, width * 0.7, 0.3), (front, 0, height - 0.35), Paint("sign3", (0.5, 0.5, 0.5), BUS)),
        *_wheels([front - 2.4, -front + 2.6], width, 0.48, BUS), *_lamps(front + 0.02, -front - 0.02, width, 0.7, BUS),
    ])  # fmt: skip


def bicycle(rng: np.random.Generator) -> Triangles:
    """Bicycle of 1.7 m."""
    tyre, frame = Paint("plain", (0.04, 0.04, 0.04), BICYCLE), Paint("plain", body_colour(rng), BICYCLE)
    r = 0.34
    seat, head, crank = (-0.18, 0, 0.85), (0.38, 0, 0.9), (-0.05, 0, 0.3)
    bars = [
        ((-0.53, 0, r), crank),
        (crank, seat),
        (crank, head),
        (seat, head),
        ((-0.53, 0, r), seat),
        (head, (0.53, 0, r)),
    ]
    parts = [disc((x, 0, r), r, "y", tyre, 14, r * 0.82) for x in (-0.53, 0.53)]
    parts += [disc((x, 0, r), r * 0.15, "y", frame, 6) for x in (-0.53, 0.53)]
    parts += [limb(p, q, 0.025, 0.025, frame, 4) for p, q in bars]
    parts += [
        limb((0.36, -0.27, 1.0), (0.36, 0.27, 1.0), 0.02, 0.02, tyre, 4),
        limb(head, (0.36, 0, 1.0), 0.02, 0.02, frame, 4),
    ]
    parts.append(box((0.25, 0.14, 0.07), (-0.2, 0, 0.88), tyre))
    return join(parts)


def motorcycle(rng: np.random.Generator) -> Triangles:
    """Motorcycle or scooter of 2 m."""
    paint, dark = Paint("plain", body_colour(rng), MOTORCYCLE), Paint("plain", (0.04, 0.04, 0.04), MOTORCYCLE)
    r = rng.uniform(0.27, 0.33)
    body = [(-0.75, 0.6), (-0.4, 0.35), (0.3, 0.3), (0.55, 0.85), (0.1, 0.95), (-0.2, 0.78), (-0.8, 0.82)]
    return join([
        *[limb((x, -0.07, r), (x, 0.07, r), r, r, dark, 10) for x in (-0.7, 0.7)],
        *[disc((x, y, r), r, "y", dark, 10, r * 0.5) for x in (-0.7, 0.7) for y in (-0.07, 0.07)],
        prism(body, -0.16, 0.16, paint), box((0.6, 0.26, 0.1), (-0.35, 0, 0.78), dark),
        limb((0.7, 0, r), (0.45, 0, 1.05), 0.05, 0.05, dark, 5),
        limb((0.42, -0.35, 1.05), (0.42, 0.35, 1.05), 0.025, 0.025, dark, 4),
        box((0.08, 0.18, 0.16), (0.62, 0, 0.8), Paint("plain", (0.9, 0.9, 0.8), MOTORCYCLE)),
    ])  # fmt: skip


def rider(rng: np.random.Generator) -> Triangles:
    """A person riding a bicycle or motorcycle."""
    if rng.random() < 0.7:
        return join([bicycle(rng), person(rng, RIDER, seat=(-0.18, 0.92), hands=(0.34, 1.02))])
    return join([motorcycle(rng), person(rng, RIDER, seat=(-0.3, 0.88), hands=(0.4, 1.07))])
