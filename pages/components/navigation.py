"""What the browser gets first: title, logo, style and the list of pages.

Until they are declared a fresh server lists the files of pages/ by their names. So this module loads Streamlit alone,
and app.py and every page call it before they load the rest, which takes seconds.
"""

from pathlib import Path

import streamlit as st
from streamlit.navigation.page import Page

__all__ = ["FRAMED", "INSIDE", "declared_pages", "through_app"]

INSIDE, FRAMED = "inside_app", "framed"
"""In the session: a page runs in the frame now; one has done so before, or was sent to."""

PAGES = Path(__file__).resolve().parents[1]
ASSETS = Path(__file__).resolve().parent / "assets"


def declared_pages() -> Page:
    """Tell the browser what stands around every page.

    Returns:
        The page that the URL asks for.
    """
    # first of all: without an icon of ours the page's own would be fetched from a font server
    st.set_page_config(page_title="M3 Explorer", page_icon=str(ASSETS / "icon.svg"), layout="wide")
    st.logo(str(ASSETS / "logo.svg"), icon_image=str(ASSETS / "icon.svg"))
    st.html(ASSETS / "style.css")
    page = st.navigation(
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
    if page.title == "Source":  # before the page: what is let go earlier is the browser's, which leaves for the file
        with st.container(key="catch_drop"):
            script = (ASSETS / "catch_drop.js").read_text(encoding="utf-8")
            st.html(f"<script>{script}</script>", unsafe_allow_javascript=True)
    return page


def through_app() -> None:
    """Put the frame around a page that was run without it; every page calls this first.

    Until some session has called st.navigation, Streamlit takes a folder `pages` for its older mechanism: the first
    link that a fresh server is asked for, such as /manifold, would run that file alone. A new session then calls
    st.navigation and starts over. AppTest forgets the call before every run: there the frame is put on in place.
    """
    if INSIDE in st.session_state:
        return
    page = declared_pages()
    if FRAMED not in st.session_state:
        st.session_state[FRAMED] = True
        st.rerun()
    from pages.components.frame import run_page

    run_page(page)
    st.stop()
