"""Red giants that pulsate (Miras and semiregulars) and stars that turn with spots (ROT)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.simulate.relations import SOLAR_MAG, bolometric_correction, dwarf_radius, dwarf_temperature
from data.simulate.star import Star, within

__all__ = ["Drifting", "Spots", "draw_mira", "draw_rotational", "draw_semiregular"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Drifting:
    """Pulsation whose cycles are not alike.

    Attributes:
        amplitude: full, mag, of a typical cycle.
        asymmetry: share of the first overtone; Miras rise faster than they fade.
        slow: sines of long periods (period in days, amplitude, phase) that modulate timing (in cycles) and height.
        others: further (period, half amplitude, phase) of sines in magnitude.
    """

    period: float
    zero: float
    amplitude: float
    asymmetry: float
    wander: float
    slow: tuple[tuple[float, float, float], ...]
    others: tuple[tuple[float, float, float], ...] = ()

    def __call__(self, time: Array) -> Array:
        """V magnitude less its mean level at times in days."""
        drift = sum(a * np.sin(2 * np.pi * time / p + s) for p, a, s in self.slow)
        angle = 2 * np.pi * ((time - self.zero) / self.period + self.wander * drift)
        shape = np.sin(angle) + self.asymmetry * np.sin(2 * angle + 2.2)
        value = 0.5 * self.amplitude * shape * (1.0 + 2.0 * self.wander * drift)
        for period, amplitude, shift in self.others:
            value = value + amplitude * np.sin(2 * np.pi * time / period + shift)
        return value


def _slow(rng: np.random.Generator, low: float, high: float) -> tuple[tuple[float, float, float], ...]:
    return tuple((rng.uniform(low, high), rng.normal(0, 0.7), rng.uniform(0, 6.28)) for _ in range(3))


def draw_mira(rng: np.random.Generator) -> Star:
    """Mira: over 2.5 mag in V, 100 to 600 d, oxygen-rich or (a quarter) carbon-rich.

    M_K = -3.51 (log P - 2.38) - 7.25 for oxygen-rich, -7.18 for carbon-rich Miras (Whitelock, Feast & van Leeuwen 2008,
    MNRAS 386, 313); M_V follows from V - K of the temperature.
    """
    carbon = rng.random() < 0.25
    period = within(rng.lognormal(np.log(380 if carbon else 265), 0.3), 95, 620)
    abs_k = -3.51 * (np.log10(period) - 2.38) - (7.18 if carbon else 7.25) + rng.normal(0, 0.15)
    temperature = float(np.clip(3250 - 700 * np.log10(period / 250) + rng.normal(0, 80), 2750, 3550))
    v_k = float(np.interp(temperature, [2800, 3000, 3200, 3400, 3600], [9.4, 8.6, 7.3, 6.0, 4.8]))
    if carbon:
        v_k -= 1.2  # no TiO to blanket V
    return Star(
        kind="M",
        subtype="C-rich" if carbon else "O-rich",
        period=period,
        temperature=temperature,
        abs_v=abs_k + v_k,
        signal=Drifting(
            period=period,
            zero=rng.random() * period,
            amplitude=float(np.clip(rng.normal(3.2 if carbon else 4.0, 0.6), 2.5, 5.5)),
            asymmetry=rng.uniform(0.05, 0.22),
            wander=0.03,
            slow=_slow(rng, 600, 2500),
        ),
        metallicity=rng.normal(-0.2, 0.2),
        giant=True,
        carbon=carbon,
        dust=rng.uniform(0.5, 1.0) if carbon else rng.uniform(0.2, 0.8),
        emission=rng.uniform(0.2, 0.7) if rng.random() < 0.4 else 0.0,  # shocks: Balmer emission around maximum
        height=350.0,
        dispersion=45.0,
        aliasable=False,
    )


def draw_semiregular(rng: np.random.Generator) -> Star:
    """Semiregular: small, several close periods, often a long secondary one (Wood 2000 sequences B, C', D).

    M_K = -3.51 (log P - 2.38) - 7.25 - 0.9: one sequence above the Miras'.
    """
    period = within(rng.lognormal(np.log(75), 0.6), 20, 450)
    abs_k = -3.51 * (np.log10(period) - 2.38) - 8.15 + rng.normal(0, 0.3)
    temperature = float(np.clip(3560 - 420 * np.log10(period / 75) + rng.normal(0, 90), 2950, 3950))
    v_k = float(
        np.interp(temperature, [2800, 3000, 3200, 3400, 3600, 3800, 4000], [9.9, 8.9, 7.5, 6.1, 4.8, 4.0, 3.55])
    )
    amplitude = float(np.clip(rng.lognormal(np.log(0.32), 0.5), 0.1, 1.9))
    others = [(period * rng.uniform(0.78, 1.3), 0.5 * amplitude * rng.uniform(0.15, 0.5), rng.uniform(0, 6.28))]
    if rng.random() < 0.35:
        others.append((period * rng.uniform(7, 11), 0.5 * amplitude * rng.uniform(0.3, 0.9), rng.uniform(0, 6.28)))
    return Star(
        kind="SR",
        period=period,
        temperature=temperature,
        abs_v=abs_k + v_k,
        signal=Drifting(
            period=period,
            zero=rng.random() * period,
            amplitude=amplitude,
            asymmetry=rng.uniform(0.0, 0.12),
            wander=rng.uniform(0.04, 0.1),
            slow=_slow(rng, 4 * period, 20 * period),
            others=tuple(others),
        ),
        metallicity=rng.normal(-0.2, 0.25),
        giant=True,
        dust=rng.uniform(0.0, 0.25),
        height=350.0,
        dispersion=40.0,
        aliasable=False,
    )


@dataclass(frozen=True)
class Spots:
    """Dark spots on a turning star, growing and fading and drifting in longitude.

    Attributes:
        spots: (longitude in cycles, size in mag, drift in cycles a day, period and phase of its growth) each.
    """

    period: float
    spots: tuple[tuple[float, float, float, float, float], ...]

    def __call__(self, time: Array) -> Array:
        """V magnitude less that of the clean star, less the spots' mean, at times in days."""
        value = np.zeros_like(time)
        for longitude, size, drift, slow, phase in self.spots:
            angle = 2 * np.pi * (time / self.period + longitude + drift * time)
            grown = size * (1.0 + 0.45 * np.sin(2 * np.pi * time / slow + phase))
            # foreshortening: a spot on the far side is not seen
            value += grown * (np.maximum(np.cos(angle), 0.0) - 1 / np.pi)
        return value


def draw_rotational(rng: np.random.Generator) -> Star:
    """Rotational variable: a giant (RS CVn, active subgiant or giant) or a dwarf (BY Draconis), half and half."""
    giant = rng.random() < 0.5
    if giant:
        period = within(rng.lognormal(np.log(22), 0.7), 0.35, 120)
        temperature = rng.normal(4700, 190)
        luminosity = 10 ** rng.normal(1.35, 0.28)
        abs_v = SOLAR_MAG - 2.5 * np.log10(luminosity) - bolometric_correction(temperature, giant=True)
    else:
        mass = rng.uniform(0.52, 1.0)
        period = within(rng.lognormal(np.log(5.5), 0.8), 0.35, 120)
        temperature = float(dwarf_temperature(mass)) * rng.normal(0.985, 0.015)
        luminosity = float(dwarf_radius(mass)) ** 2 * (temperature / 5772) ** 4 * rng.uniform(0.95, 1.5)
        abs_v = SOLAR_MAG - 2.5 * np.log10(luminosity) - bolometric_correction(temperature)
    size = float(np.clip(rng.lognormal(np.log(0.13), 0.4), 0.06, 0.4))
    spots = tuple(
        (rng.random(), size * share, rng.normal(0, 1.0) / 40_000, rng.uniform(400, 2500), rng.uniform(0, 6.28))
        for share in (1.0, rng.uniform(0.2, 0.7))
    )
    return Star(
        kind="ROT",
        subtype="giant" if giant else "dwarf",
        period=float(period),
        temperature=float(temperature),
        abs_v=float(abs_v),
        signal=Spots(period=float(period), spots=spots),
        metallicity=rng.normal(-0.2, 0.25),
        giant=giant,
        broadening=15.0 if giant else 12.0,
        emission=rng.uniform(0.05, 0.35) if rng.random() < 0.4 else 0.0,
        height=250.0 if giant else 120.0,
        dispersion=35.0 if giant else 28.0,
        aliasable=False,
    )
