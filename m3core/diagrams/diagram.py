"""Colour-magnitude, colour-colour, period-luminosity and period-amplitude diagrams: what to plot, what is left out."""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from m3core.diagrams.columns import COLOURS, magnitude_columns, numeric_columns, parsecs_of
from m3core.diagrams.extinction import COLOURS as COLOUR_BANDS
from m3core.diagrams.extinction import Extinction, band_of
from m3core.survey import Survey

__all__ = [
    "MIN_PARALLAX_SNR", "Points", "absolute_magnitude", "colour_colour", "colour_magnitude", "named", "parallax_ratio",
    "period_diagram",
]  # fmt: skip

MIN_PARALLAX_SNR = 5.0
"""Parallax over its error, above which its inverse is taken for a distance (biased by under 4 % there)."""


@dataclass(frozen=True)
class Points:
    """What a diagram shows.

    Attributes:
        rows: (n,) row numbers of the sources shown.
        x, y: (n,) finite.
        x_title, y_title: with units.
        notes: what is left out and why, a sentence each.
        poor_rows, poor_x, poor_y: (m,) sources whose parallax is positive and too poor for a distance: not among
            `rows`, for a figure that flags them.
    """

    rows: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    x_title: str
    y_title: str
    notes: list[str] = field(default_factory=list)
    poor_rows: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    poor_x: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    poor_y: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True)
class _Brightness:
    """(N,) magnitudes, absolute ones where a distance is good; `poor`: those of a poor parallax, NaN elsewhere."""

    values: NDArray[np.float64]
    title: str
    notes: list[str]
    poor: NDArray[np.float64]


def absolute_magnitude(magnitude: NDArray, parallax: NDArray) -> NDArray[np.float64]:
    """m - 10 + 5 log10(parallax / mas), NaN where the parallax is not positive; extinction is not corrected.

    Args:
        magnitude, parallax: (n,) apparent magnitude, mas.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(parallax > 0, magnitude - 10 + 5 * np.log10(parallax), np.nan)


def parallax_ratio(sources: pd.DataFrame) -> NDArray[np.float64]:
    """(N,) parallax over its error: the catalogue's, else computed; NaN where neither is known."""
    ratio, known = np.full(len(sources), np.nan), numeric_columns(sources)
    if "parallax_over_error" in known:
        ratio = _numbers(sources, "parallax_over_error")
    if "parallax_error" in known:
        with np.errstate(invalid="ignore", divide="ignore"):
            computed = _numbers(sources, "parallax") / _numbers(sources, "parallax_error")
        ratio = np.where(np.isfinite(ratio), ratio, computed)
    return ratio


def _numbers(sources: pd.DataFrame, column: str) -> NDArray[np.float64]:
    return sources[column].to_numpy(np.float64, na_value=np.nan)


def _titled(survey: Survey, what: str, column: str, shown: str = "") -> str:
    """An axis title with the column's unit: the manifest's, magnitudes where the name says so, else none."""
    described = survey.manifest.columns.get(column)
    known = column in COLOURS or column in magnitude_columns(survey.sources)
    unit = described.unit if described and described.unit else "mag" if known else ""
    return named(what, shown or column) + (f" [{unit}]" if unit else "")


def named(what: str, column: str) -> str:
    """What an axis shows and the column that has it, once where they are the same word."""
    return what if column == what.lower() else f"{what}, {column}"


