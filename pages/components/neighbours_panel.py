"""The sources most like one, by the embeddings of a run."""

import streamlit as st

from m3core.embeddings.manifold import MEAN
from m3core.errors import M3Error
from pages.components import resources, state
from pages.components.links import source_link
from pages.components.text import literal

__all__ = ["neighbours_panel"]

N_NEIGHBOURS = 8


def neighbours_panel(source_id: str, page: str) -> None:
    """Nearest neighbours as links, by the mean embedding or a modality's.

    Args:
        page: where the links lead.
    """
    now = state.chosen()
    if now.run is None or now.survey is None:
        st.caption("Neighbours need a trained run: train one in the sidebar, or choose one there.")
        return
    try:
        names = [MEAN, *resources.embeddings(now.run, now.survey).embeddings]
    except M3Error:
        st.caption("The chosen run has not embedded this survey yet, so it knows no neighbours.")
        return
    by = st.segmented_control(
        "Most alike by", names, default=MEAN, required=True, key="neighbours_by", persist_state="session"
    )
    found = resources.neighbours(now.run, now.survey, source_id, by, N_NEIGHBOURS)
    if not found:
        st.caption(f"This source has no {literal(by)} embedding.")
        return
    labels = resources.survey(now.survey).sources["label"]
    with st.container(horizontal=True, gap="small"):
        for other, similarity in found:
            label = labels[other]
            kind = literal(label) if isinstance(label, str) else "unlabelled"
            source_link(other, f"· {kind} · {similarity:.3f}", page=page)
    st.caption("Cosine similarity of the embeddings, −1 to 1, higher is more alike; the source itself is left out.")
