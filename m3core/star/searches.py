"""Panels that are computed on demand: searches for periods, and what follows from the ephemeris."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from m3core.figures.cycles import o_c_figure, river_figure
from m3core.figures.periodogram import (
    LEVELS,
    MOST_DRAWN,
    box_curve,
    box_figure,
    dispersion_figure,
    periodogram_figure,
    prewhitening_figure,
)
from m3core.periods.box import MOST_PERIODS, box_search
from m3core.periods.dispersion import dispersion_search
from m3core.periods.harmonic_fit import Band
from m3core.periods.periodogram import periodogram, thinned
from m3core.periods.phase_zero import in_days, value_and_error
from m3core.periods.prewhitening import SIGNAL_TO_NOISE, prewhiten
from m3core.periods.river import river
from m3core.periods.times_of_extremum import times_of_extremum, trend
from m3core.progress import Progress
from m3core.star.fits import ephemeris_panel, fourier_panel
from m3core.star.folding import LightCurveSettings, Star
from m3core.star.panel import Panel

__all__ = ["SEARCHES"]

TOO_FEW = "This source has too few points that vary for it."
NO_PERIOD = "No period is known of this source: type one, or take one from a periodogram."


KEPT = 24
"""Results of searches that are kept: another folding period only moves the marks in their figures."""

_results: OrderedDict[str, Any] = OrderedDict()
_lock = threading.Lock()


def _once(search: Callable[..., Any], bands: Sequence[Band], progress: Progress, **arguments: object) -> Any:
    """What a search finds in light curves, from the last `KEPT` results where it is among them."""
    told = hashlib.sha256(f"{search.__name__} {sorted(arguments.items())}".encode())
    for band in bands:
        for array in band:
            told.update(np.ascontiguousarray(array).tobytes() + b"|")
    key = told.hexdigest()
    with _lock:
        if key in _results:
            _results.move_to_end(key)
            return _results[key]
    found = search(bands, progress=progress, **arguments)
    with _lock:
        _results[key] = found
        while len(_results) > KEPT:
            _results.popitem(last=False)
    return found


def _nothing(key: str, title: str, why: str) -> Panel:
    return Panel(key, title, None, "", pd.DataFrame(), why)


def _period(star: Star) -> float | None:
    return None if star.ephemeris is None else star.ephemeris.period


def _shortest(star: Star, settings: LightCurveSettings) -> float:
    if settings.shortest_period is not None:
        return settings.shortest_period
    period = _period(star)
    return 0.1 if period is None or period > 0.2 else 0.02


def _drawn_of(k: int) -> str:
    return f" Of each {k} frequencies the highest is drawn." if k > 1 else ""


def _drawn(figure: go.Figure, value: str) -> pd.DataFrame:
    """The curves of a figure over frequency, a row a point: each is thinned by itself."""
    parts = [
        pd.DataFrame({"curve": one.name, "frequency [1/d]": one.x, "period [d]": 1 / one.x, value: one.y})
        for one in figure.data
        if one.mode == "lines"
    ]
    return pd.concat(parts, ignore_index=True)


def _dotted(period: float | None) -> str:
    return "" if period is None else " Dotted: the folding period."


def _chance(share: float) -> str:
    """'4e-91'; 0 is no chance, but less than a double holds."""
    return f"{share:.1g}" if share > 0 else "below 1e-300"


def _periodogram(star: Star, settings: LightCurveSettings, progress: Progress) -> Panel:
    key, title = "periodogram", "Lomb-Scargle periodogram"
    group = star.groups[0]
    found = periodogram(group.bands, shortest_period=_shortest(star, settings))
    if found is None:
        return _nothing(key, title, TOO_FEW)
    k = thinned(found.frequency, found.power, MOST_DRAWN)[2]
    best = ", ".join(
        f"{value_and_error(one.period, one.period_error, digits=7)} d (power {one.power:.3f}, "
        f"FAP {_chance(one.false_alarm)})"
        for one in found.peaks[:3]
    )
    levels = ", ".join(f"{found.false_alarm_level(level):.3f}" for level in LEVELS)
    bands = "one band"
    if found.n_bands > 1:
        bands = f"{found.n_bands} bands together, each with its own mean, amplitude and phase"
    caption = (
        f"{found.n_points:,} points of {bands}; power is the share of the weighted variance that a sine explains, "
        f"higher is better. Highest peaks: {best}. Errors: sqrt(6/N) sigma / (pi T A), those of a sine; "
        "a curve of another shape may shift its peak by more. False-alarm levels of 10, "
        f"1 and 0.1 % (dashed): {levels} (Baluev 2008, white noise). Aliases: the folding frequency plus and minus the "
        "peaks of the window function. "
        f"{len(found.frequency):,} frequencies to {found.frequency[-1]:.4g} d⁻¹.{_drawn_of(k)}"
    )
    figure = periodogram_figure(found, _period(star), narrow=settings.narrow)
    return Panel(key, title, figure, caption, _drawn(figure, "power"), hint="Click on a peak to fold there.")


def _box(star: Star, settings: LightCurveSettings, progress: Progress) -> Panel:
    key, title = "box", "Box least squares"
    group, period = star.groups[0], _period(star)
    shortest = settings.shortest_period
    if shortest is None:
        shortest = 0.3 if period is None or period > 0.6 else (0.1 if period > 0.2 else 0.02)
    found = _once(box_search, group.bands, progress, value=group.value, shortest_period=shortest)
    if found is None or not found.peaks:
        return _nothing(key, title, TOO_FEW)
    x, power = box_curve(found)
    best = "; ".join(
        f"{value_and_error(one.period, one.period_error, digits=6)} d, depth {one.depth:.3g} ± {one.depth_error:.1g}, "
        f"duration {one.duration:.3g} d, eclipse at {one.epoch:.4f}"
        for one in found.peaks[:3]
    )
    cut = ""
    if found.period[0] > 1.01 * shortest:
        cut = f" (from {shortest:.4g} d there would be more than {MOST_PERIODS:,})"
    caption = (
        "Log likelihood of a box over a constant (astropy, Kovacs et al. 2002), higher is better; all bands on one "
        f"zero point. Best: {best}. Errors of periods are the width of the likelihood, scaled by the scatter; a depth "
        f"is the mean of the box. Marks, refined about each peak, may stand above the curve. "
        f"{len(found.period):,} periods from {found.period[0]:.4g} d{cut}, boxes of "
        f"{found.shortest_share:.3f} to 0.17 of the period; of each of {len(x):,} parts of the axis the highest is "
        f"drawn.{_dotted(period)} A binary with two like eclipses peaks at half its orbit."
    )
    data = pd.DataFrame({"period [d]": x, "log likelihood": power})
    return Panel(key, title, box_figure(found, period), caption, data, hint="Click on a peak to fold there.")


def _dispersion(star: Star, settings: LightCurveSettings, progress: Progress) -> Panel:
    key, title = "dispersion", "Phase dispersion and string length"
    found = _once(dispersion_search, star.groups[0].bands, progress, shortest_period=_shortest(star, settings))
    if found is None:
        return _nothing(key, title, TOO_FEW)
    best = "; ".join(
        f"{name} " + ", ".join(
            f"{value_and_error(one.period, one.error, digits=6)} d ({one.value:.3f})" for one in minima[:3]
        )
        for name, minima in found.minima.items()
    )  # fmt: skip
    k = thinned(found.frequency, found.theta, MOST_DRAWN, lowest=True)[2]
    caption = (
        "Both are about 1 for scatter and fall towards 0 for a smooth curve; lower is better. Theta: pooled variance "
        "in ten bins of phase over the whole (Stellingwerf 1978). String length: squared steps between neighbours in "
        f"phase over twice the squares about the mean (Lafler & Kinman 1965). Lowest: {best}. Errors from 50 bootstrap "
        "draws. "
        f"Multiples of a period fit as well. {len(found.frequency):,} frequencies, periods from "
        f"{found.shortest_period:.4g} d.{_drawn_of(k).replace('highest', 'lowest')}{_dotted(_period(star))}"
    )
    figure = dispersion_figure(found, _period(star))
    return Panel(key, title, figure, caption, _drawn(figure, "statistic"), hint="Click on a minimum to fold there.")


def _prewhitening(star: Star, settings: LightCurveSettings, progress: Progress) -> Panel:
    key, title = "prewhitening", "Prewhitening"
    group = star.groups[0]
    period = _period(star)
    start = None if period is None else 1 / period
    found = _once(prewhiten, group.bands, progress, shortest_period=_shortest(star, settings), start=start)
    if found is None:
        return _nothing(key, title, TOO_FEW)
    fitted = [group.curves[place] for place in found.bands]
    rows = []
    for step, one in enumerate(found.components):
        name, _, what = one.name.partition(" (")
        row = {
            "name": name, "what": what.rstrip(")"),
            "frequency [1/d]": one.frequency, "frequency error [1/d]": one.error, "period [d]": one.period,
            "period error [d]": one.period_error, "S/N": one.signal_to_noise, "FAP": one.false_alarm,
            "explained": found.shares[step],
        }  # fmt: skip
        for curve, size, error in zip(fitted, one.amplitudes, one.amplitude_errors, strict=True):
            _, bracket, unit = curve.value_label.partition(" [")
            amplitude = f"amplitude {curve.name}"
            row |= {f"{amplitude}{bracket}{unit}": size, f"{amplitude} error{bracket}{unit}": error}
        rows.append(row)
    found_text = "; ".join(
        f"{one.name} = {value_and_error(one.frequency, one.error, digits=6)} d⁻¹, S/N {one.signal_to_noise:.1f}"
        for one in found.components
    )
    share = f", which explain {found.shares[-1]:.1%} of the variance" if found.shares else ""
    highest = found.steps[0].peaks[0].power if found.steps[0].peaks else 0.0
    begun = ""
    if found.components and found.components[0].power < highest:
        begun = f" (at first that of the folding period, {found.components[0].power / highest:.1%} of the highest)"
    caption = (
        f"The highest peak{begun} is taken out, all frequencies are fitted together, and again. "
        f"Found: {found_text or 'none'}"
        f"{share}. It ended because {found.ended}. S/N: amplitude over the mean amplitude of what is left within "
        f"1 d⁻¹; {SIGNAL_TO_NOISE:g} and more is taken for real (Breger et al. 1993)."
    )
    return Panel(key, title, prewhitening_figure(found), caption, pd.DataFrame(rows))


def _river(star: Star, settings: LightCurveSettings, progress: Progress) -> Panel:
    key, title = "river", "River plot"
    if star.ephemeris is None:
        return _nothing(key, title, NO_PERIOD)
    group = star.groups[0]
    found = river(group.bands, star.ephemeris)
    if found is None:
        return _nothing(key, title, TOO_FEW)
    figure = river_figure(
        found, value_label=group.curves[0].value_label, invert=group.value == "mag", span=settings.phases
    )
    each = f"A row spans {found.cycles_a_row:,} cycles" if found.cycles_a_row > 1 else "A row is a cycle"
    caption = (
        f"Mean brightness less the band's median, by phase and cycle, all bands together. {each}; "
        f"{len(found.phase)} bins of phase; cells without an observation are blank. "
        f"P = {in_days(star.ephemeris.period)}."
    )
    row, column = np.nonzero(np.isfinite(found.value))
    value = f"{group.curves[0].value_label} less the median"
    data = pd.DataFrame({"cycle": found.cycle[row], "phase": found.phase[column], value: found.value[row, column]})
    return Panel(key, title, figure, caption, data)


def _o_c(star: Star, settings: LightCurveSettings, progress: Progress) -> Panel:
    key, title = "o_c", "O − C of the times of extremum"
    if star.ephemeris is None:
        return _nothing(key, title, NO_PERIOD)
    group, found = star.groups[0], star.ephemeris
    extrema = times_of_extremum(group.bands, found)
    if not extrema:
        return _nothing(key, title, "No run of eight observations shows a time of extremum.")
    fitted = trend(extrema)
    what = {"Max": "maximum", "Min": "minimum"}.get(found.mark, "phase 0")
    parts = [
        f"Times of {what}, each from a run of at least eight observations that the folded curve of all is moved to "
        f"(Hertzsprung's method), less {found.vsx(group.time_system)}."
    ]
    if fitted is not None:
        parts.append(
            f"Straight line: the period is to be changed by "
            f"{value_and_error(fitted.period_change, fitted.period_change_error, digits=7)} d to "
            f"{value_and_error(found.period + fitted.period_change, fitted.period_change_error, digits=7)} d; "
            f"rms {fitted.rms:.2g} d."
        )
        if np.isfinite(fitted.curvature):
            rate, error = (2 * one / found.period for one in (fitted.curvature, fitted.curvature_error))
            ratio = abs(rate) / error if error > 0 else 0.0
            digits = int(np.log10(ratio)) if ratio > 1 else 0  # the last is where the error's first is
            parts.append(f"Parabola: dP/dt = {rate:+.{digits}e} ± {error:.0e} d/d.")
    data = pd.DataFrame(
        [
            {
                "cycle": one.cycle, f"{group.time_system} [d]": one.time, f"{group.time_system} error [d]": one.error,
                "O-C [d]": one.difference, "points": one.n_points,
            }
            for one in extrema
        ]
    )  # fmt: skip
    clear = fitted is not None and abs(fitted.curvature) > 3 * fitted.curvature_error
    return Panel(key, title, o_c_figure(extrema, fitted, found, curve=clear), " ".join(parts), data)


SEARCHES: dict[str, Callable[[Star, LightCurveSettings, Progress], Panel]] = {
    "ephemeris": ephemeris_panel,
    "fourier": fourier_panel,
    "periodogram": _periodogram,
    "box": _box,
    "dispersion": _dispersion,
    "prewhitening": _prewhitening,
    "river": _river,
    "o_c": _o_c,
}
