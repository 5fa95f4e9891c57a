"""The catalogue of the published set: label, the 38 columns, and whatever else stands beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from data.astrom3.faults import Faults
from data.astrom3.features import FEATURES, features_of, plain_values
from data.astrom3.nested import open_parquet
from m3core.catalogue.published_columns import METADATA_COLUMNS, PUBLISHED_COLUMNS
from m3core.errors import SurveyError
from m3core.manifest import SPLITS, Column
from m3core.survey.reader import IDENTITY

__all__ = ["Catalogue", "read_catalogue"]

COORDINATES = {"ra": ("ra", "raj2000", "ra_deg"), "dec": ("dec", "dej2000", "dec_deg")}

NEVER_NEGATIVE = (
    *(name for name in METADATA_COLUMNS if name.startswith("e_") or name.endswith("_error")),
    *("ruwe", "pm", "period", "amplitude"),
)
"""Errors and sizes: negative in most rows once they are standardised, and in none before."""

NEGATIVE_SHARE = 0.2
"""Of the rows, in half of those columns: more than single faults or fill values in one survey's columns make."""


@dataclass(frozen=True)
class Catalogue:
    """The sources of all splits, in the published order.

    Attributes:
        sources: ra, dec, label, split, the published columns that the files have, in their order, then others;
            source_id is NaN unless the files have one.
        files: (n,) name of each source's file; rows: (n,) its row in it, from 1.
        features: 'photometry' and 'spectra' -> the files' column, those they have.
        columns: unit and description of every column.
        notes: sentences to show.
    """

    sources: pd.DataFrame
    files: np.ndarray
    rows: np.ndarray
    features: dict[str, str]
    columns: dict[str, Column]
    notes: list[str] = field(default_factory=list)

    def names(self, published: Sequence[str]) -> tuple[str, ...]:
        """Those of `published` that have a finite value, in their order."""
        return tuple(name for name in published if name in self.sources and np.isfinite(self.sources[name]).any())


def read_catalogue(
    folder: Path, splits: Mapping[str, Sequence[str]], faults: Faults, *, substitution: bool
) -> Catalogue:
    """Read everything but the arrays.

    Args:
        folder: where the files lie.
        splits: split -> names of its files.
        faults: what is wrong is added to it.
        substitution: put 1 mas for a parallax that is not positive, as the published pipeline did.

    Raises:
        SurveyError: a damaged file, other columns than the first file's, standardised or preprocessed values, text
            where a number belongs.
    """
    frames: list[pd.DataFrame] = []
    features: dict[str, str] | None = None
    for split in SPLITS:
        for name in splits[split]:
            schema = open_parquet(folder / name, name).schema_arrow
            found = features_of(schema.names, name)
            if features is not None and found != features:
                raise SurveyError(
                    f"{name} has the columns {', '.join(schema.names)}, other than the files before it: "
                    "fetch the configuration again from one revision."
                )
            features = found
            frame = pd.DataFrame(list(plain_values(folder / name, name, schema, found)))
            frames.append(frame.assign(split=split, file=name, row=np.arange(1, len(frame) + 1)))
    assert features is not None  # there are three splits
    table = pd.concat(frames, ignore_index=True)
    if "train" not in set(table["split"]):
        raise SurveyError(f"{splits['train'][0]} has no row: there is nothing to train on, fetch it again.")
    files, rows = table.pop("file").to_numpy(object), table.pop("row").to_numpy(np.int64)
    notes = [f"split {split} has no row." for split in SPLITS if split not in set(table["split"])]
    reader = _Reader(table, files, rows, faults, notes)
    sources = reader.sources(substitution=substitution)
    lacking = [name for name in PUBLISHED_COLUMNS if name not in sources]
    if lacking:
        notes.append(
            f"the files lack {', '.join(lacking)}: published weights need all 38 columns and do not fit this survey."
        )
    described = {name: PUBLISHED_COLUMNS.get(name, Column()) for name in map(str, sources) if name not in IDENTITY}
    described |= {name: Column(unit="deg", description=reader.position) for name in ("ra", "dec")}
    arrays = {name: features[name] for name in ("photometry", "spectra") if name in features}
    absent = [name for name in FEATURES if name not in features and name != "source_id"]
    notes += [f"the files have no column {name}: the survey lacks it." for name in absent]
    return Catalogue(sources, files, rows, arrays, described, notes)


