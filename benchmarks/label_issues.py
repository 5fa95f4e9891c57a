"""python -m benchmarks.label_issues --out FILE.csv --work DIR: are wrong labels and periods found, and by what?

Simulated surveys carry both. Of the observed ones the catalogue is spoilt before it is imported: in eros_lmc labels are
changed, alone and together with exchanged catalogue rows, in s82_rrlyrae periods are halved or doubled. A model is
trained on each survey with default settings; nothing of the spoiling is in the survey.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from numpy.typing import NDArray

from benchmarks.outliers import _called, _seeds, exchanged
from m3core.classifier.prediction_table import check_file
from m3core.command import one_line_errors
from m3core.embeddings.kept import Embeddings
from m3core.files import replaced_file
from m3core.label_issues.table import suspects
from m3core.light_curve.features import feature_table
from m3core.periods.harmonic_fit import share_explained, time_span, weighted_bands
from m3core.periods.survey_check import bands_of, check_survey
from m3core.survey import Survey
from m3core.workspace.run import Run
from training.trees import lightgbm

__all__ = ["changed_labels", "changed_periods", "label_rows", "period_rows"]

FIRST = 50
EXCHANGED = 29
PERIODS = 48


def changed_labels(catalogue: pd.DataFrame, seed: int, share: float = 0.03) -> tuple[pd.DataFrame, list[str]]:
    """The catalogue with the labels of so many of its stars changed, among those of quality 2 and 3, to any other
    class, each as likely; and their ids."""
    rng = np.random.default_rng([seed, 1])
    classes = np.unique(catalogue["label"].to_numpy(str)).astype(object)
    chosen = rng.choice(np.flatnonzero(catalogue["quality"] >= 2), round(share * len(catalogue)), replace=False)
    labels = catalogue["label"].to_numpy(object).copy()
    moved = np.searchsorted(classes, labels[chosen]) + rng.integers(1, len(classes), len(chosen))
    labels[chosen] = classes[moved % len(classes)]
    return catalogue.assign(label=labels), catalogue["source_id"].iloc[chosen].tolist()


def changed_periods(catalogue: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, list[str]]:
    """The catalogue with `PERIODS` periods halved or doubled; and the ids of these."""
    rng = np.random.default_rng([seed, 2])
    chosen = rng.choice(len(catalogue), PERIODS, replace=False)
    periods = catalogue["period"].to_numpy(np.float64).copy()
    periods[chosen] *= rng.choice([0.5, 2.0], len(chosen))
    return catalogue.assign(period=periods), catalogue["source_id"].iloc[chosen].tolist()


def _survey(folder: Path, seed: int, real: Path, what: str) -> tuple[list[str], list[str]]:
    """Make a survey in `folder`, where there is none; ids of the wrong labels and of the wrong periods."""
    if what == "simulated":
        if not (folder / "survey").exists():
            _called("data", "simulate", "--sources", 5000, "--seed", seed, "--out", folder / "survey")
        truth = pd.read_parquet(folder / "survey-truth.parquet")
        wrong, alias = (truth.loc[truth[flag], "source_id"].tolist() for flag in ("is_mislabelled", "is_alias"))
        return wrong, alias
    source = real / ("s82_rrlyrae" if what == "s82 periods" else "eros_lmc")
    if not (folder / "survey").exists():
        catalogue = pd.read_csv(source / "catalogue.csv", dtype={"source_id": str})
        labels: list[str] = []
        periods: list[str] = []
        if what == "s82 periods":
            catalogue, periods = changed_periods(catalogue, seed)
        else:
            catalogue, labels = changed_labels(catalogue, seed)
        if what == "eros labels and rows":
            catalogue, _ = exchanged(catalogue, ("type2", "type3"), EXCHANGED, seed)
        folder.mkdir(parents=True, exist_ok=True)
        catalogue.to_csv(folder / "catalogue.csv", index=False)
        (folder / "planted.json").write_text(json.dumps([labels, periods]))
        _called(
            "data", "import-table", "--catalogue", folder / "catalogue.csv", "--photometry",
            source / "photometry.parquet", *(["--exclude", "quality"] if "quality" in catalogue else []),
            "--split", "0.9,0.1,0", "--out", folder / "survey",
        )  # fmt: skip
    labels, periods = json.loads((folder / "planted.json").read_text())
    return labels, periods


def _run(folder: Path) -> Run:
    if not (folder / "run" / "status.json").exists():
        _called(
            "training", "pretrain", "--survey", folder / "survey", "--preset", "fast", "--out", folder / "run",
            "--set", "maps=false", "--set", "lists=false",
        )  # fmt: skip
    return Run.open(folder / "run")


def label_rows(survey: Survey, run: Run, planted: Sequence[str]) -> list[dict[str, Any]]:
    """A row a method: the share of planted ones among as many suspects as there are, and among the first 50."""
    table = suspects(run, survey, Embeddings.open(run, survey)).table.set_index("source_id")
    features = feature_table(survey).loc[table.index].to_numpy()
    ranked = {
        "label-issues": table["score"],
        "embeddings alone": table["score_embeddings"],
        "distance to the label's centre (the paper's)": table["distance_mean"],
        "LightGBM on hand-made features": pd.Series(1 - _believed(features, table["label"]), table.index),
    }
    rows = []
    for name, score in ranked.items():
        hits = score.sort_values(ascending=False, kind="stable").index.isin(planted)
        found = {"of as many": float(hits[: len(planted)].mean()), "of the first 50": float(hits[:FIRST].mean())}
        rows.append({"what": "labels", "method": name, "planted": len(planted), **found})
    return rows


def _believed(features: NDArray[np.float64], labels: pd.Series) -> NDArray[np.float64]:
    """(n,) probability of the given label by five-fold cross-validation."""
    from sklearn.model_selection import StratifiedKFold

    _, codes = np.unique(labels.to_numpy(str), return_inverse=True)
    own = np.zeros(len(codes))
    for fitted, asked in StratifiedKFold(5, shuffle=True, random_state=0).split(features, codes):
        model = lightgbm(0).fit(features[fitted], codes[fitted])
        own[asked] = model.predict_proba(features[asked])[np.arange(len(asked)), codes[asked]]
    return own


def period_rows(survey: Survey, planted: Sequence[str]) -> list[dict[str, Any]]:
    """A row a method: the share of the planted and of the other sources whose period is flagged."""
    rows = np.arange(len(survey))
    spoilt = np.isin(survey.source_ids, planted)
    flags = {
        "period check": (check_survey(survey, rows)["period_alias"] != "").to_numpy(),
        "three harmonics at P, P/2, 2P": np.array([_three_harmonics(survey, row) for row in rows]),
    }
    return [
        {"what": "periods", "method": name, "planted": int(spoilt.sum()), "flagged": float(flag[spoilt].mean()),
         "others flagged": float(flag[~spoilt].mean())}
        for name, flag in flags.items()
    ]  # fmt: skip


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


def main(
    out: Annotated[Path, typer.Option("--out", help="CSV file: a row a survey, seed and method.")],
    work: Annotated[Path, typer.Option("--work", help="Folder for surveys and runs; what it has is used again.")],
    simulated: Annotated[str, typer.Option("--simulated", help="Seeds of simulated surveys of 5,000.")] = "1,2",
    eros: Annotated[str, typer.Option("--eros", help="Seeds of changed labels in eros_lmc.")] = "1,2",
    both: Annotated[str, typer.Option("--both", help="Seeds of changed labels and exchanged rows in it.")] = "1",
    s82: Annotated[str, typer.Option("--s82", help="Seeds of changed periods in s82_rrlyrae.")] = "1,2",
    real: Annotated[Path, typer.Option("--real", help="Folder of the observed sets.")] = Path("../shared/realdata"),
) -> None:
    """Plant, train, rank, and say what was found."""
    with one_line_errors():
        check_file(out)
        asked = {"simulated": simulated, "eros labels": eros, "eros labels and rows": both, "s82 periods": s82}
        rows: list[dict[str, Any]] = []
        for what, seeds in asked.items():
            for seed in _seeds(seeds):
                folder = work / f"{what.replace(' ', '-')}-{seed}"
                labels, periods = _survey(folder, seed, real, what)
                survey = Survey.open(folder / "survey")
                found = label_rows(survey, _run(folder), labels) if labels else []
                found += period_rows(survey, periods) if periods else []
                rows += [{"survey": what, "seed": seed, **row} for row in found]
                with replaced_file(out) as part:
                    pd.DataFrame(rows).to_csv(part, index=False, float_format="%.4f")
        if rows:
            shown = pd.DataFrame(rows).groupby(["survey", "what", "method"], sort=False).mean().drop(columns="seed")
            typer.echo(f"{shown.round(3).to_string()}\n{out}")


if __name__ == "__main__":
    typer.run(main)
