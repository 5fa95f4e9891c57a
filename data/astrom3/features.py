"""The columns of a published file: which is what, and the plain values among them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from data.astrom3.nested import batches, open_parquet
from m3core.catalogue.published_columns import PUBLISHED_COLUMNS
from m3core.errors import SurveyError

__all__ = ["FEATURES", "PREPROCESSED_SENTENCE", "features_of", "plain_values"]

FEATURES = {
    "photometry": ("photometry", "light_curve", "lightcurve"),
    "spectra": ("spectra", "spectrum"),
    "metadata": ("metadata", "meta"),
    "label": ("label", "target", "class"),
    "source_id": ("source_id", "id", "object_id", "edr3_source_id", "asassn_name", "name"),
}
"""What a file's column may be -> its spellings, the published one first."""

PREPROCESSED_SENTENCE = (
    "it holds the inputs of the published network (curves of 9 channels, standardised values), from which fluxes, "
    "dates and catalogue values cannot be recovered: take a revision with photometry of 3 columns (--revision), or "
    "build the survey from the archives"
)


def features_of(names: Sequence[str], file: str) -> dict[str, str]:
    """Which column of a file is what.

    Raises:
        SurveyError: neither photometry nor spectra are among them.
    """
    lower = {name.lower(): name for name in names}
    found = {}
    for feature, spellings in FEATURES.items():
        own = next((lower[spelling] for spelling in spellings if spelling in lower), None)
        if own is not None:
            found[feature] = own
    if "photometry" not in found and "spectra" not in found:
        raise SurveyError(
            f"{file} has neither photometry nor spectra but {', '.join(names)}: it is no file of the AstroM3 set."
        )
    return found


def plain_values(path: Path, name: str, schema: pa.Schema, features: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """One flat dictionary a row: the leaves of all structs and the plain columns, the arrays left out.

    Raises:
        SurveyError: a damaged file, or the inputs of the published network.
    """
    metadata = features.get("metadata")
    if metadata and _is_list(schema.field(metadata).type):
        raise SurveyError(f"{name}: {PREPROCESSED_SENTENCE}.")
    arrays = {features.get("photometry"), features.get("spectra")}
    wanted = [column for column in schema.names if column not in arrays and not _is_list(schema.field(column).type)]
    classes = _class_names(schema, features.get("label", ""))
    renamed = {own: feature for feature, own in features.items()}
    if not wanted:
        count = open_parquet(path, name).metadata.num_rows
        yield from ({} for _ in range(count))
        return
    for batch in batches(path, name, wanted, rows=4096):
        for row in batch.to_pylist():
            flat = dict(_leaves(row))
            flat = {renamed.get(key, key): value for key, value in flat.items()}
            if flat.get("source_id") is not None:
                flat["source_id"] = str(flat["source_id"]).strip() or None  # a number of 19 digits is no float
            if classes and isinstance(flat.get("label"), int):
                flat["label"] = classes[flat["label"]] if 0 <= flat["label"] < len(classes) else None
            yield flat


def _leaves(row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in row.items():
        if isinstance(value, dict):
            yield from _leaves(value)
        else:
            lower = key.rsplit(".", 1)[-1].lower()
            yield (lower if lower in PUBLISHED_COLUMNS else key), value


def _is_list(kind: pa.DataType) -> bool:
    return pa.types.is_nested(kind) and not pa.types.is_struct(kind)


def _class_names(schema: pa.Schema, label: str) -> list[str]:
    """Names of an integer label, which `datasets` keeps in the schema's metadata."""
    text = (schema.metadata or {}).get(b"huggingface")
    try:
        return list(json.loads(text)["info"]["features"][label]["names"]) if text else []
    except (ValueError, KeyError, TypeError):
        return []