class _Reader:
    """The table of all rows on its way to `sources`."""

    def __init__(
        self, table: pd.DataFrame, files: np.ndarray, rows: np.ndarray, faults: Faults, notes: list[str]
    ) -> None:
        self.table, self.files, self.rows, self.faults, self.notes = table, files, rows, faults, notes
        self.position = ""

    def numbers(self, name: str) -> np.ndarray:
        """A column as float64, NaN where missing or infinite."""
        values = pd.to_numeric(self.table[name], errors="coerce").to_numpy(np.float64, na_value=np.nan)
        text = self.table[name].notna().to_numpy() & np.isnan(values)
        text &= np.array([isinstance(value, str) for value in self.table[name]])
        if text.any():
            row = int(np.flatnonzero(text)[0])
            raise SurveyError(
                f"{self.files[row]}, row {self.rows[row]}: {name} holds {str(self.table[name].iloc[row])[:40]!r} "
                "where a number belongs: mend the file."
            )
        infinite = np.isinf(values)
        self.faults.add_mask("catalogue value infinite", infinite, f"column {name}")
        return np.where(infinite, np.nan, values)

    def sources(self, *, substitution: bool) -> pd.DataFrame:
        """source_id (NaN where the files have none), ra, dec, label, split, then the catalogue."""
        table = self.table
        found = {name: self.numbers(name) for name in PUBLISHED_COLUMNS if name in table}
        self._refuse_standardised(found)
        self._parallax(found, substitution)
        if "period" in found:
            self.faults.add_mask("catalogue period not positive", found["period"] <= 0)
        ra, dec, used = self._positions(found)
        label = table["label"] if "label" in table else pd.Series([None] * len(table), dtype=object)
        words = [str(value).strip() or None if pd.notna(value) else None for value in label]
        if "label" in table:
            self.faults.add_mask("label missing", np.array([word is None for word in words]))
        own = table["source_id"] if "source_id" in table else pd.Series([np.nan] * len(table))
        sources = pd.DataFrame({"source_id": own, "ra": ra, "dec": dec, "label": pd.Series(words, dtype=object)})
        sources["split"] = table["split"]
        sources = sources.assign(**{name: found[name] for name in PUBLISHED_COLUMNS if name in found})
        for name in map(str, table):
            if name in (*IDENTITY, *PUBLISHED_COLUMNS, *FEATURES) or name in used:
                continue
            values = table[name]
            is_number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
            text = values.map(lambda value: str(value) if pd.notna(value) else None).astype(object)
            sources[name] = self.numbers(name) if is_number else text
        return sources

    def _refuse_standardised(self, found: Mapping[str, np.ndarray]) -> None:
        train = (self.table["split"] == "train").to_numpy()
        known = {name: values[train][np.isfinite(values[train])] for name, values in found.items()}
        sizes = [name for name in NEVER_NEGATIVE if name in known and len(known[name])]
        negative = [name for name in sizes if (known[name] < 0).mean() > NEGATIVE_SHARE]
        if sizes and 2 * len(negative) >= len(sizes):
            raise SurveyError(
                f"{self.files[0]}: {', '.join(negative[:3])} are negative in many rows, which errors cannot be: these "
                "are standardised values, as in the revisions with _norm, whose means and standard deviations are not "
                "in the files; take the configuration without _norm."
            )
        for name in ("l", "b"):
            values = known.get(name, np.empty(0))
            if len(values) >= 10 and np.abs(values).max() <= 1:
                raise SurveyError(
                    f"{self.files[0]}: {name} lies between -1 and 1 in every row: these are the cosines and sines of "
                    "the published transform and no degrees; take the configuration without _norm."
                )

    def _parallax(self, found: dict[str, np.ndarray], substitution: bool) -> None:
        if "parallax" not in found:
            return
        wrong = found["parallax"] <= 0
        if substitution:
            self.faults.add_mask("parallax not positive, 1 mas put there", wrong)
            found["parallax"] = np.where(wrong, 1.0, found["parallax"])
        elif wrong.any():
            self.notes.append(
                f"{int(wrong.sum())} stars have a parallax that is not positive: kept as it is, their absolute "
                "magnitudes are missing (--published-substitution puts 1 mas there, for published weights)."
            )

    def _positions(self, found: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, set[str]]:
        """ra, dec in degrees (ICRS) and the columns they came from: the files' own, or from l and b."""
        lower = {str(name).lower(): str(name) for name in self.table}
        own = [next((lower[word] for word in words if word in lower), None) for words in COORDINATES.values()]
        nothing = np.full(len(self.table), np.nan)
        if own[0] is not None and own[1] is not None:
            ra, dec = self.numbers(own[0]), self.numbers(own[1])
            inside = (ra >= 0) & (ra <= 360) & (np.abs(dec) <= 90)
            self.faults.add_mask("coordinates missing or out of range", ~inside)
            return np.where(inside, ra, np.nan), np.where(inside, dec, np.nan), {own[0], own[1]}
        if "l" not in found or "b" not in found:
            self.notes.append("the files have neither ra and dec nor l and b: positions are absent.")
            return nothing, nothing, set()
        from astropy import units
        from astropy.coordinates import SkyCoord

        inside = (found["l"] >= -180) & (found["l"] <= 360) & (np.abs(found["b"]) <= 90)
        self.faults.add_mask("coordinates missing or out of range", ~inside)
        ra, dec = nothing.copy(), nothing.copy()
        sky = SkyCoord(l=found["l"][inside] * units.deg, b=found["b"][inside] * units.deg, frame="galactic").icrs
        ra[inside], dec[inside] = sky.ra.deg, sky.dec.deg
        self.position = "from the Galactic coordinates l and b"
        self.notes.append("the files have no ra and dec: both are computed from l and b (Galactic to ICRS).")
        return ra, dec, set()
