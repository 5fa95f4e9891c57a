"""The catalogue of variable stars: ASAS-SN's with its Gaia, 2MASS and AllWISE columns, or one that resembles it.

Columns are known by the names of the published set (m3core/catalogue/published_columns.py), whatever their case and
punctuation. What others define is worked out where it is missing: bp_rp, j_k, w1_w2, w3_w4, pm,
parallax_over_error; l, b from ra, dec.
"""

import dataclasses
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.archives.classes import Uncertain, label_of
from data.archives.report import archive_report
from data.catalogue import Catalogue, read_catalogue
from data.columns import CATALOGUE_ROLES, find_columns
from data.report import Report
from data.tables import Table, as_text, read_table
from m3core.catalogue.published_columns import METADATA_COLUMNS, PUBLISHED_COLUMNS
from m3core.errors import SurveyError
from m3core.manifest import Column

__all__ = ["RAW_TYPE", "Stars", "gaia_ids", "name_key", "read_stars"]

RAW_TYPE = "variability_type"

PREFERRED = {
    "source_id": ("asassn_name", "source_id"),
    "ra": ("raj2000",),
    "dec": ("dej2000",),
    "label": ("variable_type", "ml_classification"),
    "period": ("period",),
}
"""Role -> columns that win over other spellings: ASAS-SN's catalogue has several names and coordinates of each star."""

NAME_COLUMNS = frozenset(
    {
        "asassnname",
        "othernames",
        "id",
        "sourceid",
        "edr3sourceid",
        "gdr2id",
        "gaiasourceid",
        "dr3sourceid",
        "dr2sourceid",
        "asassnid",
        "ticid",
        "tic",
        "oid",
        "ztfoid",
        "name",
        "starname",
        "vsxname",
        "lcid",
    }
)
"""Columns, without punctuation, by which a file of light curves may call a star."""

GAIA_COLUMNS = frozenset({"edr3sourceid", "gdr2id", "gaiasourceid", "dr3sourceid", "dr2sourceid"})

SHORTEST_NUMBER = 6
"""Digits: shorter numbers in a column of names count rows and name no star."""

DIFFERENCES = {
    "bp_rp": ("phot_bp_mean_mag", "phot_rp_mean_mag"),
    "j_k": ("j_mag", "k_mag"),
    "w1_w2": ("w1_mag", "w2_mag"),
    "w3_w4": ("w3_mag", "w4_mag"),
}
SUBSTITUTE_PARALLAX = 1.0
"""mas: what the published pipeline puts in the place of a parallax that is not positive."""


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


CANONICAL = {_plain(name): name for name in (*PUBLISHED_COLUMNS, "epoch_hjd", *sum(PREFERRED.values(), ()))}


def name_key(name: str) -> str:
    """A star's name as it is compared: capitals, no blanks and underscores, no 'Gaia DR3', 'EDR3' or 'TIC' before a
    number.
    """
    key = re.sub(r"[\s_]", "", name.upper())
    return re.sub(r"^(GAIA)?(E?DR[23])(?=\d)|^TIC(?=\d)", "", key)


@dataclass(frozen=True)
class Stars:
    """The sources of a survey to be, in the catalogue's order.

    Attributes:
        catalogue: sources (without their split), inputs of the metadata, columns, notes.
        names: name as `name_key` gives it -> row of `catalogue.sources`; -1 for a source that was dropped. A name of
            two sources is not there.
        read: rows of the file.
    """

    catalogue: Catalogue
    names: dict[str, int]
    read: int


