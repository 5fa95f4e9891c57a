"""Which catalogue columns make a colour-magnitude, period-luminosity or period-amplitude diagram, and what to plot.

Columns are guessed by their names (the published AstroM3 names and their like); every guess can be overruled.
"""

import re
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from m3core.survey import Survey
from m3core.survey.reader import IDENTITY

__all__ = [
    "MIN_PARALLAX_SNR", "Points", "absolute_magnitude", "amplitude_columns", "colour_magnitude", "distance_columns",
    "guess_colour", "magnitude_columns", "numeric_columns", "period_columns", "period_diagram",
]  # fmt: skip

MIN_PARALLAX_SNR = 5.0
"""Parallax over its error, above which its inverse is taken for a distance (biased by under 4 % there)."""

COLOURS = ("bp_rp", "g_r", "b_v", "v_i", "j_k", "colour", "color")
PAIRS = (("bp", "rp"), ("g", "r"), ("b", "v"), ("v", "i"), ("b", "r"), ("g", "i"), ("r", "i"), ("j", "k"))
"""Colours from two magnitudes, the first that the catalogue has."""

PARSECS = {"kpc": 1000.0, "pc": 1.0}
NOT_A_BAND = {"mag", "magnitude", "mean", "phot", "psf", "median"}
NO_MAGNITUDE = {"e", "err", "error", "sigma", "amplitude", "flux", "n", "num"}


@dataclass(frozen=True)
class Points:
    """What a diagram shows.

    Attributes:
        rows: (n,) row numbers of the sources shown.
        x, y: (n,) finite.
        x_title, y_title: with units.
        notes: what is left out and why, a sentence each.
    """

    rows: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    x_title: str
    y_title: str
    notes: list[str] = field(default_factory=list)


def numeric_columns(sources: pd.DataFrame) -> list[str]:
    """Catalogue columns that are numbers, in the catalogue's order; positions are none."""
    return [
        str(name)
        for name in sources.columns.difference(list(IDENTITY), sort=False)
        if pd.api.types.is_numeric_dtype(sources[name]) and not pd.api.types.is_bool_dtype(sources[name])
    ]


def magnitude_columns(sources: pd.DataFrame) -> dict[str, str]:
    """Column -> band ('phot_g_mean_mag' -> 'g', 'magnitude_b' -> 'b', 'mean_vmag' -> 'v') of every magnitude."""
    found = {}
    for name in numeric_columns(sources):
        words = re.split(r"[^a-z0-9]+", re.sub(r"mag(nitude)?(?=$|[^a-z])", " mag ", name.lower()))
        words = [word for word in words if word]
        if "mag" in words and not NO_MAGNITUDE & set(words):
            found[name] = "_".join(word for word in words if word not in NOT_A_BAND)
    return found


def guess_colour(sources: pd.DataFrame) -> tuple[str, str] | None:
    """The columns of a colour: (blue, red), or (colour, '') where the catalogue has one; None without."""
    numbers = set(numeric_columns(sources))
    for name in COLOURS:
        if name in numbers:
            return name, ""
    column_of = {band: name for name, band in reversed(magnitude_columns(sources).items())}
    for blue, red in PAIRS:
        if blue in column_of and red in column_of:
            return column_of[blue], column_of[red]
    return None


def distance_columns(survey: Survey) -> list[str]:
    """'parallax', and columns of a distance in pc or kpc (by their unit, or by the end of their name)."""
    numbers = numeric_columns(survey.sources)
    found = ["parallax"] if "parallax" in numbers else []
    return found + [name for name in numbers if _parsecs(survey, name)]


def _parsecs(survey: Survey, column: str) -> float | None:
    described = survey.manifest.columns.get(column)
    return PARSECS.get(described.unit if described and described.unit else column.lower().rpartition("_")[2])


def period_columns(survey: Survey) -> list[str]:
    """Columns of a period, the one that folds use first."""
    folds = [str(spec.settings["period"]) for spec in survey.modalities.values() if spec.settings.get("period")]
    named = [
        name for name in numeric_columns(survey.sources) if re.search(r"(^|_)period($|_(search|fold|days?)$)", name)
    ]
    return list(dict.fromkeys([*folds, *sorted(named, key=lambda name: name != "period")]))


def amplitude_columns(sources: pd.DataFrame) -> list[str]:
    """Columns of an amplitude."""
    return [name for name in numeric_columns(sources) if re.search(r"(^|_)amp(l|litude)?($|_)", name.lower())]


