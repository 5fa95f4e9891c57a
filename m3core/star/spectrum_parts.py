"""What the panels of a spectrum are put together from: the settings, the curves, and the sentences of the caption."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from m3core.errors import M3Error
from m3core.figures.spectrum import HEIGHT, TEMPLATE, Curve, Measured
from m3core.spectrum import air
from m3core.spectrum.continuum import DEGREE, METHOD, continuum, smoothed
from m3core.spectrum.equivalent_width import equivalent_width
from m3core.spectrum.lines import LIGHT_SPEED
from m3core.spectrum.spectrum import Spectrum
from m3core.spectrum.template import Template

__all__ = [
    "BELOW_ZERO", "DEFAULT_GROUPS", "NOISY", "SpectrumSettings", "curve_of", "lines_said", "made_said",
    "measured_range", "medium_of", "medium_said", "table", "template_curve",
]  # fmt: skip

DEFAULT_GROUPS = ("Balmer", "Ca", "Na")
"""Twelve lines: more of them hide the spectrum."""

NOISY, BELOW_ZERO = 4.0, 3.0
"""The frame is not made for pixels with errors above `NOISY` times the median error, nor for those further below zero
than `BELOW_ZERO` of their errors: the blue end of a faint star, and the negative red end that LAMOST's files have,
would leave the rest a flat line."""


@dataclass(frozen=True, kw_only=True)
class SpectrumSettings:
    """What to show of a spectrum.

    Attributes:
        errors, masked: draw the error band, mark the masked pixels.
        smoothing: window of a Savitzky-Golay filter of degree 3, pixels, odd; 0: none.
        continuum: divide by the pseudo-continuum, a polynomial of `degree`.
        medium: of the wavelengths; None: as declared, vacuum where nothing is.
        groups: of lines, of m3core.spectrum.lines.GROUPS; telluric: shade what the Earth's air absorbs.
        velocity: radial velocity that the lines are moved by, km/s; None: the catalogue's redshift, else 0.
        template: draw the median of a class behind: of `template_of`, None: of its own.
        others: ids of sources of the same survey to lay over it.
        offset: between spectra laid over one another, in units of their median flux.
        width_range: Angstrom, where to measure an equivalent width.
        view: ranges of the axes, 'x' and 'y'; height: pixels; drag: what dragging does;
            compact: for a narrow place.
    """

    errors: bool = True
    masked: bool = True
    smoothing: int = 0
    continuum: bool = False
    degree: int = DEGREE
    medium: air.Medium | None = None
    groups: tuple[str, ...] = DEFAULT_GROUPS
    telluric: bool = True
    velocity: float | None = None
    template: bool = False
    template_of: str | None = None
    others: tuple[str, ...] = ()
    offset: float = 0.0
    width_range: tuple[float, float] | None = None
    view: dict[str, list[float]] = field(default_factory=dict)
    height: int = HEIGHT
    drag: Literal["zoom", "select"] = "zoom"
    compact: bool = False


def medium_of(spectrum: Spectrum, settings: SpectrumSettings) -> air.Medium:
    """The medium in which the wavelengths are taken to be."""
    if settings.medium is not None:
        return settings.medium
    return "air" if spectrum.medium == "air" else "vacuum"


def curve_of(spectrum: Spectrum, settings: SpectrumSettings, *, scaled: bool) -> tuple[Curve, list[str]]:
    """What is drawn of a spectrum, over its median flux if `scaled`, and sentences on what could not be done."""
    notes = []
    level: float | NDArray[np.float64] = spectrum.level if scaled else 1.0
    if settings.continuum:
        found = continuum(spectrum, settings.degree)
        if np.isfinite(found[spectrum.observed]).any():
            level = found
        else:
            notes.append(
                f"{spectrum.name} has no positive continuum, or too few pixels for one: it is over its median flux."
            )
            level = spectrum.level
    flux = np.where(spectrum.observed, spectrum.flux, np.nan) / level
    error = None if spectrum.error is None or not settings.errors else spectrum.error / level
    drawn, raw = flux, None
    if settings.smoothing:
        if settings.smoothing <= len(flux):
            drawn, raw = smoothed(flux, spectrum.observed, settings.smoothing), flux
        else:
            notes.append(f"{spectrum.name} has {len(flux)} pixels, fewer than the window: it is not smoothed.")
    masked = ~spectrum.observed if settings.masked else None
    noisy = None
    if spectrum.error is not None and spectrum.observed.any():
        own = np.where(spectrum.observed, spectrum.error / level, np.nan)
        noisy = (own > NOISY * np.nanmedian(own)) | (flux < -BELOW_ZERO * own)
        if noisy[spectrum.observed].all():
            noisy = None
    return Curve(spectrum.name, spectrum.wavelength, drawn, error, raw, masked, noisy), notes


def template_curve(template: Template, settings: SpectrumSettings, velocity: float) -> Curve:
    """A template moved by a velocity, km/s, divided by its own continuum where the spectrum is."""
    wavelength = template.wavelength * (1.0 + velocity / LIGHT_SPEED)
    flux = template.flux
    if settings.continuum:
        known = np.isfinite(flux)
        one = Spectrum("", wavelength, np.where(known, flux, 0.0), None, known)
        flux = flux / continuum(one, settings.degree)
    return Curve(f"median of {template.label} ({template.n_used:,})", wavelength, flux, colour=TEMPLATE, width=1.4)


def measured_range(spectrum: Spectrum, settings: SpectrumSettings, scaled: bool) -> Measured | None:
    """The range and its continuum, in the units of the figure; None where it could not be measured."""
    assert settings.width_range is not None
    try:
        found = equivalent_width(spectrum, *settings.width_range)
    except M3Error:
        return None
    x = np.linspace(found.sides[0][0], found.sides[1][1], 41)
    slope = (found.continuum[1] - found.continuum[0]) / (found.high - found.low)
    y = found.continuum[0] + slope * (x - found.low)
    if settings.continuum and np.isfinite(level := continuum(spectrum, settings.degree)).any():
        y = y / np.interp(x, spectrum.wavelength, level)
    elif settings.continuum or scaled:
        y = y / spectrum.level
    return Measured(found.low, found.high, x, y)


def medium_said(spectrum: Spectrum, settings: SpectrumSettings, medium: str) -> str:
    """In what the wavelengths are, and who says so."""
    if settings.medium is not None and settings.medium != spectrum.medium:
        said = "not said" if spectrum.medium == "unknown" else f"{spectrum.medium} as declared"
        return f"Wavelengths are taken to be in {medium} by your choice ({said})."
    if spectrum.medium == "unknown":
        return "Whether the wavelengths are in vacuum or in air is not said: lines stand as in vacuum until you choose."
    return f"Wavelengths in {medium}, as declared."


def lines_said(lines: Sequence[object], settings: SpectrumSettings, medium: str, velocity: float) -> str:
    """Which lines are drawn, from which list, and where."""
    parts = []
    if lines:
        how = f"converted from air by {air.FORMULA}" if medium == "vacuum" else "as in air"
        parts.append(f"Lines ({', '.join(settings.groups)}) {how} and moved by {velocity:+.1f} km/s (1 + v/c).")
    if settings.telluric:
        parts.append("Shaded (⊕): O₂ and H₂O of the Earth's atmosphere, which stay.")
    return " ".join(parts)


def made_said(spectrum: Spectrum, settings: SpectrumSettings, scaled: bool) -> list[str]:
    """What was done to the flux."""
    said = []
    if settings.errors and spectrum.error is not None:
        said.append("Band: ±1 sigma, sigma = 1 / sqrt(inverse variance).")
    if spectrum.n_masked:
        said.append(f"{spectrum.n_masked:,} of {len(spectrum.flux):,} pixels are masked: gaps, and ticks at the foot.")
    if settings.smoothing:
        said.append(f"Smoothed: Savitzky-Golay, {settings.smoothing} pixels, degree 3; as observed in grey.")
    if settings.continuum:
        said.append(f"Divided by a pseudo-continuum: {METHOD.format(degree=settings.degree)}.")
    elif scaled:
        offset = f", {settings.offset:g} apart" if settings.offset else ""
        said.append(f"Each spectrum over its own median flux{offset}.")
    return said


def table(curves: Sequence[Curve], flux_label: str) -> pd.DataFrame:
    """What is drawn, a row a pixel of each curve.

    Args:
        flux_label: of the axis, such as 'Flux (relative)': the names of the columns say in what the flux is.
    """
    parts = []
    for curve in curves:
        part = pd.DataFrame({"spectrum": curve.name, "wavelength [Å]": curve.x, flux_label: curve.y})
        if curve.raw is not None:
            part[f"{flux_label}, not smoothed"] = curve.raw
        if curve.error is not None:
            part[f"{flux_label}, error"] = curve.error
        if curve.masked is not None:
            part["masked"] = curve.masked
        parts.append(part)
    return pd.concat(parts, ignore_index=True)
