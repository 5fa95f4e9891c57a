"""A survey at a glance, and the next step."""

import streamlit as st

from m3core.overview import overview_table
from m3core.survey import Survey
from pages.components import links, state
from pages.components.text import literal
from pages.components.training_form import open_training_form

__all__ = ["overview"]


def overview(survey: Survey) -> None:
    """Counts, what the modalities are, and where to go from here."""
    st.title(literal(survey.path.name))
    _next_step()
    with st.container(horizontal=True, gap="large"):
        st.metric("Sources", f"{len(survey):,}", width="content")
        st.metric("Classes", len(survey.classes), width="content")
        st.metric("Modalities", len(survey.modalities), width="content")
    st.subheader("Sources by class, split and modality")
    table = overview_table(survey)
    st.dataframe(table, hide_index=True, height="content", alt="Counts of sources", key="overview")
    st.subheader("Modalities")
    rows = [
        {
            "Modality": spec.name,
            "Name in the files": spec.label,
            "Kind": spec.kind,
            "Arrays": ", ".join(
                f"{field} [{spec.units[field]}]" if spec.units.get(field) else field for field in spec.fields
            ),
            "Catalogue columns": ", ".join(spec.columns),
        }
        for spec in survey.modalities.values()
    ]
    st.dataframe(rows, hide_index=True, height="content", alt="What each modality is")
    with st.expander("Where it came from"):
        st.json(survey.manifest.provenance, expanded=1)
        st.caption(f"Content hash {survey.hash}; split: {literal(survey.manifest.split.method)}.")


def _next_step() -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if state.chosen().run is None:
            open_training_form()
        else:
            keep = state.link_parameters()
            st.page_link(links.MANIFOLD, label="Open the map", icon=":material/scatter_plot:", query_params=keep)
