"""The frame around every page: their list, the sidebar, and the border at which faults become sentences."""

from pathlib import Path

import streamlit as st
from streamlit.navigation.page import Page

from m3core.workers import allow_processes
from pages.components import sidebar, state
from pages.components.border import sentences
from pages.components.notices import show_notices

__all__ = ["run_app", "through_app"]

PAGES = Path(__file__).resolve().parents[1]
ASSETS = Path(__file__).resolve().parent / "assets"

INSIDE, SENT = "inside_app", "sent_through_app"


def run_app() -> None:
    """What app.py does: the frame, and in it the page that the URL asks for."""
    allow_processes()
    page = _navigation()
    st.logo(str(ASSETS / "logo.svg"), icon_image=str(ASSETS / "icon.svg"))
    st.html(ASSETS / "style.css")
    st.session_state[INSIDE] = True
    try:
        with sentences():
            state.resolve(page.title)
            with st.sidebar:
                sidebar.show(page.title)
            show_notices()
            page.run()
    finally:
        st.session_state.pop(INSIDE, None)


def _navigation() -> Page:
    """Declare the pages; the one that the URL asks for."""
    # first of all: without an icon of ours the page's own would be fetched from a font server
    st.set_page_config(page_title="M3 Explorer", page_icon=str(ASSETS / "icon.svg"), layout="wide")
    return st.navigation(
        [
            st.Page(PAGES / "home.py", title="Survey", icon=":material/dataset:", default=True),
            st.Page(PAGES / "manifold.py", title="Manifold", icon=":material/scatter_plot:"),
            st.Page(PAGES / "source.py", title="Source", icon=":material/star:"),
            st.Page(PAGES / "outliers.py", title="Outliers", icon=":material/troubleshoot:"),
            st.Page(PAGES / "misclassifications.py", title="Misclassifications", icon=":material/rule:"),
            st.Page(PAGES / "similarity.py", title="Similarity", icon=":material/join_inner:"),
            st.Page(PAGES / "subtypes.py", title="Subtypes", icon=":material/bubble_chart:"),
            st.Page(PAGES / "classifier.py", title="Classifier", icon=":material/category:"),
            st.Page(PAGES / "experiment.py", title="Experiment", icon=":material/science:"),
            st.Page(PAGES / "training.py", title="Training", icon=":material/trending_down:"),
            st.Page(PAGES / "runs.py", title="Runs", icon=":material/list:"),
            st.Page(PAGES / "import_data.py", title="Import", icon=":material/upload_file:"),
        ]
    )


def through_app() -> None:
    """Put the frame around a page that was run without it; every page calls this first.

    Until some session has called st.navigation, Streamlit takes a folder `pages` for its older mechanism: the first
    link that a fresh server is asked for, such as /manifold, would run that file alone. A new session then calls
    st.navigation and starts over. AppTest forgets the call before every run: there the frame is put on in place.
    """
    if INSIDE in st.session_state:
        return
    if not state.page() and SENT not in st.session_state:
        st.session_state[SENT] = True
        _navigation()
        st.rerun()
    run_app()
    st.stop()
