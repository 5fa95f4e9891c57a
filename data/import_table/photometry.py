"""A long table of photometry (a row an observation) as light curves: per band and source, sorted, faults left out.

Everything is done on whole columns: sixteen million rows are one sort and a few masks.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.columns import ONE_BAND, numbers
from data.import_table.aside import FLAGGED, UPPER_LIMIT, Aside, aside_flags
from data.report import Report
from data.tables import Table, as_text
from m3core.errors import SurveyError

__all__ = ["FILL_ERRORS", "FILL_VALUES", "Curves", "light_curves"]

Value = Literal["mag", "flux"]

FAINTEST = 90.0
"""Magnitudes beyond +-90 stand for 'none'."""

NINES = (99.0, 99.9, 99.99, 99.999, 99.9999, 999.0, 999.9, 999.99, 999.999, 9999.0, 9999.99, 99999.0)
FILL_VALUES: dict[Value, tuple[float, ...]] = {
    "mag": (0.0, 25.0, 30.0, 50.0, *NINES, -1.0, *(-nine for nine in NINES)),
    "flux": (-99.0, -99.99, -999.0, -9999.0, -99999.0, 9999.0, 99999.0, 999999.0),
}
"""Brightnesses that archives write for 'none'; a fill value where also far from the star's own (see `_fill_values`)."""

FILL_ERRORS: dict[Value, tuple[float, ...]] = {
    "mag": (*NINES, 9.99, 9.999, *(-nine for nine in NINES)),
    "flux": (-99.0, -99.99, -999.0, -9999.0, -99999.0, 9999.0, 99999.0, 999999.0),
}
"""Errors that archives write for 'none'."""


@dataclass(frozen=True)
class Curves:
    """The light curves of all sources in one band.

    Attributes:
        label: the band as the file calls it.
        start: (n_sources + 1,) int64; source i has the points start[i] to start[i + 1], none where it lacks the band.
        time: (n,) float64, days, ascending inside a source; value, error: (n,) float64, error NaN where unknown.
        aside: upper limits and flagged observations, None where there are none.
    """

    label: str
    value_name: Value
    start: NDArray[np.int64]
    time: NDArray[np.float64]
    value: NDArray[np.float64]
    error: NDArray[np.float64]
    aside: Aside | None = None

    def __iter__(self) -> Iterator[dict[str, NDArray[np.float64]] | None]:
        for row in range(len(self.start) - 1):
            points = slice(self.start[row], self.start[row + 1])
            if points.start == points.stop:
                yield None
            else:
                yield {"time": self.time[points], self.value_name: self.value[points], "error": self.error[points]}

    def band(self, row: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]] | None:
        """time, value, error of a source, or None."""
        points = slice(self.start[row], self.start[row + 1])
        return None if points.start == points.stop else (self.time[points], self.value[points], self.error[points])

    @property
    def lengths(self) -> NDArray[np.int64]:
        """(n_sources,) points of each source."""
        return np.diff(self.start)


