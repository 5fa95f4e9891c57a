"""Where a star is, how far, how reddened and how it moves: drawn so that it is seen at the brightness asked for."""

from dataclasses import dataclass

import numpy as np

from data.simulate.relations import ABSORPTION, BANDS, absolute_mags
from data.simulate.star import Star, UnlikelyStar, within

__all__ = ["Place", "draw_place"]

POLE = (np.radians(27.12825), np.radians(192.85948), np.radians(122.93192))
"""Declination and right ascension of the galactic north pole, and the longitude of the celestial one (J2000)."""

SOUTHERN_LIMIT = -10.0
"""Degrees of declination: LAMOST sees no further south."""

DUST_HEIGHT, DUST_DENSITY = 120.0, 0.75
"""Scale height of the dust, pc, and A_V a kpc in the plane."""


@dataclass(frozen=True)
class Place:
    """Galactic coordinates in degrees, distance in pc, A_V in mag, velocities in km/s, apparent mean magnitudes."""

    l: float  # noqa: E741  galactic longitude, as astronomers write it
    b: float
    distance: float
    extinction: float
    radial_velocity: float
    tangential: tuple[float, float]
    mags: dict[str, float]


def declination(longitude: float, latitude: float) -> float:
    """Of galactic coordinates in radians, in degrees."""
    sine = np.sin(latitude) * np.sin(POLE[0]) + np.cos(latitude) * np.cos(POLE[0]) * np.cos(POLE[2] - longitude)
    return float(np.degrees(np.arcsin(np.clip(sine, -1, 1))))


def draw_place(star: Star, rng: np.random.Generator) -> Place:
    """A place at which the star has the mean V magnitude of a survey that goes from 11 to 16.5.

    Height above the plane is exponential with the scale of the star's population; extinction that of a sheet of
    dust, A_V = 0.75 mag/kpc at the plane; distance solves V = M_V + 5 log10(d / 10 pc) + A_V.

    Raises:
        UnlikelyStar: too bright or too faint, or no place north of declination -10 degrees was found for it.
    """
    v = within(rng.normal(13.9, 1.1), 11.0, 16.4)
    quantile = rng.random()
    distance, latitude, extinction = 1000.0, 0.0, 0.3
    patchy = rng.lognormal(0.0, 0.25)
    for _ in range(12):  # a fixed point, damped; it need not be exact: V is computed from what comes out
        distance = float(np.clip(10 ** ((v - star.abs_v - extinction + 5) / 5), 15.0, 30_000.0))
        # exponential between the plane and the star's own distance
        height = -star.height * np.log1p(-quantile * -np.expm1(-distance / star.height))
        latitude = float(np.arcsin(min(1.0, height / distance)))
        reach = max(np.sin(latitude), 0.02)
        column = DUST_HEIGHT / reach * (1 - np.exp(-distance * reach / DUST_HEIGHT)) / 1000.0
        extinction = 0.5 * extinction + 0.5 * min(4.0, patchy * DUST_DENSITY * column)
    latitude *= 1 if rng.random() < 0.5 else -1
    for _ in range(40):
        longitude = float(rng.uniform(0, 2 * np.pi))
        if declination(longitude, latitude) > SOUTHERN_LIMIT:
            break
    else:
        raise UnlikelyStar
    absolute = absolute_mags(star.abs_v, star.temperature, giant=star.giant, carbon=star.carbon, dust=star.dust)
    modulus = 5 * np.log10(distance) - 5
    scatter = rng.normal(0, 0.02, len(BANDS))
    mags = {
        band: absolute[band] + modulus + ABSORPTION[band] * extinction + noise
        for band, noise in zip(BANDS, scatter, strict=True)
    }
    turn = rng.uniform(0, 2 * np.pi)
    speed = star.dispersion * np.sqrt(rng.exponential(2.0)) + 8.0
    return Place(
        l=float(np.degrees(longitude)),
        b=float(np.degrees(latitude)),
        distance=distance,
        extinction=extinction,
        radial_velocity=float(rng.normal(0, star.dispersion)),
        tangential=(float(speed * np.cos(turn)), float(speed * np.sin(turn))),
        mags=mags,
    )
