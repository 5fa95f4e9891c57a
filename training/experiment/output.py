"""The files that an experiment leaves for a paper: CSV, LaTeX and figures, from the cells that are done."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
from plotly.offline import get_plotlyjs

from m3core.classifier.prediction_table import write_table
from m3core.experiment.folder import METHODS, Experiment
from m3core.experiment.latex import escaped, tabular
from m3core.experiment.resampling import METRICS
from m3core.experiment.table import cell_table, score_table
from m3core.figures.experiment import experiment_figure
from m3core.files import replaced_file

__all__ = ["latex_table", "sentences", "write_tables"]


def write_tables(experiment: Experiment, known: Sequence[str] = ()) -> list[str]:
    """Write cells.csv, table.csv, table.tex, notes.txt and the figures.

    Args:
        known: sentences of the survey, to stand in the notes (training.experiment.plan.untaught).

    Returns:
        What the tables show, and what they cannot.
    """
    table, out = score_table(experiment), experiment.path
    write_table(cell_table(experiment), out / "cells.csv")
    write_table(table, out / "table.csv")
    said = [*sentences(experiment, table), *known]
    for name, text in (("table.tex", latex_table(experiment, table)), ("notes.txt", "\n".join(said) + "\n")):
        with replaced_file(out / name) as part:
            part.write_text(text, encoding="utf-8", newline="\n")
    for metric in METRICS:
        _write_figure(table, metric, out / "figures")
    return said


def _write_figure(table: pd.DataFrame, metric: str, folder: Path) -> None:
    figure = experiment_figure(table, metric)
    name = metric.replace("_", "-")
    script = folder / "plotly.min.js"  # once beside the figures: they open without a network
    if not script.is_file():
        with replaced_file(script) as part:
            part.write_text(get_plotlyjs(), encoding="utf-8")
    with replaced_file(folder / f"{name}.html") as part:
        figure.write_html(part, include_plotlyjs=script.name, div_id=name)
    with replaced_file(folder / f"{name}.json") as part:
        figure.write_json(part)
    if has_renderer():
        for ending in ("svg", "png"):
            with replaced_file(folder / f"{name}.{ending}") as part:
                figure.write_image(part, format=ending, width=1200)


def has_renderer() -> bool:
    """Whether plotly can draw SVG and PNG: kaleido, which brings or needs a browser, is not among our requirements."""
    return find_spec("kaleido") is not None


def sentences(experiment: Experiment, table: pd.DataFrame) -> list[str]:
    """What has to be known to read the table, a sentence each."""
    plan, asked = experiment.plan, experiment.asked
    n_done = sum(experiment.has(cell) for cell in plan.cells)
    said = [
        f"{n_done} of {len(plan.cells)} cells done: {_seeds(experiment)}, each with its own split of 80, 10 and "
        "10 % and its own pre-training; no method is given a label of a test star"
    ]
    if experiment.n_further:
        said.append(
            f"{experiment.n_further} further cells, of seeds, shares or modalities that were asked for earlier, lie in "
            "the folder and are not shown: ask for them again to see them"
        )
    if len(plan.seeds) == 1:
        said.append("one seed: no standard deviation and no t-test; intervals are of the test stars alone")
    if asked["minutes_per_cell"]:
        n_cut = int(table["cut"].sum())
        said.append(
            f"the limit of {asked['minutes_per_cell']:g} minutes cut {n_cut} of {n_done} cells (column cut; a "
            "pre-training that was cut counts in every cell that starts from it); repeated, those may differ"
        )
    without = [name for name, methods in plan.methods.items() if "lightgbm" not in methods]
    if without:
        said.append(f"no hand-made features of {', '.join(without)}: trees do not see these")
    if not has_renderer():
        said.append("figures are HTML and JSON; SVG and PNG need kaleido (pip install kaleido), or the page's camera")
    for row in plan.rows:
        if row.method == "clip":
            said += _gain_sentence(table, row.modality, row.labels)
    return said


def _gain_sentence(table: pd.DataFrame, modality: str, labels: float) -> list[str]:
    rows = table[(table["modality"] == modality) & (table["labels"] == labels)].set_index("method")
    if METHODS["scratch"] not in rows.index or METHODS["clip"] not in rows.index:
        return []
    gain = rows.loc[METHODS["scratch"]]
    clip = rows.loc[METHODS["clip"], "accuracy_mean"]
    p = "" if pd.isna(gain["accuracy_gain_p"]) else f", p = {gain['accuracy_gain_p']:.2g}"
    return [
        f"{modality}, {100 * labels:g} % of the labels: from CLIP {clip:.1%}, from scratch "
        f"{gain['accuracy_mean']:.1%}, gain {gain['accuracy_gain']:+.1%} "
        f"({gain['accuracy_gain_low']:+.1%} to {gain['accuracy_gain_high']:+.1%}){p}"
    ]


def latex_table(experiment: Experiment, table: pd.DataFrame) -> str:
    """The table for a paper: percent, mean and standard deviation, interval, gain of CLIP and its p."""
    is_capped, is_published = bool(experiment.asked["minutes_per_cell"]), "published" in table
    titles = [*(metric.replace("_", " ").capitalize() for metric in METRICS), "95 \\%", "CLIP gains", "$p$"]
    titles += [*(["Cut"] if is_capped else []), *(["AJ 2025"] if is_published else [])]
    head = {"Modality": "l", "Labels": "r", "Method": "l", **dict.fromkeys(titles, "r")}
    lines: list[list[str] | None] = []
    group = None
    for row in table.to_dict("records"):
        if group not in (None, (row["modality"], row["labels"])):
            lines.append(None)
        group = (row["modality"], row["labels"])
        scores = [_percent(row[f"{metric}_mean"], row[f"{metric}_std"]) for metric in METRICS]
        interval = f"{100 * row['accuracy_low']:.1f}--{100 * row['accuracy_high']:.1f}"
        gain = "" if pd.isna(row["accuracy_gain"]) else f"${100 * row['accuracy_gain']:+.2f}$"
        p = "" if pd.isna(row["accuracy_gain_p"]) else f"{row['accuracy_gain_p']:.2g}"
        cells = [escaped(row["modality"]), f"{100 * row['labels']:g} \\%", escaped(row["method"]), *scores]
        cells += [interval, gain, p]
        if is_capped:
            cells.append(f"{row['cut']}/{row['seeds']}" if row["cut"] else "")
        if is_published:
            known = not pd.isna(row["published"])
            cells.append(_percent(row["published"], row["published_std"]) if known else "")
        lines.append(cells)
    name = escaped(experiment.asked["survey_name"])
    caption = (
        f"{name}: scores on the test split in percent, mean $\\pm$ standard deviation over "
        f"{_seeds(experiment)}. 95 \\%: bootstrap interval of the accuracy over seeds and test stars. "
        "CLIP gains: accuracy from CLIP less that of the row, on the same stars; $p$: paired t-test over the seeds."
    )
    if is_capped:
        caption += (
            " Cut: seeds whose training, or the pre-training under it, was ended by the limit of "
            f"{experiment.asked['minutes_per_cell']:g} minutes."
        )
    if is_published:
        caption += " AJ 2025: accuracies of the paper."
    return tabular(head, lines, caption)


def _seeds(experiment: Experiment) -> str:
    n = len(experiment.plan.seeds)
    return f"{n} {'seeds' if n > 1 else 'seed'}"


def _percent(mean: float, std: float) -> str:
    spread = "" if pd.isna(std) else f" \\pm {100 * std:.2f}"
    return f"${100 * mean:.2f}{spread}$"