def light_curves(
    table: Table, columns: Mapping[str, str], source_ids: pd.Index, value_name: Value, report: Report
) -> list[Curves]:
    """Sort a photometry table into light curves and report what is wrong with it.

    Args:
        table: the photometry.
        columns: role -> column: source_id, band (or 'none'), time, mag or flux, error if there is one.
        source_ids: (n_sources,) ids of the catalogue, unique.
        report: faults are added to it.

    Returns:
        a `Curves` a band with a usable curve, in the order in which the bands first appear.

    Raises:
        SurveyError: text where numbers belong; no star of the catalogue; no usable curve at all.
    """
    ids = as_text(table.frame[columns["source_id"]])
    told = columns["band"]
    bands = as_text(table.frame[told]) if told != ONE_BAND else pd.Series("photometry", ids.index, dtype="category")
    time = numbers(table, columns["time"], ids, unit="d")
    value = numbers(table, columns[value_name], ids)
    error = numbers(table, columns["error"], ids) if "error" in columns else np.full(len(ids), np.nan)
    labels = list(dict.fromkeys(bands.dropna().unique()))
    words = bands.cat.categories.to_numpy(object)
    # codes in the order of first appearance, whatever the categories' order
    rank = pd.Index(labels).get_indexer(pd.Index(words)) if len(words) else np.empty(0, np.int64)
    band = np.append(rank, -1)[bands.cat.codes.to_numpy()]
    source = np.append(source_ids.get_indexer(ids.cat.categories), -1)[ids.cat.codes.to_numpy()]
    if not (source >= 0).any():
        raise SurveyError(
            f"{table.name} has no row of any star of the catalogue (its ids begin with {_some(ids)}, the catalogue's "
            f"with {', '.join(source_ids[:3])}): name the columns that match with --map source_id=COLUMN."
        )
    flags = aside_flags(table, columns, error, value_name)
    rows = _Rows(table.name, ids, np.array([*labels, ""], object), source, band, time, value, error, report)
    rows.drop_unlisted()
    rows.drop("upper limit", flags & UPPER_LIMIT > 0)
    rows.drop("quality flag", flags & FLAGGED > 0)
    rows.drop("band missing", band < 0)
    rows.drop("time not finite", ~np.isfinite(time))
    rows.drop("brightness not finite", ~np.isfinite(value))
    if "error" in columns:
        rows.clean_errors(FILL_ERRORS[value_name])
    rows.drop("fill value as brightness", rows.fill_values(value_name))
    order = rows.sorted_without_duplicates()
    curves = rows.curves(order, len(source_ids), value_name, labels, source_ids)
    shown = (flags > 0) & (source >= 0) & np.isfinite(time) & np.isfinite(value)
    if value_name == "mag":
        shown &= np.abs(value) <= FAINTEST
    if shown.any():
        n, known = len(source_ids), np.where((error > 0) & (flags & UPPER_LIMIT == 0), error, np.nan)
        curves = [
            replace(
                one,
                aside=Aside.of(
                    n, source, time, np.flatnonzero(shown & (band == labels.index(one.label))),
                    **{value_name: value, "error": known, "flag": flags},
                ),
            )
            for one in curves
        ]  # fmt: skip
    if not curves:
        raise SurveyError(f"{table.name} has no usable light curve: every row or curve has a fault, see --dry-run.")
    return curves


def _some(ids: pd.Series) -> str:
    return ", ".join(map(str, ids.dropna().unique()[:3])) or "nothing"


