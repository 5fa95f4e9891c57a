"""The periods that are known of a source, and whether its times are fine enough to fold on one."""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real

import numpy as np

from m3core.survey import Source, Survey

__all__ = ["CATALOGUE", "POWER", "SEARCHED", "KnownPeriod", "coarse_times", "known_periods"]

CATALOGUE, SEARCHED, POWER = "period", "m3_period_search", "m3_period_power"
"""Columns: the catalogue's own period (d), the one that the light curves show (d), and its share of the variance."""

STEPS_PER_PERIOD = 20
"""A period of fewer steps of the times than this folds into a comb."""


@dataclass(frozen=True)
class KnownPeriod:
    """A period with its origin.

    Attributes:
        name: 'fold' (the survey's choice), 'searched' or 'catalogue'.
        days: positive.
        note: what else is known of it, '' if nothing.
    """

    name: str
    days: float
    note: str = ""


def known_periods(survey: Survey, source: Source) -> list[KnownPeriod]:
    """The survey's choice for folding first, then what the search found and what the catalogue says."""
    chosen = [spec.settings["period"] for spec in survey.modalities.values() if spec.settings.get("period")]
    columns = {"fold": chosen[0] if chosen else None, "searched": SEARCHED, "catalogue": CATALOGUE}
    power = _number(source.catalogue, POWER)
    notes = {"searched": f"explains {power:.0%} of the variance" if np.isfinite(power) else ""}
    found = [
        KnownPeriod(name, days, notes.get(name, ""))
        for name, column in columns.items()
        if column is not None and (days := _number(source.catalogue, column)) > 0
    ]
    if found and found[0].name == "fold":
        same = [one.name for one in found[1:] if one.days == found[0].days]
        found[0] = KnownPeriod("fold", found[0].days, f"the {' and the '.join(same)} one" if same else "")
    return found


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
