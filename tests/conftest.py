"""Shared fixtures: small surveys with real structure, made by the project's own writer."""

from pathlib import Path

import hypothesis
import numpy as np
import pandas as pd
import pytest

from m3core.survey import ModalitySpec, SplitSpec, Survey, write_survey

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"

hypothesis.settings.register_profile("no_deadline", deadline=None)  # how fast a machine is makes no test fail
hypothesis.settings.load_profile("no_deadline")

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="../shared (observed data) is absent on this machine")


def light_curve(rng: np.random.Generator, period: float, n: int, amplitude: float = 0.5) -> dict[str, np.ndarray]:
    """A sinusoid of a known period around magnitude 17."""
    time = np.sort(rng.uniform(0, 400, n))
    error = rng.uniform(0.02, 0.05, n)
    mag = 17 + amplitude * np.sin(2 * np.pi * time / period) + error * rng.standard_normal(n)
    return {"time": time, "mag": mag, "error": error}


def make_survey(
    path: Path, n: int = 60, seed: int = 1, missing: bool = True, bands: tuple[str, ...] = ("g", "r")
) -> Survey:
    """A survey of two bands and metadata: two classes told by period; every seventh source lacks a band."""
    rng = np.random.default_rng(seed)
    period = np.where(np.arange(n) % 2, rng.uniform(0.4, 0.7, n), rng.uniform(20, 60, n))
    sources = pd.DataFrame(
        {
            "source_id": [f"s{i:03d}" for i in range(n)],
            "ra": rng.uniform(0, 360, n),
            "dec": rng.uniform(-90, 90, n),
            "label": np.where(np.arange(n) % 2, "RRAB", "SR"),
            "split": np.where(np.arange(n) % 5 == 0, "test", np.where(np.arange(n) % 5 == 1, "validation", "train")),
            "period": period,
            "colour": rng.normal(0.5 + (period > 1), 0.2),
            "m3_period_fold": period,
            "m3_period_power": 0.9,
        }
    )
    arrays, modalities = {}, []
    for number, band in enumerate(bands):
        absent = [missing and i % 7 == number for i in range(n)]
        arrays[band] = [
            None if gone else light_curve(rng, period[i], int(rng.integers(20, 60))) for i, gone in enumerate(absent)
        ]
        modalities.append(
            ModalitySpec(
                name=band,
                kind="photometry",
                label=band,
                fields=("time", "mag", "error"),
                columns=("m3_period_fold", "m3_period_power"),
                settings={"value": "mag", "period": "m3_period_fold", "time_label": "MJD"},
                units={"time": "d", "mag": "mag", "error": "mag"},
            )
        )
    modalities.append(ModalitySpec(name="metadata", kind="metadata", label="metadata", columns=("period", "colour")))
    return write_survey(
        path,
        sources=sources,
        modalities=modalities,
        arrays=arrays,
        split=SplitSpec(method="given"),
        provenance={"command": "tests"},
    )


@pytest.fixture(scope="session")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Survey:
    """Sixty sources, g, r and metadata, some without a band; read only."""
    return make_survey(tmp_path_factory.mktemp("surveys") / "small")
