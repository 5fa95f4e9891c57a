"""Eclipsing binaries from Roche geometry: contact (EW), near contact (EB) and detached (EA)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.simulate.relations import (
    SOLAR_MAG,
    bolometric_correction,
    dwarf_radius,
    dwarf_temperature,
    kepler_period,
    roche_radius,
)
from data.simulate.star import Star, UnlikelyStar

__all__ = ["Orbit", "draw_contact", "draw_detached", "draw_near_contact"]

Array = NDArray[np.float64]

DISCS = ((1.0, 0.45), (0.8, 0.33), (0.5, 0.22))
"""Limb darkening as three discs laid over one another: radius over the star's, share of its light."""


DEEPEST = 2.0
"""Magnitudes: deeper eclipses are too rare to be drawn."""


@dataclass(frozen=True)
class Orbit:
    """A pair of spheres and what their tides add.

    Attributes:
        radii: of both stars over the separation; the first is in front at phase 0.5.
        lights: share of the light of both in V, sum 1.
        tide: half amplitude of the ellipsoidal variation over the light.
        reflection: half amplitude of the reflected light over the light.
        inclination: radians.
    """

    period: float
    zero: float
    radii: tuple[float, float]
    lights: tuple[float, float]
    inclination: float
    tide: float = 0.0
    reflection: float = 0.0
    eccentricity: float = 0.0
    periastron: float = 0.0

    def __call__(self, time: Array) -> Array:
        """V magnitude less the one at quadrature, at times in days."""
        return -2.5 * np.log10(self.light(np.mod((time - self.zero) / self.period, 1.0)))

    def light(self, phase: Array) -> Array:
        """Light at an orbital phase, 0 at the primary minimum of a circular orbit.

        Eclipses are overlapping discs; the ellipsoidal term is the leading one of Morris (1985, ApJ 295, 143).
        """
        angle, distance = self._motion(phase)
        projected = distance * np.sqrt(1.0 - (np.cos(angle) * np.sin(self.inclination)) ** 2)
        surface = 1.0 - self.tide * (1.0 + np.cos(2 * angle)) - self.reflection * (1.0 + np.cos(angle))
        hidden = np.zeros_like(angle)
        behind = np.cos(angle) > 0  # the first star is the far one
        for star, far in ((0, behind), (1, ~behind)):
            for size, share in DISCS:
                radius = size * self.radii[star]
                covered = _overlap(projected, radius, self.radii[1 - star]) / (np.pi * radius**2)
                hidden += self.lights[star] * share * covered * far
        return np.maximum(surface * (1.0 - hidden), 0.02)

    def _motion(self, phase: Array) -> tuple[Array, Array]:
        """Angle from conjunction (radians, 0 at primary minimum) and distance over the semi-major axis."""
        if self.eccentricity == 0:
            return 2 * np.pi * phase, np.ones_like(phase)
        e, omega = self.eccentricity, self.periastron
        conjunction = np.pi / 2 - omega  # true anomaly of the primary minimum
        start = 2 * np.arctan(np.sqrt((1 - e) / (1 + e)) * np.tan(conjunction / 2))
        mean = 2 * np.pi * phase + start - e * np.sin(start)
        eccentric = mean + e * np.sin(mean)
        for _ in range(8):  # Newton; e is below 0.5
            eccentric = eccentric - (eccentric - e * np.sin(eccentric) - mean) / (1 - e * np.cos(eccentric))
        true = 2 * np.arctan2(np.sqrt(1 + e) * np.sin(eccentric / 2), np.sqrt(1 - e) * np.cos(eccentric / 2))
        return true - conjunction, 1 - e * np.cos(eccentric)


def _overlap(distance: Array, first: float, second: float) -> Array:
    """Area that two discs have in common."""
    low, high = abs(first - second), first + second
    d = np.clip(distance, low + 1e-9, high - 1e-9)
    a = np.arccos(np.clip((d**2 + first**2 - second**2) / (2 * d * first), -1, 1))
    b = np.arccos(np.clip((d**2 + second**2 - first**2) / (2 * d * second), -1, 1))
    lens = first**2 * (a - np.sin(2 * a) / 2) + second**2 * (b - np.sin(2 * b) / 2)
    return np.where(distance >= high, 0.0, np.where(distance <= low, np.pi * min(first, second) ** 2, lens))


