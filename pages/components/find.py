"""Go to a source by its id, or to what lies near a position."""

import streamlit as st

from m3core.errors import M3Error
from m3core.sky.positions import cone_search, parse_coordinates
from m3core.survey import Survey
from pages.components import links, state
from pages.components.text import literal

__all__ = ["find"]

MOST = 8
"""Suggestions in the sidebar."""


def find(survey: Survey, page: str) -> None:
    """The box and what it finds.

    Args:
        page: where the links lead.
    """

    def go() -> None:
        text = st.session_state["find_text"].strip()
        if text in survey.sources.index:
            state.choose(source=text)
            st.session_state["find_go"] = True

    text = st.text_input(
        "Go to a source", key="find_text", on_change=go, placeholder="id, or RA Dec", icon=":material/search:",
        help="An id or a part of one; or a position, ICRS: degrees (85.2140 -70.2330) or sexagesimal "
        "(05:40:51.4 -70:13:58.8), with a radius in arcsec.",
    ).strip()  # fmt: skip
    if st.session_state.pop("find_go", False) and page == links.SOURCE:
        links.follow(links.SOURCE, "Open the source")
    if not text or text in survey.sources.index:
        return
    if not _suggest(survey, text, page):
        _near(survey, text, page)


def _suggest(survey: Survey, text: str, page: str) -> bool:
    """Ids that begin with the text, then those that hold it."""
    ids = survey.sources.index
    low = text.lower()
    lowered = ids.str.lower()
    holds = ids[lowered.str.contains(low, regex=False)]
    if not len(holds):
        return False
    first = holds.str.lower().str.startswith(low)
    ordered = [*holds[first], *holds[~first]]
    st.caption(f"{len(ordered):,} ids hold this" + (f"; the first {MOST}:" if len(ordered) > MOST else ":"))
    for source_id in ordered[:MOST]:
        links.source_link(source_id, page=page)
    return True


def _near(survey: Survey, text: str, page: str) -> None:
    radius = st.number_input(
        "Radius [arcsec]", min_value=0.1, max_value=36_000.0, value=30.0, step=10.0, format="%.1f",
        key="find_radius", persist_state="session",
    )  # fmt: skip
    try:
        centre = parse_coordinates(text)
    except M3Error as fault:
        st.caption(literal(f"No id holds this, and {fault}", 300))
        return
    rows, separations = cone_search(
        survey.sources["ra"].to_numpy(float), survey.sources["dec"].to_numpy(float), centre, radius
    )
    where = f"{centre[0]:.5f} {centre[1]:+.5f}"
    if not len(rows):
        st.caption(f"No source within {radius:g} arcsec of {literal(where)}.")
        return
    more = f"; the nearest {MOST}:" if len(rows) > MOST else ":"
    st.caption(f"{len(rows):,} within {radius:g} arcsec of {literal(where)}{more}")
    for row, separation in zip(rows[:MOST], separations[:MOST], strict=True):
        links.source_link(str(survey.source_ids[row]), f"· {separation:.2f}″", page=page)
