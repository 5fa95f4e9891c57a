"""What is looked for: the open source, several, or a star that is in no survey."""

from dataclasses import dataclass

import streamlit as st

from m3core.embeddings.kept import Embeddings
from m3core.similarity.search import Query, query_of_rows
from m3core.survey import Source, Survey
from pages.components import links, state
from pages.components.similarity_page.upload import uploaded
from pages.components.text import literal

__all__ = ["Asked", "asked_for"]

ONE, SEVERAL, UPLOAD = "One source", "Several", "Upload"

MOST_SHOWN = 4
"""Sources of a query that are drawn: a row."""


@dataclass(frozen=True)
class Asked:
    """A query. Attributes: query; shown: the sources to draw of it; n_sources: of how many."""

    query: Query
    shown: list[Source]
    n_sources: int


def asked_for(survey: Survey, survey_name: str, run_name: str, embeddings: Embeddings) -> Asked | None:
    """The query, or None with a way to it."""
    kind = st.segmented_control(
        "Query", [ONE, SEVERAL, UPLOAD], default=ONE, required=True, key="similarity_query", persist_state="session"
    )
    if kind == ONE:
        return _one(survey, embeddings)
    if kind == SEVERAL:
        return _several(survey, embeddings)
    found = uploaded(survey, survey_name, run_name)
    return None if found is None else Asked(found[0], [found[1]], 1)


def _one(survey: Survey, embeddings: Embeddings) -> Asked | None:
    source_id = state.chosen().source
    if source_id is None:
        first = str(survey.source_ids[0])
        st.info("No source is open: click one on the map, type an id in the sidebar, or begin with the first.")
        with st.container(horizontal=True):
            st.page_link(
                links.MANIFOLD, label="Open the map", icon=":material/scatter_plot:",
                query_params=state.link_parameters(),
            )  # fmt: skip
            st.button(f"Begin with {literal(first, 40)}", key="similarity_first", on_click=state.choose,
                      kwargs={"source": first})  # fmt: skip
        return None
    source = survey.source(source_id)
    label = "unlabelled" if source.label is None else source.label
    st.markdown(f"What is like **{literal(source_id, 80)}** ({literal(label)}, {literal(source.split)})?")
    return Asked(query_of_rows(embeddings, [survey.row(source_id)]), [source], 1)


def _several(survey: Survey, embeddings: Embeddings) -> Asked | None:
    key = f"similarity_ids_{survey.hash[:8]}"
    selected = state.selection()

    def take() -> None:
        st.session_state[key] = "\n".join(selected)

    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_area(
            "More like these", key=key, height=110, width=420, persist_state="session",
            placeholder="ids, one a line",
            help="Each modality's embeddings are averaged over them and normalised again: all count alike.",
        )  # fmt: skip
        st.button(
            f"Take the {len(selected):,} selected" if selected else "Take the selection", key="similarity_take",
            on_click=take, disabled=not selected, icon=":material/arrow_upward:",
            help="Of the map, a figure or a list." if selected else "Nothing is selected on any page.",
        )  # fmt: skip
    ids = list(dict.fromkeys(line.strip() for line in (text or "").splitlines() if line.strip()))
    if not ids:
        st.info("Name the sources, or select some on the map and take them.")
        return None
    rows = [survey.row(one) for one in ids]
    return Asked(query_of_rows(embeddings, rows), [survey.source(one) for one in ids[:MOST_SHOWN]], len(ids))
