"""python -m benchmarks.outliers --out FILE.csv: are planted oddities and exchanged catalogue rows found, and by what?

Simulated surveys carry seven kinds of oddities, and wrong labels and periods besides, which do not count. In the
observed survey a number of catalogue rows of one class is exchanged with as many of another (id, coordinates and label
stay). Each survey is imported, a model trained on it with default settings, and every detector ranked: the share of
planted among as many listed as there are, among the first 50, and of the kind that fares worst.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from numpy.typing import NDArray

from m3core.classifier.prediction_table import check_file
from m3core.command import one_line_errors
from m3core.embeddings.kept import Embeddings
from m3core.errors import ConfigError
from m3core.files import replaced_file
from m3core.light_curve.features import is_light_curve, kept_features
from m3core.outliers.store import have_outliers
from m3core.survey import Survey
from m3core.workspace.run import Run

__all__ = ["baselines", "exchanged", "measured"]

Array = NDArray[np.float64]

IDENTITY = ("source_id", "ra", "dec", "label")
FIRST = 50


def exchanged(catalogue: pd.DataFrame, classes: Sequence[str], n: int, seed: int) -> tuple[pd.DataFrame, list[str]]:
    """The catalogue with `n` rows of the first class exchanged with `n` of the second; and the ids of both."""
    rng = np.random.default_rng(seed)
    first, second = (rng.choice(np.flatnonzero(catalogue["label"] == name), n, replace=False) for name in classes)
    order = np.arange(len(catalogue))
    order[first], order[second] = second, first
    spoilt = catalogue.iloc[order].reset_index(drop=True)
    for name in IDENTITY:
        spoilt[name] = catalogue[name].to_numpy()
    return spoilt, catalogue["source_id"].iloc[np.concatenate([first, second])].tolist()


def _forest(table: Array) -> Array:
    """Isolation forest (scikit-learn) on a table, missing values replaced by medians."""
    from sklearn.ensemble import IsolationForest
    from sklearn.impute import SimpleImputer

    filled = SimpleImputer(strategy="median").fit_transform(table)
    return -IsolationForest(n_estimators=300, random_state=0, n_jobs=1).fit(filled).score_samples(filled)


def _predicted(targets: Array, inputs: Array) -> Array:
    """Random forest from curve features to catalogue columns, five-fold: RMS of residuals in standard deviations."""
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.model_selection import KFold, cross_val_predict

    filled, asked = (SimpleImputer(strategy="median").fit_transform(table) for table in (targets, inputs))
    forest = RandomForestRegressor(n_estimators=100, max_features=0.3, random_state=0, n_jobs=1)
    expected = cross_val_predict(forest, asked, filled, cv=KFold(5, shuffle=True, random_state=0))
    deviation = np.where(filled.std(axis=0) > 0, filled.std(axis=0), 1.0)
    return np.sqrt((((filled - expected) / deviation) ** 2).mean(axis=1))


def baselines(survey: Survey, features: pd.DataFrame) -> dict[str, Array]:
    """Name -> (N,) scores of what a user would try without a trained model, higher is odder."""
    columns = [name for spec in survey.modalities.values() if not spec.fields for name in spec.columns]
    catalogue = survey.sources[columns].to_numpy(np.float64, na_value=np.nan)
    curves = features[[name for name in features if name not in columns]]
    found = {
        "isolation forest, raw catalogue": _forest(catalogue),
        "isolation forest, hand-made features": _forest(curves.to_numpy()),
        "random forest, catalogue from curves": _predicted(catalogue, curves.to_numpy()),
    }
    apart = np.zeros(len(survey))
    bands = [spec.name for spec in survey.modalities.values() if is_light_curve(spec)]
    for band in bands:
        if f"magnitude_{band}" in survey.sources:  # eros_lmc's names of its mean magnitudes
            apart += (survey.sources[f"magnitude_{band}"] - features[f"{band}: median"]).to_numpy(np.float64) ** 2
    return found | ({"catalogue magnitude less median of the curve": np.sqrt(apart)} if apart.any() else {})


def measured(scores: Array, source_ids: Sequence[str], planted: dict[str, str]) -> dict[str, float]:
    """Shares in [0, 1], higher is better: found among as many listed as planted, among the first 50, of the worst kind.

    Args:
        scores: (N,) higher is odder; source_ids: (N,); planted: id -> kind.
    """
    order = np.argsort(-np.where(np.isfinite(scores), scores, -np.inf), kind="stable")
    ids = np.asarray(source_ids, object)[order]
    listed = set(ids[: len(planted)])
    kinds = pd.Series({name: name in listed for name in planted}).groupby(pd.Series(planted)).mean()
    return {
        "of as many": sum(name in planted for name in listed) / len(planted),
        "of the first 50": sum(name in planted for name in ids[:FIRST]) / FIRST,
        "worst kind": float(kinds.min()),
    }


def _called(*arguments: object) -> None:
    done = subprocess.run([sys.executable, "-m", *map(str, arguments)], check=False, stdout=subprocess.DEVNULL)
    if done.returncode:
        raise ConfigError(f"`python -m {' '.join(map(str, arguments))}` ended with {done.returncode}: see above.")


def _simulated(folder: Path, seed: int, n: int) -> dict[str, str]:
    if not (folder / "survey").exists():
        _called("data", "simulate", "--sources", n, "--seed", seed, "--out", folder / "survey")
    truth = pd.read_parquet(folder / "survey-truth.parquet")
    odd = truth[truth["oddity"] != ""]
    return dict(zip(odd["source_id"], odd["oddity"], strict=True))


def _observed(folder: Path, seed: int, data: Path, classes: Sequence[str], n: int) -> dict[str, str]:
    if not (folder / "survey").exists():
        catalogue = pd.read_csv(data / "catalogue.csv", dtype={"source_id": str})
        spoilt, ids = exchanged(catalogue, classes, n, seed)
        folder.mkdir(parents=True, exist_ok=True)
        spoilt.to_csv(folder / "catalogue.csv", index=False)
        (folder / "planted.json").write_text(json.dumps(ids))
        _called(
            "data", "import-table", "--catalogue", folder / "catalogue.csv",
            "--photometry", data / "photometry.parquet",
            "--exclude", "quality", "--split", "0.9,0.1,0", "--seed", 42, "--out", folder / "survey",
        )  # fmt: skip
    return dict.fromkeys(json.loads((folder / "planted.json").read_text()), "exchanged")


def _rows(folder: Path, what: str, seed: int, planted: dict[str, str], settings: Sequence[str]) -> list[dict]:
    survey = Survey.open(folder / "survey")
    if not (folder / "run" / "status.json").exists():
        _called(
            "training", "pretrain", "--survey", survey.path, "--preset", "fast", "--out", folder / "run",
            *[part for one in settings for part in ("--set", one)],
        )  # fmt: skip
    run = Run.open(folder / "run")
    found, _ = have_outliers(run, survey, Embeddings.open(run, survey))
    scores = baselines(survey, kept_features(survey)) | {name: found.scores[name].to_numpy() for name in found.scores}
    return [
        {"survey": what, "seed": seed, "detector": name, **measured(one, survey.source_ids, planted)}
        for name, one in scores.items()
    ]


def _seeds(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise ConfigError(f"seeds {text!r}: write whole numbers with commas between, such as 1,2,3.") from None


def main(
    out: Annotated[Path, typer.Option("--out", help="CSV file: a row a survey, seed and detector.")],
    work: Annotated[Path, typer.Option("--work", help="Folder for surveys and runs; what it has is used again.")],
    simulated: Annotated[str, typer.Option("--simulated", help="Seeds of simulated surveys.")] = "1,2",
    sources: Annotated[int, typer.Option("--sources", help="Stars of a simulated survey.")] = 5000,
    observed: Annotated[str, typer.Option("--observed", help="Seeds of exchanges in the observed survey.")] = "1,2",
    data: Annotated[Path, typer.Option("--data", help="Folder of catalogue.csv and photometry.parquet.")] = Path(
        "../shared/realdata/eros_lmc"
    ),
    classes: Annotated[str, typer.Option("--classes", help="The two classes that exchange rows.")] = "type2,type3",
    exchanges: Annotated[int, typer.Option("--exchanges", help="Rows of each that are exchanged.")] = 29,
    settings: Annotated[list[str] | None, typer.Option("--set", help="Settings of the training.")] = None,
) -> None:
    """Plant, train, rank, and say what was found."""
    with one_line_errors():
        check_file(out)
        rows: list[dict] = []
        plants: list[tuple[str, int, Callable[[Path, int], dict[str, str]]]] = [
            *(("simulated", seed, lambda place, seed: _simulated(place, seed, sources)) for seed in _seeds(simulated)),
            *(
                ("observed", seed, lambda place, seed: _observed(place, seed, data, classes.split(","), exchanges))
                for seed in _seeds(observed)
            ),
        ]
        for what, seed, plant in plants:
            folder = work / f"{what}-{seed}"
            rows += _rows(folder, what, seed, plant(folder, seed), settings or [])
            with replaced_file(out) as part:
                pd.DataFrame(rows).to_csv(part, index=False, float_format="%.4f")
        if rows:
            shown = pd.DataFrame(rows).groupby(["survey", "detector"], sort=False).mean().drop(columns="seed")
            typer.echo(f"{shown.round(3).to_string()}\n{out}: {len(plants)} surveys.")


if __name__ == "__main__":
    typer.run(main)