def _tide(lights: tuple[float, float], radii: tuple[float, float], ratio: float, inclination: float) -> float:
    """Half amplitude of the ellipsoidal variation of both stars, with linear limb and gravity darkening 0.6 and 0.4."""
    factor = 0.15 * (15 + 0.6) * (1 + 0.4) / (3 - 0.6) * np.sin(inclination) ** 2
    return float(factor * (lights[0] * ratio * radii[0] ** 3 + lights[1] / ratio * radii[1] ** 3))


def _lights(radii: tuple[float, float], temperatures: tuple[float, float]) -> tuple[float, float]:
    """Shares of the light in V: radius squared by the surface brightness, sigma T^4 corrected to V."""
    light = [r**2 * t**4 * 10 ** (0.4 * bolometric_correction(t)) for r, t in zip(radii, temperatures, strict=True)]
    return light[0] / sum(light), light[1] / sum(light)


def _abs_v(radii: tuple[float, float], temperatures: tuple[float, float], separation: float) -> float:
    """M_V of both stars together; radii over the separation, the separation in solar radii."""
    light = 0.0
    for radius, temperature in zip(radii, temperatures, strict=True):
        luminosity = (radius * separation) ** 2 * (temperature / 5772.0) ** 4
        light += luminosity * 10 ** (0.4 * bolometric_correction(temperature))
    return float(SOLAR_MAG - 2.5 * np.log10(light))


def _binary(
    kind: str,
    rng: np.random.Generator,
    orbit: Orbit,
    temperatures: tuple[float, float],
    separation: float,
    *,
    least_depth: float,
) -> Star:
    """The star, where its eclipses would be seen; the primary rotates with the orbit."""
    curve = orbit(np.linspace(0, orbit.period, 401) + orbit.zero)
    half = np.linspace(0, 1, 401)
    primary = curve[(half < 0.25) | (half > 0.75)].max()
    secondary = curve[(half >= 0.25) & (half <= 0.75)].max()
    if not least_depth < max(primary, secondary) - curve.min() < DEEPEST:
        raise UnlikelyStar
    eccentric = orbit.eccentricity > 0.05
    return Star(
        kind=kind,
        period=orbit.period,
        temperature=temperatures[0],
        abs_v=_abs_v(orbit.radii, temperatures, separation),
        signal=orbit,
        metallicity=rng.normal(-0.15, 0.2),
        broadening=50.6 * orbit.radii[0] * separation / orbit.period * float(np.sin(orbit.inclination)),
        height=180.0,
        dispersion=35.0,
        aliasable=bool(eccentric or abs(primary - secondary) > 0.12),
    )


def _inclination(rng: np.random.Generator, least: float) -> float:
    """Radians, isotropic between `least` degrees and edge on."""
    return float(np.arccos(rng.uniform(0.0, np.cos(np.radians(least)))))


def _close_pair(
    kind: str,
    rng: np.random.Generator,
    *,
    mass: float,
    ratio: float,
    radius: float,
    radii: tuple[float, float],
    temperatures: tuple[float, float],
    least_inclination: float,
    periods: tuple[float, float],
    reflects: bool,
    least_depth: float,
) -> Star:
    """A circular orbit whose size is fixed by the primary: `radius` in solar radii is `radii[0]` of the separation."""
    separation = radius / radii[0]
    inclination = _inclination(rng, least_inclination)
    lights = _lights(radii, temperatures)
    period = kepler_period(separation, mass * (1 + ratio))
    if not periods[0] < period < periods[1]:
        raise UnlikelyStar
    orbit = Orbit(
        period=period,
        zero=rng.random() * period,
        radii=radii,
        lights=lights,
        inclination=inclination,
        tide=_tide(lights, radii, ratio, inclination),
        reflection=_reflection(lights, radii) if reflects else 0.0,
    )
    return _binary(kind, rng, orbit, temperatures, separation, least_depth=least_depth)


def _reflection(lights: tuple[float, float], radii: tuple[float, float]) -> float:
    """Half amplitude of what the second star reflects: a quarter of the light that falls on its disc."""
    return 0.5 * lights[0] * radii[1] ** 2 * 0.5


