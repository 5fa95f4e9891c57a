"""What every page says before its own content."""

import streamlit as st

from m3core.errors import M3Error
from pages.components import links, resources, state

__all__ = ["show_notices"]


def show_notices() -> None:
    """What the URL asked for and there is not; of a simulated survey that it is one, and the way to real stars."""
    for sentence in state.notices():
        st.warning(sentence, icon=":material/link_off:")
    name = state.chosen().survey
    try:
        simulated = name is not None and resources.survey(name).manifest.simulated
    except (M3Error, OSError):
        return  # the page says what is wrong with the survey
    if simulated:
        with st.container(horizontal=True, vertical_alignment="center", key="simulated"):
            st.badge("Simulated: none of the stars of this survey is real.", icon=":material/science:", color="orange")
            if state.page() != "Import":
                st.page_link(links.IMPORT, label="Your own data", icon=":material/upload_file:")
