"""Why a source is odd: its descriptors in plain words, and the part of each curve or spectrum that carries them."""

import numpy as np
import streamlit as st

from m3core.figures.outliers import carried_figure
from m3core.kinds import kind_of
from m3core.outliers.reasons import carried, others_of, reasons
from m3core.outliers.score import Outliers
from m3core.survey import Survey
from pages.components.figure import show
from pages.components.text import literal

__all__ = ["why"]

MOST = 5


def why(survey: Survey, found: Outliers, source_id: str) -> None:
    """The reasons of one source."""
    if not found.evidence:
        return
    row = survey.row(source_id)
    with st.container(border=True):
        st.markdown("**Why is it odd?**")
        ratios = {
            name: float(one.residuals.surprise()[row]) / one.typical
            for name, one in found.evidence.items()
            if one.typical > 0 and np.isfinite(one.residuals.surprise()[row])
        }
        ranked = sorted(ratios, key=lambda name: -ratios[name])
        told = ", ".join(f"{literal(name)} {ratios[name]:.1f}" for name in ranked)
        st.caption(
            f"Surprise of each modality over its 84th percentile (1 is nothing special, higher is odder): {told}."
        )
        for one in reasons(found, row, MOST):
            st.markdown(f"- {literal(one.modality)}: {literal(one.sentence(others_of(found, one.modality)), 300)}")
        if ranked:
            _shaded(survey, found, source_id, row, ranked)


def _shaded(survey: Survey, found: Outliers, source_id: str, row: int, ranked: list[str]) -> None:
    source = survey.source(source_id)
    drawable = [name for name in ranked if survey.modalities[name].fields]
    if not drawable or not st.toggle(
        "Shade what carries it", value=True, key="outliers_shade", persist_state="session"
    ):
        return
    name = st.segmented_control(
        "Modality", drawable, default=drawable[0], required=True, key=f"outliers_shaded_{survey.hash[:8]}_{source_id}",
        label_visibility="collapsed",
    )  # fmt: skip
    parts = carried(found, survey, name, row)
    series = kind_of(survey.modalities[name]).series(survey.modalities[name], source)
    if parts is None or not series:
        st.caption(f"What carries the surprise of {literal(name)} cannot be told by leaving parts out.")
        return
    show(carried_figure(series[0], parts), name="outliers_carried", alt=f"{name} of {source_id}, shaded by its part")
    st.caption(
        f"The darker a window, the more of the surprise of {literal(name)} is gone when it is left out "
        f"(strongest {parts.parts.max():.0%}; share 1 − S without / S, 0 to 1)."
    )
