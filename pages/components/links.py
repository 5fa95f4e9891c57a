"""Links to a source: they open on the page that shows sources already, and otherwise on the source's own."""

import streamlit as st

from pages.components import state
from pages.components.text import literal

__all__ = ["HOME", "IMPORT", "MANIFOLD", "RUNS", "SOURCE", "TRAINING", "source_link"]

HOME, MANIFOLD, SOURCE, TRAINING = "pages/home.py", "pages/manifold.py", "pages/source.py", "pages/training.py"
RUNS, IMPORT = "pages/runs.py", "pages/import_data.py"


def source_link(source_id: str, label: str = "", *, page: str = SOURCE, help: str | None = None) -> None:
    """A link that keeps survey and run, and can be opened in a new tab or sent to a colleague."""
    text = literal(source_id, 40) + (f" {label}" if label else "")
    st.page_link(page, label=text, query_params=state.link_parameters(source=source_id), help=help)
