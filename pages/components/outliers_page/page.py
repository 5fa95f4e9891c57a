"""The outliers page: the list beside the source that is looked at, and below how far the detectors agree."""

from functools import partial

import streamlit as st

from m3core.classifier.prediction_table import csv_text
from m3core.outliers.score import Outliers, outlier_table
from m3core.outliers.store import have_outliers, is_current, outliers_folder
from m3core.survey import Survey
from m3core.workspace.verdicts import Verdicts
from pages.components import jobs, links, resources, state
from pages.components.border import guarded
from pages.components.lists import await_list
from pages.components.outliers_page.agree import agree
from pages.components.outliers_page.formulas import formulas
from pages.components.outliers_page.listing import Listing, listing
from pages.components.outliers_page.verdict_panel import opened_next, verdict_panel
from pages.components.outliers_page.why import why
from pages.components.text import sentence
from pages.components.verdicts import kept_verdicts
from pages.components.viewer import viewer

__all__ = ["outliers_page"]

LIST = "outliers"

NOTE = (
    "Every source is measured and predicted from its other modalities: about a minute for twenty thousand sources on "
    "two free cores. The list is kept with the run; a training or an embedding makes it at its end."
)


def outliers_page(survey_name: str, run_name: str) -> None:
    """Odd sources, one after the other."""
    survey, run = resources.survey(survey_name), resources.run(run_name)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.title("Outliers")
        export = st.container(width="content")
    key = job_key(survey_name, run_name)
    found = _found(key, survey, survey_name, run_name)
    if found is None:
        return
    with export:
        st.download_button(
            f"Download {len(found.scores):,} rows as CSV", partial(_csv, found), key="outliers_download",
            file_name=f"{survey.path.name}-{run.name}-outliers.csv", mime="text/csv", on_click="ignore",
            icon=":material/download:", help="Every source, oddest first, with a column a detector.",
        )  # fmt: skip
    for one in found.sentences:
        st.caption(sentence(one))
    verdicts = Verdicts.open(run, survey, LIST)
    _work(survey, found, verdicts, f"{survey.path.name}-{run.name}")
    agree(found, key)


def _csv(found: Outliers) -> str:
    return csv_text(outlier_table(found))


def job_key(survey_name: str, run_name: str) -> str:
    """Of the search for outliers: other for other weights or another survey."""
    made_by = resources.embeddings(run_name, survey_name).hash[:16]
    return f"outliers {resources.run(run_name).path} {resources.survey(survey_name).hash[:16]} {made_by}"


def _found(key: str, survey: Survey, survey_name: str, run_name: str) -> Outliers | None:
    run, embeddings = resources.run(run_name), resources.embeddings(run_name, survey_name)
    if jobs.job(key) is None and outliers_folder(run, survey).is_dir() and not is_current(run, survey, embeddings):
        st.info(
            "The list that was kept is out of date: the model or the way to find outliers has changed. It is made "
            "anew.",
            icon=":material/update:",
        )

    def work(report: jobs.Progress) -> Outliers:
        await_list(run, survey, lambda: is_current(run, survey, embeddings), report)
        return have_outliers(run, survey, embeddings, report)[0]

    return jobs.awaited(key, "Looking for outliers", work, note=NOTE, again="Look again")


@st.fragment(key="outliers_work")
@guarded
def _work(survey: Survey, found: Outliers, verdicts: Verdicts, name: str) -> None:
    left, right = st.columns([5, 6], gap="medium")
    with left:
        shown = listing(survey, found, verdicts)
        formulas(found)
        kept_verdicts(verdicts, name)
    with right:
        _source(survey, found, verdicts, shown)


def _source(survey: Survey, found: Outliers, verdicts: Verdicts, shown: Listing) -> None:
    opened_next(shown.order, shown.answered, is_learned=shown.is_learned)
    source_id = state.chosen().source
    if source_id is None or source_id not in survey.sources.index:
        if not shown.order:
            return
        source_id = shown.order[0]
    verdict_panel(verdicts, source_id, shown.order)
    why(survey, found, source_id)
    viewer(survey, source_id, around=shown.order, page=links.SOURCE, wide=False)
