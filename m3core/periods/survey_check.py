"""The period check of a whole survey: which catalogue periods do not hold, and what they are in terms of the real one.

A healthy binary peaks at half its orbit, so a preference for P/2 is an alias only where the curve does not look like
half an orbit: one minimum a cycle, alike before and after, and sharp. Contact binaries are not sharp. Where at least
`HABIT` of the sources of a label show such even curves at P/2, the class lists orbits, and none of its even ones is an
alias. No class is known by name.
"""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from m3core.features import is_light_curve
from m3core.periods.check import HELD, PeriodCheck, check_period
from m3core.periods.ephemeris import CATALOGUE, SEARCHED
from m3core.periods.harmonic_fit import Band
from m3core.periods.search import search_period
from m3core.survey import Survey, of_each_source

__all__ = ["bands_of", "check_source", "check_survey", "checked_column"]

HABIT = 0.3
POOR = 0.5
"""Where the best candidate explains less than this share of the variance, a search looks for another period."""

Progress = Callable[[float, str], None]


def checked_column(survey: Survey) -> str | None:
    """The column whose periods are checked: the catalogue's own, or else what the folds use; None without either."""
    named = [CATALOGUE, *(spec.settings.get("period") for spec in survey.modalities.values())]
    return next((str(name) for name in named if name in survey.sources), None)


def bands_of(survey: Survey, row: int) -> tuple[list[Band], Literal["mag", "flux"]]:
    """The light curves of a source, observations that are not finite left out; and what they measure."""
    bands: list[Band] = []
    value: Literal["mag", "flux"] = "mag"
    for name, spec in survey.modalities.items():
        observation = survey.observation(name, row) if is_light_curve(spec) else None
        if observation is not None:
            time, brightness, error = (np.asarray(observation[one], np.float64) for one in spec.fields)
            known = np.isfinite(time) & np.isfinite(brightness)
            bands.append((time[known], brightness[known], error[known]))
            value = "flux" if spec.settings.get("value") == "flux" else "mag"
    return bands, value


def check_source(survey: Survey, row: int) -> PeriodCheck | None:
    """The period check of one source; None where it has no period or too few observations."""
    column = checked_column(survey)
    if column is None:
        return None
    bands, value = bands_of(survey, row)
    period = _number(survey, column, row)
    searched = _number(survey, SEARCHED, row) if SEARCHED in survey.sources else float("nan")
    found = check_period(bands, period, searched=searched, value=value)
    if found is None or searched > 0 or max(one.share for one in found.candidates) >= POOR:
        return found
    shortest = 0.1 if period > 0.2 else 0.02
    searched = search_period(bands, shortest_period=shortest, catalogue=period).period
    return check_period(bands, period, searched=searched, value=value) if searched > 0 else found


def _number(survey: Survey, column: str, row: int) -> float:
    value: Any = survey.sources[column].iloc[row]
    return float("nan") if pd.isna(value) else float(value)


def check_survey(
    survey: Survey,
    rows: NDArray[np.int64],
    *,
    suggested: NDArray[np.int64] | None = None,
    progress: Progress = lambda done, sentence: None,
) -> pd.DataFrame:
    """Check sources.

    Args:
        rows: (n,) row numbers.
        suggested: (n,) class index that a source may rather belong to, -1 for none: a contact binary under a wrong
            label has the habit of contact binaries.
        progress: called with the fraction done and a sentence; what it raises ends the work.

    Returns:
        A row a source: source_id; period (the catalogue's, days); period_alias (empty where it holds, or where it
        cannot be told; else the real period in terms of the catalogue's: P/n, nP, 1d, other); period_best and
        period_error (days, of the preferred candidate); share_catalogue, share_best (of the variance explained, 0 to
        1); is_half_orbit (P/2 was preferred and taken for a binary's orbit).
    """
    column = checked_column(survey)

    def so_far(done: float) -> None:
        progress(done, f"Checking periods: {round(done * len(rows))} of {len(rows)} sources.")

    checks = of_each_source(check_source, survey, rows, so_far)
    progress(1.0, f"Checked the periods of {len(rows)} sources.")
    even = np.array([c is not None and c.shape is not None and c.shape.is_single_and_even for c in checks], bool)
    eclipse = np.array([c is not None and c.shape is not None and c.shape.is_eclipse for c in checks], bool)
    judged = np.array([c is not None for c in checks], bool)
    labels = survey.labels[rows]
    lists_orbits = [
        index
        for index in range(len(survey.classes))
        if (own := judged & (labels == index)).any() and even[own].mean() >= HABIT
    ]
    half = eclipse | (even & np.isin(labels, lists_orbits))
    if suggested is not None:
        half |= even & np.isin(suggested, lists_orbits)
    table = pd.DataFrame(
        [_row(check, is_half) for check, is_half in zip(checks, half, strict=True)],
        columns=["period_alias", "period_best", "period_error", "share_catalogue", "share_best", "is_half_orbit"],
    )
    periods = np.full(len(rows), np.nan)
    if column is not None:
        periods = survey.sources[column].to_numpy(np.float64, na_value=np.nan)[rows]
    table.insert(0, "source_id", survey.source_ids[rows])
    table.insert(1, "period", periods)
    return table


def _row(check: PeriodCheck | None, is_half: bool) -> tuple[str, float, float, float, float, bool]:
    if check is None:
        return HELD, float("nan"), float("nan"), float("nan"), float("nan"), False
    best, listed = check.of(check.best), check.candidates[0]
    return HELD if is_half else best.name, best.period, best.error, listed.share, best.share, bool(is_half)
