"""Files in the layout of the published AstroM3 set: what `datasets` writes for nested features of changing length."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from m3core.catalogue.published_columns import METADATA_COLUMNS, PHOTOMETRY_AUXILIARIES

FIRST = "full_42/train-00000-of-00002.parquet"
"""The first file that `write_config` writes."""

LABELS = ("EW", "SR", "RRAB")
ROWS = pa.list_(pa.list_(pa.float32()))
FEATURES = {"info": {"features": {"label": {"dtype": "string", "_type": "Value"}}}}


def star(number: int, *, epochs: int | None = None, pixels: int = 300) -> dict[str, Any]:
    """One row as the published files have it; its class shows in period, curve, colour and spectrum."""
    rng = np.random.default_rng(number)
    kind = number % 3
    period = [0.4, 120.0, 0.6][kind] * rng.uniform(0.8, 1.2)
    n = int(rng.integers(40, 90)) if epochs is None else epochs
    time = np.sort(rng.uniform(2_456_600, 2_458_400, n)).astype(np.float32)
    time += np.float32(0)  # 0.25 d is all that single precision keeps
    flux = 8 + (1 + kind) * np.sin(2 * np.pi * time.astype(float) / period) + 0.1 * rng.standard_normal(n)
    wavelength = 10 ** np.linspace(np.log10(3700), np.log10(9099), pixels)
    temperature = [6500, 3500, 7000][kind]
    spectrum = 1e4 * (wavelength / 5000) ** (temperature / 2000 - 3) + 100 * rng.standard_normal(pixels)
    metadata = {name: float(rng.uniform(8, 16)) for name in METADATA_COLUMNS}
    metadata |= {name: 0.02 for name in METADATA_COLUMNS if name.startswith("e_") or name.endswith("_error")}
    metadata |= {"bp_rp": 0.5 + 1.5 * (kind == 1), "parallax": float(rng.normal(1, 0.3)), "ruwe": 1.0, "pm": 5.0}
    metadata |= {"pmra": -3.0, "pmdec": 4.0, "l": float(rng.uniform(0, 360)), "b": float(rng.uniform(-80, 80))}
    constants = {"amplitude": 0.4, "period": period, "lksl_statistic": 0.3, "rfr_score": 0.8}
    return {
        "photometry": np.column_stack([time, flux, np.full(n, 0.1)]).astype(np.float32).tolist(),
        "spectra": np.column_stack([wavelength, spectrum, np.full(pixels, 1e-4)]).astype(np.float32).tolist(),
        "metadata": {
            "meta_cols": {name: metadata[name] for name in METADATA_COLUMNS},
            "photo_cols": {name: constants[name] for name in PHOTOMETRY_AUXILIARIES},
        },
        "label": LABELS[kind],
    }


def schema(
    *,
    photometry: pa.DataType = ROWS,
    spectra: pa.DataType = ROWS,
    label: pa.DataType | None = None,
    features: dict[str, Any] = FEATURES,
) -> pa.Schema:
    """The published schema, with `datasets`' own description in its metadata."""
    numbers = {
        "meta_cols": pa.struct([(name, pa.float64()) for name in METADATA_COLUMNS]),
        "photo_cols": pa.struct([(name, pa.float64()) for name in PHOTOMETRY_AUXILIARIES]),
    }
    fields = {"photometry": photometry, "spectra": spectra, "metadata": pa.struct(list(numbers.items()))}
    fields["label"] = label or pa.string()
    return pa.schema(list(fields.items()), metadata={b"huggingface": json.dumps(features).encode()})


def write_rows(path: Path, rows: list[dict[str, Any]], kind: pa.Schema | None = None, row_group: int = 7) -> Path:
    """Write rows as one parquet file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=kind or schema()), path, row_group_size=row_group)
    return path


def write_config(
    folder: Path,
    config: str = "full_42",
    sizes: tuple[int, int, int] = (16, 5, 6),
    edit: Callable[[dict[str, list[dict[str, Any]]]], None] = lambda splits: None,
    kind: pa.Schema | None = None,
    row_group: int = 7,
) -> Path:
    """<folder>/<config>/<split>-00000-of-0000k.parquet, two files for train; `edit` may change the rows before."""
    numbers = iter(range(sum(sizes)))
    splits = {
        split: [star(next(numbers)) for _ in range(size)]
        for split, size in zip(("train", "validation", "test"), sizes, strict=True)
    }
    edit(splits)
    for split, rows in splits.items():
        parts = [rows[: len(rows) // 2], rows[len(rows) // 2 :]] if split == "train" else [rows]
        for number, part in enumerate(parts):
            name = f"{split}-{number:05d}-of-{len(parts):05d}.parquet"
            write_rows(folder / config / name, part, kind, row_group)
    return folder
