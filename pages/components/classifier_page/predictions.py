"""What the classifier says of every source of a survey: a table, and a file of it."""

from functools import partial

import pandas as pd
import streamlit as st

from m3core.classifier.evaluation import calibration_of
from m3core.classifier.prediction_table import UNKNOWN, csv_text, prediction_table
from m3core.survey import Survey
from pages.components import jobs, links, resources, state
from pages.components.classifier_page.shown import modalities_shown
from pages.components.pick import SECTION, SELECTED
from pages.components.tables import dataframe
from pages.components.text import sentence

__all__ = ["predictions"]

EVERY, DIFFER = "all sources", "other than their label"
NOTHING = "not classified"

JOB, OPENED = "predictions_job", "predictions_opened"
"""Session keys: the job whose table is shown; the (survey, source) of the row that was clicked."""


def predictions(survey_name: str, run_name: str) -> None:
    """Any survey of the workspace, with its options, as a table and as a file."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        surveys = list(state.workspace().survey_folders())
        name = st.selectbox(
            "Survey", surveys, index=surveys.index(survey_name), key=f"predict_survey_{survey_name}", width=150
        )
        names = modalities_shown(run_name)
        threshold = st.slider(
            "Unknown below p =", 0.0, 1.0, 0.0, 0.01, key="predict_unknown", width=170,
            persist_state="session", help="A source whose largest probability is lower is called unknown; 0: none is.",
        )  # fmt: skip
        is_fitted = calibration_of(resources.run(run_name), resources.model_config(run_name).classes).is_fitted
        shift = st.toggle(
            "Correct for class shares", key="predict_shift", persist_state="session", disabled=not is_fitted,
            help="Where classes look as in the training and only their shares differ: these are estimated from the "
            "probabilities by expectation maximisation." + ("" if is_fitted else " Needs calibrated probabilities."),
        )  # fmt: skip
    found = _made(name, run_name, names, threshold or None, shift and is_fitted)
    if found is None:
        return
    table, sentences = found
    st.caption("  \n".join(sentence(one) for one in sentences))  # what a threshold costs, beside its slider
    _table(resources.survey(name), name, run_name, table)


def _made(
    survey_name: str, run_name: str, names: tuple[str, ...], threshold: float | None, shift: bool
) -> tuple[pd.DataFrame, list[str]] | None:
    """The table and what to say of it; while it is being made None, with a bar and Stop in its place."""
    run, survey = resources.run(run_name), resources.survey(survey_name)
    key = f"predict {run.path} {resources.weights_stamp(run)} {survey.hash} {names} {threshold} {shift}"
    before = st.session_state.get(JOB)
    if before not in (None, key) and (job := jobs.job(before)) is not None and not job.is_alive():
        jobs.forget(before)  # a table for each place of the slider would fill the memory
    st.session_state[JOB] = key

    def work(report: jobs.Progress) -> tuple[pd.DataFrame, list[str]]:
        told = f"Classifying {len(survey):,} sources"
        return prediction_table(
            run, survey, names=names, unknown_below=threshold, prior_shift=shift,
            progress=lambda done: report(done, told),
        )  # fmt: skip

    note = "Every source is being classified."
    return jobs.awaited(key, "Classifying", work, note=note, again="Classify")


def _table(survey: Survey, survey_name: str, run_name: str, table: pd.DataFrame) -> None:
    shown = _with_labels(survey, table)
    counts = shown["predicted"].replace("", NOTHING).value_counts()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        which = st.selectbox(
            "Show", [EVERY, DIFFER, *counts.index], key="predict_show", width=260,
            format_func=lambda one: f"{one} ({counts[one]:,})" if one in counts else one,
        )  # fmt: skip
        if which == DIFFER:
            known = shown["label"].notna() & ~shown["predicted"].isin(["", UNKNOWN])
            shown = shown[known & (shown["label"] != shown["predicted"])]
        elif which != EVERY:
            shown = shown[shown["predicted"] == ("" if which == NOTHING else which)]
        st.download_button(
            f"Download {len(table):,} rows as CSV", partial(csv_text, table), key="predict_download",
            file_name=f"{survey.path.name}-by-{resources.run(run_name).name}.csv", mime="text/csv",
            on_click="ignore", type="primary", icon=":material/download:",
            help="Every source: source_id, predicted, p_<class>, modalities.",
        )  # fmt: skip
        if survey_name == state.chosen().survey:
            st.button(
                f"Select these {len(shown):,}", key="predict_select", disabled=shown.empty,
                on_click=_select, args=(list(shown["source_id"]),),
            )  # fmt: skip
        opened = st.session_state.get(OPENED, ("", ""))
        if opened[0] == survey_name:
            links.source_link(opened[1], "· open", survey=survey_name)
        else:
            st.caption("Click a row for its source.", width="content")
    _rows(shown, survey_name)


def _rows(shown: pd.DataFrame, survey_name: str) -> None:
    ids = list(shown["source_id"])

    def clicked() -> None:
        cells = st.session_state["predict_table"]["selection"]["cells"]
        if cells:
            st.session_state[OPENED] = (survey_name, ids[cells[0][0]])
            if survey_name == state.chosen().survey:
                state.choose(source=ids[cells[0][0]])

    number = st.column_config.NumberColumn(format="%.3f", help="0 to 1; those of a row sum to 1")
    dataframe(
        shown, height=330, key="predict_table", on_select=clicked, selection_mode="single-cell",
        column_config={name: number for name in shown.columns if name.startswith("p_")}
        | {"p": st.column_config.NumberColumn("largest p", format="%.3f", help="0 to 1; the probability of the guess")},
        alt="Predictions; choosing a row shows the way to its source",
    )  # fmt: skip


def _with_labels(survey: Survey, table: pd.DataFrame) -> pd.DataFrame:
    """The table with the label and the split beside the guess, and the guess's probability."""
    shown = table.copy()
    probabilities = [name for name in table.columns if name.startswith("p_")]
    shown.insert(2, "p", table[probabilities].max(axis=1))
    shown.insert(3, "label", survey.sources["label"].to_numpy())
    shown.insert(4, "split", survey.sources["split"].to_numpy())
    return shown


def _select(ids: list[str]) -> None:
    state.select_in_order(ids)
    st.rerun([SECTION, SELECTED])
