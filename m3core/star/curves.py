"""The light curves of a source as a page draws them: magnitude or flux, on one zero point or not, in seasons."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from m3core.figures.light_curve_traces import Curve
from m3core.figures.palette import by_wavelength
from m3core.kinds import Series, kind_of
from m3core.light_curve.fold import median
from m3core.periods.harmonic_fit import Band
from m3core.survey import Source, Survey

__all__ = ["CurveGroup", "curve_groups", "seasons"]

Array = NDArray[np.float64]

UPPER_LIMIT = 1
"""Flag of what was set aside (`Survey.aside`): above it, it is marked as bad, be it a limit as well."""

SEASON_GAP = 60.0
"""Days without an observation in any band that part two seasons: the Sun stands near an ecliptic field for longer."""

PER_MAGNITUDE = 0.4 * np.log(10.0)
"""sigma_F / F of an error of one magnitude."""


@dataclass(frozen=True)
class CurveGroup:
    """Light curves that share their axes: one time system, one quantity.

    Attributes:
        curves: as they are drawn.
        value: what they show; magnitudes go up when brighter.
        notes: what was converted, shifted or left out, in words.
    """

    curves: tuple[Curve, ...]
    value: Literal["mag", "flux"]
    notes: tuple[str, ...]

    @property
    def bands(self) -> list[Band]:
        """time, value, error of each, for the mathematics of m3core.periods."""
        return [
            (one.time, one.value, np.full(len(one.time), np.nan) if one.error is None else one.error)
            for one in self.curves
        ]

    @property
    def time_system(self) -> str:
        """As the survey names it; 'Time' where it names none."""
        return self.curves[0].time_label.partition(" [")[0]


def curve_groups(
    survey: Survey, source: Source, *, value: Literal["survey", "mag", "flux"] = "survey", one_zero_point: bool = False,
    by_season: bool = False,
) -> list[CurveGroup]:  # fmt: skip
    """Every light curve of a source, those of the same axes together, in order of wavelength where it is known.

    Args:
        value: 'survey' leaves the quantity as it is; else other ones are converted (`_converted`).
        one_zero_point: shift every band to the median of the one with the most points.
        by_season: mark the seasons.
    """
    found: dict[tuple[str, str, bool], list[tuple[Curve, list[str]]]] = {}
    for name, spec in survey.modalities.items():
        for one in kind_of(spec).series(spec, source):
            if not one.foldable:
                continue
            curve, notes = _curve(one, survey.aside(name, survey.row(source.source_id)), spec.fields[1])
            if value != "survey" and (value == "mag") != curve.invert:
                curve, more = _converted(curve, spec.units.get("flux", ""))
                notes += more
            if len(curve.time) or curve.limit is not None or curve.flagged is not None:
                found.setdefault((curve.time_label, curve.value_label, curve.invert), []).append((curve, notes))
    return [_group(members, one_zero_point=one_zero_point, by_season=by_season) for members in found.values()]


def _curve(one: Series, aside: dict[str, NDArray] | None, field: str) -> tuple[Curve, list[str]]:
    """A series with what the import set aside of it (`Survey.aside`); `field` is its array with the brightness."""
    time, value = np.asarray(one.x, np.float64), np.asarray(one.y, np.float64)
    finite = np.isfinite(time) & np.isfinite(value)
    error = None if one.error is None else np.asarray(one.error, np.float64)[finite]
    notes = list(one.notes)
    if not finite.all():
        notes.append(f"{one.name}: {int((~finite).sum()):,} observations without a finite time or value are left out.")
    if error is None:
        notes.append(f"{one.name} has no errors.")
    limit, flagged = None, None
    if aside is not None:
        points = np.stack([aside["time"], aside[field]])
        limit, flagged = points[:, aside["flag"] == UPPER_LIMIT], points[:, aside["flag"] > UPPER_LIMIT]
    return Curve(
        name=one.name, time=time[finite], value=value[finite], error=error, time_label=one.x_label,
        value_label=one.y_label, invert=one.invert_y, limit=limit, flagged=flagged,
    ), notes  # fmt: skip


def _converted(curve: Curve, unit: str) -> tuple[Curve, list[str]]:
    """Magnitudes as fluxes or the other way round.

    Fluxes with a unit of spectral flux density give AB magnitudes, -2.5 log10(F / 3631 Jy) (Oke & Gunn 1983); others,
    and magnitudes, whose zero points a survey does not tell, are relative to the band's median.
    """
    if curve.invert:
        centre = median(curve.value) if len(curve.value) else 0.0

        def to_flux(value: Array) -> Array:
            return np.power(10.0, -0.4 * (value - centre))

        flux = to_flux(curve.value)
        error = None if curve.error is None else PER_MAGNITUDE * flux * curve.error
        moved = replace(
            curve, value=flux, error=error, value_label="Flux (relative, 1 at the median)", invert=False,
            limit=_mapped(curve.limit, to_flux), flagged=_mapped(curve.flagged, to_flux),
        )  # fmt: skip
        return moved, [f"{curve.name}: flux = 10^(−0.4 (m − {centre:.4f}))."]
    centre, label, how = _zero_point(curve, unit)

    def to_mag(value: Array) -> Array:
        return -2.5 * np.log10(np.where(value > 0, value, np.nan)) + centre

    positive = curve.value > 0
    flux = curve.value[positive]
    error = None if curve.error is None else curve.error[positive] / flux / PER_MAGNITUDE
    moved = replace(
        curve, time=curve.time[positive], value=to_mag(flux), error=error, value_label=label, invert=True,
        limit=_mapped(curve.limit, to_mag), flagged=_mapped(curve.flagged, to_mag),
    )  # fmt: skip
    notes = [f"{curve.name}: {how}."]
    if not positive.all():
        notes.append(f"{curve.name}: {int((~positive).sum()):,} fluxes that are not positive have no magnitude.")
    return moved, notes


def _zero_point(curve: Curve, unit: str) -> tuple[float, str, str]:
    """The magnitude of a flux of 1, the axis title, and the formula in words."""
    from astropy import units

    try:
        zero = float((1.0 * units.Unit(unit)).to_value(units.ABmag))
        return zero, "Magnitude [AB mag]", f"m = −2.5 log10(F / 3631 Jy), F in {unit}"
    except (ValueError, TypeError, units.UnitConversionError):
        positive = curve.value[curve.value > 0]
        centre = median(positive) if len(positive) else 1.0
        zero = float(2.5 * np.log10(centre))
        return zero, "Magnitude (relative, 0 at the median)", f"m = −2.5 log10(F / {centre:.6g})"


def _mapped(points: Array | None, value: "object") -> Array | None:
    if points is None:
        return None
    turned = np.stack([points[0], value(points[1])])  # type: ignore[operator]
    return turned[:, np.isfinite(turned[1])]


def _group(
    members: Sequence[tuple[Curve, list[str]]], *, one_zero_point: bool, by_season: bool
) -> CurveGroup:  # fmt: skip
    members = [members[place] for place in by_wavelength([curve.name for curve, _ in members])]
    curves = [curve for curve, _ in members]
    notes = [note for _, more in members for note in more]
    if one_zero_point and len(curves) > 1:
        curves, note = _shifted(curves)
        notes.append(note)
    if by_season:
        every = np.concatenate([one.time for one in curves])
        number = seasons(every)
        ends = np.cumsum([len(one.time) for one in curves])[:-1]
        curves = [replace(one, season=part) for one, part in zip(curves, np.split(number, ends), strict=True)]
    return CurveGroup(tuple(curves), "mag" if curves[0].invert else "flux", tuple(dict.fromkeys(notes)))


def _shifted(curves: Sequence[Curve]) -> tuple[list[Curve], str]:
    filled = [one for one in curves if len(one.time)]
    if not filled:
        return list(curves), "No band has a point: there is no median to shift to."
    reference = max(filled, key=lambda one: len(one.time))
    centre, moved, words = median(reference.value), [], []
    for one in curves:
        shift = centre - median(one.value) if len(one.time) else 0.0
        move = np.array([[0.0], [shift]])
        moved.append(
            replace(
                one, value=one.value + shift, limit=None if one.limit is None else one.limit + move,
                flagged=None if one.flagged is None else one.flagged + move,
            )
        )  # fmt: skip
        words.append(f"{one.name} {shift:+.4f}")
    return moved, f"On the zero point of {reference.name} (medians made equal): {', '.join(words)}."


def seasons(time: Array) -> NDArray[np.int64]:
    """(n,) the season of each time, from 0: parted where no observation stands for `SEASON_GAP` days."""
    order = np.argsort(time, kind="stable")
    number = np.zeros(len(time), np.int64)
    if len(time):
        number[order] = np.concatenate([[0], np.cumsum(np.diff(time[order]) > SEASON_GAP)])
    return number
