"""A small survey in the AstroM3 layout, as `python -m data import-astrom3` makes them of the published set."""

from pathlib import Path

import numpy as np
import pandas as pd

from m3core.catalogue.published_columns import METADATA_COLUMNS, PHOTOMETRY_AUXILIARIES
from m3core.survey import ModalitySpec, SplitSpec, Survey, write_survey

PHOTOMETRY = ModalitySpec(
    name="photometry", kind="photometry", label="photometry", fields=("time", "flux", "error"),
    columns=PHOTOMETRY_AUXILIARIES,
    settings={"value": "flux", "time_label": "HJD", "period": "period", "auxiliaries": 4},
    units={"time": "d", "flux": "mJy", "error": "mJy"},
)  # fmt: skip
SPECTRA = ModalitySpec(
    name="spectra", kind="spectra", label="spectra", fields=("wavelength", "flux", "ivar"),
    settings={"medium": "vacuum"}, units={"wavelength": "Angstrom"},
)  # fmt: skip
METADATA = ModalitySpec(name="metadata", kind="metadata", label="metadata", columns=METADATA_COLUMNS)


def make_astrom3_survey(
    path: Path,
    n: int = 30,
    seed: int = 4,
    modalities: tuple[ModalitySpec, ...] = (PHOTOMETRY, SPECTRA, METADATA),
    split: tuple[str, ...] = ("test", "validation", "train", "train", "train"),
) -> Survey:
    """Every source has every modality; classes cycle through RRAB, EW and SR; the splits through `split`."""
    rng = np.random.default_rng(seed)
    columns = {name: rng.normal(12, 2, n) for name in METADATA_COLUMNS}
    columns |= {"parallax": rng.uniform(0.1, 3, n), "l": rng.uniform(0, 360, n), "b": rng.uniform(-90, 90, n)}
    columns |= {name: rng.uniform(0.1, 30, n) for name in PHOTOMETRY_AUXILIARIES}
    sources = pd.DataFrame(
        {
            "source_id": [f"a{i:03d}" for i in range(n)],
            "ra": rng.uniform(0, 360, n),
            "dec": rng.uniform(-90, 90, n),
            "label": [("RRAB", "EW", "SR")[i % 3] for i in range(n)],
            "split": [split[i % len(split)] for i in range(n)],
            **columns,
        }
    )
    curves, spectra = [], []
    for i in range(n):
        time = np.sort(rng.uniform(2457000, 2458500, int(rng.integers(8, 50))))
        flux = 5 + np.sin(2 * np.pi * time / columns["period"][i]) + rng.normal(0, 0.1, len(time))
        curves.append({"time": time, "flux": flux, "error": rng.uniform(0.05, 0.2, len(time))})
        wavelength = 10 ** (3.568 + 1e-4 * np.arange(3909))
        curve = 100 + 30 * np.sin(wavelength / (200 + 50 * (i % 3))) + rng.normal(0, 5, 3909)
        spectra.append({"wavelength": wavelength, "flux": curve, "ivar": rng.uniform(0.1, 2, 3909)})
    names = {spec.kind: spec.name for spec in modalities}
    return write_survey(
        path,
        sources=sources,
        modalities=list(modalities),
        arrays={names[kind]: made for kind, made in (("photometry", curves), ("spectra", spectra)) if kind in names},
        split=SplitSpec(method="given"),
        provenance={"command": "tests"},
    )
