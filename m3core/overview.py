"""What a survey holds, counted."""

import pandas as pd

from m3core.manifest import SPLITS
from m3core.survey import Survey

__all__ = ["UNLABELLED", "overview_table"]

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
