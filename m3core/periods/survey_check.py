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

from m3core.light_curve.features import is_light_curve
from m3core.periods.check import HELD, PeriodCheck, check_period
from m3core.periods.ephemeris import CATALOGUE, SEARCHED
from m3core.periods.harmonic_fit import Band
from m3core.periods.search import search_period
from m3core.survey import Survey, of_each_source

__all__ = ["VERSION", "bands_of", "check_source", "check_sources", "check_survey", "checked_column"]

VERSION = 1
"""Of the check of a source: what another version kept is checked anew."""

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


def check_sources(
    survey: Survey, rows: NDArray[np.int64], progress: Progress = lambda done, sentence: None
) -> pd.DataFrame:
    """Check each source by itself, which no run and no other source has a say in.

    Args:
        rows: (n,) row numbers.
        progress: called with the fraction done and a sentence; what it raises ends the work.

    Returns:
        By source_id: judged (whether it could be), best (name of the preferred candidate), period_best, period_error
        (days), share_catalogue, share_best, is_even, is_eclipse (the curve at half the period, where that is the best).
    """

    def so_far(done: float) -> None:
        progress(done, f"Checking periods: {round(done * len(rows))} of {len(rows)} sources.")

    checks = of_each_source(_checked, survey, rows, so_far)
    progress(1.0, f"Checked the periods of {len(rows)} sources.")
    names = ["judged", "best", "period_best", "period_error", "share_catalogue", "share_best", "is_even", "is_eclipse"]
    return pd.DataFrame(checks, columns=names, index=pd.Index(survey.source_ids[rows], name="source_id"))


def _checked(survey: Survey, row: int) -> tuple[bool, str, float, float, float, float, bool, bool]:
    check = check_source(survey, row)
    if check is None:
        unknown = float("nan")
        return False, HELD, unknown, unknown, unknown, unknown, False, False
    best, listed, shape = check.of(check.best), check.candidates[0], check.shape
    is_even, is_eclipse = (False, False) if shape is None else (shape.is_single_and_even, shape.is_eclipse)
    return True, best.name, best.period, best.error, listed.share, best.share, is_even, is_eclipse


def check_survey(
    survey: Survey,
    rows: NDArray[np.int64],
    *,
    checks: pd.DataFrame | None = None,
    suggested: NDArray[np.int64] | None = None,
    progress: Progress = lambda done, sentence: None,
) -> pd.DataFrame:
    """Check sources.

    Args:
        rows: (n,) row numbers.
        checks: of `check_sources`, these sources among them; None: made here.
        suggested: (n,) class index that a source may rather belong to, -1 for none: a contact binary under a wrong
            label has the habit of contact binaries.
        progress: called with the fraction done and a sentence; what it raises ends the work.

    Returns:
        A row a source: source_id; period (the catalogue's, days); period_alias (empty where it holds, or where it
        cannot be told; else the real period in terms of the catalogue's: P/n, nP, 1d, other); period_best and
        period_error (days, of the preferred candidate); share_catalogue, share_best (of the variance explained, 0 to
        1); is_half_orbit (P/2 was preferred and taken for a binary's orbit).
    """
    ids = survey.source_ids[rows]
    checks = check_sources(survey, rows, progress) if checks is None else checks.loc[ids]
    judged, even, eclipse = (checks[name].to_numpy(bool) for name in ("judged", "is_even", "is_eclipse"))
    labels = survey.labels[rows]
    lists_orbits = [
        index
        for index in range(len(survey.classes))
        if (own := judged & (labels == index)).any() and even[own].mean() >= HABIT
    ]
    half = eclipse | (even & np.isin(labels, lists_orbits))
    if suggested is not None:
        half |= even & np.isin(suggested, lists_orbits)
    periods = np.full(len(rows), np.nan)
    if (column := checked_column(survey)) is not None:
        periods = survey.sources[column].to_numpy(np.float64, na_value=np.nan)[rows]
    shown = ["period_best", "period_error", "share_catalogue", "share_best"]
    return pd.DataFrame(
        {
            "source_id": ids,
            "period": periods,
            "period_alias": np.where(half, HELD, checks["best"].to_numpy(object)),
            **{name: checks[name].to_numpy(np.float64) for name in shown},
            "is_half_orbit": half,
        }
    )
