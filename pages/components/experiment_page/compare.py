"""Two methods of an experiment, or any two runs, on the same test stars."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from m3core.experiment.folder import TRAINED, Cell, Experiment, Row
from m3core.experiment.run_comparison import compare_runs, how_guessed
from m3core.experiment.table import Compared, compare_rows
from m3core.workspace.run import Run
from m3core.workspace.run_table import FIRST_COLUMNS, run_table
from pages.components import jobs, resources, state
from pages.components.tables import dataframe
from pages.components.text import literal, sentence

__all__ = ["compare_methods", "compare_two_runs"]


def compare_methods(name: str) -> None:
    """Two rows of the table, over the seeds in which both are done."""
    experiment = resources.experiment(name)
    rows = {
        row.title: row for row in experiment.plan.rows if any(experiment.has(cell) for cell in _cells(experiment, row))
    }
    if len(rows) < 2:
        st.info("Fewer than two rows of the table have a cell yet.")
        return
    titles = list(rows)
    first, second = _two("methods", titles, *_pair(rows))
    found: Compared | None = resources.of_experiment(name, compare_rows, rows[first], rows[second])
    if found is None:
        st.info("There is no seed in which both are done.")
        return
    _numbers(found, first, second)
    st.caption(
        f"{found.n_stars:,} test stars of {found.n_repeats} {'seeds' if found.n_repeats > 1 else 'seed'}, those that "
        f"have what both methods read; {found.n_first_alone:,} are told right by the first alone, "
        f"{found.n_second_alone:,} by the second alone."
    )
    folders = {
        title: experiment.run_of(next(cell for cell in _cells(experiment, rows[title]) if experiment.has(cell)))
        for title in dict.fromkeys((first, second))
        if rows[title].method in TRAINED
    }
    _settings(folders)


def _cells(experiment: Experiment, row: Row) -> list[Cell]:
    return [Cell(seed, row) for seed in experiment.plan.seeds]


def _pair(rows: dict[str, Row]) -> tuple[int, int]:
    """Where to begin: with the last row from CLIP, the fewest labels of all modalities, and the same from scratch."""
    of = {(row.modality, row.labels, row.method): place for place, row in enumerate(rows.values())}
    for modality, labels, method in reversed(of):
        if method == "clip" and (modality, labels, "scratch") in of:
            return of[modality, labels, "clip"], of[modality, labels, "scratch"]
    return 0, 1


def compare_two_runs() -> None:
    """Any two runs of the workspace, on the chosen survey."""
    survey_name = state.chosen().survey
    assert survey_name is not None
    folders = state.workspace().run_folders()
    answers = [name for name, folder in folders.items() if Run(folder).has_checkpoint or Run(folder).is_given]
    ready = [name for name in resources.runs_of_survey(survey_name, tuple(folders)) if name in answers]
    names = [*ready, *(name for name in answers if name not in ready)]
    if len(names) < 2:
        st.info(
            "Two runs with a checkpoint are needed to compare: train a model or fine-tune a classifier with the form "
            "in the sidebar.", icon=":material/compare_arrows:",
        )  # fmt: skip
        return
    first, second = _two("runs", names, 0, 1)
    if first == second:
        st.info("Choose two different runs.")
        return
    survey = resources.survey(survey_name)
    runs = [resources.run(name) for name in (first, second)]

    def work(report: jobs.Progress) -> Any:
        report(0.0, f"Asking both runs for the classes of {len(survey):,} sources")
        return compare_runs(*runs, survey)

    stamps = [resources.weights_stamp(run) for run in runs]
    key = f"compare {[str(run.path) for run in runs]} {stamps} {survey.hash}"
    note = "What each run says of every source is computed once."
    found = jobs.awaited(key, "The comparison", work, note=note, again="Compare again")
    if found is None:
        return
    _numbers(found.compared, first, second)
    done = found.compared
    p = "" if np.isnan(done.mcnemar) else f" (McNemar's exact test: p = {done.mcnemar:.2g}, 0 to 1, lower is stronger)"
    st.caption(
        f"{done.n_stars:,} labelled stars of the {found.split} split of {literal(survey_name)}; "
        f"{done.n_first_alone:,} are told right by the first alone, {done.n_second_alone:,} by the second alone{p}. "
        "The first is judged by "
        f"{how_guessed(runs[0])}, the second by {how_guessed(runs[1])}."
    )
    for line in found.sentences:
        st.warning(sentence(line))
    _settings({run.name: run.path for run in runs})


def _two(what: str, titles: list[str], *start: int) -> tuple[str, str]:
    left, right = st.columns(2)
    with left:
        first = st.selectbox("First", titles, index=start[0], key=f"experiment_{what}_first")
    with right:
        second = st.selectbox("Second", titles, index=start[1], key=f"experiment_{what}_second")
    return first, second


def _numbers(found: Compared, first: str, second: str) -> None:
    formats = {"first": "%.1f %%", "second": "%.1f %%", "difference": "%+.1f", "low": "%+.1f", "high": "%+.1f"}
    shown = found.table.assign(
        metric=[name.replace("_", " ") for name in found.table["metric"]],
        **{name: 100 * found.table[name] for name in formats},
    )
    about = {
        "metric": ("score", "accuracy: right / all; balanced accuracy: mean of right / members over the classes that "
                   "occur; macro recall: the same over all classes, 0 for one without a star"),
        "first": ("first", f"{first}; 0 to 100 %, higher is better; mean over the seeds"),
        "second": ("second", f"{second}; 0 to 100 %, higher is better; mean over the seeds"),
        "difference": ("difference", "first less second, percent points; above 0: the first is better"),
        "low": ("95 % from", "lower end of the paired bootstrap interval of the difference: both on the same drawn "
                "seeds and stars, 2,000 draws; above 0: the first is better beyond chance"),
        "high": ("to", "upper end; under 0: the second is better beyond chance"),
        "p": ("p", "paired two-sided t-test over the seeds; 0 to 1, lower is stronger; empty with one"),
    }  # fmt: skip
    dataframe(
        shown, key=f"compared_{len(first)}_{len(second)}",
        column_config={
            name: st.column_config.TextColumn(title, help=text) if name == "metric"
            else st.column_config.NumberColumn(title, help=text, format=formats.get(name, "%.2g"))
            for name, (title, text) in about.items()
        },
        alt="Scores of the two and their difference with its paired interval",
    )  # fmt: skip
    st.caption(
        "Difference: first less second, percent points; its 95 % interval is a paired bootstrap on the same stars. An "
        "interval that holds 0 shows no difference."
    )


def _settings(folders: dict[str, Path]) -> None:
    """Settings in which runs differ, a row a setting."""
    if len(folders) < 2:
        return
    table = run_table(folders).set_index("run")
    differing = table.drop(columns=[name for name in FIRST_COLUMNS if name in table]).T
    if differing.empty:
        st.caption("Their settings are the same.")
        return
    st.markdown("**Settings that differ**")
    shown = pd.DataFrame(differing).rename_axis("setting").reset_index()
    dataframe(shown, key="experiment_settings", alt="Settings in which the two differ")
