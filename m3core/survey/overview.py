"""What a survey holds, counted."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from m3core.manifest import SPLITS
from m3core.survey import Survey

__all__ = ["UNLABELLED", "combination_table", "overview_table", "presence_codes"]

UNLABELLED = "unlabelled"
ALL = "all sources"


def overview_table(survey: Survey) -> pd.DataFrame:
    """Counts of sources: a row a class, then the unlabelled, then all.

    Returns:
        class, sources, a column a split, and 'in <modality>' for each modality.
    """
    label = survey.sources["label"].fillna(UNLABELLED)
    flags = {split: survey.sources["split"] == split for split in SPLITS}
    flags |= {f"in {name}": pd.Series(survey.present(name), survey.sources.index) for name in survey.modalities}
    groups = [*survey.classes, *([UNLABELLED] if (label == UNLABELLED).any() else [])]
    rows = [
        {"class": name, "sources": int((label == name).sum())}
        | {column: int((flag & (label == name)).sum()) for column, flag in flags.items()}
        for name in groups
    ]
    total = {"class": ALL, "sources": len(survey)} | {column: int(flag.sum()) for column, flag in flags.items()}
    return pd.DataFrame([*rows, total])


def presence_codes(survey: Survey) -> NDArray[np.int64]:
    """(N,) which modalities each source has: bit k is set where it has the k-th of the survey."""
    codes = np.zeros(len(survey), np.int64)
    for number, name in enumerate(survey.modalities):
        codes |= survey.present(name).astype(np.int64) << number
    return codes


def combination_table(survey: Survey) -> pd.DataFrame:
    """Which modalities occur together: a row a combination, the commonest first.

    Returns:
        code (of `presence_codes`), sources, and for each modality whether the combination has it.
    """
    codes, counts = np.unique(presence_codes(survey), return_counts=True)
    table = pd.DataFrame({"code": codes, "sources": counts})
    for number, name in enumerate(survey.modalities):
        table[name] = (codes >> number & 1).astype(bool)
    return table.sort_values(["sources", "code"], ascending=False, ignore_index=True)
