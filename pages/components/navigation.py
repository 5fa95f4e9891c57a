"""The pages and their order, and the way back to them for a page that was run without app.py."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import Page

from pages.components import state

__all__ = ["frame", "navigation", "through_app"]

FOLDER = Path(__file__).resolve().parents[1]

INSIDE, SENT = "inside_app", "sent_through_app"


def navigation() -> Page:
    """Declare the pages; the one that the URL asks for."""
    return st.navigation(
        [
            st.Page(FOLDER / "home.py", title="Survey", icon=":material/dataset:", default=True),
            st.Page(FOLDER / "manifold.py", title="Manifold", icon=":material/scatter_plot:"),
            st.Page(FOLDER / "source.py", title="Source", icon=":material/star:"),
            st.Page(FOLDER / "training.py", title="Training", icon=":material/trending_down:"),
            st.Page(FOLDER / "runs.py", title="Runs", icon=":material/list:"),
            st.Page(FOLDER / "import_data.py", title="Import", icon=":material/upload_file:"),
        ]
    )


@contextmanager
def frame() -> Iterator[None]:
    """What runs inside has app.py around it."""
    st.session_state[INSIDE] = True
    try:
        yield
    finally:
        st.session_state.pop(INSIDE, None)


def through_app() -> None:
    """Start over by way of app.py where a page was run without it; every page calls this first.

    Until some session has called st.navigation, Streamlit takes a folder `pages` for its older mechanism: the first
    link that a fresh server is asked for, such as /manifold, would run that file alone.
    """
    if INSIDE in st.session_state:
        return
    if st.session_state.pop(SENT, False):  # there is no app.py above this server
        state.resolve("")
        return
    st.session_state[SENT] = True
    navigation()
    st.rerun()
