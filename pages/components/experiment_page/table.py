"""The table of an experiment with every column explained, its figure, and its files."""

from typing import Any

import pandas as pd
import streamlit as st

from m3core.classifier.prediction_table import csv_text
from m3core.experiment.folder import Experiment
from m3core.experiment.resampling import METRICS
from m3core.experiment.table import cell_table, describe_column, score_table
from m3core.figures.experiment import experiment_figure
from pages.components import resources
from pages.components.figure import show
from pages.components.tables import dataframe, height
from pages.components.text import literal

__all__ = ["files", "table"]

ENDINGS = {
    "mean": "{} [%]", "std": "± std", "low": "95 % from", "high": "to", "gain": "CLIP gains [%]",
    "gain_low": "95 % from ", "gain_high": "to ", "gain_p": "p",
}  # fmt: skip
"""Ending of a column -> its short title; '{}' is the metric. A trailing space tells two of one name apart."""

EVERY = "every row"


def table(name: str) -> None:
    """One metric of the table, and its figure."""
    found: pd.DataFrame = resources.of_experiment(name, score_table)
    if found.empty:
        st.info("No cell is done yet: the first ones, trees on hand-made features, take seconds.")
        return
    metric, shown = _choice(found)
    _table(shown, metric)
    show(
        experiment_figure(found, metric), name="experiment_figure",
        alt=f"{metric.replace('_', ' ')} against the share of labels, a panel a modality, a line a method",
    )  # fmt: skip
    st.caption(
        "Points: mean over the seeds; bars: 95 % bootstrap intervals over seeds and test stars. Higher is better. "
        "Lines of one panel share their test stars: whether two differ is told by the interval of their gain, not by "
        "whether their bars overlap."
    )


def _choice(found: pd.DataFrame) -> tuple[str, pd.DataFrame]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        metric = st.segmented_control(
            "Score", METRICS, default=METRICS[0], required=True, key="experiment_metric", persist_state="session",
            format_func=lambda name: name.replace("_", " ").capitalize(),
        )  # fmt: skip
        names = [EVERY, *dict.fromkeys(found["modality"])]
        modality = st.selectbox("Modality", names, key="experiment_modality", width=200)
        shares = [EVERY, *dict.fromkeys(found["labels"])]
        share = st.selectbox(
            "Labels", shares, key="experiment_share", width=160,
            format_func=lambda one: one if one == EVERY else f"{100 * one:g} %",
        )  # fmt: skip
    if modality != EVERY:
        found = found[found["modality"] == modality]
    return metric, found if share == EVERY else found[found["labels"] == share]


def _table(shown: pd.DataFrame, metric: str) -> None:
    scores = {f"{metric}_{ending}": title.format(metric.replace("_", " ")) for ending, title in ENDINGS.items()}
    rest = ["seeds", "n_labels", "n_test", "cut"]
    published = [name for name in ("published", "published_std", "published_p") if name in shown]
    order = ["modality", "labels", "method", *scores, *published, *rest]
    published_titles = {"published": "AJ 2025 [%]", "published_std": "±", "published_p": "p of AJ 2025"}
    titles = {**scores, **published_titles, "n_labels": "labels used", "n_test": "test stars"}
    percent = {name: 100 * shown[name] for name in order if name == "labels" or _is_score(name)}
    dataframe(
        shown[order].assign(**percent), key="experiment_table",
        height=height(shown, 600),
        column_config={name: _column(name, titles.get(name, name.replace("_", " "))) for name in order},
        alt="Scores of every method, modality and share of the labels",
    )  # fmt: skip
    if n_cut := int(shown["cut"].sum()):
        st.caption(
            f"{n_cut} of {int(shown['seeds'].sum())} cells shown rest on a training that the limit of minutes ended "
            "(column cut); a pre-training that was ended counts in every cell that starts from it."
        )
    if "published" in shown and metric != METRICS[0]:
        st.caption("The published scores are accuracies.")
    with st.expander("What the columns are"):
        lines = [
            f"- **{literal(titles.get(name, name)).strip()}**: {literal(describe_column(name), 400)}" for name in order
        ]
        st.markdown("\n".join(["Scores and gains: percent here, 0 to 1 in the files.", "", *lines]))


def _column(name: str, title: str) -> Any:
    text = describe_column(name)
    if name in ("modality", "method"):
        return st.column_config.TextColumn(title, help=text, pinned=True)
    if name == "labels":
        return st.column_config.NumberColumn(title, help=text, format="%g %%", pinned=True)
    if name in ("seeds", "n_labels", "n_test", "cut"):
        return st.column_config.NumberColumn(title, help=text, format="%.0f")
    if name.endswith("_p"):
        return st.column_config.NumberColumn(title, help=text, format="%.2g")
    return st.column_config.NumberColumn(title, help=f"In percent: {text}", format="%.1f")


def _is_score(name: str) -> bool:
    """Whether a column is a share, shown in percent; p is none."""
    return name.startswith((*METRICS, "published")) and not name.endswith("_p")


def files(name: str) -> None:
    """Downloads, what has to be known to read the table, and where the rest lies."""
    experiment: Experiment = resources.experiment(name)
    whole: pd.DataFrame = resources.of_experiment(name, score_table)
    cells: pd.DataFrame = resources.of_experiment(name, cell_table)
    with st.container(horizontal=True):
        _download("Table, CSV", csv_text(whole), f"{name}-table.csv", "text/csv")
        _download("Every cell, CSV", csv_text(cells), f"{name}-cells.csv", "text/csv")
        if (experiment.path / "table.tex").is_file():
            text = (experiment.path / "table.tex").read_text(encoding="utf-8")
            _download("Table, LaTeX", text, f"{name}-table.tex", "text/x-tex")
    if (experiment.path / "notes.txt").is_file():
        notes = (experiment.path / "notes.txt").read_text(encoding="utf-8").splitlines()
        st.markdown("\n".join(f"- {literal(line, 400)}" for line in notes))
    else:
        st.caption("The LaTeX table, the figures and the notes are written when the first seed is done.")
    st.caption("Where the tables, the figures (HTML, JSON), every run and every prediction lie:")
    st.code(str(experiment.path), language=None)
    with st.expander("What was asked for"):
        st.json(experiment.asked, expanded=1)


def _download(label: str, text: str, file_name: str, mime: str) -> None:
    st.download_button(label, text, file_name=file_name, mime=mime, icon=":material/download:", on_click="ignore")
