"""The panels of a source's light curves: raw and folded, and what is searched in them on demand."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from m3core.figures.light_curve import Curve, Fold, Look, Phases, folded_figure, offset_of, phases, points_figure
from m3core.light_curve import binned_phase, phase_fold
from m3core.periods.ephemeris import coarse_times, known_periods
from m3core.periods.fourier_fit import Convention, fit_fourier
from m3core.periods.phase_zero import Ephemeris, Zero, ephemeris
from m3core.star.curves import CurveGroup, curve_groups
from m3core.star.panel import Panel
from m3core.survey import Source, Survey

__all__ = ["PANELS", "LightCurveSettings", "Star", "light_curve_panels", "star_of"]

PANELS = ("light_curve", "folded")
"""In the order of a page."""

FIT_STEPS = 200


@dataclass(frozen=True)
class LightCurveSettings:
    """What a page asks of the light curves; the defaults are what a specialist expects to see first.

    Attributes:
        value: 'survey' draws what the survey has; 'mag' or 'flux' converts.
        errors, apart, one_zero_point: error bars; a row a band; bands shifted to one median.
        limits, flagged: draw upper limits; draw observations with a quality flag (they are counted either way).
        colour: by band or by season.
        offset: days taken off the times; None: 2,450,000 off full Julian dates.
        period: days; None: the survey's choice.
        zero, epoch: phase zero ('typed' takes the epoch, days in the survey's time system).
        phases: what the folded figure spans.
        n_bins: of the binned curve, 0 for none.
        fitted, n_harmonics, convention: draw a Fourier fit; its harmonics, 0: chosen by BIC; of its phases.
        shortest_period: of the searches, days; None: 0.1, or 0.02 where the period is under 0.2.
        panels: those wanted, of `PANELS`; only they are computed.
        height: of a light curve, pixels.
    """

    value: Literal["survey", "mag", "flux"] = "survey"
    errors: bool = True
    apart: bool = False
    one_zero_point: bool = False
    limits: bool = True
    flagged: bool = False
    colour: Literal["band", "season"] = "band"
    offset: float | None = None
    period: float | None = None
    zero: Zero = "auto"
    epoch: float | None = None
    phases: Phases = "0 to 2"
    n_bins: int = 0
    fitted: bool = False
    n_harmonics: int = 0
    convention: Convention = "cosine"
    shortest_period: float | None = None
    panels: tuple[str, ...] = PANELS
    height: int = 320


@dataclass(frozen=True)
class Star:
    """The light curves of one source with the ephemeris that folds them: what every panel starts from.

    Attributes:
        groups: curves of the same axes; the panels of searches take the first, which has the most points.
        ephemeris: None without a period or without a point.
        coarse: sentences on times too coarse for the period.
    """

    source_id: str
    groups: tuple[CurveGroup, ...]
    ephemeris: Ephemeris | None
    coarse: tuple[str, ...]


def star_of(survey: Survey, source: Source, settings: LightCurveSettings) -> Star:
    """Prepare the light curves of a source."""
    groups = curve_groups(
        survey, source, value=settings.value, one_zero_point=settings.one_zero_point,
        by_season=settings.colour == "season",
    )  # fmt: skip
    groups.sort(key=lambda group: -sum(len(one.time) for one in group.curves))
    period = settings.period
    if period is None:
        known = known_periods(survey, source)
        period = known[0].days if known else None
    if period is None or not groups or not any(len(one.time) for one in groups[0].curves):
        return Star(source.source_id, tuple(groups), None, ())
    found = ephemeris(
        groups[0].bands, period, value=groups[0].value, label=source.label, zero=settings.zero, epoch=settings.epoch
    )
    return Star(source.source_id, tuple(groups), found, tuple(coarse_times(survey, source, period)))


def light_curve_panels(survey: Survey, source: Source, settings: LightCurveSettings) -> list[Panel]:
    """The panels of a source's light curves that `settings.panels` names, in the order of `PANELS`."""
    star = star_of(survey, source, settings)
    if not star.groups:
        return [Panel("light_curve", "Light curve", None, "", pd.DataFrame(), "This source has no light curve.")]
    found: list[Panel] = []
    for number, group in enumerate(star.groups):
        suffix = "" if number == 0 else f"_{number + 1}"
        if "light_curve" in settings.panels:
            found.append(_raw(star, group, settings, suffix))
        if "folded" in settings.panels:
            found.append(_folded(star, group, settings, suffix))
    return found


def _look(settings: LightCurveSettings) -> Look:
    return Look(
        errors=settings.errors, apart=settings.apart, height=settings.height, phases=settings.phases,
        offset=settings.offset,
    )  # fmt: skip


def _visible(group: CurveGroup, settings: LightCurveSettings) -> list[Curve]:
    return [
        replace(
            one, limit=one.limit if settings.limits else None, flagged=one.flagged if settings.flagged else None
        )
        for one in group.curves
    ]  # fmt: skip


def _raw(star: Star, group: CurveGroup, settings: LightCurveSettings, suffix: str) -> Panel:
    curves = _visible(group, settings)
    every = np.concatenate([one.time for one in group.curves])
    caption = [_counts(group, settings)]
    if len(every):
        caption.append(f"Time span {np.ptp(every):,.1f} d.")
    offset = offset_of(curves) if settings.offset is None else settings.offset
    system = group.time_system
    named = f"Times are {system} as the survey names them" if system != "Time" else "The survey names no time system"
    caption.append(f"{named}; {offset:g} d are taken off." if offset else f"{named}; nothing is taken off.")
    return Panel(
        f"light_curve{suffix}", "Light curve", points_figure(curves, _look(settings)),
        " ".join([*caption, *group.notes]), _frame(curves, None),
    )  # fmt: skip


def _counts(group: CurveGroup, settings: LightCurveSettings) -> str:
    """How many observations, upper limits and flagged ones there are, and which of them are shown."""
    parts = [f"{one.name} {len(one.time):,}" for one in group.curves]
    text = f"Observations: {', '.join(parts)}."
    for words, shown, counts in (
        ("upper limits", settings.limits, [_length(one.limit) for one in group.curves]),
        ("with a quality flag", settings.flagged, [_length(one.flagged) for one in group.curves]),
    ):
        if sum(counts):
            each = ", ".join(f"{one.name} {n:,}" for one, n in zip(group.curves, counts, strict=True) if n)
            text += f" {words.capitalize()}: {each} ({'shown' if shown else 'hidden'})."
    return text


def _length(points: np.ndarray | None) -> int:
    return 0 if points is None else points.shape[1]


def _folded(star: Star, group: CurveGroup, settings: LightCurveSettings, suffix: str) -> Panel:
    title = "Folded light curve"
    if star.ephemeris is None:
        why = "No period is known of this source: type one to fold its light curves."
        return Panel(f"folded{suffix}", title, None, "", pd.DataFrame(), why)
    found = star.ephemeris
    curves, notes = [], []
    for one, band in zip(_visible(group, settings), group.bands, strict=True):
        phase = phase_fold(one.time, found.period, found.epoch)
        if settings.n_bins and len(phase):
            one = replace(one, binned=binned_phase(phase, one.value, band[2], settings.n_bins))
        if settings.fitted:
            fit = fit_fourier(band, found.period, found.epoch, settings.n_harmonics or None)
            if fit is None:
                notes.append(f"{one.name} has too few points for a Fourier fit.")
            else:
                grid = np.arange(FIT_STEPS + 1) / FIT_STEPS
                one = replace(one, fitted=np.stack([grid, fit(grid)]))
                notes.append(f"Fourier fit of {one.name}: {fit.n_harmonics} harmonics, rms {fit.rms:.4g}.")
        curves.append(one)
    if settings.n_bins:
        notes.append(f"Squares: means of {settings.n_bins} bins of phase, weighted, with the error of the mean.")
    zero = f"phase 0 {found.reason}, {group.time_system} {found.epoch:.5f}, for all bands"
    error = f" ± {found.period_error:.1g}" if np.isfinite(found.period_error) else ""
    caption = [f"P = {found.period:.7f}{error} d; {zero}; {found.n_cycles:,} cycles.", *notes, *star.coarse]
    if phases(settings.phases)[1] == 2:
        caption.append("The second cycle, on grey, repeats the first.")
    figure = folded_figure(curves, Fold(found.period, found.epoch), _look(settings))
    return Panel(f"folded{suffix}", title, figure, " ".join(caption), _frame(curves, found))


def _frame(curves: Sequence[Curve], found: Ephemeris | None) -> pd.DataFrame:
    """What is drawn, a row a point."""
    parts = []
    for one in curves:
        kinds = [("observation", np.stack([one.time, one.value]), one.error)]
        kinds += [("upper limit", points, None) for points in (one.limit,) if points is not None]
        kinds += [("flagged", points, None) for points in (one.flagged,) if points is not None]
        for kind, (time, value), error in kinds:
            part = {"modality": one.name, "kind": kind, one.time_label: time, one.value_label: value}
            part["error"] = np.full(len(time), np.nan) if error is None else error
            if kind == "observation" and one.season is not None:
                part["season"] = one.season + 1
            if found is not None:
                part["phase"] = phase_fold(time, found.period, found.epoch)
            parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True)
