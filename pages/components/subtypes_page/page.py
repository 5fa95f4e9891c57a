"""The subtypes page: which class, its clusters on the map, and the sections that compare them."""

from functools import partial

import streamlit as st

from m3core.classifier.prediction_table import csv_text
from m3core.subtypes.clusters import Subtypes, find_subtypes, subtype_table
from m3core.subtypes.mixture_split import DEEP, GAIN
from m3core.survey import Survey
from pages.components import jobs, links, pick, resources, state
from pages.components.border import guarded
from pages.components.selected_line import selected_line
from pages.components.subtypes_page.compared import columns, curves
from pages.components.subtypes_page.seen import seen
from pages.components.text import literal, sentence

__all__ = ["subtypes_page"]

HINT = "Click a point, take the box or the lasso, or select a cluster: every page keeps the selection."

SHOWN = "subtypes_shown"


def subtypes_page(survey_name: str, run_name: str) -> None:
    """The clusters within one class."""
    survey = resources.survey(survey_name)
    st.title("Subtypes")
    if not survey.classes:
        st.info(
            "No source of this survey has a label, so there is no class to look into: import one with labels, or look "
            "at the map.",
            icon=":material/label_off:",
        )
        keep = state.link_parameters()
        st.page_link(links.IMPORT, label="Import files", icon=":material/upload_file:", query_params=keep)
        st.page_link(links.MANIFOLD, label="Open the map", icon=":material/scatter_plot:", query_params=keep)
        return
    counts = survey.sources["label"].value_counts()
    largest = max(survey.classes, key=lambda one: int(counts.get(one, 0)))  # a small class has too few to tell
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = st.selectbox(
            "Class", survey.classes, survey.classes.index(largest), key=f"subtypes_class_{survey.hash[:8]}", width=260,
            persist_state="session",
            format_func=lambda one: f"{one} ({counts.get(one, 0):,})",
        )  # fmt: skip
        export = st.container(width="content")
    key = job_key(survey_name, run_name, label)
    found = _found(key, survey, survey_name, run_name, label)
    if found is None:
        return
    with export:
        st.download_button(
            f"Download {len(found.rows):,} rows as CSV", partial(csv_text, subtype_table(found)),
            file_name=f"{survey.path.name}-{label}-subtypes.csv", mime="text/csv", key="subtypes_download",
            on_click="ignore", icon=":material/download:",
            help="Every star of the class: source_id, cluster, confidence.",
        )  # fmt: skip
    _verdict(found)
    if state.is_new_page() or st.session_state.get(SHOWN) != key:
        pick.forget()
        st.session_state[SHOWN] = key
    selected_line(survey, survey_name, HINT)
    _section(survey_name, run_name, key, found)
    if len(found.sizes) == 1:
        st.caption("With one cluster there is nothing to compare: choose another class, or another run in the sidebar.")
        return
    columns(survey, found)
    curves(survey, key, found)


def job_key(survey_name: str, run_name: str, label: str) -> str:
    """Of the search for the subtypes of a class: other for other weights or another survey."""
    run = resources.run(run_name)
    made_by = resources.embeddings(run_name, survey_name).hash[:16]
    return f"subtypes {run.path} {resources.weights_stamp(run)} {made_by} {label}"


def _found(key: str, survey: Survey, survey_name: str, run_name: str, label: str) -> Subtypes | None:
    embeddings = resources.embeddings(run_name, survey_name)

    def work(report: jobs.Progress) -> Subtypes:
        return find_subtypes(embeddings, survey, label, report)

    note = f"Clusters of {literal(label)} are looked for: seconds for a hundred stars, half a minute for thousands."
    return jobs.awaited(key, "Looking for clusters", work, note=note, again="Look again")


def _verdict(found: Subtypes) -> None:
    several = len(found.sizes) > 1
    st.markdown(f"**{sentence(found.sentences[0])}**")
    for one in found.sentences[1:]:
        st.caption(sentence(one))
    with st.popover("How this is decided", icon=":material/functions:"):
        st.markdown(
            f"""
A class is cut in two where both hold:

- **BIC gain** = BIC(one Gaussian) − BIC(two with one covariance), BIC = k ln n − 2 ln L; any number, higher speaks
  for two; at least {GAIN:g} a star.
- **Valley** = least density between the two peaks / density of the lower peak, on the axis that parts the two sides,
  each star placed by an axis fitted without it; 0 (an empty gap) to 1 (no gap), lower speaks for two; at most {DEEP:g}.

Each side is then cut again. **Separation** is the distance of the two means in standard deviations within a side,
√((μ₁−μ₀)ᵀ Σ⁻¹ (μ₁−μ₀)): 0 upwards, higher is better apart; it decides nothing. **Confidence** is the posterior
probability of a star's cluster under the mixture, 0 to 1, higher is surer. It compares the clusters with one another,
and does not say whether the star belongs to the class. Clusters are numbered by size, 0 the largest.
"""
        )
    if several:
        st.caption(
            "Clusters are differences that the model has learnt. Whether they are kinds of stars or kinds of "
            "observations, the columns, spectra and curves below have to tell."
        )


@st.fragment(key=pick.SECTION)
@guarded
def _section(survey_name: str, run_name: str, key: str, found: Subtypes) -> None:
    seen(survey_name, run_name, key, found)
