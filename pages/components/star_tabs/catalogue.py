"""Catalogue values, where else to look the star up, and its nearest neighbours."""

import streamlit as st

from m3core.star.links import links_of
from m3core.survey import Source, Survey
from pages.components.catalogue_panel import catalogue_panel
from pages.components.neighbours_panel import neighbours_panel
from pages.components.text import literal

__all__ = ["catalogue"]


def catalogue(survey: Survey, source: Source, page: str) -> None:
    """Two columns."""
    left, right = st.columns([12, 8], gap="medium")
    with left:
        catalogue_panel(survey, source, height=520)
    with right:
        st.markdown("**Nearest neighbours**")
        neighbours_panel(source.source_id, page)
        st.markdown("**Look it up elsewhere**")
        links = links_of(source)
        if not links:
            st.caption("This source has no position and no id that an archive knows: there is nothing to look up.")
            return
        with st.container(horizontal=True, gap="small", key="look_up"):
            for link in links:
                st.link_button(link.name, link.url, help=literal(f"By {link.asks}: {link.url}", 600), type="tertiary")
        by = sorted({link.asks for link in links} - {"position"})
        st.caption(
            "By position" + (literal(f", or by {', '.join(by)}") if by else "") + ". These are addresses: nothing is "
            "fetched before you click one."
        )
