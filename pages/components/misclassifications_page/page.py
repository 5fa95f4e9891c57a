"""The page Misclassifications: given against predicted classes, the list of suspects, and the one looked at."""

from functools import partial

import pandas as pd
import streamlit as st

from m3core.classifier.prediction_table import csv_text
from m3core.label_issues.table import Suspects, csv_table, kept_suspects, suspects
from m3core.survey import Survey
from m3core.workspace.verdicts import Verdicts
from pages.components import jobs, links, pick, resources, state
from pages.components.border import guarded
from pages.components.lists import await_list
from pages.components.misclassifications_page.corrected import corrected
from pages.components.misclassifications_page.formulas import formulas
from pages.components.misclassifications_page.listing import listing
from pages.components.misclassifications_page.matrix import matrix
from pages.components.misclassifications_page.periods import periods
from pages.components.misclassifications_page.verdict_buttons import verdict_buttons
from pages.components.misclassifications_page.votes import votes
from pages.components.selected_line import selected_line
from pages.components.text import sentence
from pages.components.verdicts import kept_verdicts
from pages.components.viewer import viewer

__all__ = ["job_key", "misclassifications_page"]

LIST = "label-issues"

HINT = "Click a cell of the matrix: its sources are selected, here and on every page."

NOTE = (
    "Light curves are measured, every label is judged by models that never saw it, every period is checked: about a "
    "minute for twenty thousand sources on two free cores. The list is kept with the run, what does not depend on the "
    "model beside the survey: another model's list waits for neither curves nor periods. A training or an "
    "embedding makes it at its end."
)


def misclassifications_page(survey_name: str, run_name: str) -> None:
    """Suspects, one after the other."""
    survey, run = resources.survey(survey_name), resources.run(run_name)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.title("Misclassifications")
        export = st.container(width="content")
    if not survey.classes:
        st.info(
            "No source of this survey has a label, so none can be wrong: import one with labels, or look for outliers.",
            icon=":material/label_off:",
        )
        st.page_link(
            links.IMPORT, label="Import files", icon=":material/upload_file:", query_params=state.link_parameters()
        )
        return
    found = _found(survey, survey_name, run_name)
    if found is None:
        return
    with export:
        st.download_button(
            f"Download {len(found.table):,} rows as CSV", partial(_csv, found.table), key="suspects_download",
            file_name=f"{survey.path.name}-{run.name}-label-issues.csv", mime="text/csv", on_click="ignore",
            icon=":material/download:", help="Every labelled source, most suspect first, with votes and periods.",
        )  # fmt: skip
    st.caption("  \n".join(sentence(one) for one in found.sentences))
    if state.is_new_page():
        pick.forget()
    selected_line(survey, survey_name, HINT, is_counted=False)
    verdicts = Verdicts.open(run, survey, LIST)
    _work(survey, found, verdicts)
    st.divider()
    kept_verdicts(verdicts, f"{survey.path.name}-{run.name}-labels")
    corrected(survey, verdicts)


def _csv(table: pd.DataFrame) -> str:
    return csv_text(csv_table(table))


def job_key(survey_name: str, run_name: str) -> str:
    """Of the search for suspects: other for other weights or another survey."""
    made_by = resources.embeddings(run_name, survey_name).hash[:16]
    return f"label-issues {resources.run(run_name).path} {resources.survey(survey_name).hash[:16]} {made_by}"


def _found(survey: Survey, survey_name: str, run_name: str) -> Suspects | None:
    run, embeddings = resources.run(run_name), resources.embeddings(run_name, survey_name)
    key = job_key(survey_name, run_name)
    if jobs.job(key) is None and (kept := kept_suspects(run, survey, embeddings)) is not None and not kept.is_current:
        st.info(
            "The list that was kept is out of date: the model or the method has changed. It is made anew.",
            icon=":material/update:",
        )

    def is_made() -> bool:
        found = kept_suspects(run, survey, embeddings)
        return found is not None and found.is_current

    def work(report: jobs.Progress) -> Suspects:
        await_list(run, survey, is_made, report)
        return suspects(run, survey, embeddings, report)

    return jobs.awaited(key, "Looking for wrong labels", work, note=NOTE, again="Look again")


@st.fragment(key=pick.SECTION)
@guarded
def _work(survey: Survey, found: Suspects, verdicts: Verdicts) -> None:
    left, right = st.columns([5, 6], gap="medium")
    with left:
        order = listing(survey, found.table, verdicts)
        if found.table["score"].notna().any():
            matrix(survey, found.table)
        formulas()
    with right:
        chosen = state.chosen().source
        source_id = chosen if chosen in found.table["source_id"].to_numpy() else next(iter(order), None)
        if source_id is None:
            st.info("No source is left in the list: change what it shows.", icon=":material/filter_alt_off:")
            return
        row = found.table.set_index("source_id").loc[source_id]
        verdict_buttons(survey, verdicts, source_id, row, order)
        votes(row)
        periods(survey, verdicts, source_id, row)
        with st.expander("The source, with everything the survey holds of it", expanded=True):
            viewer(survey, source_id, around=order, page=links.SOURCE, wide=False)
