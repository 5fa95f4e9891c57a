"""m3core.Survey: a data set on disk, opened without reading it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from m3core.errors import SurveyError
from m3core.files import read_json
from m3core.manifest import Manifest, ModalitySpec
from m3core.survey.arrays import ArrayFile
from m3core.survey.content import ASIDE, content_hash

__all__ = ["IDENTITY", "Observation", "Source", "Survey"]

IDENTITY = ("source_id", "ra", "dec", "label", "split")
"""Columns of sources.parquet that say what a source is; all others are its catalogue."""

Observation = Mapping[str, NDArray[Any]]
"""What a source has in one modality: its fields, (n,) each, and 'columns', (k,) float64 catalogue values."""


@dataclass(frozen=True)
class Source:
    """One astronomical object with what the survey holds of it.

    Attributes:
        ra, dec: ICRS, degrees; NaN where the catalogue has none.
        label: class name, None where unknown.
        split: train, validation or test.
        catalogue: column -> number, text, or None where missing.
        observations: modality -> observation, only those the source has.
    """

    source_id: str
    ra: float
    dec: float
    label: str | None
    split: str
    catalogue: dict[str, Any]
    observations: dict[str, Observation]


class Survey:
    """A survey folder. Use `Survey.open`; nothing but survey.json is read until it is asked for."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path = path
        self.manifest = manifest
        self.modalities: dict[str, ModalitySpec] = {spec.name: spec for spec in manifest.modalities}

    @classmethod
    def open(cls, path: str | Path) -> "Survey":
        """Open a survey.

        Raises:
            SurveyError: no survey there, a newer format, or a file of it missing.
        """
        path = Path(path)
        if not (path / "survey.json").is_file():
            raise SurveyError(
                f"{path} is not a survey: it has no survey.json; import your files with `python -m data`."
            )
        place = path / "survey.json"
        survey = cls(path, Manifest.parse(read_json(place, SurveyError), str(place)))
        files = ["sources.parquet", *(f"{spec.name}.arrow" for spec in survey.modalities.values() if spec.fields)]
        for name in files:
            if not (path / name).is_file():
                raise SurveyError(f"{path / name} is missing: restore it from a copy or import the survey again.")
        return survey

    def __len__(self) -> int:
        return int(self.manifest.counts["sources"])

    @property
    def hash(self) -> str:
        """Content hash, the identity of the survey's data wherever it lies."""
        return self.manifest.content_hash

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names, sorted."""
        return self.manifest.classes

    @cached_property
    def sources(self) -> pd.DataFrame:
        """sources.parquet, one row a source, indexed by source_id (text)."""
        try:
            table = pq.read_table(self.path / "sources.parquet").to_pandas()
        except (OSError, pa.ArrowInvalid) as fault:
            raise SurveyError(f"{self.path / 'sources.parquet'} cannot be read ({fault}): restore it.") from None
        return table.set_index("source_id")

    @cached_property
    def source_ids(self) -> NDArray[Any]:
        """(N,) source ids, text."""
        return self.sources.index.to_numpy(dtype=object)

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """(N,) index into `classes`, -1 where a source has no label."""
        return pd.Categorical(self.sources["label"], categories=list(self.classes)).codes.astype(np.int64)

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {source_id: row for row, source_id in enumerate(self.source_ids)}

    @cached_property
    def _columns(self) -> dict[str, NDArray[np.float64]]:
        return {
            spec.name: self.sources[list(spec.columns)].to_numpy(np.float64, na_value=np.nan)
            for spec in self.modalities.values()
        }

    @cached_property
    def _arrays(self) -> dict[str, ArrayFile]:
        return {
            spec.name: ArrayFile(self.path / f"{spec.name}.arrow", spec.fields)
            for spec in self.modalities.values()
            if spec.fields
        }

    @cached_property
    def _aside(self) -> dict[str, ArrayFile]:
        paths = {spec.name: self.path / f"{spec.name}{ASIDE}.arrow" for spec in self.modalities.values() if spec.fields}
        return {
            name: ArrayFile(path, (*self.modalities[name].fields, "flag"))
            for name, path in paths.items()
            if path.is_file()
        }

    def row(self, source_id: str) -> int:
        """Row number of a source.

        Raises:
            SurveyError: no such source.
        """
        try:
            return self._rows[source_id]
        except KeyError:
            raise SurveyError(f"{source_id!r} is not in the survey {self.path.name}: check the id.") from None

    def rows(self, split: str) -> NDArray[np.int64]:
        """Row numbers of a split, ascending."""
        return np.flatnonzero(self.sources["split"].to_numpy() == split)

    def observation(self, modality: str, row: int) -> Observation | None:
        """What the source at `row` has in `modality`; None where it lacks it."""
        columns = self._columns[modality][row]
        if modality not in self._arrays:
            return {"columns": columns} if np.isfinite(columns).any() else None
        arrays = self._arrays[modality][row]
        return None if arrays is None else {**arrays, "columns": columns}

    def aside(self, modality: str, row: int) -> dict[str, NDArray[Any]] | None:
        """What the import kept of the source at `row` beside its light curve, None where there is nothing.

        The fields of the modality and 'flag', (n,) uint8: 1 an upper limit, 2 marked as bad by its archive, 3 both.
        No model and no fit sees it.
        """
        return self._aside[modality][row] if modality in self._aside else None

    def present(self, modality: str) -> NDArray[np.bool_]:
        """(N,) bool: which sources have `modality`."""
        if modality in self._arrays:
            return self._arrays[modality].present()
        return np.asarray(np.isfinite(self._columns[modality]).any(axis=1))

    def lengths(self, modality: str) -> NDArray[np.int64]:
        """(N,) int64: points of each source in `modality`; for one that is columns alone, how many are known."""
        if modality in self._arrays:
            return self._arrays[modality].lengths()
        return np.isfinite(self._columns[modality]).sum(axis=1)

    def source(self, source_id: str) -> Source:
        """Everything the survey holds of one source.

        Raises:
            SurveyError: no such source.
        """
        row = self.row(source_id)
        values = {name: None if pd.isna(value) else value for name, value in self.sources.iloc[row].items()}
        found = {name: self.observation(name, row) for name in self.modalities}
        return Source(
            source_id=source_id,
            ra=float("nan") if values["ra"] is None else float(values["ra"]),
            dec=float("nan") if values["dec"] is None else float(values["dec"]),
            label=values["label"],
            split=str(values["split"]),
            catalogue={str(name): value for name, value in values.items() if name not in IDENTITY},
            observations={name: observation for name, observation in found.items() if observation is not None},
        )

    def verify(self) -> None:
        """Read every byte and compare with the content hash.

        Raises:
            SurveyError: the files are not those that the manifest was written for.
        """
        if content_hash(self.path, self.manifest) != self.hash:
            raise SurveyError(f"{self.path}: its files have changed since it was written: restore it or import again.")
