"""Signal to noise and amplitude of every observation: read once for each survey, beside the page."""

import pandas as pd
import streamlit as st

from m3core.measures import measure_survey
from m3core.survey import Survey
from pages.components import jobs

__all__ = ["measured", "measures_if_done"]

PATIENCE = 0.8
"""Seconds to wait before a bar is shown: a few thousand light curves are done by then."""


def measures_if_done(survey: Survey) -> pd.DataFrame | None:
    """The measures, where they have been made."""
    found = jobs.job(_key(survey))
    return None if found is None else found.result


def measured(survey: Survey) -> pd.DataFrame | None:
    """The measures of a survey; while they are being made None, with a bar in their place."""
    key = _key(survey)
    found = jobs.start_once(key, "Measuring", lambda report: measure_survey(survey, report))
    found.join(PATIENCE)
    if found.is_alive():
        st.caption("Every light curve and spectrum is being read, once: the page can be used meanwhile.")
        jobs.show_progress(key)
        return None
    jobs.show_fault(found)
    if found.result is None:
        st.button("Measure again", key=f"again_{key}", on_click=jobs.forget, args=(key,))
    return found.result


def _key(survey: Survey) -> str:
    return f"measure {survey.hash}"
