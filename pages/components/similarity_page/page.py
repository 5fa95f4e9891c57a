"""The similarity page: search, how good it is, and two runs beside each other."""

import streamlit as st

from pages.components.similarity_page.quality import quality
from pages.components.similarity_page.search import search
from pages.components.similarity_page.two_runs import two_runs

__all__ = ["similarity_page"]

PARTS = {"Search": search, "How good is it?": quality, "Two runs": two_runs}


def similarity_page(survey_name: str, run_name: str) -> None:
    """One of the three parts."""
    st.title("Similarity")
    part = st.segmented_control(
        "Part", list(PARTS), default="Search", required=True, key="similarity_part", label_visibility="collapsed",
        persist_state="session",
    )  # fmt: skip
    PARTS[part](survey_name, run_name)
