"""The frame around every page: the sidebar, and the border at which faults become sentences."""

import streamlit as st
from streamlit.navigation.page import Page

from m3core.workers import allow_processes
from pages.components import sidebar, state
from pages.components.border import sentences
from pages.components.navigation import FRAMED, INSIDE
from pages.components.notices import show_notices

__all__ = ["run_page"]


def run_page(page: Page) -> None:
    """Draw the frame and in it a page.

    Args:
        page: as `declared_pages` gives it.
    """
    allow_processes()
    st.session_state[INSIDE] = st.session_state[FRAMED] = True
    try:
        with sentences():
            state.resolve(page.title)
            with st.sidebar:
                sidebar.show(page.title)
            show_notices()
            page.run()
    finally:
        st.session_state.pop(INSIDE, None)
