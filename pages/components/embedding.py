"""Offer to embed a survey by a run, and show how that goes."""

import streamlit as st

from pages.components import jobs, links, resources, state
from pages.components.lists import make_lists
from pages.components.text import literal, sentence
from training import process

__all__ = ["offer"]


def offer(run_name: str, survey_name: str, why: str) -> None:
    """One sentence on what is missing and the button that makes it; the bar while it is being made."""
    key = f"embed {run_name} {survey_name}"
    found = jobs.job(key)
    if found is not None and found.is_alive():
        st.subheader("Embedding and mapping")
        jobs.show_progress(key)
        return
    run, survey = resources.run(run_name), resources.survey(survey_name)
    if found is not None:
        jobs.show_fault(found)
    status = run.status()
    if status.state.is_active:
        st.info(f"Run {literal(run_name)} is at work ({status.state}): its map is made at the end of the training.")
        st.page_link(links.TRAINING, label="Watch it", icon=":material/trending_down:")
        return
    if run.is_given:
        st.info(
            f"Run {literal(run_name)} holds embeddings from elsewhere, and none of {literal(survey_name)}: it has no "
            "model to make them. Choose the survey that they are of, or another run."
        )
        _other_map(run_name)
        return
    if not run.has_checkpoint:
        st.info(f"Run {literal(run_name)} has no checkpoint yet: resume it, or choose another run in the sidebar.")
        st.page_link(links.TRAINING, label="Open the run", icon=":material/trending_down:")
        return
    if resources.model_config(run_name).head == "features":
        st.info(
            f"Run {literal(run_name)} is a classifier of one modality's features: it has no embeddings, and no map."
        )
        _other_map(run_name)
        return
    st.info(sentence(why.partition(": make")[0]))
    _other_map(run_name)
    if st.button(f"Embed {literal(survey_name)} with {literal(run_name)}", type="primary"):

        def work(report: jobs.Progress) -> None:
            process.embed(run, survey, report, lists=False)
            make_lists(run, survey)

        jobs.start(key, "The embedding", work)
        st.rerun()


def _other_map(run_name: str) -> None:
    mapped = state.mapped_run()
    if mapped not in (None, run_name):
        st.page_link(
            links.MANIFOLD, label=f"Open the map of {literal(mapped)}", icon=":material/scatter_plot:",
            query_params=state.link_parameters(run=mapped),
        )  # fmt: skip
