"""Offer to embed a survey by a run, and show how that goes."""

import re
import subprocess
import sys

import streamlit as st

from m3core.errors import RunError
from m3core.run import Run
from m3core.survey import Survey
from pages.components import jobs, resources
from pages.components.text import literal
from training.process import ROOT

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
    if found is not None and found.fault:
        st.error(literal(found.fault, 500), icon=":material/error:")
    status = run.status()
    if status.state.is_active:
        st.info(f"Run {literal(run_name)} is at work ({status.state}): its map is made at the end of the training.")
        st.page_link("pages/training.py", label="Watch it", icon=":material/trending_down:")
        return
    if not run.has_checkpoint:
        st.info(f"Run {literal(run_name)} has no checkpoint yet: resume it, or choose another run in the sidebar.")
        st.page_link("pages/training.py", label="Open the run", icon=":material/trending_down:")
        return
    st.info(literal(why.partition(": make")[0], 400) + ".")
    if st.button(f"Embed {literal(survey_name)} with {literal(run_name)}", type="primary"):
        jobs.start(key, "The embedding", lambda report: _embed(run, survey, report))
        st.rerun()


def _embed(run: Run, survey: Survey, report: jobs.Progress) -> None:
    """`python -m training embed` as a process, its progress read from what it says."""
    command = ["embed", "--run", str(run.path.resolve()), "--survey", str(survey.path.resolve())]
    process = subprocess.Popen(
        [sys.executable, "-m", "training", *command],
        cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    last = ""
    try:
        assert process.stderr is not None
        for line in process.stderr:
            last = line.strip() or last
            found = re.fullmatch(r"(\w+) (.*?) ?(\d+)%", last)
            if found:
                report(int(found[3]) / 100, f"{found[1].capitalize()} {found[2]}".strip())
        if process.wait():
            raise RunError(last.removeprefix("error: ") or f"the embedding ended with status {process.returncode}.")
    finally:
        process.kill()
        process.wait()