def read_stars(
    path: Path, *, classes: tuple[str, ...], uncertain: Uncertain, published_substitution: bool, report: Report
) -> Stars:
    """Read the catalogue, label its sources, filter their classes and complete the columns.

    Args:
        classes: labels to keep; empty: all, and the unlabelled.
        published_substitution: put 1 mas in the place of parallaxes that are not positive.

    Raises:
        SurveyError: no catalogue, no column of names, or no source left.
    """
    table = _canonical(read_table(path, lambda names: [name for name in names if _is_text(name)]))
    roles = find_columns(table.name, list(table.frame), CATALOGUE_ROLES, _preferred(list(table.frame)))
    table, original = _distinct(table, roles["source_id"], report)
    table = _numeric(table, roles, original, report)
    own = archive_report()
    ready = read_catalogue(table, roles, (), own)
    for faults in own.tables:
        faults["row"] = original[faults["row"].to_numpy(np.int64) - 1]
    report.tables.extend(own.tables)
    names = _names(table, roles["source_id"])
    sources = ready.sources
    sources[RAW_TYPE] = sources["label"]
    kept = _labelled(path.name, sources, classes, uncertain, original, report)
    if not kept.any():
        raise SurveyError(
            f"{path.name}: no source is left of {len(sources)} after the filter of classes: see --classes."
        )
    place = np.where(kept, np.cumsum(kept) - 1, -1)
    sources = sources[kept].reset_index(drop=True)
    notes = list(ready.notes)
    columns = {**ready.columns, RAW_TYPE: Column(description="variability type as the catalogue has it (VSX notation)")}
    _complete(sources, notes)
    if published_substitution:
        notes += _substitute(path.name, sources, original[kept], report)
    columns |= {name: known for name, known in PUBLISHED_COLUMNS.items() if name in sources}
    inputs = [name for name in METADATA_COLUMNS if name in sources and np.isfinite(sources[name]).any()]
    missing = [name for name in METADATA_COLUMNS if name not in inputs]
    if missing:
        notes.append(f"metadata: {len(inputs)} of {len(METADATA_COLUMNS)} columns; without {', '.join(missing)}.")
    catalogue = Catalogue(sources, tuple(inputs), columns, notes)
    return Stars(catalogue, {name: int(place[row]) for name, row in names.items()}, len(original))


def gaia_ids(sources: pd.DataFrame) -> list[list[str | None]]:
    """For each of Gaia's id columns that is there the (n,) ids, None where there is none."""
    found = []
    for column in sources:
        if _plain(column) in GAIA_COLUMNS:
            keys = ["" if pd.isna(word) else name_key(str(word)) for word in sources[column]]
            found.append([key if len(key) >= SHORTEST_NUMBER else None for key in keys])
    return found


def _is_text(name: str) -> bool:
    roles = {"variabletype", "mlclassification", "type", "class", "label"}
    return _plain(name) in NAME_COLUMNS | roles


def _canonical(table: Table) -> Table:
    known = {own: CANONICAL[_plain(own)] for own in table.frame if _plain(own) in CANONICAL}
    # two spellings of one column: the first keeps its own name
    taken: set[str] = set(table.frame)
    renamed = {}
    for own, name in known.items():
        if own == name or name not in taken:
            renamed[own] = name
            taken.add(name)
    return dataclasses.replace(table, frame=table.frame.rename(columns=renamed))


def _preferred(columns: list[str]) -> dict[str, str]:
    found = {role: next((name for name in names if name in columns), None) for role, names in PREFERRED.items()}
    return {role: name for role, name in found.items() if name is not None}


def _distinct(table: Table, column: str, report: Report) -> tuple[Table, NDArray[np.int64]]:
    """Each source once, the first row of it, and the 1-based rows of the file that are left."""
    ids = as_text(table.frame[column]).astype(object)
    twice = (ids.duplicated() & ids.notna()).to_numpy()
    rows = np.arange(1, len(ids) + 1)
    report.add("source_id stands twice", table.name, list(ids[twice]), rows=[int(row) for row in rows[twice]])
    frame = table.frame[~twice].reset_index(drop=True)
    return dataclasses.replace(table, frame=frame), rows[~twice]


def _numeric(table: Table, roles: dict[str, str], original: NDArray[np.int64], report: Report) -> Table:
    """Known columns as numbers; a text among them is a fault of its row, a column of texts is left to be refused."""
    frame = table.frame.copy()
    for name in {*PUBLISHED_COLUMNS, "epoch_hjd", *(roles[role] for role in ("ra", "dec") if role in roles)} & set(
        frame
    ):
        if pd.api.types.is_numeric_dtype(frame[name].dtype):
            continue
        numbers = pd.to_numeric(frame[name], errors="coerce")
        wrong = (numbers.isna() & frame[name].notna()).to_numpy()
        if wrong.sum() > len(frame) / 2:
            continue
        ids = as_text(frame[roles["source_id"]]).astype(object)[wrong]
        detail = [f"column {name} has {str(value)[:40]!r}" for value in frame[name][wrong]]
        rows = [int(row) for row in original[wrong]]
        report.add("text in a numeric column", table.name, list(ids), rows=rows, detail=detail)
        frame[name] = numbers
    return dataclasses.replace(table, frame=frame)


