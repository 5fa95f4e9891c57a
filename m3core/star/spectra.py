"""The spectra of a star as panels: what is drawn is decided here, for the app and for saved pages alike."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from m3core.errors import M3Error, one_sentence
from m3core.figures.palette import OKABE_ITO
from m3core.figures.spectrum import Marks, spectrum_figure
from m3core.spectrum import air
from m3core.spectrum.equivalent_width import FORMULA, EquivalentWidth, equivalent_width
from m3core.spectrum.lines import LIGHT_SPEED, LINES, positions, telluric_bands
from m3core.spectrum.spectrum import Spectrum, spectra_of
from m3core.spectrum.template import Template, class_template, known_velocity, redshift_column
from m3core.star.panel import Panel
from m3core.star.spectrum_parts import (
    BELOW_ZERO,
    DEFAULT_GROUPS,
    NOISY,
    SpectrumSettings,
    curve_of,
    lines_said,
    made_said,
    measured_range,
    medium_of,
    medium_said,
    table,
    template_curve,
)
from m3core.survey import Source, Survey

__all__ = [
    "DEFAULT_GROUPS",
    "SpectrumSettings",
    "laid_over",
    "panel_key",
    "plus_minus",
    "spectrum_panel",
    "spectrum_panels",
    "width_panel",
]

OTHERS = (*OKABE_ITO[1:4], OKABE_ITO[5])
"""Colours of what is laid over a spectrum: neither its own nor the template's; past them the same, dotted."""


def spectrum_panels(
    survey: Survey, source: Source, settings: SpectrumSettings, *, more: Sequence[Spectrum] = (), only: str = ""
) -> list[Panel]:
    """A panel a spectrum of a source, and one for an equivalent width where a range is given.

    Args:
        more: spectra to lay over it that are in no survey.
        only: the modality to draw; '': all.

    Raises:
        SurveyError: one of `settings.others` is not in the survey.
    """
    panels = []
    if settings.velocity is None:
        settings = replace(settings, velocity=known_velocity(survey, source))
    for spectrum in spectra_of(survey, source):
        if only not in ("", spectrum.name):
            continue
        others = laid_over(survey, settings.others, spectrum.name)
        lacking = len(settings.others) - len(others)
        notes: tuple[str, ...] = (
            (f"{lacking} of the sources to lay over it have no {spectrum.name}.",) if lacking else ()
        )
        template = None
        label = source.label if settings.template_of is None else settings.template_of
        if settings.template and label is not None:
            template = class_template(survey, spectrum.name, label)
            if template is None:
                notes += (f"No {spectrum.name} of class {label} can be used for a template.",)
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


def laid_over(survey: Survey, source_ids: Sequence[str], modality: str) -> list[Spectrum]:
    """The spectra of sources in a modality, each with its source in its name; those that lack it are left out.

    Raises:
        SurveyError: one of the sources is not in the survey.
    """
    found = [(one, spectra_of(survey, survey.source(one))) for one in source_ids]
    return [
        replace(spectrum, name=f"{modality} of {one}")
        for one, spectra in found
        for spectrum in spectra
        if spectrum.name == modality
    ]


def spectrum_panel(
    spectrum: Spectrum, settings: SpectrumSettings, *, title: str, others: Sequence[Spectrum] = (),
    template: Template | None = None, template_moves: bool = False,
) -> Panel:  # fmt: skip
    """One spectrum with what is laid over it.

    Args:
        template_moves: whether the template is at rest, so that it moves with the lines.
    """
    key = panel_key(spectrum)
    if not spectrum.observed.any():
        n, why = len(spectrum.flux), "there is nothing to draw."
        masked = f"All {n:,} pixels of {spectrum.name} are masked (inverse variance 0, or no number): {why}"
        sentence = masked if n else f"{spectrum.name} has no pixels: {why}"
        bare = table([curve_of(spectrum, settings, scaled=False)[0]], spectrum.flux_label)
        return Panel(key, title, None, "", bare, sentence)
    medium = medium_of(spectrum, settings)
    velocity = settings.velocity or 0.0
    scaled = bool(others) or template is not None
    curves, notes, hint = [], [*spectrum.notes], ""
    for number, one in enumerate([spectrum, *others]):
        curve, said = curve_of(one, settings, scaled=scaled)
        shown = curve
        if number:
            turn, place = divmod(number - 1, len(OTHERS))
            shown = replace(
                curve, y=curve.y + number * settings.offset, error=None, masked=None, raw=None, colour=OTHERS[place],
                dash="dot" if turn % 2 else "solid",
            )  # fmt: skip
            if one.medium != spectrum.medium:
                said.append(
                    f"{one.name} has its wavelengths in {one.medium}, drawn as they are: lines lie 1 to 3 Å apart."
                )
        curves.append(shown)
        notes += said
    n_noisy = sum(int(curve.noisy.sum()) for curve in curves if curve.noisy is not None)
    if n_noisy and "y" not in settings.view:
        notes.append(
            f"The frame is not made for {n_noisy:,} pixels with errors above {NOISY:g} times the median error, or "
            f"further below zero than {BELOW_ZERO:g} of their errors."
        )
        hint = "A double click shows them whole."
    behind = [] if template is None else [template_curve(template, settings, velocity if template_moves else 0.0)]
    measured = None
    if settings.width_range is not None:
        measured = measured_range(spectrum, settings, scaled)
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
        [curves[0], *behind, *curves[1:]], x_label=f"Observed wavelength ({medium}) [Å]", y_label=y_label, marks=marks,
        measured=measured, view=settings.view, height=settings.height, drag=settings.drag, revision=key,
        compact=settings.compact,
    )  # fmt: skip
    caption = " ".join(
        [
            medium_said(spectrum, settings, medium),
            lines_said(lines, settings, medium, velocity),
            *made_said(spectrum, settings, scaled),
            *([template.caption] if template is not None else []),
            *notes,
        ]
    )
    return Panel(key, title, figure, caption, table([*curves, *behind], y_label), hint=hint)


def panel_key(spectrum: Spectrum) -> str:
    """The key of a spectrum's panel."""
    return f"spectrum-{_safe(spectrum.name)}"


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
        f"continuum, {spectrum.flux_label}": sum(found.continuum) / 2,
    }  # fmt: skip
    return [Panel(key, title, None, width_caption(found), pd.DataFrame([row]))]


def plus_minus(value: float, error: float) -> str:
    """'2.28 ± 0.31': the error with two digits, the value with as many decimals; three where no error is known."""
    decimals = max(0, 1 - math.floor(math.log10(error))) if 0 < error < math.inf else 3
    return f"{value:.{decimals}f} ± {error:.{decimals}f}"


def width_caption(found: EquivalentWidth) -> str:
    """How an equivalent width was measured."""
    (a, b), (c, d) = found.sides
    bridged = f" {found.n_masked} masked pixels are bridged by their neighbours." if found.n_masked else ""
    return (
        f"{FORMULA}, from the flux as observed, not smoothed. Continuum: a straight line through {a:.1f}-{b:.1f} and "
        f"{c:.1f}-{d:.1f} Å, weighted by the inverse variance. Error: 1 sigma, from {found.error_from}, of the range "
        f"and of the line.{bridged} At rest: over 1 + velocity / c."
    )


def _safe(name: str) -> str:
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter in "_-") else "_" for letter in name)
