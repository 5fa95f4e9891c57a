"""Pulsating stars of the instability strip: RRAB, RRC, HADS, DSCT, as Fourier series."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.simulate.star import Star, within

__all__ = ["Fourier", "draw_delta_scuti", "draw_hads", "draw_rrab", "draw_rrc"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Fourier:
    """m(t) = sum over k of A_k sin(2 pi k (t - zero) / P + phi_k), the convention of Simon & Lee (1981, ApJ 248, 291).

    Attributes:
        amplitudes, phases: of the harmonics from the first on, mag and radians.
        modulation: share, period in days and phase of a Blazhko modulation of the amplitude; the timing follows it.
        modes: further (period, amplitude, phase) of sines, for stars with more than one mode.
    """

    period: float
    zero: float
    amplitudes: tuple[float, ...]
    phases: tuple[float, ...]
    modulation: tuple[float, float, float] = (0.0, 1.0, 0.0)
    modes: tuple[tuple[float, float, float], ...] = ()

    def __call__(self, time: Array) -> Array:
        """V magnitude less its mean at times in days."""
        share, slow, phase = self.modulation
        cycle = np.sin(2 * np.pi * time / slow + phase)
        angle = 2 * np.pi * (time - self.zero) / self.period + 0.5 * share * cycle
        value = np.zeros_like(time)
        for k, (amplitude, shift) in enumerate(zip(self.amplitudes, self.phases, strict=True), start=1):
            value += amplitude * np.sin(k * angle + shift)
        value *= 1.0 + share * cycle
        for period, amplitude, shift in self.modes:
            value += amplitude * np.sin(2 * np.pi * time / period + shift)
        return value


def _series(
    rng: np.random.Generator,
    period: float,
    amplitude: float,
    ratios: tuple[float, ...],
    shifts: tuple[float, ...],
    **more: tuple,
) -> Fourier:
    """A series of the full amplitude asked for, from R_k1 = A_k / A_1 and phi_k1 = phi_k - k phi_1."""
    relative = (1.0, *ratios)
    phases = (0.0, *shifts)
    grid = np.linspace(0, 2 * np.pi, 200)
    shape = sum(a * np.sin(k * grid + p) for k, (a, p) in enumerate(zip(relative, phases, strict=True), start=1))
    scale = amplitude / float(np.ptp(shape))
    return Fourier(
        period=period,
        zero=rng.random() * period,
        amplitudes=tuple(scale * a for a in relative),
        phases=phases,
        **more,
    )


def draw_rrab(rng: np.random.Generator) -> Star:
    """Fundamental-mode RR Lyrae.

    Metallicity of the halo; M_V = 0.214 [Fe/H] + 0.88 (Cacciari & Clementini 2003); amplitude from period by the
    Bailey relation of Oosterhoff I stars, A_B = -3.123 - 26.331 log P - 35.853 log^2 P (Cacciari et al. 2005, AJ 129,
    267), Oosterhoff II shifted by 0.06 in log P; phi_31 from period and metallicity (Jurcsik & Kovacs 1996, A&A 312,
    111: [Fe/H] = -5.038 - 5.394 P + 1.345 phi_31); R_21, R_31 and the other phases as in Kovacs & Walker (2001).
    """
    metallicity = float(np.clip(rng.normal(-1.35, 0.45), -2.5, 0.0))
    log_period = within(rng.normal(-0.255 - 0.03 * (metallicity + 1.35), 0.05), -0.39, -0.07)
    second = rng.random() < 0.25
    place = log_period + (0.0 if not second else 0.02)
    bailey = place - (0.06 if second else 0.0)
    blue = -3.123 - 26.331 * bailey - 35.853 * bailey**2
    amplitude = float(np.clip(blue / 1.28 + rng.normal(0, 0.08), 0.25, 1.4))
    period = 10**place
    phi31 = (metallicity + 5.038 + 5.394 * period) / 1.345 + rng.normal(0, 0.08)
    strength = np.clip(amplitude / 1.0, 0.5, 1.15)
    ratios = (
        rng.normal(0.47, 0.025) * strength**0.3,
        0.34 * strength**0.6,
        0.225 * strength,
        0.14 * strength,
        0.09 * strength,
        0.05 * strength,
    )
    shifts = (rng.normal(2.40, 0.08), phi31, 2 * phi31 - 2.60, 2 * phi31 - 0.20, 3 * phi31 - 2.90, 3 * phi31 - 0.5)
    blazhko = rng.random() < 0.15
    modulation = (rng.uniform(0.08, 0.2), rng.uniform(30, 120), rng.uniform(0, 6.28)) if blazhko else (0.0, 1.0, 0.0)
    return Star(
        kind="RRAB",
        period=period,
        temperature=float(np.clip(6500 - 2600 * (log_period + 0.255) + rng.normal(0, 120), 5900, 7000)),
        abs_v=0.214 * metallicity + 0.88 + rng.normal(0, 0.12),
        signal=_series(rng, period, amplitude, ratios, shifts, modulation=modulation),
        metallicity=metallicity,
        giant=True,
        height=2500.0,
        dispersion=140.0,
    )


def draw_rrc(rng: np.random.Generator) -> Star:
    """First-overtone RR Lyrae: shorter, hotter, nearly sinusoidal (Fourier: Morgan et al. 2007, MNRAS 374, 1421)."""
    metallicity = float(np.clip(rng.normal(-1.4, 0.45), -2.5, 0.0))
    period = within(10 ** rng.normal(-0.485 - 0.02 * (metallicity + 1.4), 0.05), 0.22, 0.44)
    shifts = (rng.normal(3.1, 0.25), rng.normal(3.9, 0.5), rng.normal(1.9, 0.4))
    return Star(
        kind="RRC",
        period=period,
        temperature=float(np.clip(rng.normal(7050, 170), 6550, 7500)),
        abs_v=0.214 * metallicity + 0.85 + rng.normal(0, 0.12),
        signal=_series(rng, period, rng.normal(0.43, 0.06), (rng.uniform(0.08, 0.22), 0.07, 0.035), shifts),
        metallicity=metallicity,
        giant=True,
        height=2500.0,
        dispersion=140.0,
    )


def _short_period_mag(period: float, rng: np.random.Generator) -> float:
    """M_V of delta Scuti stars: -2.90 log P - 1.27 (McNamara 2011, AJ 142, 110) with scatter, P in days."""
    return float(-2.90 * np.log10(period) - 1.27 + rng.normal(0, 0.15))


def _strip_temperature(period: float, rng: np.random.Generator) -> float:
    """Longer periods are cooler across the delta Scuti strip, K."""
    return float(np.clip(7500 - 1400 * (np.log10(period) + 1.0) + rng.normal(0, 170), 6700, 8400))


def draw_hads(rng: np.random.Generator) -> Star:
    """High-amplitude delta Scuti: one or two radial modes, asymmetric, over 0.3 mag (McNamara 2000)."""
    period = within(rng.lognormal(np.log(0.085), 0.35), 0.045, 0.2)
    shifts = (rng.normal(2.45, 0.12), rng.normal(5.0, 0.25), rng.normal(1.4, 0.3))
    amplitude = rng.uniform(0.3, 0.75)
    modes = ((0.772 * period, 0.09 * amplitude, rng.uniform(0, 6.28)),) if rng.random() < 0.25 else ()
    return Star(
        kind="HADS",
        period=period,
        temperature=_strip_temperature(period, rng),
        abs_v=_short_period_mag(period, rng),
        signal=_series(rng, period, amplitude, (rng.uniform(0.28, 0.42), 0.15, 0.07), shifts, modes=modes),
        metallicity=rng.normal(-0.5, 0.35),
        height=400.0,
        dispersion=50.0,
        broadening=20.0,
    )


def draw_delta_scuti(rng: np.random.Generator) -> Star:
    """Delta Scuti: small, nearly sinusoidal, several modes, broad lines."""
    period = within(rng.lognormal(np.log(0.085), 0.4), 0.035, 0.25)
    amplitude = float(np.clip(rng.lognormal(np.log(0.11), 0.4), 0.05, 0.28))
    modes = tuple(
        (period * rng.uniform(0.62, 0.98), amplitude * rng.uniform(0.06, 0.2), rng.uniform(0, 6.28))
        for _ in range(rng.integers(1, 4))
    )
    shifts = (rng.normal(2.6, 0.3), rng.uniform(0, 6.28))
    return Star(
        kind="DSCT",
        period=period,
        temperature=_strip_temperature(period, rng),
        abs_v=_short_period_mag(period, rng),
        signal=_series(rng, period, amplitude, (rng.uniform(0.05, 0.15), 0.03), shifts, modes=modes),
        metallicity=rng.normal(-0.1, 0.2),
        height=180.0,
        dispersion=25.0,
        broadening=rng.uniform(60, 180),
    )
