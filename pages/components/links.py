"""Links between pages. They keep what is chosen, can be opened in a new tab and sent to a colleague."""

from pathlib import Path

import streamlit as st

from pages.components import state
from pages.components.text import literal

__all__ = [
    "CLASSIFIER",
    "HOME",
    "IMPORT",
    "MANIFOLD",
    "RUNS",
    "SIMILARITY",
    "SOURCE",
    "SUBTYPES",
    "TRAINING",
    "follow",
    "source_link",
]

HOME, MANIFOLD, SOURCE, TRAINING = "pages/home.py", "pages/manifold.py", "pages/source.py", "pages/training.py"
RUNS, IMPORT, CLASSIFIER = "pages/runs.py", "pages/import_data.py", "pages/classifier.py"
SUBTYPES, SIMILARITY = "pages/subtypes.py", "pages/similarity.py"

_FOLLOW = st.components.v2.component(
    "m3_follow", js=(Path(__file__).parent / "assets" / "follow.js").read_text(encoding="utf-8")
)


def source_link(source_id: str, label: str = "", *, page: str = SOURCE, help: str | None = None, **names: str) -> None:
    """A link to a source, on its own page or beside the map.

    Args:
        names: what else the link chooses: the survey, where it is another one.
    """
    text = literal(source_id, 40) + (f" {label}" if label else "")
    st.page_link(page, label=text, query_params=state.link_parameters(source=source_id, **names), help=help)


def follow(page: str, label: str) -> None:
    """Show a link and open it at once.

    st.switch_page would do the same from the server's side, and now and then leave a blank page: a fragment's clock
    that ticks in the browser meanwhile asks for the page before, and Streamlit 1.67 then mixes the two up.
    """
    with st.container(key="follow"):
        st.page_link(page, label=label, icon=":material/arrow_forward:", query_params=state.link_parameters())
    _FOLLOW(key="follow_link", height=1)
