"""Write a survey folder, whole or not at all: at once, or a part after the other."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
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
from m3core.survey.arrays import ArrayWriter
from m3core.survey.content import ASIDE, content_hash
from m3core.survey.reader import IDENTITY, Survey

__all__ = ["SurveyWriter", "split_hash", "survey_writer", "write_survey"]

Arrays = Mapping[str, Iterable[Mapping[str, NDArray] | None]]


def split_hash(source_ids: Sequence[str], splits: Sequence[str]) -> str:
    """Hash of who is in which split, independent of the order of the rows."""
    return sha256_text(*(f"{source}\t{split}" for source, split in sorted(zip(source_ids, splits, strict=True))))


class SurveyWriter:
    """What `survey_writer` yields: takes sources with their arrays, part after part."""

    def __init__(self, folder: Path, modalities: Sequence[ModalitySpec]) -> None:
        self._folder, self._modalities = folder, modalities
        self._open = ExitStack()
        self._arrays: dict[str, ArrayWriter] = {}
        for spec in modalities:
            dtypes = kind_of(spec).dtypes(spec)
            if tuple(dtypes) != spec.fields:
                raise SurveyError(
                    f"modality {spec.name!r} declares fields {spec.fields}; {spec.kind} has {tuple(dtypes)}."
                )
            if spec.fields:
                writer = ArrayWriter(folder / f"{spec.name}.arrow", dtypes)
                self._arrays[spec.name] = self._open.enter_context(writer)
        self._table: pq.ParquetWriter | None = None
        self._n_sources = 0
        self._splits: Counter[str] = Counter()
        self._labels: Counter[str] = Counter()
        self._present: Counter[str] = Counter()
        self._ids = _Identities()

    def append(self, sources: pd.DataFrame, arrays: Arrays) -> None:
        """Write some sources.

        Args:
            sources: one row a source, as for `write_survey`; every part has the same columns.
            arrays: for each modality with fields one observation a row of `sources`; under '<modality>.aside', in every
                part or in none, what was set aside of it, with a further field 'flag' (`Survey.aside`).

        Raises:
            SurveyError: ids that repeat, a split of another name, a modality without its arrays.
        """
        table = _checked(sources)
        self._ids.add(table["source_id"], table["split"])
        for spec in self._modalities:
            if spec.fields:
                writer = self._arrays[spec.name]
                writer.extend(arrays[spec.name])
                aside = f"{spec.name}{ASIDE}"
                if aside in arrays:
                    if aside not in self._arrays:
                        dtypes = {**kind_of(spec).dtypes(spec), "flag": "uint8"}
                        writer = ArrayWriter(self._folder / f"{aside}.arrow", dtypes)
                        self._arrays[aside] = self._open.enter_context(writer)
                    self._arrays[aside].extend(arrays[aside])
            else:
                values = table[list(spec.columns)].to_numpy(np.float64, na_value=np.nan)
                self._present[spec.name] += int(np.isfinite(values).any(axis=1).sum())
        rows = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
        if self._table is None:
            path = self._folder / "sources.parquet"
            self._table = self._open.enter_context(pq.ParquetWriter(path, rows.schema, compression="zstd"))
        self._table.write_table(rows.cast(self._table.schema))
        self._n_sources += len(table)
        self._splits.update(table["split"])
        self._labels.update(str(label) for label in table["label"].dropna())

    def close(self) -> None:
        """Finish the files, whatever has happened."""
        self._open.close()

    def manifest(self, split: SplitSpec, **declared: Any) -> Manifest:
        """What the survey declares, once its files are closed.

        Raises:
            SurveyError: a modality with another number of rows than there are sources.
        """
        for name, writer in self._arrays.items():
            if writer.n_rows != self._n_sources:
                raise SurveyError(f"modality {name!r} has {writer.n_rows} rows for {self._n_sources} sources.")
            self._present[name] = writer.n_present
        counts = {
            "sources": self._n_sources,
            "by_split": {name: self._splits[name] for name in SPLITS},
            "by_label": {name: self._labels[name] for name in sorted(self._labels)},
            "unlabelled": self._n_sources - self._labels.total(),
            "by_modality": {spec.name: self._present[spec.name] for spec in self._modalities},
        }
        return Manifest(
            modalities=tuple(self._modalities),
            classes=tuple(sorted(self._labels)),
            counts=counts,
            split=split.model_copy(update={"hash": self._ids.split_hash(self._folder / "sources.parquet")}),
            **declared,
        )


class _Identities:
    """Ids are unique, and who is in which split is hashed in the order of the ids.

    Where ids come in ascending order, as a simulation's do, both are known as they come and nothing is kept.
    """

    def __init__(self) -> None:
        self._last = ""
        self._ascending = True
        self._hash = hashlib.sha256()

    def add(self, source_ids: Iterable[str], splits: Iterable[str]) -> None:
        for source_id, split in zip(source_ids, splits, strict=True):
            self._ascending = self._ascending and source_id > self._last
            self._last = source_id
            self._hash.update(f"{source_id}\t{split}\0".encode())

    def split_hash(self, table: Path) -> str:
        """Of the sources written to `table`.

        Raises:
            SurveyError: an id stands twice.
        """
        if self._ascending:
            return self._hash.hexdigest()
        written = pq.read_table(table, columns=["source_id", "split"]).to_pandas()
        _check_unique(written["source_id"])
        return split_hash(list(written["source_id"]), list(written["split"]))


def _check_unique(source_ids: pd.Series) -> None:
    repeated = source_ids[source_ids.duplicated()]
    if len(repeated):
        raise SurveyError(f"source_id {repeated.iloc[0]!r} stands twice: ids must be unique.")


def _checked(sources: pd.DataFrame) -> pd.DataFrame:
    missing = [name for name in IDENTITY if name not in sources]
    if missing:
        raise SurveyError(f"sources lack the columns {missing}.")
    _check_unique(sources["source_id"])
    other = set(sources["split"].unique()) - set(SPLITS)
    if other:
        raise SurveyError(f"splits must be {', '.join(SPLITS)}; got {sorted(map(str, other))}.")
    return sources[[*IDENTITY, *(name for name in sources.columns if name not in IDENTITY)]]


@contextmanager
def survey_writer(
    path: str | Path,
    *,
    modalities: Sequence[ModalitySpec],
    split: SplitSpec,
    provenance: Mapping[str, Any],
    columns: Mapping[str, Column] | None = None,
    simulated: bool = False,
    extra_files: Mapping[str, str] | None = None,
) -> Iterator[SurveyWriter]:
    """A survey that is written part by part, in the memory of one part; the arguments are those of `write_survey`.

    Raises:
        M3Error: `path` exists.
    """
    with new_folder(Path(path)) as folder:
        writer = SurveyWriter(folder, modalities)
        try:
            yield writer
        finally:
            writer.close()
        manifest = writer.manifest(split, columns=dict(columns or {}), simulated=simulated, provenance=dict(provenance))
        manifest = manifest.model_copy(update={"content_hash": content_hash(folder, manifest)})
        for name, text in (extra_files or {}).items():
            (folder / name).write_text(text, encoding="utf-8")
        write_json(folder / "survey.json", manifest.model_dump(mode="json"))


def write_survey(
    path: str | Path,
    *,
    sources: pd.DataFrame,
    modalities: Sequence[ModalitySpec],
    arrays: Arrays,
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
    with survey_writer(
        path,
        modalities=modalities,
        split=split,
        provenance=provenance,
        columns=columns,
        simulated=simulated,
        extra_files=extra_files,
    ) as writer:
        writer.append(sources, arrays)
    return Survey.open(path)
