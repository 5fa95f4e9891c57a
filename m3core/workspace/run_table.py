"""All runs in one table: what became of them, and the settings in which they differ."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from m3core.errors import M3Error
from m3core.workspace.run import Run

__all__ = ["FIRST_COLUMNS", "run_table"]

FIRST_COLUMNS = (
    "run", "state", "survey", "started", "epochs", "validation_loss", "recall@10", "balanced_accuracy", "minutes",
)  # fmt: skip
"""Of every table; settings follow."""


def run_table(folders: Mapping[str, Path]) -> pd.DataFrame:
    """One row a run.

    Args:
        folders: name -> folder.

    Returns:
        `FIRST_COLUMNS` (loss, mean recall over the pairs, and a classifier's balanced accuracy at the best epoch,
        validation split; minutes of training),
        then a column for each setting that is not the same in all runs, text.
    """
    rows = [_row(name, Run(folder)) for name, folder in folders.items()]
    settings = [row.pop("settings") for row in rows]
    names = dict.fromkeys(name for chosen in settings for name in chosen)
    trained = [chosen for chosen in settings if chosen]  # embeddings from elsewhere have none
    differing = [name for name in names if len({str(chosen.get(name)) for chosen in trained}) > 1]
    differing = [name for name in differing if name not in FIRST_COLUMNS]  # 'epochs' says it already
    for row, chosen in zip(rows, settings, strict=True):
        row |= {name: str(chosen.get(name, "")) for name in differing}
    return pd.DataFrame(rows, columns=[*FIRST_COLUMNS, *differing])


def _row(name: str, run: Run) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(FIRST_COLUMNS) | {"run": name, "settings": {}}
    try:
        status = run.status()
        row |= {"state": str(status.state), "epochs": f"{status.epoch} / {status.epochs}" if status.epochs else ""}
        config = run.config()
        row |= {"survey": Path(str(config.get("survey", ""))).name, "settings": dict(config.get("settings", {}))}
        row["started"] = datetime.fromtimestamp((run.path / "config.yaml").stat().st_mtime).strftime("%Y-%m-%d %H:%M")
        epochs = run.metrics("epoch")
    except (M3Error, OSError) as fault:
        return row | {"state": row["state"] or f"unreadable: {fault}"}
    best = [epoch for epoch in epochs if epoch.get("best")]
    if best:
        recalls = [pair.get("recall@10") for pair in (best[-1].get("recall") or {}).values()]
        known = [value for value in recalls if value is not None]
        row["validation_loss"] = best[-1].get("validation_loss")
        row["recall@10"] = sum(known) / len(known) if known else None
        row["balanced_accuracy"] = (best[-1].get("scores") or {}).get("balanced_accuracy")
        row["minutes"] = epochs[-1].get("seconds", 0.0) / 60
    return row
