"""How far the detectors agree, over the whole survey."""

import streamlit as st

from m3core.figures.outliers import TOP, agreement, agreement_figure
from m3core.outliers.score import Outliers
from pages.components.figure import show

__all__ = ["agree"]


def agree(found: Outliers, key: str) -> None:
    """Rank correlations and overlaps, once they are asked for."""
    with st.expander("Do the detectors agree?", icon=":material/grid_on:"):
        kept = st.session_state.setdefault("outliers_agreement", {})
        if kept.get("key") != key:
            kept["key"], kept["tables"] = key, agreement(found.scores)
        correlation, shared = kept["tables"]
        what = st.segmented_control(
            "Measure", ["Rank correlation", f"Overlap of the top {TOP}"], default="Rank correlation", required=True,
            key="outliers_agree_by", label_visibility="collapsed",
        )  # fmt: skip
        if what == "Rank correlation":
            show(
                agreement_figure(correlation, title="ρ", smallest=-1.0, largest=1.0), name="outliers_correlation",
                alt="Rank correlation of each two detectors",
            )  # fmt: skip
            st.caption("Spearman's ρ over all sources that both can score: −1 opposite, 0 unrelated, 1 the same order.")
        else:
            show(
                agreement_figure(shared, title="shared", smallest=0.0, largest=float(TOP)), name="outliers_overlap",
                alt=f"Sources among the {TOP} oddest of both of each two detectors",
            )  # fmt: skip
            st.caption(
                f"How many of the {TOP} oddest sources by one detector are among those of the other: 0 to {TOP}."
            )
