"""From what pixels see to their colours: texture, sun with shadow, light of sky and ground, the sky itself."""

from dataclasses import dataclass

import numpy as np

from depth2seg.scenes.camera import Camera, Seen, see
from depth2seg.scenes.mesh import Triangles
from depth2seg.scenes.textures import Textures
from depth2seg.scenes.tiles import TILES
from depth2seg.scenes.tracer import Tracer


@dataclass(frozen=True)
class Light:
    """Direction sunlight travels in (unit), and linear RGB of sun, zenith, horizon and light from the ground."""

    direction: np.ndarray
    sun: np.ndarray
    zenith: np.ndarray
    horizon: np.ndarray
    ground: np.ndarray
    clouds: float
    exposure: float


def random_light(rng: np.random.Generator) -> Light:
    """A clear, hazy or overcast day at some hour, exposed for its brightness."""
    overcast = rng.beta(0.6, 0.9)
    elevation, azimuth = np.radians(rng.uniform(20, 65)), rng.uniform(0, 2 * np.pi)
    direction = -np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
    warm = np.array([1.0, rng.uniform(0.82, 0.97), rng.uniform(0.55, 0.92)])
    sun = warm * (3.4 - 2.8 * overcast)
    grey = rng.uniform(0.75, 1.0) * np.ones(3)
    zenith = (1 - overcast) * np.array([0.12, 0.3, 0.85]) * rng.uniform(0.8, 1.2) + overcast * grey
    horizon = (1 - overcast) * np.array([0.6, 0.76, 1.0]) * rng.uniform(0.8, 1.2) + overcast * grey * 1.05
    ground = np.array([0.24, 0.21, 0.18]) * (0.5 + sun.mean() / 3)
    level = sun.mean() * np.sin(elevation) * 0.5 + (zenith + horizon).mean() / 2
    return Light(direction, sun, zenith, horizon, ground, rng.uniform(0, 0.6), rng.uniform(0.62, 1.0) / level)


def photograph(
    tracer: Tracer, camera: Camera, world: Triangles, textures: Textures, light: Light, samples: int
) -> np.ndarray:
    """uint8 image H,W,3, the mean of samples (a square number) on a regular grid in each pixel."""
    times = int(np.sqrt(samples))
    fine = camera.finer(times)
    numbers, sunlit = tracer.look(fine)
    seen = see(fine, numbers, world)
    albedo = paint(fine, seen, world, textures)
    cosine = np.maximum(-(seen.normal @ light.direction), 0) * sunlit[seen.where]
    up = 0.5 + 0.5 * seen.normal[:, 2:]
    side = 1 + 0.12 * (seen.normal @ np.array([0.6, 0.8, 0.0]))[:, None]
    sky_light = (0.55 * light.zenith + 0.45 * light.horizon) * up + light.ground * (1 - up)
    colour = np.empty((*seen.where.shape, 3))
    colour[~seen.where] = _sky(fine.rays()[~seen.where], textures, light)
    colour[seen.where] = albedo * (cosine[:, None] * light.sun + 0.85 * side * sky_light)
    return develop(colour, times, light.exposure)


def paint(camera: Camera, seen: Seen, world: Triangles, textures: Textures) -> np.ndarray:
    """Linear RGB N,3 of the surfaces that N pixels see, as if white light lit them all."""
    away = np.maximum(-(seen.normal * seen.ray).sum(1) / np.linalg.norm(seen.ray, axis=1), 0.02)
    footprint = seen.depth / camera.f / np.sqrt(away)
    tint = world.tint[seen.face].astype(np.float32)
    return textures.look_up(world.texture[seen.face], seen.uv, footprint) * tint


def develop(colour: np.ndarray, times: int, exposure: float) -> np.ndarray:
    """uint8 H,W,3 of linear RGB, each pixel the mean of times x times, times the exposure."""
    height, width = colour.shape[0] // times, colour.shape[1] // times
    mean = colour.reshape(height, times, width, times, 3).mean((1, 3))
    return np.rint(255 * np.clip(mean * exposure, 0, 1) ** (1 / 2.2)).astype(np.uint8)


def _sky(ray: np.ndarray, textures: Textures, light: Light) -> np.ndarray:
    """Linear RGB N,3 of the sky in directions N,3."""
    up = np.clip(ray[:, 2:] / np.linalg.norm(ray, axis=1, keepdims=True), 0, 1)
    blue = light.horizon + (light.zenith - light.horizon) * np.sqrt(up)
    flat = ray[:, :2] / np.linalg.norm(ray, axis=1, keepdims=True) / (up + 0.25) * 0.3
    index = np.full(len(ray), list(TILES).index("clouds"))
    cloud = textures.look_up(index, flat, textures.texel[index])
    return blue + light.clouds * cloud * (light.horizon * 1.1 - blue) + 0.25 * light.clouds * (cloud - 0.5)