def _brightness(survey: Survey, apparent: NDArray[np.float64], title: str, distance: str) -> _Brightness:
    """Magnitudes, absolute where a distance is named.

    Args:
        apparent: (N,); title: of the axis without 'Apparent magnitude, ' before it.
    """
    none = np.full(len(survey), np.nan)
    if not distance:
        return _Brightness(apparent, f"Apparent magnitude, {title}", [], none)
    title = f"Absolute magnitude, {title}"
    sources = survey.sources
    if distance != "parallax":
        parsecs = _numbers(sources, distance) * (parsecs_of(survey, distance) or 1.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            absolute = np.where(parsecs > 0, apparent + 5 - 5 * np.log10(parsecs), np.nan)
        notes = _missing(np.isfinite(apparent) & ~np.isfinite(absolute), f"a positive {distance}")
        return _Brightness(absolute, title, notes, none)
    parallax = _numbers(sources, "parallax")
    good = (parallax_ratio(sources) > MIN_PARALLAX_SNR) & (parallax > 0)
    every = absolute_magnitude(apparent, parallax)
    notes = _missing(np.isfinite(apparent) & ~good, f"a parallax above {MIN_PARALLAX_SNR:g} times its error")
    return _Brightness(np.where(good, every, np.nan), title, notes, np.where(good, np.nan, every))


def _missing(which: NDArray[np.bool_], why: str) -> list[str]:
    count = int(which.sum())
    return [f"{count:,} without {why}."] if count else []


def _points(survey: Survey, x: NDArray, x_title: str, bright: _Brightness, what_x: str) -> Points:
    y = bright.values
    rows, poor = (np.flatnonzero(np.isfinite(x) & np.isfinite(one)) for one in (y, bright.poor))
    notes = [f"{len(rows):,} of {len(survey):,} sources shown.", *bright.notes]
    notes += _missing(np.isfinite(y) & ~np.isfinite(x), what_x)
    return Points(rows, x[rows], y[rows], x_title, bright.title, notes, poor, x[poor], bright.poor[poor])


def _dereddened(survey: Survey, column: str, extinction: Extinction | None) -> NDArray[np.float64]:
    """(N,) a magnitude or a colour less its extinction; where that is not known it is left out."""
    values = _numbers(survey.sources, column)
    if extinction is None or not extinction.subtracts:
        return values
    if column in COLOUR_BANDS:
        blue, red = COLOUR_BANDS[column]
        return values - (extinction.of(blue) - extinction.of(red))
    found = magnitude_columns(survey.sources)
    return values - extinction.of(band_of(column, found.get(column, ""), set(found.values())))


def _colour(survey: Survey, colour: tuple[str, str], extinction: Extinction | None) -> tuple[NDArray[np.float64], str]:
    """(N,) a colour, and its axis title."""
    blue, red = colour
    x = _dereddened(survey, blue, extinction) - (_dereddened(survey, red, extinction) if red else 0.0)
    zero = ", dereddened" if extinction is not None and extinction.subtracts else ""
    return x, _titled(survey, "Colour", blue, (f"{blue} − {red}" if red else blue) + zero)


def _bright_title(survey: Survey, magnitude: str, extinction: Extinction | None) -> str:
    zero = ", dereddened" if extinction is not None and extinction.subtracts else ""
    return _titled(survey, "", magnitude, magnitude + zero).removeprefix(", ")


def colour_magnitude(
    survey: Survey, colour: tuple[str, str], magnitude: str, distance: str = "", extinction: Extinction | None = None
) -> Points:
    """A colour-magnitude diagram.

    Args:
        colour: (blue, red) columns of magnitudes, or (colour, '').
        magnitude: column of an apparent magnitude.
        distance: 'parallax' (only where above 5 times its error), a column of distances, or '' for apparent
            magnitudes.
        extinction: what is taken off colours and magnitudes; None: nothing.
    """
    x, x_title = _colour(survey, colour, extinction)
    title = _bright_title(survey, magnitude, extinction)
    bright = _brightness(survey, _dereddened(survey, magnitude, extinction), title, distance)
    points = _points(survey, x, x_title, bright, "a colour")
    return _without_extinction(survey, points, [magnitude, *filter(None, colour)], extinction)


def colour_colour(
    survey: Survey, first: tuple[str, str], second: tuple[str, str], extinction: Extinction | None = None
) -> Points:
    """Two colours, the second upwards; arguments as in `colour_magnitude`."""
    x, x_title = _colour(survey, first, extinction)
    y, y_title = _colour(survey, second, extinction)
    points = _points(survey, x, x_title, _Brightness(y, y_title, [], np.full(len(survey), np.nan)), "the other colour")
    return _without_extinction(survey, points, [*filter(None, (*first, *second))], extinction)


def _without_extinction(
    survey: Survey, points: Points, columns: list[str], extinction: Extinction | None
) -> Points:  # fmt: skip
    """The same, with a note on how many sources are left out since the extinction in a band is not known."""
    gone = np.zeros(len(survey), bool)
    for name in columns:
        gone |= np.isfinite(_numbers(survey.sources, name)) & ~np.isfinite(_dereddened(survey, name, extinction))
    return replace(points, notes=points.notes + _missing(gone, f"a known extinction in {', '.join(columns)}"))


def period_diagram(
    survey: Survey, period: str, y: NDArray | str, *, y_title: str = "", distance: str = "",
    extinction: Extinction | None = None,
) -> Points:  # fmt: skip
    """Something over the period: a column of magnitudes (period-luminosity), an index, or an amplitude.

    Args:
        period: column, days.
        y: a column's name, absolute where `distance` is named; or (N,) values with their `y_title`, which are
            magnitudes where `distance` is named.
        distance: as in `colour_magnitude`. extinction: taken off a column; values are taken as they are.
    """
    days = _numbers(survey.sources, period)
    x = np.where(days > 0, days, np.nan)
    if isinstance(y, str):
        bright = _brightness(survey, _dereddened(survey, y, extinction), _bright_title(survey, y, extinction), distance)
    elif distance:
        bright = _brightness(survey, y, y_title, distance)
    else:
        bright = _Brightness(y, y_title, [], np.full(len(survey), np.nan))
    points = _points(survey, x, f"{named('Period', period)} [d]", bright, f"a positive {period}")
    return _without_extinction(survey, points, [y] if isinstance(y, str) else [], extinction)
