"""What every page says before its own content."""

import streamlit as st

from m3core.errors import M3Error
from pages.components import resources, state

__all__ = ["show_notices"]


def show_notices() -> None:
    """What the URL asked for and there is not, and whether the survey is simulated."""
    for sentence in state.notices():
        st.warning(sentence, icon=":material/link_off:")
    name = state.chosen().survey
    try:
        simulated = name is not None and resources.survey(name).manifest.simulated
    except (M3Error, OSError):
        return  # the page says what is wrong with the survey
    if simulated:
        st.badge("Simulated: none of the stars of this survey is real.", icon=":material/science:", color="orange")