def absolute_magnitude(magnitude: NDArray, parallax: NDArray) -> NDArray[np.float64]:
    """m - 10 + 5 log10(parallax / mas), NaN where the parallax is not positive; extinction is not corrected.

    Args:
        magnitude, parallax: (n,) apparent magnitude, mas.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(parallax > 0, magnitude - 10 + 5 * np.log10(parallax), np.nan)


def _numbers(sources: pd.DataFrame, column: str) -> NDArray[np.float64]:
    return sources[column].to_numpy(np.float64, na_value=np.nan)


def _titled(survey: Survey, what: str, column: str, shown: str = "") -> str:
    """An axis title with the column's unit: the manifest's, magnitudes where the name says so, else none."""
    described = survey.manifest.columns.get(column)
    known = column in COLOURS or column in magnitude_columns(survey.sources)
    unit = described.unit if described and described.unit else "mag" if known else ""
    return f"{what}, {shown or column}" + (f" [{unit}]" if unit else "")


def _brightness(survey: Survey, magnitude: str, distance: str) -> tuple[NDArray[np.float64], str, list[str]]:
    """Values, axis title and notes of a magnitude, absolute where a distance is named."""
    sources = survey.sources
    apparent = _numbers(sources, magnitude)
    if not distance:
        return apparent, _titled(survey, "Apparent magnitude", magnitude), []
    title = _titled(survey, "Absolute magnitude", magnitude)
    if distance != "parallax":
        parsecs = _numbers(sources, distance) * (_parsecs(survey, distance) or 1.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            absolute = np.where(parsecs > 0, apparent + 5 - 5 * np.log10(parsecs), np.nan)
        return absolute, title, _missing(np.isfinite(apparent) & ~np.isfinite(absolute), f"a positive {distance}")
    parallax = _numbers(sources, "parallax")
    if "parallax_over_error" in sources:
        ratio = _numbers(sources, "parallax_over_error")
    elif "parallax_error" in sources:
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = parallax / _numbers(sources, "parallax_error")
    else:
        ratio = np.full(len(sources), np.nan)
    good = (ratio > MIN_PARALLAX_SNR) & (parallax > 0)
    absolute = np.where(good, absolute_magnitude(apparent, parallax), np.nan)
    poor = np.isfinite(apparent) & ~good
    return absolute, title, _missing(poor, f"a parallax above {MIN_PARALLAX_SNR:g} times its error")


def _missing(which: NDArray[np.bool_], why: str) -> list[str]:
    count = int(which.sum())
    return [f"{count:,} without {why}."] if count else []


def _points(survey: Survey, x: NDArray, y: NDArray, x_title: str, y_title: str, notes: list[str]) -> Points:
    rows = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    said = [f"{len(rows):,} of {len(survey):,} sources shown.", *notes]
    return Points(rows, x[rows], y[rows], x_title, y_title, said)


def colour_magnitude(survey: Survey, colour: tuple[str, str], magnitude: str, distance: str = "") -> Points:
    """A colour-magnitude diagram; no extinction is corrected.

    Args:
        colour: (blue, red) columns of magnitudes, or (colour, '').
        magnitude: column of an apparent magnitude.
        distance: 'parallax' (only where above 5 times its error), a column of distances, or '' for apparent
            magnitudes.
    """
    blue, red = colour
    x = _numbers(survey.sources, blue) - (_numbers(survey.sources, red) if red else 0.0)
    y, y_title, notes = _brightness(survey, magnitude, distance)
    notes += _missing(np.isfinite(y) & ~np.isfinite(x), "a colour")
    x_title = _titled(survey, "Colour", blue, f"{blue} − {red}" if red else blue)
    return _points(survey, x, y, x_title, y_title, notes)


def period_diagram(survey: Survey, period: str, y: NDArray | str, *, y_title: str = "", distance: str = "") -> Points:
    """Something over the period: a column of magnitudes (period-luminosity), or an amplitude.

    Args:
        period: column, days.
        y: a column's name, absolute where `distance` is named; or (N,) values with their `y_title`.
        distance: as in `colour_magnitude`.
    """
    days = _numbers(survey.sources, period)
    x = np.where(days > 0, days, np.nan)
    values, title, notes = _brightness(survey, y, distance) if isinstance(y, str) else (y, y_title, [])
    notes += _missing(np.isfinite(values) & ~np.isfinite(x), f"a positive {period}")
    return _points(survey, x, values, f"Period, {period} [d]", y_title or title, notes)
