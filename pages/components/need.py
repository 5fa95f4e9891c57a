"""What a page needs before it can answer: where it is missing, one sentence and the next step."""

import streamlit as st

from demo import NAME as DEMO
from m3core.embeddings.manifold import Maps
from m3core.errors import M3Error
from m3core.survey import Survey
from pages.components import embedding, links, resources, state
from pages.components.demo import wait_for_demo
from pages.components.training_form import open_training_form

__all__ = ["need_maps", "need_run", "need_survey"]


def need_survey() -> Survey:
    """The chosen survey; without one the page ends here."""
    name = state.chosen().survey
    if name in (None, DEMO) and wait_for_demo():  # someone went on while the start page was laying it out
        st.stop()
    if name is None:
        st.info("There is no survey yet: import your own files first.", icon=":material/dataset:")
        st.page_link(links.IMPORT, label="Import files", icon=":material/upload_file:")
        st.stop()
    return resources.survey(name)


def need_run() -> str:
    """The name of the chosen run; without one the page ends here."""
    name = state.chosen().run
    if name is None:
        st.info("No model has been trained on this survey yet.", icon=":material/trending_down:")
        open_training_form()
        st.stop()
    return name


def need_maps() -> Maps:
    """The maps of the chosen survey by the chosen run; without them the page offers to make them and ends here."""
    need_survey()
    run_name, survey_name = need_run(), state.chosen().survey
    assert survey_name is not None
    try:
        resources.embeddings(run_name, survey_name)  # now, and not at the first click, which asks for neighbours
        return resources.maps(run_name, survey_name)
    except M3Error as fault:
        embedding.offer(run_name, survey_name, str(fault))
        st.stop()
