"""The panels of a source's light curves: raw and folded, and what is searched in them on demand."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from m3core.figures.light_curve import Curve, Fold, Look, folded_figure, offset_of, points_figure
from m3core.figures.light_curve_traces import phases
from m3core.light_curve.fold import binned_phase, phase_fold
from m3core.periods.fourier_fit import fit_fourier
from m3core.periods.phase_zero import Ephemeris, in_days, value_and_error
from m3core.progress import Progress, silent
from m3core.star.curves import CurveGroup
from m3core.star.folding import PANELS, LightCurveSettings, Star, star_of
from m3core.star.panel import Panel
from m3core.star.searches import SEARCHES
from m3core.survey import Source, Survey

__all__ = ["LightCurveSettings", "light_curve_panels", "panels_of"]

FIT_STEPS = 200


def light_curve_panels(
    survey: Survey, source: Source, settings: LightCurveSettings, progress: Progress = silent
) -> list[Panel]:  # fmt: skip
    """The panels of a source's light curves that `settings.panels` names, in the order of `PANELS`.

    Args:
        progress: called with the fraction of a search that is done and a sentence; what it raises ends the work.
    """
    return panels_of(star_of(survey, source, settings), settings, progress)


def panels_of(star: Star, settings: LightCurveSettings, progress: Progress = silent) -> list[Panel]:
    """The same of light curves that are prepared."""
    if not star.groups:
        why = "This source has no light curve with a finite observation."
        return [Panel("light_curve", "Light curve", None, "", pd.DataFrame(), why)]
    found: list[Panel] = []
    for number, group in enumerate(star.groups):
        suffix = "" if number == 0 else f"_{number + 1}"
        if "light_curve" in settings.panels:
            found.append(_raw(star, group, settings, suffix))
        if "folded" in settings.panels:
            found.append(_folded(star, group, settings, suffix))
    for name in PANELS:
        if name in settings.panels and name in SEARCHES:
            found.append(SEARCHES[name](star, settings, progress))
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
        caption.append(f"Time span {np.ptp(every):,.1f} d. {_amplitudes(group)}".rstrip())
    offset = offset_of(curves) if settings.offset is None else settings.offset
    system = group.time_system
    named = f"Times are {system} as the survey names them" if system != "Time" else "The survey names no time system"
    caption.append(f"{named}; {offset:,.12g} d are taken off." if offset else f"{named}; nothing is taken off.")
    return Panel(
        f"light_curve{suffix}", "Light curves over time", points_figure(curves, _look(settings)),
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


def _amplitudes(group: CurveGroup) -> str:
    """From the 5th to the 95th percentile, a stray point is no amplitude; '' where no curve has five points."""
    many = [one for one in group.curves if len(one.time) >= 5]
    sizes = [f"{one.name} {np.subtract(*np.quantile(one.value, [0.95, 0.05])):.3g}" for one in many]
    _, _, unit = group.curves[0].value_label.partition(" [")
    return f"Amplitude (5th to 95th percentile): {', '.join(sizes)} {unit.rstrip(']')}".rstrip() + "." if many else ""


def _length(points: np.ndarray | None) -> int:
    return 0 if points is None else points.shape[1]


def _folded(star: Star, group: CurveGroup, settings: LightCurveSettings, suffix: str) -> Panel:
    if star.ephemeris is None:
        why = "No period is known of this source: type one to fold its light curves."
        return Panel(f"folded{suffix}", "Light curves folded", None, "", pd.DataFrame(), why)
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
                waves = f"{fit.n_harmonics} harmonic{'s' * (fit.n_harmonics > 1)}"
                notes.append(f"Fourier fit of {one.name}: {waves}, rms {fit.rms:.2g}.")
        curves.append(one)
    if settings.n_bins:
        notes.append(f"Squares: means of {settings.n_bins} bins of phase, weighted, with the error of the mean.")
    epoch = value_and_error(found.epoch, found.epoch_error)
    zero = f"phase 0 {found.reason}, {group.time_system} {epoch}, for all bands"
    error = " (its error is not known)"
    if np.isfinite(found.period_error):
        error = f" ± {np.format_float_positional(float(f'{found.period_error:.1g}'), trim='-')} d"
    caption = [
        f"P = {in_days(found.period)}{error}; {zero}; {found.n_cycles:,} cycle{'s' * (found.n_cycles > 1)}.",
        *notes,
        *star.coarse,
    ]
    if phases(settings.phases)[1] == 2:
        caption.append("The second cycle, on grey, repeats the first.")
    figure = folded_figure(curves, Fold(found.period, found.epoch), _look(settings))
    title = f"Light curves folded on {in_days(found.period)}"
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
            _, bracket, unit = one.value_label.partition(" [")
            part[f"error{bracket}{unit}"] = np.full(len(time), np.nan) if error is None else error
            if kind == "observation" and one.season is not None:
                part["season"] = one.season + 1
            if found is not None:
                part["phase"] = phase_fold(time, found.period, found.epoch)
            parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True)
