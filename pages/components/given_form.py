"""Embeddings from elsewhere become a run of the workspace."""

from functools import partial

import streamlit as st

from m3core.embeddings.given import adopt_embeddings, read_embeddings, read_ids
from pages.components import jobs, resources, state
from pages.components.border import sentences
from pages.components.text import literal, sentence

__all__ = ["given_form"]

JOB = "adopt embeddings"


def given_form(survey_name: str) -> None:
    """Files, a name, and the button; the bar while the maps are made."""
    with st.expander("Embeddings from elsewhere", icon=":material/input:", key="given_form"), sentences():
        found = jobs.job(JOB)
        if found is not None and found.is_alive():
            jobs.show_progress(JOB)
            return
        if found is not None:
            _ended(found)
        st.caption(
            f"Of the survey {literal(survey_name)}: parquet with source_id and lists of numbers (a column a modality), "
            "or .npy, (sources, dimensions), in the survey's order or with its ids beside it. They are L2-normalised "
            "and mapped, and stand in for a run's on every page; new stars cannot be embedded with them."
        )
        files = st.file_uploader("Embeddings", type=["npy", "parquet"], accept_multiple_files=True, key="given_files")
        ids = None
        if any(file.name.lower().endswith(".npy") for file in files):
            ids = st.file_uploader(
                "Ids of the .npy rows, one a line", type=["txt", "csv", "npy"], key="given_ids",
                help="Without it the rows are taken in the survey's order.",
            )  # fmt: skip
        name = st.text_input("Name of the run", value=state.workspace().free_run_name("elsewhere"), key="given_name")
        if st.button("Make a run of them", key="given_make", disabled=not files, type="primary"):
            out = state.workspace().new_run(name.strip())
            order = None if ids is None else read_ids(ids.name, ids.getvalue())
            read = [read_embeddings(file.name, file.getvalue(), order) for file in files]
            survey = resources.survey(survey_name)

            def work(report: jobs.Progress) -> tuple[str, list[str]]:
                say = partial(_say, report)
                return out.name, adopt_embeddings(survey, read, out, say)

            jobs.start(JOB, "Mapping the embeddings", work)
            st.rerun()


def _say(report: jobs.Progress, done: float, what: str) -> None:
    report(done, f"Mapping {what}")


def _ended(found: jobs.Job) -> None:
    jobs.show_fault(found)
    if found.result is not None:
        name, notes = found.result
        st.success(f"Run {literal(name)} is made. " + " ".join(sentence(note) for note in notes))
        st.button("Choose it", key="given_choose", on_click=_choose, args=(name,))


def _choose(name: str) -> None:
    jobs.forget(JOB)
    state.choose(run=name)
