"""Wrong labels and wrong periods found again: in simulated surveys, and in real ones spoilt on purpose.

Every survey is made from files by the commands a user has, spoilt before it is imported, and pre-trained anew; nothing
of the spoiling is in the survey. M3_SPOIL_SEEDS (default 1) lists the seeds; M3_REALDATA names the folder with
eros_lmc and s82_rrlyrae, and without it the real surveys are left out and said to be.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from m3core.embeddings import Embeddings
from m3core.features import feature_table
from m3core.harmonic_fit import share_explained, time_span, weighted_bands
from m3core.label_issues_table import suspects
from m3core.period_check_survey import bands_of, check_survey
from m3core.run import Run
from m3core.survey import Survey
from training.experiment.trees import lightgbm

__all__ = ["change_labels", "change_periods", "exchange_rows", "measure", "measure_labels", "measure_periods"]

Spoil = Callable[[pd.DataFrame, np.random.Generator], NDArray[Any]]
"""Changes a catalogue in place, and returns the ids of the rows it spoilt."""


def change_labels(catalogue: pd.DataFrame, rng: np.random.Generator) -> NDArray[Any]:
    """Give 3 % of all labels, among the stars with quality 2 or 3, to another class, each as often."""
    classes = sorted(catalogue["label"].unique())
    chosen = rng.choice(np.flatnonzero(catalogue["quality"] >= 2), round(0.03 * len(catalogue)), replace=False)
    codes = np.array([classes.index(label) for label in catalogue["label"].iloc[chosen]])
    moved = (codes + rng.integers(1, len(classes), len(chosen))) % len(classes)
    catalogue.iloc[chosen, catalogue.columns.get_loc("label")] = np.array(classes, object)[moved]
    return catalogue["source_id"].to_numpy(object)[chosen]


def exchange_rows(catalogue: pd.DataFrame, rng: np.random.Generator) -> NDArray[Any]:
    """Exchange the catalogue rows of 29 type2 with 29 type3 stars; id, coordinates and label stay."""
    label = catalogue["label"]
    two, three = (rng.choice(np.flatnonzero(label == name), 29, replace=False) for name in ("type2", "type3"))
    moved = [name for name in catalogue if name not in ("source_id", "ra", "dec", "label")]
    first, second = catalogue[moved].iloc[two].to_numpy(), catalogue[moved].iloc[three].to_numpy()
    columns = [catalogue.columns.get_loc(name) for name in moved]
    catalogue.iloc[two, columns], catalogue.iloc[three, columns] = second, first
    return catalogue["source_id"].to_numpy(object)[np.concatenate([two, three])]


def change_periods(catalogue: pd.DataFrame, rng: np.random.Generator) -> NDArray[Any]:
    """Halve or double the periods of 48 stars."""
    chosen = rng.choice(len(catalogue), 48, replace=False)
    catalogue.iloc[chosen, catalogue.columns.get_loc("period")] *= rng.choice([0.5, 2.0], len(chosen))
    return catalogue["source_id"].to_numpy(object)[chosen]


def measure() -> dict[str, Any]:
    """Tables by survey and seed."""
    found: dict[str, Any] = {}
    real = os.environ.get("M3_REALDATA", "")
    for seed in map(int, os.environ.get("M3_SPOIL_SEEDS", "1").split(",")):
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            found[f"simulated, 5,000, seed {seed}"] = _simulated(place, seed)
            if real:
                eros = Path(real) / "eros_lmc"
                found[f"eros_lmc, labels, seed {seed}"] = _eros(eros, place / "one", seed, [change_labels])
                both: list[Spoil] = [change_labels, exchange_rows]
                found[f"eros_lmc, labels and rows, seed {seed}"] = _eros(eros, place / "both", seed, both)
                found[f"s82_rrlyrae, periods, seed {seed}"] = _s82(Path(real) / "s82_rrlyrae", place, seed)
    if not real:
        found["left out"] = "eros_lmc and s82_rrlyrae: M3_REALDATA names no folder"
    return found


def _run(*arguments: str | Path) -> None:
    subprocess.run([sys.executable, "-m", *map(str, arguments)], check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})


def _simulated(place: Path, seed: int) -> dict[str, Any]:
    survey = place / "simulated"
    _run("data", "simulate", "--out", survey, "--sources", "5000", "--seed", str(seed))
    _run("training", "pretrain", "--survey", survey, "--preset", "fast", "--out", place / "simulated-run")
    truth = pd.read_parquet(place / "simulated-truth.parquet").set_index("source_id")
    labels = measure_labels(survey, place / "simulated-run", truth.index[truth["is_mislabelled"]].to_numpy(object))
    return {**labels, "periods": measure_periods(survey, truth.index[truth["is_alias"]].to_numpy(object))}


def imported(folder: Path, out: Path, seed: int, spoils: list[Spoil], *options: str) -> list[NDArray[Any]]:
    """Spoil a copy of the catalogue, import it to `out`, and return the ids that each spoil touched."""
    catalogue = pd.read_csv(folder / "catalogue.csv", dtype={"source_id": str})
    rng = np.random.default_rng(seed)
    touched = [spoil(catalogue, rng) for spoil in spoils]
    out.parent.mkdir(parents=True, exist_ok=True)
    spoilt = out.parent / "catalogue.csv"
    catalogue.to_csv(spoilt, index=False)
    photometry = folder / "photometry.parquet"
    _run("data", "import-table", "--catalogue", spoilt, "--photometry", photometry, "--out", out, *options)
    return touched


def _eros(folder: Path, place: Path, seed: int, spoils: list[Spoil]) -> dict[str, Any]:
    planted = imported(folder, place / "survey", seed, spoils, "--exclude", "quality")[0]
    _run("training", "pretrain", "--survey", place / "survey", "--preset", "fast", "--out", place / "run")
    return measure_labels(place / "survey", place / "run", planted)


def _s82(folder: Path, place: Path, seed: int) -> dict[str, Any]:
    (planted,) = imported(folder, place / "s82" / "survey", seed, [change_periods])
    return measure_periods(place / "s82" / "survey", planted)


def measure_labels(survey: Path, run: Path, planted: NDArray[Any]) -> dict[str, Any]:
    """Share of planted ones among as many suspects as there are, and among the first 50: a row a method."""
    opened, of = Survey.open(survey), Run.open(run)
    embeddings = Embeddings.open(of, opened)
    table = suspects(of, opened, embeddings).table.set_index("source_id")
    features = feature_table(opened).loc[table.index].to_numpy()
    baseline = _cross_validated(features, table["label"].to_numpy(object))
    ranked = {
        "label-issues": table["score"],
        "embeddings alone": table["score_embeddings"],
        "distance to the label's centre (the paper's)": table["distance_mean"],
        "LightGBM on hand-made features": pd.Series(1 - baseline, table.index),
    }
    return {name: _found(score, planted) for name, score in ranked.items()}


def _found(score: pd.Series, planted: NDArray[Any]) -> dict[str, float]:
    hits = score.sort_values(ascending=False, kind="stable").index.isin(planted)
    return {
        "n": len(planted),
        "of_as_many": round(float(hits[: len(planted)].mean()), 3),
        "of_50": float(hits[:50].mean()),
    }


def _cross_validated(features: NDArray[np.float64], labels: NDArray[Any]) -> NDArray[np.float64]:
    """(n,) probability of the given label by five-fold cross-validation."""
    from sklearn.model_selection import StratifiedKFold

    classes, codes = np.unique(labels.astype(str), return_inverse=True)
    own = np.zeros(len(codes))
    for fitted, asked in StratifiedKFold(5, shuffle=True, random_state=0).split(features, codes):
        model = lightgbm(0).fit(features[fitted], codes[fitted])
        own[asked] = model.predict_proba(features[asked])[np.arange(len(asked)), codes[asked]]
    assert len(classes) == codes.max() + 1
    return own


def measure_periods(survey: Path, planted: NDArray[Any]) -> dict[str, Any]:
    """Share of the planted and of the other sources whose period is flagged: the check, and a plain rule."""
    opened = Survey.open(survey)
    rows = np.arange(len(opened))
    spoilt = np.isin(opened.source_ids, planted)
    flags = {
        "period check": (check_survey(opened, rows)["period_alias"] != "").to_numpy(),
        "three harmonics at P/2 or 2P explain more": np.array([_three_harmonics(opened, row) for row in rows]),
    }
    return {
        name: {"n": int(spoilt.sum()), "flagged": round(float(flag[spoilt].mean()), 3),
               "others_flagged": round(float(flag[~spoilt].mean()), 4)}
        for name, flag in flags.items()
    }  # fmt: skip


def _three_harmonics(survey: Survey, row: int) -> bool:
    """Whether P/2 loses no twentieth of what P explains, or 2P leaves less than two thirds of what P leaves."""
    bands = weighted_bands(bands_of(survey, row)[0])
    period = float(survey.sources["period"].iloc[row])
    if not bands or not period > 0:
        return False
    near = 0.04 / time_span(bands) * np.arange(-3, 4)
    centres = np.array([1.0, 2.0, 0.5])[:, None] / period
    held, half, double = share_explained(bands, (centres + near).ravel(), 3).reshape(3, -1).max(axis=1)
    return bool(half >= 0.95 * held or 1 - double < (1 - held) / 1.5)
