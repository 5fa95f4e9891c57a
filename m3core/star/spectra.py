"""The spectra of a star as panels: what is drawn is decided here, for the app and for saved pages alike."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from m3core.errors import M3Error, one_sentence
from m3core.figures.palette import OKABE_ITO
from m3core.figures.spectrum import HEIGHT, NOISY, TEMPLATE, Curve, Marks, Measured, framed, spectrum_figure
from m3core.spectrum import air
from m3core.spectrum.continuum import DEGREE, METHOD, continuum, smoothed
from m3core.spectrum.equivalent_width import FORMULA, EquivalentWidth, equivalent_width
from m3core.spectrum.lines import LIGHT_SPEED, LINES, positions, telluric_bands
from m3core.spectrum.spectrum import Spectrum, spectra_of
from m3core.spectrum.template import Template, class_template, known_velocity, redshift_column
from m3core.star.panel import Panel
from m3core.survey import Source, Survey

__all__ = ["DEFAULT_GROUPS", "SpectrumSettings", "spectrum_panel", "spectrum_panels", "width_panel"]

DEFAULT_GROUPS = ("Balmer", "Ca", "Na")
"""Twelve lines: more of them hide the spectrum."""


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
        template: draw the median of the class behind.
        others: ids of sources of the same survey to lay over it.
        offset: between spectra laid over one another, in units of their median flux.
        width_range: Angstrom, where to measure an equivalent width.
        view: ranges of the axes, 'x' and 'y'; height: pixels; drag: what dragging does.
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
    others: tuple[str, ...] = ()
    offset: float = 0.0
    width_range: tuple[float, float] | None = None
    view: dict[str, list[float]] = field(default_factory=dict)
    height: int = HEIGHT
    drag: Literal["zoom", "select"] = "zoom"


def spectrum_panels(
    survey: Survey, source: Source, settings: SpectrumSettings, *, more: Sequence[Spectrum] = ()
) -> list[Panel]:
    """A panel a spectrum of a source, and one for an equivalent width where a range is given.

    Args:
        more: spectra to lay over it that are in no survey.

    Raises:
        SurveyError: one of `settings.others` is not in the survey.
    """
    panels = []
    if settings.velocity is None:
        settings = replace(settings, velocity=known_velocity(survey, source))
    for spectrum in spectra_of(survey, source):
        others = [
            replace(one, name=f"{one.name} of {other}")
            for other in settings.others
            for one in spectra_of(survey, survey.source(other))
            if one.name == spectrum.name
        ]
        lacking = len(settings.others) - len(others)
        notes: tuple[str, ...] = (
            (f"{lacking} of the sources to lay over it have no {spectrum.name}.",) if lacking else ()
        )
        template = None
        if settings.template and source.label is not None:
            template = class_template(survey, spectrum.name, source.label)
        elif settings.template:
            notes += ("This source has no class, so that there is no template of it.",)
        panels += [
            spectrum_panel(
                replace(spectrum, notes=spectrum.notes + notes), settings, title=f"Spectrum ({spectrum.name})",
                others=[*others, *more], template=template, template_moves=redshift_column(survey) is not None,
            ),
            *width_panel(spectrum, settings),
        ]  # fmt: skip
    return panels


def spectrum_panel(
    spectrum: Spectrum, settings: SpectrumSettings, *, title: str, others: Sequence[Spectrum] = (),
    template: Template | None = None, template_moves: bool = False,
) -> Panel:  # fmt: skip
    """One spectrum with what is laid over it.

    Args:
        template_moves: whether the template is at rest, so that it moves with the lines.
    """
    key = f"spectrum-{_safe(spectrum.name)}"
    if not spectrum.observed.any():
        n, why = len(spectrum.flux), "there is nothing to draw."
        masked = f"All {n:,} pixels of {spectrum.name} are masked (inverse variance 0, or no number): {why}"
        sentence = masked if n else f"{spectrum.name} has no pixels: {why}"
        return Panel(key, title, None, "", _table([_curve(spectrum, settings, scaled=False)[0]]), sentence)
    medium = medium_of(spectrum, settings)
    velocity = settings.velocity or 0.0
    scaled = bool(others) or template is not None
    curves, notes = [], [*spectrum.notes]
    for number, one in enumerate([spectrum, *others]):
        curve, said = _curve(one, settings, scaled=scaled)
        shown = replace(
            curve, y=curve.y + number * settings.offset, colour=OKABE_ITO[number % len(OKABE_ITO)],
            raw=None if curve.raw is None else curve.raw + number * settings.offset,
        )  # fmt: skip
        if number:
            shown = replace(shown, error=None, masked=None, raw=None)
            if one.medium != spectrum.medium:
                said.append(f"{one.name} has its wavelengths in {one.medium}, drawn as they are.")
        curves.append(shown)
        notes += said
    noisy = np.isfinite(curves[0].y) & ~framed(curves[0])
    if noisy.any() and "y" not in settings.view:
        beyond = f"{int(noisy.sum()):,} pixels with errors above {NOISY:g} times the median error"
        notes.append(f"The frame is not made for {beyond}: a double click shows them whole.")
    behind = [] if template is None else [_template_curve(template, settings, velocity if template_moves else 0.0)]
    measured = None
    if settings.width_range is not None:
        measured = _measured(spectrum, settings, scaled)
    lines = tuple(line for line in LINES if line.group in settings.groups)
    places = positions(lines, medium, velocity)
    details = [
        f"{line.name}: {place:.2f} Å in {medium}; at rest {line.air:.2f} Å in air, "
        f"{air.air_to_vacuum(line.air):.2f} Å in vacuum"
        for line, place in zip(lines, places, strict=True)
    ]
    marks = Marks(lines, places, details, telluric_bands(medium) if settings.telluric else ())
    y_label = "Flux / continuum" if settings.continuum else spectrum.flux_label
    if scaled and not settings.continuum:
        y_label += ", median 1"
    figure = spectrum_figure(
        [curves[0], *behind, *curves[1:]], x_label=f"Wavelength ({medium}) [Å]", y_label=y_label, marks=marks,
        measured=measured, view=settings.view, height=settings.height, drag=settings.drag, revision=key,
    )  # fmt: skip
    caption = " ".join(
        [
            _medium_said(spectrum, settings, medium),
            _lines_said(lines, settings, medium, velocity),
            *_made_said(spectrum, settings, scaled),
            *([template.caption] if template is not None else []),
            *notes,
        ]
    )
    return Panel(key, title, figure, caption, _table([*curves, *behind]))


def width_panel(spectrum: Spectrum, settings: SpectrumSettings) -> list[Panel]:
    """The equivalent width of `settings.width_range`: a table of one row, or why there is none; nothing without one."""
    if settings.width_range is None:
        return []
    key, title = f"equivalent-width-{_safe(spectrum.name)}", "Equivalent width"
    try:
        found = equivalent_width(spectrum, *settings.width_range)
    except M3Error as fault:
        sentence = one_sentence(fault)
        return [Panel(key, title, None, "", pd.DataFrame(), sentence[0].upper() + sentence[1:])]
    stretch = 1.0 + (settings.velocity or 0.0) / LIGHT_SPEED
    row = {
        "W [Å]": found.width, "error [Å]": found.error,
        "W at rest [Å]": found.width / stretch, "error at rest [Å]": found.error / stretch,
        "from [Å]": found.low, "to [Å]": found.high, "pixels": found.n_pixels, "masked": found.n_masked,
        "continuum": sum(found.continuum) / 2,
    }  # fmt: skip
    return [Panel(key, title, None, width_caption(found), pd.DataFrame([row]))]


def width_caption(found: EquivalentWidth) -> str:
    """How an equivalent width was measured."""
    (a, b), (c, d) = found.sides
    bridged = f" {found.n_masked} masked pixels are bridged by their neighbours." if found.n_masked else ""
    return (
        f"{FORMULA}, from the flux as observed, not smoothed. Continuum: a straight line through {a:.1f}-{b:.1f} and "
        f"{c:.1f}-{d:.1f} Å, weighted by the inverse variance. Error: 1 sigma, from {found.error_from}, of the range "
        f"and of the line.{bridged} At rest: over 1 + velocity / c."
    )


def medium_of(spectrum: Spectrum, settings: SpectrumSettings) -> air.Medium:
    """The medium in which the wavelengths are taken to be."""
    if settings.medium is not None:
        return settings.medium
    return "air" if spectrum.medium == "air" else "vacuum"


def _curve(spectrum: Spectrum, settings: SpectrumSettings, *, scaled: bool) -> tuple[Curve, list[str]]:
    notes = []
    level: float | NDArray[np.float64] = spectrum.level if scaled else 1.0
    if settings.continuum:
        found = continuum(spectrum, settings.degree)
        if np.isfinite(found).any():
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
    return Curve(spectrum.name, spectrum.wavelength, drawn, error, raw, masked), notes


def _template_curve(template: Template, settings: SpectrumSettings, velocity: float) -> Curve:
    wavelength = template.wavelength * (1.0 + velocity / LIGHT_SPEED)
    flux = template.flux
    if settings.continuum:
        known = np.isfinite(flux)
        one = Spectrum("", wavelength, np.where(known, flux, 0.0), None, known)
        flux = flux / continuum(one, settings.degree)
    return Curve(f"median of {template.label} ({template.n_used:,})", wavelength, flux, colour=TEMPLATE, width=1.6)


def _measured(spectrum: Spectrum, settings: SpectrumSettings, scaled: bool) -> Measured | None:
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


def _medium_said(spectrum: Spectrum, settings: SpectrumSettings, medium: str) -> str:
    if settings.medium is not None and settings.medium != spectrum.medium:
        said = "not said" if spectrum.medium == "unknown" else f"{spectrum.medium} as declared"
        return f"Wavelengths are taken to be in {medium} by your choice ({said})."
    if spectrum.medium == "unknown":
        return "Whether the wavelengths are in vacuum or in air is not said: lines stand as in vacuum until you choose."
    return f"Wavelengths in {medium}, as declared."


def _lines_said(lines: Sequence[object], settings: SpectrumSettings, medium: str, velocity: float) -> str:
    parts = []
    if lines:
        how = f"converted from air by {air.FORMULA}" if medium == "vacuum" else "as in air"
        parts.append(f"Lines ({', '.join(settings.groups)}) {how} and moved by {velocity:+.1f} km/s (1 + v/c).")
    if settings.telluric:
        parts.append("Shaded (⊕): O₂ and H₂O of the Earth's atmosphere, which stay.")
    return " ".join(parts)


def _made_said(spectrum: Spectrum, settings: SpectrumSettings, scaled: bool) -> list[str]:
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


def _table(curves: Sequence[Curve]) -> pd.DataFrame:
    parts = []
    for curve in curves:
        part = pd.DataFrame({"spectrum": curve.name, "wavelength [Å]": curve.x, "flux": curve.y})
        if curve.raw is not None:
            part["flux, not smoothed"] = curve.raw
        if curve.error is not None:
            part["error"] = curve.error
        if curve.masked is not None:
            part["masked"] = curve.masked
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _safe(name: str) -> str:
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter in "_-") else "_" for letter in name)
