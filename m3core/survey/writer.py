"""Write a survey folder, whole or not at all."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from m3core.errors import SurveyError
from m3core.files import new_folder, sha256_text, write_json
from m3core.kinds import kind_of
from m3core.manifest import SPLITS, Column, Manifest, ModalitySpec, SplitSpec
from m3core.survey.arrays import write_arrays
from m3core.survey.content import content_hash
from m3core.survey.reader import IDENTITY, Survey

__all__ = ["split_hash", "write_survey"]


def split_hash(source_ids: Sequence[str], splits: Sequence[str]) -> str:
    """Hash of who is in which split, independent of the order of the rows."""
    return sha256_text(*(f"{source}\t{split}" for source, split in sorted(zip(source_ids, splits, strict=True))))


def write_survey(
    path: str | Path,
    *,
    sources: pd.DataFrame,
    modalities: Sequence[ModalitySpec],
    arrays: Mapping[str, Iterable[Mapping[str, NDArray] | None]],
    split: SplitSpec,
    provenance: Mapping[str, Any],
    columns: Mapping[str, Column] | None = None,
    simulated: bool = False,
    extra_files: Mapping[str, str] | None = None,
) -> Survey:
    """Write a survey and open it.

    Args:
        path: the folder to make; it must not exist.
        sources: one row a source with source_id (text, unique), ra, dec (degrees), label (None where unknown),
            split, then every catalogue column.
        modalities: what the survey declares.
        arrays: for each modality with fields, one observation a row of `sources`, in its order: field -> (n,),
            or None where the source lacks the modality. Read once, in a stream.
        split: how the splits were made; its hash is filled in here.
        provenance: command, versions, seed, hashes of inputs; no clock, no path.
        columns: unit and description of catalogue columns.
        extra_files: name -> text of files to lay beside, such as report.csv.

    Raises:
        SurveyError: ids that repeat, a split of another name, a modality without its arrays.
        M3Error: `path` exists.
    """
    table = _checked(sources)
    with new_folder(Path(path)) as folder:
        present = {}
        for spec in modalities:
            dtypes = kind_of(spec).dtypes(spec)
            if tuple(dtypes) != spec.fields:
                raise SurveyError(
                    f"modality {spec.name!r} declares fields {spec.fields}; {spec.kind} has {tuple(dtypes)}."
                )
            if spec.fields:
                flags = write_arrays(folder / f"{spec.name}.arrow", dtypes, arrays[spec.name])
                if len(flags) != len(table):
                    raise SurveyError(f"modality {spec.name!r} has {len(flags)} rows for {len(table)} sources.")
                present[spec.name] = int(sum(flags))
            else:
                values = table[list(spec.columns)].to_numpy(np.float64, na_value=np.nan)
                present[spec.name] = int(np.isfinite(values).any(axis=1).sum())
        arrow = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
        pq.write_table(arrow, folder / "sources.parquet", compression="zstd")
        manifest = Manifest(
            modalities=tuple(modalities),
            classes=tuple(sorted(table["label"].dropna().unique())),
            counts=_counts(table, present),
            split=split.model_copy(update={"hash": split_hash(list(table["source_id"]), list(table["split"]))}),
            columns=dict(columns or {}),
            simulated=simulated,
            provenance=dict(provenance),
        )
        manifest = manifest.model_copy(update={"content_hash": content_hash(folder, manifest)})
        for name, text in (extra_files or {}).items():
            (folder / name).write_text(text, encoding="utf-8")
        write_json(folder / "survey.json", manifest.model_dump(mode="json"))
    return Survey.open(path)


def _checked(sources: pd.DataFrame) -> pd.DataFrame:
    missing = [name for name in IDENTITY if name not in sources]
    if missing:
        raise SurveyError(f"sources lack the columns {missing}.")
    repeated = sources["source_id"][sources["source_id"].duplicated()]
    if len(repeated):
        raise SurveyError(f"source_id {repeated.iloc[0]!r} stands twice: ids must be unique.")
    other = set(sources["split"].unique()) - set(SPLITS)
    if other:
        raise SurveyError(f"splits must be {', '.join(SPLITS)}; got {sorted(map(str, other))}.")
    return sources[[*IDENTITY, *(name for name in sources.columns if name not in IDENTITY)]]


def _counts(table: pd.DataFrame, present: Mapping[str, int]) -> dict[str, Any]:
    return {
        "sources": len(table),
        "by_split": {split: int((table["split"] == split).sum()) for split in SPLITS},
        "by_label": {str(name): int(count) for name, count in table["label"].value_counts().sort_index().items()},
        "unlabelled": int(table["label"].isna().sum()),
        "by_modality": dict(present),
    }
