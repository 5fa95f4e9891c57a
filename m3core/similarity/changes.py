"""Two runs on the same stars: which neighbours each source keeps, gains and loses, and how the rank of a list moves."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from m3core.embeddings.kept import Embeddings
from m3core.embeddings.manifold import MEAN
from m3core.embeddings.neighbors import nearest
from m3core.errors import ConfigError, M3Error

__all__ = ["NeighbourChanges", "RankChanges", "neighbour_changes", "rank_changes"]

CHUNK = 1024
TOP = 100

Progress = Callable[[float], None]


@dataclass(frozen=True)
class NeighbourChanges:
    """The k nearest of every source by two runs.

    Attributes:
        rows: (n,) sources that both runs have embedded.
        first, second: (n, k) rows of their nearest by each run, most alike first.
        kept: (n,) how many of the k are the same.
        k: neighbours of a source.
    """

    rows: NDArray[np.int64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    kept: NDArray[np.int64]
    k: int

    @property
    def share(self) -> float:
        """Mean of kept / k, 0 to 1, higher is more alike."""
        return float(self.kept.mean() / self.k) if len(self.kept) and self.k else float("nan")

    @property
    def chance(self) -> float:
        """What two random lists share, k / (n - 1)."""
        return self.k / (len(self.rows) - 1) if len(self.rows) > 1 else float("nan")

    def of(self, row: int) -> pd.DataFrame | None:
        """row (of each neighbour), change ('kept', 'lost', 'gained'), rank_first, rank_second (from 1, NaN without).

        None for a source that one of the runs has not embedded.
        """
        place = np.flatnonzero(self.rows == row)
        if not len(place):
            return None
        before, after = (list(map(int, table[place[0]])) for table in (self.first, self.second))
        lines = []
        for other in dict.fromkeys([*before, *after]):
            ranks = [ranked.index(other) + 1 if other in ranked else np.nan for ranked in (before, after)]
            change = "kept" if np.isfinite(ranks).all() else "lost" if np.isfinite(ranks[0]) else "gained"
            lines.append({"row": other, "change": change, "rank_first": ranks[0], "rank_second": ranks[1]})
        return pd.DataFrame(lines)


def neighbour_changes(
    first: Embeddings, second: Embeddings, by: str = MEAN, k: int = 10, progress: Progress = lambda done: None
) -> NeighbourChanges:
    """Compare the k nearest of every source by cosine, itself left out, among the sources that both have embedded.

    Args:
        first, second: of the same survey.
        by: a modality that both have, or 'mean'.

    Raises:
        ConfigError: not of the same sources, or a modality that one of them lacks.
    """
    if not np.array_equal(first.source_ids, second.source_ids):
        raise ConfigError("the two runs have embedded different sources: compare runs on one survey.")
    tables = []
    for one in (first, second):
        if by != MEAN and by not in one.embeddings:
            raise ConfigError(f"one of the runs has no {by!r} embedding: it has {', '.join(one.embeddings)}.")
        tables.append(np.asarray(one.mean if by == MEAN else one.embeddings[by]))
    rows = np.flatnonzero(np.isfinite(tables[0]).all(axis=1) & np.isfinite(tables[1]).all(axis=1))
    k = max(min(k, len(rows) - 1), 0)
    lists: list[NDArray[np.int64]] = []
    for number, table in enumerate(tables):
        found = [np.zeros((0, k), np.int64)]
        index = table[rows]
        for start in range(0, len(rows) if k else 0, CHUNK):
            progress((number + start / len(rows)) / 2)
            part = np.arange(start, min(start + CHUNK, len(rows)))
            others = nearest(index[part], index, k + 1)[0]
            itself = others == part[:, None]
            itself[~itself.any(axis=1), -1] = True  # of many equal ones it may not be among the k + 1
            found.append(others[~itself].reshape(len(part), k))
        lists.append(rows[np.concatenate(found)])
    before, after = lists
    kept = (before[:, :, None] == after[:, None, :]).any(axis=2).sum(axis=1) if k else np.zeros(0, np.int64)
    return NeighbourChanges(rows, before, after, kept, k)


@dataclass(frozen=True)
class RankChanges:
    """Two ranked lists of the same sources.

    Attributes:
        table: source_id, rank_first, rank_second, change = rank_first - rank_second (positive: nearer the top now), the
            largest change first.
        correlation: Spearman's, of the ranks, -1 to 1.
        n_top, top_kept: of the first 100 of each list (fewer where the lists are shorter) how many are in both.
        n_only_first, n_only_second: sources that one list has alone, left out.
    """

    table: pd.DataFrame
    correlation: float
    n_top: int
    top_kept: int
    n_only_first: int
    n_only_second: int


def rank_changes(first: pd.DataFrame, second: pd.DataFrame) -> RankChanges:
    """Compare two lists as `python -m m3core outliers` or `label-issues` writes them.

    Args:
        first, second: with source_id and rank.

    Raises:
        M3Error: a column is missing, an id stands twice, or the lists have no source in common.
    """
    for place, one in (("first", first), ("second", second)):
        for column in ("source_id", "rank"):
            if column not in one:
                raise M3Error(f"the {place} list has no column {column!r}: give a list of outliers or of label issues.")
        if one["source_id"].duplicated().any():
            raise M3Error(f"the {place} list has a source twice: write it again.")
        if not pd.api.types.is_numeric_dtype(one["rank"]):
            raise M3Error(f"the {place} list has a rank that is no number: write it again.")
    both = first[["source_id", "rank"]].merge(
        second[["source_id", "rank"]], on="source_id", suffixes=("_first", "_second")
    )
    if both.empty:
        raise M3Error("the two lists have no source in common: give lists of one survey.")
    both["change"] = both["rank_first"] - both["rank_second"]
    order = np.argsort(-both["change"].abs().to_numpy(), kind="stable")
    n_top = min(TOP, len(first), len(second))
    tops = [set(one.nsmallest(n_top, "rank")["source_id"]) for one in (first, second)]
    correlation = float(both["rank_first"].rank().corr(both["rank_second"].rank())) if len(both) > 1 else float("nan")
    return RankChanges(
        both.iloc[order].reset_index(drop=True), correlation, n_top, len(tops[0] & tops[1]), len(first) - len(both),
        len(second) - len(both),
    )  # fmt: skip