class _Rows:
    """The rows of a photometry table with a mask of those still in use."""

    def __init__(
        self,
        file: str,
        ids: pd.Series,
        labels: NDArray[np.object_],
        source: NDArray[np.int64],
        band: NDArray[np.int64],
        time: NDArray[np.float64],
        value: NDArray[np.float64],
        error: NDArray[np.float64],
        report: Report,
    ) -> None:
        self.file, self.ids, self.labels, self.report = file, ids, labels, report
        self.source, self.band, self.time, self.value = source, band, time, value
        self.error = error.copy()
        self.used = np.ones(len(time), bool)
        self.listed: NDArray[np.int64] = np.empty(0, np.int64)

    def _add(self, kind: str, rows: NDArray[np.int64]) -> None:
        self.report.add(
            kind,
            self.file,
            self.ids.iloc[rows].astype(object).to_numpy(),
            bands=self.labels[self.band[rows]],
            rows=rows + 1,
        )

    def drop(self, kind: str, wrong: NDArray[np.bool_]) -> None:
        """Leave out the rows in use that are wrong."""
        wrong = wrong & self.used
        self._add(kind, np.flatnonzero(wrong))
        self.used &= ~wrong

    def drop_unlisted(self) -> None:
        """One fault a star, not a row: a photometry file may hold a whole field."""
        rows = np.flatnonzero(self.source < 0)
        ids = self.ids.iloc[rows].astype(object).fillna("")
        found = pd.DataFrame({"id": ids, "row": rows + 1}).groupby("id", sort=False)["row"].agg(["first", "size"])
        self.report.add(
            "photometry of a star that is not in the catalogue",
            self.file,
            list(found.index),
            rows=list(found["first"]),
            detail=[f"{size} rows" for size in found["size"]],
        )
        self.used &= self.source >= 0
        # before any other fault: which curves the file has at all
        self.listed = np.flatnonzero(self.used & (self.band >= 0))

    def clean_errors(self, fills: tuple[float, ...]) -> None:
        """Errors that mean 'none' become NaN; rows with one that is zero or negative are left out."""
        fill = _is_one_of(self.error, fills) & self.used
        self._add("fill value as error", np.flatnonzero(fill))
        self.error[fill] = np.nan
        absent = ~np.isfinite(self.error) & self.used & ~fill
        self._add("error not finite", np.flatnonzero(absent))
        self.error[absent] = np.nan
        self.drop("error not positive", self.error <= 0)

    def fill_values(self, value_name: Value) -> NDArray[np.bool_]:
        """Rows whose brightness is of `FILL_VALUES` and far from the star's median in that band.

        Far: for magnitudes 2 mag off, or beyond +-90; for fluxes ten median absolute deviations off.
        """
        suspect = _is_one_of(self.value, FILL_VALUES[value_name]) & self.used
        fill = np.zeros(len(suspect), bool)
        suspects = np.flatnonzero(suspect)
        if len(suspects) == 0:
            return fill
        key = self.source * len(self.labels) + self.band
        same = np.flatnonzero(np.isin(key, np.unique(key[suspects])) & self.used & ~suspect)
        sane = pd.Series(self.value[same]).groupby(key[same])
        centre = sane.median().reindex(key[suspects]).to_numpy()
        value = self.value[suspects]
        if value_name == "mag":
            far = (np.abs(value) > 90) | (np.abs(value - centre) >= 2)
        else:
            spread = sane.agg(lambda part: np.median(np.abs(part - np.median(part)))).reindex(key[suspects]).to_numpy()
            far = np.abs(value - centre) > 10 * spread
        fill[suspects[far]] = True
        return fill

    def sorted_without_duplicates(self) -> NDArray[np.int64]:
        """Rows in use by band, source and time, each row once."""
        used = np.flatnonzero(self.used)
        order = used[np.lexsort((self.time[used], self.source[used], self.band[used]))]
        if len(order) == 0:
            return order
        same = np.ones(len(order) - 1, bool)
        for column in (self.band, self.source, self.time):
            same &= column[order[1:]] == column[order[:-1]]
        together = np.append(same, False) | np.append(False, same)
        rows = np.sort(order[together])  # the first in the file stays
        columns = {"b": self.band, "s": self.source, "t": self.time, "v": self.value, "e": self.error}
        twice = pd.DataFrame({name: column[rows] for name, column in columns.items()}).duplicated().to_numpy()
        wrong = np.zeros(len(self.used), bool)
        wrong[rows[twice]] = True
        self.drop("duplicate row", wrong)
        return order[~wrong[order]]

    def curves(
        self,
        order: NDArray[np.int64],
        n_sources: int,
        value_name: Value,
        labels: list[str],
        source_ids: pd.Index,
    ) -> list[Curves]:
        """Cut the sorted rows into curves; those of one epoch or of constant brightness are left out."""
        key = self.band[order] * n_sources + self.source[order]
        count = np.bincount(key, minlength=len(labels) * n_sources)
        start = np.concatenate([[0], np.cumsum(count)])
        value = self.value[order]
        filled = np.flatnonzero(count)
        constant = np.zeros(len(count), bool)
        if len(filled):
            high, low = (extreme.reduceat(value, start[filled]) for extreme in (np.maximum, np.minimum))
            constant[filled] = high == low
        had = np.zeros(len(count), bool)
        had[self.band[self.listed] * n_sources + self.source[self.listed]] = True
        absent = {
            "curve without a usable row": had & (count == 0),
            "curve of one epoch": count == 1,
            "constant brightness": constant & (count > 1),
        }
        gone = np.zeros(len(count), bool)
        for kind, wrong in absent.items():
            keys = np.flatnonzero(wrong)
            band, source = np.divmod(keys, n_sources)
            self.report.add(kind, self.file, source_ids[source].to_numpy(object), bands=self.labels[band])
            gone |= wrong
        kept = order[~gone[key]]
        count[gone] = 0
        curves, first = [], 0
        for number, label in enumerate(labels):
            counts = count[number * n_sources : (number + 1) * n_sources]
            rows = kept[first : first + int(counts.sum())]
            first += len(rows)
            if len(rows):
                start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
                curves.append(Curves(label, value_name, start, self.time[rows], self.value[rows], self.error[rows]))
        return curves


def _is_one_of(values: NDArray[np.float64], fills: tuple[float, ...]) -> NDArray[np.bool_]:
    """Exact matches, also of a fill value that was once kept in single precision (99.999 as 99.9990005)."""
    single = [float(np.float32(fill)) for fill in fills]
    return np.isin(values, [*fills, *single])