def draw_contact(rng: np.random.Generator) -> Star:
    """W UMa: both stars overfill their lobes, share an envelope and so one temperature within a few percent.

    The radius of the primary fixes separation and, by Kepler, period: the period-colour and period-luminosity
    relations of contact binaries come out and are not put in (Rucinski 1994, PASP 106, 462).
    """
    mass = rng.lognormal(np.log(1.05), 0.17)
    ratio = rng.uniform(0.12, 0.95)  # secondary over primary
    fill = rng.uniform(1.0, 1.08)
    radius = float(dwarf_radius(mass)) * rng.uniform(0.98, 1.2)
    temperature = float(dwarf_temperature(mass)) * rng.normal(0.985, 0.02)
    return _close_pair(
        "EW",
        rng,
        mass=mass,
        ratio=ratio,
        radius=radius,
        radii=(fill * roche_radius(1 / ratio), fill * roche_radius(ratio)),
        temperatures=(temperature, temperature * rng.normal(0.99, 0.013)),
        least_inclination=40,
        periods=(0.21, 1.0),
        reflects=False,
        least_depth=0.12,
    )


def draw_near_contact(rng: np.random.Generator) -> Star:
    """Beta Lyrae: one star fills its lobe or nearly so, the other is cooler, so that minima differ."""
    mass = rng.lognormal(np.log(1.45), 0.25)
    ratio = rng.uniform(0.25, 0.85)
    radii = (rng.uniform(0.82, 0.98) * roche_radius(1 / ratio), rng.uniform(0.85, 1.0) * roche_radius(ratio))
    radius = float(dwarf_radius(mass)) * rng.uniform(1.0, 1.9)
    temperature = float(dwarf_temperature(mass)) * rng.normal(0.96, 0.03)
    return _close_pair(
        "EB",
        rng,
        mass=mass,
        ratio=ratio,
        radius=radius,
        radii=radii,
        temperatures=(temperature, temperature * rng.uniform(0.66, 0.93)),
        least_inclination=55,
        periods=(0.3, 6.0),
        reflects=True,
        least_depth=0.15,
    )


def draw_detached(rng: np.random.Generator) -> Star:
    """Algol: well inside their lobes, flat between eclipses; wide ones may be eccentric."""
    mass = rng.lognormal(np.log(1.4), 0.28)
    ratio = rng.uniform(0.35, 1.0)
    period = rng.lognormal(np.log(2.2), 0.8)
    separation = (period / 0.115868) ** (2 / 3) * (mass * (1 + ratio)) ** (1 / 3)
    primary = float(dwarf_radius(mass)) * rng.uniform(1.0, 2.0)
    evolved = rng.random() < 0.3  # a semi-detached Algol: the less massive star is the larger, cooler one
    secondary = roche_radius(ratio) * separation if evolved else float(dwarf_radius(max(0.5, mass * ratio)))
    radii = (primary / separation, secondary / separation)
    temperature = float(dwarf_temperature(mass)) * rng.normal(0.98, 0.02)
    cooler = rng.uniform(0.5, 0.68) * temperature if evolved else float(dwarf_temperature(max(0.5, mass * ratio)))
    too_close = radii[0] > 0.75 * roche_radius(1 / ratio) or (not evolved and radii[1] > 0.75 * roche_radius(ratio))
    if too_close or not 0.45 < period < 60 or (evolved and radii[1] > 0.36):
        raise UnlikelyStar
    inclination = _inclination(rng, 65)
    lights = _lights(radii, (temperature, cooler))
    eccentric = not evolved and period > 2.5 and rng.random() < 0.35
    orbit = Orbit(
        period=period,
        zero=rng.random() * period,
        radii=radii,
        lights=lights,
        inclination=inclination,
        tide=_tide(lights, radii, ratio, inclination),
        reflection=_reflection(lights, radii),
        eccentricity=rng.uniform(0.05, 0.4) if eccentric else 0.0,
        periastron=rng.uniform(0, 2 * np.pi),
    )
    return _binary("EA", rng, orbit, (temperature, cooler), separation, least_depth=0.12)
