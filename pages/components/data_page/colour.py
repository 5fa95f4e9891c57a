"""What the sections with points share: the column that colours them, and which are selected."""

import numpy as np
import streamlit as st

from m3core.diagrams.colouring import Colouring, Values, colouring
from m3core.survey import Survey
from pages.components import resources

__all__ = ["chosen_mask", "colour_by", "colours_of"]


def colour_by(survey_name: str, columns: list[str], *, key: str) -> tuple[str, bool]:
    """The column to colour by, and whether by its logarithm."""
    column = st.selectbox("Colour by", columns, key=f"{key}_colour", width=220, persist_state="session")
    colours = resources.colours(survey_name, column)
    if not isinstance(colours, Values) or not (colours.values > 0).any():
        return column, False
    log = st.toggle("Log scale", value=colours.wants_log, key=f"{key}_log_{column}", persist_state="session")
    return column, log


def colours_of(survey: Survey, column: str) -> Colouring:
    """Colours of all sources: for functions that are cached with what they draw."""
    return colouring(survey, column)


def chosen_mask(survey: Survey, selected: tuple[str, ...]) -> np.ndarray | None:
    """(N,) which sources are selected; None where no selection is on."""
    return np.isin(survey.source_ids.astype(str), selected) if selected else None
