"""How well embeddings retrieve: a source's own counterpart across modalities, and sources of its class."""

from collections.abc import Callable
from itertools import permutations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from m3core.classifier.scores import wilson
from m3core.embeddings.kept import Embeddings
from m3core.embeddings.manifold import MEAN
from m3core.embeddings.neighbors import nearest, own_ranks
from m3core.errors import ConfigError
from m3core.manifest import SPLITS
from m3core.survey import Survey

__all__ = ["ALL", "KS", "N_NEIGHBOURS", "class_precision", "own_retrieval", "rows_to_score"]

KS = (1, 5, 10)
N_NEIGHBOURS = 10
ALL = "all"

Progress = Callable[[float], None]


def rows_to_score(survey: Survey, split: str | None = None) -> tuple[str, NDArray[np.int64]]:
    """A split and its row numbers.

    Args:
        split: a name, 'all', or None: the test split, the validation split where that is empty, or else all.

    Raises:
        ConfigError: no such split.
    """
    if split is None:
        split = next((name for name in ("test", "validation") if len(survey.rows(name))), ALL)
    if split not in (*SPLITS, ALL):
        raise ConfigError(f"there is no split {split[:80]!r}: choose one of {', '.join((*SPLITS, ALL))}.")
    return split, np.arange(len(survey)) if split == ALL else survey.rows(split)


def own_retrieval(
    embeddings: Embeddings, rows: NDArray[np.int64], progress: Progress = lambda done: None
) -> pd.DataFrame:
    """For every ordered pair of modalities: where among the others' a source's own counterpart ranks.

    Args:
        rows: the sources that are looked for and looked among; of a pair those count that have both.

    Returns:
        query, found (modalities); n; recall@k, the share whose own counterpart is among the k nearest, 0 to 1, higher
        is better, with the ends of its 95 % Wilson interval; chance@k = min(k / n, 1); median_rank, from 1, lower is
        better; chance_rank = (n + 1) / 2.
    """
    pairs = list(permutations(embeddings.embeddings, 2))
    lines = []
    for number, (first, second) in enumerate(pairs):
        progress(number / len(pairs))
        queries, index = (np.asarray(embeddings.embeddings[name][rows]) for name in (first, second))
        both = np.isfinite(queries).all(axis=1) & np.isfinite(index).all(axis=1)
        n = int(both.sum())
        line: dict[str, object] = {"query": first, "found": second, "n": n}
        ranks = own_ranks(queries[both], index[both]) if n else np.zeros(0, np.int64)
        for k in KS:
            hits = int((ranks < k).sum())
            low, high = wilson(hits, n)
            line |= {f"recall@{k}": hits / n if n else np.nan, f"recall@{k}_low": low, f"recall@{k}_high": high}
            line[f"chance@{k}"] = min(k / n, 1.0) if n else np.nan
        line |= {
            "median_rank": float(np.median(ranks)) + 1 if n else np.nan,
            "chance_rank": (n + 1) / 2 if n else np.nan,
        }
        lines.append(line)
    return pd.DataFrame(lines)


def class_precision(
    embeddings: Embeddings, survey: Survey, rows: NDArray[np.int64], progress: Progress = lambda done: None
) -> pd.DataFrame:
    """How many of a source's ten nearest bear its label, by class, within each modality, across two, and on the mean.

    Args:
        rows: the sources asked, of which those with a label count; found are all labelled sources but the one asked.

    Returns:
        class; query, found (modalities, or 'mean'); n (sources asked); precision, mean share of the ten (or of as many
        as there are) with the class, 0 to 1, higher is better; chance, the share of the class among the others.
    """
    every = {MEAN: embeddings.mean, **embeddings.embeddings}
    pairs = [(name, name) for name in every] + list(permutations(embeddings.embeddings, 2))
    labelled = np.flatnonzero(survey.labels >= 0)
    asked = rows[survey.labels[rows] >= 0]
    lines = []
    for number, (first, second) in enumerate(pairs):
        progress(number / len(pairs))
        known = np.isfinite(np.asarray(every[first][asked])).all(axis=1)
        queries = asked[known]
        candidates = labelled[np.isfinite(np.asarray(every[second][labelled])).all(axis=1)]
        found, _ = nearest(np.asarray(every[first][queries]), np.asarray(every[second][candidates]), N_NEIGHBOURS + 1)
        others = np.where(found >= 0, candidates[found], -1)
        others[others == queries[:, None]] = -1
        # where the source itself was not among them, the eleventh is one too many
        order = np.argsort(others < 0, axis=1, kind="stable")
        others = np.take_along_axis(others, order, axis=1)[:, :N_NEIGHBOURS]
        right = (others >= 0) & (survey.labels[others] == survey.labels[queries][:, None])
        n_found = (others >= 0).sum(axis=1)
        share = np.divide(right.sum(axis=1), n_found, out=np.full(len(queries), np.nan), where=n_found > 0)
        counts = np.bincount(survey.labels[candidates], minlength=len(survey.classes))
        for code, name in enumerate(survey.classes):
            own = share[(survey.labels[queries] == code) & np.isfinite(share)]
            chance = max(counts[code] - 1, 0) / (len(candidates) - 1) if len(candidates) > 1 else np.nan
            lines.append(
                {
                    "class": name, "query": first, "found": second, "n": len(own),
                    "precision": float(own.mean()) if len(own) else np.nan, "chance": float(chance),
                }
            )  # fmt: skip
    columns = ["class", "query", "found", "n", "precision", "chance"]
    return pd.DataFrame(lines, columns=columns)
