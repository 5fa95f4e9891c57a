"""Where the survey came from, whether its files are whole, and whether a star is in it twice."""

import streamlit as st

from m3core.survey import Survey
from m3core.survey.duplicates import DEFAULT_RADIUS, Duplicates, duplicate_ids, duplicate_positions
from pages.components import resources, state
from pages.components.pick import SECTION, SELECTED
from pages.components.tables import dataframe
from pages.components.text import literal

__all__ = ["checks"]


def checks(survey: Survey, survey_name: str) -> None:
    """Duplicates and leakage beside provenance and hash."""
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**The same star twice**")
        radius = st.number_input(
            "Within [arcsec]", min_value=0.1, max_value=60.0, value=DEFAULT_RADIUS, step=0.5, format="%.1f",
            key="duplicate_radius", width=160, persist_state="session",
        )  # fmt: skip
        near = resources.derived(survey_name, duplicate_positions, radius=radius)
        _pairs(near, f"within {radius:g} arcsec of one another", "position")
        _pairs(resources.derived(survey_name, duplicate_ids), "with ids that differ in their writing only", "id")
        st.caption(
            "Ids that are equal to the letter cannot be in a survey. A pair in two splits leaks: what is learnt from "
            "one is tested on the other."
        )
    with right:
        st.markdown("**Where it came from**")
        split = survey.manifest.split
        shares = " / ".join(f"{part:g}" for part in split.fractions or ())
        st.markdown(
            literal(f"Split: {split.method}" + (f"; {shares}, seed {split.seed}" if shares else ""), 400) + r"\."
        )
        st.code(survey.hash, language=None, wrap_lines=True)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("Content hash: the table and every array, wherever the folder lies.")
            if st.button("Verify", key="verify", help="Read every byte and compare it with the hash."):
                with st.spinner("Reading every byte"):
                    survey.verify()
                st.success("The files are those that were written.", icon=":material/verified:")
        st.json(survey.manifest.provenance, expanded=1)


def _pairs(found: Duplicates, which: str, key: str) -> None:
    n = len(found.pairs)
    if not n:
        st.success(f"No two sources {which}.", icon=":material/check:")
    else:
        text = f"{n:,} pair{'s' if n != 1 else ''} of sources {which}, {found.n_leaks:,} across splits."
        st.warning(literal(text), icon=":material/content_copy:")
        dataframe(
            found.pairs, key=f"pairs_{key}",
            column_config={"separation": st.column_config.NumberColumn("separation [arcsec]", format="%.3f")},
            alt=f"Pairs {which}",
        )  # fmt: skip
        with st.container(horizontal=True):
            _select(found.source_ids(), "Select them", f"select_{key}")
            if found.n_leaks:
                _select(found.source_ids(leaks=True), "Select those that leak", f"leaks_{key}")
    if found.note:
        st.caption(literal(found.note))


def _select(ids: list[str], label: str, key: str) -> None:
    def select() -> None:
        state.select_in_order(ids)
        st.rerun([SECTION, SELECTED])

    st.button(label, key=key, on_click=select)
