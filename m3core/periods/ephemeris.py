"""The periods that are known of a source, and whether its times are fine enough to fold on one."""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real

import numpy as np

from m3core.kinds.base import Series
from m3core.periods.harmonic_fit import fourier_series, n_harmonics_of, weighted_bands
from m3core.survey import Source, Survey

__all__ = ["CATALOGUE", "POWER", "SEARCHED", "KnownPeriod", "coarse_times", "epoch_of_maximum", "known_periods"]

CATALOGUE, SEARCHED, POWER = "period", "m3_period_search", "m3_period_power"
"""Columns: the catalogue's own period (d), the one that the light curves show (d), and its share of the variance."""

HARMONICS = 3
"""Of the series whose maximum is phase 0 where curves of several stars are compared."""

STEPS_PER_PERIOD = 20
"""A period of fewer steps of the times than this folds into a comb."""


@dataclass(frozen=True)
class KnownPeriod:
    """A period with its origin.

    Attributes:
        name: 'searched', 'catalogue', or 'survey' for a choice of the survey that is neither.
        days: positive.
        note: what else is known of it, '' if nothing.
        is_choice: whether the survey folds on it; its encoders see the curve so.
    """

    name: str
    days: float
    note: str = ""
    is_choice: bool = False


def known_periods(survey: Survey, source: Source) -> list[KnownPeriod]:
    """What the search found and what the catalogue says, the survey's choice for folding first."""
    columns = [spec.settings["period"] for spec in survey.modalities.values() if spec.settings.get("period")]
    choice = _number(source.catalogue, columns[0]) if columns else float("nan")
    power = _number(source.catalogue, POWER)
    note = f"explains {power:.0%} of the variance" if np.isfinite(power) else ""
    found = [
        KnownPeriod(name, days, note if name == "searched" else "", days == choice)
        for name, column in (("searched", SEARCHED), ("catalogue", CATALOGUE))
        if (days := _number(source.catalogue, column)) > 0
    ]
    if choice > 0 and not any(one.is_choice for one in found):
        found.append(KnownPeriod("survey", choice, "", True))
    return sorted(found, key=lambda one: not one.is_choice)


def _number(catalogue: Mapping[str, object], column: str) -> float:
    value = catalogue.get(column)
    return float(value) if isinstance(value, Real) else float("nan")


def coarse_times(survey: Survey, source: Source, period: float) -> list[str]:
    """A sentence for each modality of the source whose times are too coarse to fold on `period` (days)."""
    sentences = []
    for name in source.observations:
        step = float(survey.modalities[name].settings.get("time_resolution", 0.0))
        if period < STEPS_PER_PERIOD * step:
            sentences.append(
                f"Times of {name} are kept to {step:g} d only: a period under {STEPS_PER_PERIOD * step:g} d "
                "folds into a comb, not a light curve."
            )
    return sentences


def epoch_of_maximum(one: Series, period: float) -> float | None:
    """A time at which a Fourier series of three harmonics, fitted to a light curve, is brightest, days.

    None where the curve has too few points for a fit.
    """
    known = np.isfinite(one.y)
    time, value = np.asarray(one.x, np.float64)[known], one.y[known]
    error = np.full(len(value), np.nan) if one.error is None else one.error[known]
    bands = weighted_bands([(time, value, error)])
    if not bands:
        return None
    h = n_harmonics_of(bands[0], HARMONICS)
    series = fourier_series(bands[0], np.array([1.0 / period]), h)[0][0]
    phase = np.linspace(0, 1, 400, endpoint=False)
    turns = 2 * np.pi * np.outer(phase, np.arange(1, h + 1))
    fitted = np.cos(turns) @ series[:h] + np.sin(turns) @ series[h:]
    brightest = phase[fitted.argmin() if one.invert_y else fitted.argmax()]
    return float(time.min() + brightest * period)
