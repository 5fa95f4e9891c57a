"""First start: an empty workspace is given the demo, and the browser is taken to its map."""

import os

import streamlit as st

from demo import NAME, OPTIONS
from demo.install import install, is_wanted
from pages.components import jobs, links, state
from pages.components.lists import make_lists
from training import process

__all__ = ["first_start", "wait_for_demo"]

JOB = "demo"


def first_start() -> bool:
    """On the start page: make the demo where there is nothing else to open, and go to its map.

    Returns:
        Whether the page belongs to the demo.
    """
    if _is_made():
        links.follow(links.MANIFOLD, "Open the map of the demo")
        return True
    return _is_at_work()


def wait_for_demo() -> bool:
    """On any other page without a survey, or with the demo's before its run is there: the same, and the page goes on
    with the demo once it is whole.

    Returns:
        Whether it is being made; the page then shows how far.
    """
    if _is_made():
        st.rerun()
    return _is_at_work()


def _is_made() -> bool:
    """Start the demo where the workspace is empty (M3_DEMO=off leaves it empty); whether it has just come to its end,
    which the first page that asks is told, once, with the demo chosen."""
    if os.environ.get("M3_DEMO") == "off":
        return False
    found = jobs.job(JOB)
    if found is None:
        if is_wanted(state.workspace()):
            jobs.start(JOB, "The demo", _make)
        return False
    if found.is_alive() or found.fault:
        return False
    jobs.forget(JOB)
    state.choose(survey=NAME, run=NAME)
    return True


def _is_at_work() -> bool:
    """Whether it is, with a bar; where it ended early, why."""
    found = jobs.job(JOB)
    if found is None:
        return False
    if not found.fault:  # alive, or at its end since it was last asked: the bar reruns the page
        st.title("Welcome to M3 Explorer")
        st.markdown(
            f"Your workspace is empty, so it opens with a demo: {OPTIONS.sources:,} **simulated** variable stars with "
            "light curves, spectra and catalogue columns, and a model trained on them. It takes half a minute, once."
        )
        st.page_link(links.IMPORT, label="Your own data", icon=":material/upload_file:")
        jobs.show_progress(JOB)
        return True
    jobs.show_fault(found)  # the job stays: a demo that was stopped does not begin again by itself
    if is_wanted(state.workspace()):
        st.button("Make the demo after all", on_click=jobs.forget, args=(JOB,))
    return False


def _make(report: jobs.Progress) -> None:
    workspace = state.workspace()
    has_map = install(workspace, report)
    run, survey = workspace.run(NAME), workspace.survey(NAME)
    if not has_map:
        process.embed(run, survey, report, lists=False)
    make_lists(run, survey)
