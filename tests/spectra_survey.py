"""A small survey of spectra with a known line at known redshifts."""

from pathlib import Path

import numpy as np
import pandas as pd

from m3core.spectrum.lines import LINES
from m3core.survey import ModalitySpec, SplitSpec, Survey, write_survey

N_PIXELS = 600
WAVELENGTH = np.geomspace(3700.0, 9100.0, N_PIXELS)
H_ALPHA = next(line.air for line in LINES if line.name == "H alpha")
REDSHIFT = 0.002


def observed_spectrum(rng: np.random.Generator, redshift: float) -> dict[str, np.ndarray]:
    """H alpha in absorption over a slope, in air, at a redshift; every fiftieth pixel is masked."""
    line = 0.6 * np.exp(-0.5 * ((WAVELENGTH / (1 + redshift) - H_ALPHA) / 15) ** 2)
    flux = rng.uniform(10, 1000) * (1 - line) * (WAVELENGTH / 6000) ** -1
    sigma = flux / 50
    ivar = sigma**-2.0
    ivar[::50] = 0.0
    return {"wavelength": WAVELENGTH, "flux": flux + sigma * rng.standard_normal(N_PIXELS), "ivar": ivar}


def made_survey(path: Path, n: int = 12, medium: str = "air", first_id: str = "s0", **first) -> Survey:
    """Two classes; source 3 has no spectrum, source 4 no label, source 5 no redshift; `first` replaces that of s0."""
    rng = np.random.default_rng(4)
    redshifts = np.where(np.arange(n) % 2, REDSHIFT, -REDSHIFT)
    arrays = [observed_spectrum(rng, redshift) for redshift in redshifts]
    arrays[0] |= first
    arrays[3] = None
    redshifts[5] = np.nan
    sources = pd.DataFrame(
        {
            "source_id": [first_id, *(f"s{i}" for i in range(1, n))],
            "ra": 10.0,
            "dec": 10.0,
            "label": ["A" if i % 2 == 0 else "B" for i in range(n)],
            "split": "train",
            "lamost_z": redshifts,
        }
    )
    sources.loc[4, "label"] = None
    spec = ModalitySpec(
        name="blue_arm",
        kind="spectra",
        label="blue arm",
        fields=("wavelength", "flux", "ivar"),
        settings={"medium": medium},
        units={"wavelength": "Angstrom"},
    )
    other = ModalitySpec(name="metadata", kind="metadata", label="metadata", columns=("lamost_z",))
    return write_survey(
        path, sources=sources, modalities=[spec, other], arrays={"blue_arm": arrays}, split=SplitSpec(method="given"),
        provenance={"command": "tests"},
    )  # fmt: skip