def _names(table: Table, id_column: str) -> dict[str, int]:
    """Every name of every source that is no other's. Short numbers (a row's number) are no names."""
    names: dict[str, int] = {}
    shared: set[str] = set()
    for column in table.frame:
        if _plain(column) not in NAME_COLUMNS and column != id_column:
            continue
        for row, word in enumerate(as_text(table.frame[column]).astype(object)):
            key = "" if pd.isna(word) else name_key(str(word))
            if not key or (column != id_column and key.isdigit() and len(key) < SHORTEST_NUMBER):
                continue
            if names.setdefault(key, row) != row:
                shared.add(key)
    return {name: row for name, row in names.items() if name not in shared}


def _labelled(
    file: str,
    sources: pd.DataFrame,
    classes: tuple[str, ...],
    uncertain: Uncertain,
    original: NDArray[np.int64],
    report: Report,
) -> NDArray[np.bool_]:
    """Set the labels, and say which sources stay."""
    found = [label_of(raw, uncertain) for raw in sources[RAW_TYPE]]
    labels, doubts = np.array([label for label, _ in found], object), np.array([doubt for _, doubt in found], object)
    sources["label"] = labels
    kept = doubts != "uncertain class dropped"
    unwanted = kept & ~np.isin(labels.astype(str), classes) if classes else np.zeros(len(labels), bool)
    doubts[unwanted] = "class not asked for"
    for kind in dict.fromkeys(doubts):
        rows = np.flatnonzero(doubts == kind)
        if kind:
            ids, raw = list(sources["source_id"].iloc[rows]), [str(word) for word in sources[RAW_TYPE].iloc[rows]]
            report.add(kind, file, ids, rows=[int(row) for row in original[rows]], detail=raw)
    return kept & ~unwanted


def _complete(sources: pd.DataFrame, notes: list[str]) -> None:
    """Work out the missing columns that others define."""
    made: dict[str, Callable[[], object]] = {
        name: lambda pair=pair: sources[pair[0]] - sources[pair[1]]  # type: ignore[misc]
        for name, pair in DIFFERENCES.items()
        if set(pair) <= set(sources)
    }
    if {"pmra", "pmdec"} <= set(sources):
        made["pm"] = lambda: np.hypot(sources["pmra"], sources["pmdec"])
    if {"parallax", "parallax_error"} <= set(sources):
        made["parallax_over_error"] = lambda: (
            sources["parallax"] / sources["parallax_error"].where(sources["parallax_error"] > 0)
        )
    worked_out = [name for name in made if name not in sources]
    for name in worked_out:
        sources[name] = made[name]()
    if not {"l", "b"} <= set(sources) and sources["ra"].notna().any():
        sources["l"], sources["b"] = _galactic(sources["ra"].to_numpy(), sources["dec"].to_numpy())
        worked_out += ["l", "b"]
    if worked_out:
        notes.append(f"worked out from other columns: {', '.join(worked_out)}.")


def _galactic(ra: NDArray, dec: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from astropy.coordinates import SkyCoord

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        place = SkyCoord(ra, dec, unit="deg").galactic
    return np.asarray(place.l.deg), np.asarray(place.b.deg)


def _substitute(file: str, sources: pd.DataFrame, original: NDArray[np.int64], report: Report) -> list[str]:
    if "parallax" not in sources:
        return ["published substitution: the catalogue has no parallax, nothing is replaced."]
    wrong = (sources["parallax"] <= 0).to_numpy()
    detail = [f"parallax {value:g}" for value in sources["parallax"][wrong]]
    rows = [int(row) for row in original[wrong]]
    report.add(
        "parallax not positive, 1 mas put there", file, list(sources["source_id"][wrong]), rows=rows, detail=detail
    )
    sources["parallax"] = sources["parallax"].mask(wrong, SUBSTITUTE_PARALLAX)
    return [f"published substitution: {int(wrong.sum())} parallaxes that are not positive became 1 mas."]
