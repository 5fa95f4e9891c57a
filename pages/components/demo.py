"""First start: an empty workspace is given the demo, and the browser is taken to its map."""

import os

import streamlit as st

from demo import NAME, OPTIONS
from demo.install import install, is_wanted
from pages.components import jobs, links, state
from training import process

__all__ = ["first_start"]

JOB = "demo"


def first_start() -> bool:
    """Make the demo where there is nothing else to open; M3_DEMO=off leaves an empty workspace empty.

    Returns:
        Whether the page belongs to the demo.
    """
    if os.environ.get("M3_DEMO") == "off":
        return False
    found = jobs.job(JOB)
    if found is None:
        if not is_wanted(state.workspace()):
            return False
        found = jobs.start(JOB, "The demo", _make)
    if found.is_alive():
        st.title("Welcome to M3 Explorer")
        st.markdown(
            f"Your workspace is empty, so it opens with a demo: {OPTIONS.sources:,} **simulated** variable stars with "
            "light curves, spectra and catalogue columns, and a model trained on them. It takes some seconds, once."
        )
        st.page_link(links.IMPORT, label="Your own data", icon=":material/upload_file:")
        jobs.show_progress(JOB)
        return True
    if found.fault:  # the job stays: a demo that was stopped does not begin again by itself
        jobs.show_fault(found)
        if is_wanted(state.workspace()):
            st.button("Make the demo after all", on_click=jobs.forget, args=(JOB,))
        return False
    jobs.forget(JOB)
    state.choose(survey=NAME, run=NAME)
    links.follow(links.MANIFOLD, "Open the map of the demo")
    return True


def _make(report: jobs.Progress) -> None:
    workspace = state.workspace()
    if not install(workspace, report):
        process.embed(workspace.run(NAME), workspace.survey(NAME), report)
