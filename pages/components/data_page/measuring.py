"""Signal to noise and amplitude of every observation: read once for each survey, beside the page."""

import pandas as pd

from m3core.survey import Survey
from m3core.survey.measures import measure_survey
from pages.components import jobs

__all__ = ["measured", "measures_if_done"]


def measures_if_done(survey: Survey) -> pd.DataFrame | None:
    """The measures, where they have been made."""
    found = jobs.job(_key(survey))
    return None if found is None else found.result


def measured(survey: Survey) -> pd.DataFrame | None:
    """The measures of a survey; while they are being made None, with a bar in their place."""
    return jobs.awaited(
        _key(survey), "Measuring", lambda report: measure_survey(survey, report), again="Measure again",
        note="Every light curve and spectrum is being read, once: the page can be used meanwhile.",
    )  # fmt: skip


def _key(survey: Survey) -> str:
    return f"measure {survey.hash}"
