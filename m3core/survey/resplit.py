"""A survey again under another split, in a folder of its own: what an experiment trains on, a folder a seed."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from m3core.files import new_folder, write_json
from m3core.manifest import SPLITS, SplitSpec
from m3core.survey.content import array_files, content_hash
from m3core.survey.reader import Survey
from m3core.survey.writer import split_hash

__all__ = ["write_changed", "write_resplit"]


def write_resplit(
    survey: Survey, path: Path, splits: NDArray[Any], spec: SplitSpec, *, without_labels: tuple[str, ...] = ()
) -> Survey:
    """Write the same sources under another split, and open that survey. The one given is not touched.

    Arrays are the same files (hard links; copies where the system has none): no program changes one in place.

    Args:
        path: the folder to make; it must not exist.
        splits: (N,) 'train', 'validation' or 'test', in the survey's order.
        spec: how the split was made; its hash is filled in here.
        without_labels: splits whose sources lose their labels in the copy: what is not there cannot leak.

    Raises:
        M3Error: `path` exists.
    """
    table = survey.sources.reset_index()
    table["split"] = splits
    table.loc[table["split"].isin(without_labels), "label"] = None
    labels = table["label"].value_counts()
    counts = {
        **survey.manifest.counts,
        "by_split": {name: int((table["split"] == name).sum()) for name in SPLITS},
        "by_label": {str(name): int(labels[name]) for name in sorted(labels.index)},
        "unlabelled": int(table["label"].isna().sum()),
    }
    changed = {
        "counts": counts,
        "classes": tuple(counts["by_label"]),
        "split": spec.model_copy(update={"hash": split_hash(list(table["source_id"]), list(table["split"]))}),
        "provenance": {**survey.manifest.provenance, "split_of": survey.hash, "without_labels": list(without_labels)},
    }
    return write_changed(survey, path, table, changed)


def write_changed(
    survey: Survey,
    path: Path,
    table: pd.DataFrame,
    changed: Mapping[str, Any],
    *,
    extra: Mapping[str, str] | None = None,
) -> Survey:
    """Write a survey with the same arrays, another table and what the manifest says of it, and open it.

    Args:
        table: a row a source, source_id a column, in the survey's order and with its columns.
        changed: fields of the manifest.
        extra: name -> text of files to lay beside.

    Raises:
        M3Error: `path` exists.
    """
    with new_folder(path) as folder:
        for name in array_files(survey.path, survey.manifest):
            _same_file(survey.path / name, folder / name)
        schema = pq.read_schema(survey.path / "sources.parquet").remove_metadata()
        rows = pa.Table.from_pandas(table, schema=schema, preserve_index=False).replace_schema_metadata(None)
        pq.write_table(rows, folder / "sources.parquet", compression="zstd")
        manifest = survey.manifest.model_copy(update=dict(changed))
        manifest = manifest.model_copy(update={"content_hash": content_hash(folder, manifest)})
        for name, text in (extra or {}).items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
        write_json(folder / "survey.json", manifest.model_dump(mode="json"))
    return Survey.open(path)


def _same_file(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, one without links, or a file of another user
        shutil.copyfile(source, target)
