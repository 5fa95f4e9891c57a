"""The same star twice: sources that lie upon one another, ids that differ in their writing only, and split leakage."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from m3core.sky.positions import cone_search
from m3core.survey import Survey

__all__ = ["DEFAULT_RADIUS", "Duplicates", "duplicate_ids", "duplicate_positions", "rows_of_same_star"]

DEFAULT_RADIUS = 2.0
"""Arcsec: within it two entries of one catalogue are likely one star."""

MOST_PAIRS = 1_000_000
"""A field whose sources all lie within the radius of one another has n^2 pairs; a table of more helps nobody."""


@dataclass(frozen=True)
class Duplicates:
    """Pairs of sources.

    Attributes:
        pairs: a row a pair: first, second (ids), separation (arcsec, where they were found by position), leaks (they
            stand in different splits), split_first, split_second, label_first, label_second.
        note: a sentence on what could not be told, else ''.
    """

    pairs: pd.DataFrame
    note: str = ""

    @property
    def n_leaks(self) -> int:
        """Pairs whose two sources stand in different splits."""
        return int(self.pairs["leaks"].sum())

    def source_ids(self, *, leaks: bool = False) -> list[str]:
        """Ids of the pairs (of those that leak alone), each once."""
        pairs = self.pairs[self.pairs["leaks"]] if leaks else self.pairs
        return list(dict.fromkeys([*pairs["first"], *pairs["second"]]))


def _pairs(survey: Survey, first: np.ndarray, second: np.ndarray) -> pd.DataFrame:
    sources = survey.sources
    columns = {"first": survey.source_ids[first], "second": survey.source_ids[second]}
    for name in ("split", "label"):
        values = sources[name].to_numpy(object)
        columns |= {f"{name}_first": values[first], f"{name}_second": values[second]}
    splits = sources["split"].to_numpy(object)
    table = pd.DataFrame(columns)
    table.insert(2, "leaks", (splits[first] != splits[second]).astype(bool))
    return table


def duplicate_positions(survey: Survey, radius: float = DEFAULT_RADIUS) -> Duplicates:
    """Pairs of sources within a radius of one another, the closest first (astropy's search_around_sky).

    Args:
        radius: arcsec, positive.
    """
    from astropy import units
    from astropy.coordinates import SkyCoord

    ra, dec = (survey.sources[name].to_numpy(np.float64, na_value=np.nan) for name in ("ra", "dec"))
    rows = np.flatnonzero(np.isfinite(ra) & np.isfinite(dec))
    note = "" if len(rows) == len(survey) else f"{len(survey) - len(rows):,} of {len(survey):,} have no position."
    first = second = np.zeros(0, np.int64)
    separation = np.zeros(0)
    if len(rows) > 1:
        places = SkyCoord(ra[rows] * units.deg, dec[rows] * units.deg)
        first, second, apart, _ = places.search_around_sky(places, radius * units.arcsec)
        once = first < second
        first, second, separation = rows[first[once]], rows[second[once]], apart[once].arcsec
    order = np.lexsort((second, first, separation))
    if len(order) > MOST_PAIRS:
        note = f"{note} Only the closest {MOST_PAIRS:,} of {len(order):,} pairs are kept.".strip()
        order = order[:MOST_PAIRS]
    pairs = _pairs(survey, first[order], second[order])
    pairs.insert(2, "separation", separation[order])
    return Duplicates(pairs, note)


# the sign of a coordinate in a name is no punctuation: J0102-03 is another star than J0102+03
NOISE = re.compile(r"[^a-z0-9+.-]|(?<![0-9])[+.-]|[+.-](?![0-9])")


def _plain_ids(survey: Survey) -> pd.Series:
    return pd.Series([NOISE.sub("", one.lower()) for one in survey.source_ids])


def duplicate_ids(survey: Survey) -> Duplicates:
    """Pairs of ids that are one but for case, blanks and punctuation ('EROS 1' beside 'eros_1').

    Ids that are equal to the letter cannot be in a survey.
    """
    plain = _plain_ids(survey)
    repeated = plain[plain.duplicated(keep=False)]
    groups = [rows.to_numpy() for rows in repeated.groupby(repeated).groups.values()]
    first = np.concatenate([np.zeros(0, np.int64), *(rows[:-1] for rows in groups)])
    second = np.concatenate([np.zeros(0, np.int64), *(rows[1:] for rows in groups)])
    return Duplicates(_pairs(survey, first, second))


def rows_of_same_star(survey: Survey, rows: NDArray[np.int64], radius: float = DEFAULT_RADIUS) -> NDArray[np.int64]:
    """Rows that are likely one star with any of `rows`: within a radius (arcsec) of it, or of the same id but for case,
    blanks and punctuation; ascending, without `rows` themselves."""
    ra, dec = (survey.sources[name].to_numpy(np.float64, na_value=np.nan) for name in ("ra", "dec"))
    plain = _plain_ids(survey)
    found = [np.flatnonzero(plain.isin(plain.iloc[rows]))]
    found += [cone_search(ra, dec, (ra[row], dec[row]), radius)[0] for row in rows if np.isfinite(ra[row] + dec[row])]
    return np.setdiff1d(np.concatenate(found), rows)
