"""Random surveys of any size: their content means nothing, their shape is that of real ones."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from m3core.survey import ModalitySpec, SplitSpec, Survey, write_survey

__all__ = ["random_survey"]


def _curves(n: int, n_epochs: int, seed: int) -> Iterator[dict[str, NDArray]]:
    for row in range(n):
        rng = np.random.default_rng([seed, row])
        time = np.sort(rng.uniform(0, 1000, n_epochs))
        error = np.full(n_epochs, 0.03)
        mag = 17 + 0.4 * np.sin(2 * np.pi * time / (0.3 + row % 40)) + error * rng.standard_normal(n_epochs)
        yield {"time": time, "mag": mag, "error": error}


def random_survey(path: Path, *, n: int, n_epochs: int = 200, n_columns: int = 34) -> Survey:
    """A survey of `n` sources with two bands of `n_epochs` epochs and `n_columns` catalogue columns."""
    rng = np.random.default_rng(0)
    names = [f"column_{i}" for i in range(n_columns)]
    sources = pd.DataFrame(
        {
            "source_id": [f"x{i:07d}" for i in range(n)],
            "ra": rng.uniform(0, 360, n),
            "dec": rng.uniform(-90, 90, n),
            "label": [f"class {i % 10}" for i in range(n)],
            "split": np.where(np.arange(n) % 10 == 0, "validation", "train"),
            "m3_period_fold": 0.3 + np.arange(n) % 40,
            "m3_period_power": 0.8,
            **dict(zip(names, rng.standard_normal((n_columns, n)), strict=True)),
        }
    )
    bands = [
        ModalitySpec(
            name=band, kind="photometry", label=band, fields=("time", "mag", "error"),
            columns=("m3_period_fold", "m3_period_power"), settings={"value": "mag", "period": "m3_period_fold"},
        )
        for band in "gr"
    ]  # fmt: skip
    metadata = ModalitySpec(name="metadata", kind="metadata", label="metadata", columns=tuple(names))
    return write_survey(
        path,
        sources=sources,
        modalities=[*bands, metadata],
        arrays={band: _curves(n, n_epochs, seed) for seed, band in enumerate("gr")},
        split=SplitSpec(method="benchmark"),
        provenance={},
    )
