"""How good the observations are: points a light curve, signal to noise."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import streamlit as st

from m3core.figures.counts import histogram_figure
from m3core.figures.palette import band_colours
from m3core.survey import Survey
from m3core.survey.measures import measured_name
from pages.components import resources
from pages.components.data_page.measuring import measured
from pages.components.pick import pick_bars
from pages.components.text import literal

__all__ = ["quality", "within"]

NOISE = "signal to noise"


def quality(survey: Survey, survey_name: str) -> None:
    """Two histograms, each with a series a modality."""
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Points of each light curve and spectrum**")
        _points(survey, survey_name)
    with right:
        st.markdown("**Signal to noise**")
        _signal_to_noise(survey)


def _lengths(survey: Survey) -> dict[str, np.ndarray]:
    """Points of each source in the modalities with arrays, NaN where absent."""
    names = [name for name, spec in survey.modalities.items() if spec.fields]
    return {name: np.where(survey.present(name), survey.lengths(name), np.nan) for name in names}


def _points(survey: Survey, survey_name: str) -> None:
    every = resources.derived(survey_name, _lengths)
    kinds = list(dict.fromkeys(survey.modalities[name].kind for name in every))
    with st.container(horizontal=True, vertical_alignment="center"):
        # epochs and pixels have too little in common for one axis
        kind = (
            st.segmented_control(
                "Kind", kinds, default=kinds[0], required=True, key=f"points_kind_{survey.hash[:8]}",
                label_visibility="collapsed", persist_state="session",
            )
            if len(kinds) > 1
            else next(iter(kinds), None)
        )  # fmt: skip
        log = st.toggle("Log scale", key="points_log", persist_state="session")
    lengths = {name: one for name, one in every.items() if survey.modalities[name].kind == kind}
    _histogram(
        survey, lengths, f"Points of a source in {kind}", log=log, name="points",
        empty="No modality of this survey has arrays: there are no light curves and no spectra.",
    )  # fmt: skip
    parts = [
        f"{survey.modalities[name].label}: {int(np.nanmin(one)):,} to {int(np.nanmax(one)):,}, median "
        f"{np.nanmedian(one):,.0f}, {int(np.isnan(one).sum()):,} sources without"
        for name, one in lengths.items()
        if np.isfinite(one).any()
    ]
    if parts:
        st.caption(literal("; ".join(parts), 600) + r"\.")


def _signal_to_noise(survey: Survey) -> None:
    found = measured(survey)
    if found is None:
        return
    series = {
        name: found[measured_name(NOISE, name)].to_numpy()
        for name in survey.modalities
        if measured_name(NOISE, name) in found
    }
    log = st.toggle("Log scale", value=True, key="noise_log", persist_state="session")
    _histogram(
        survey, series, "Median signal to noise of a source", log=log, name="noise",
        empty="No light curve or spectrum of this survey comes with an error.",
    )  # fmt: skip
    st.caption(
        r"Of an epoch: flux over its error, 1\.0857 over the error where it is in magnitudes; of a spectrum's pixel: "
        r"flux times the root of its inverse variance, masked pixels left out\. The median over the source\. "
        r"The outer bars hold everything that lies beyond them\."
    )


def _histogram(
    survey: Survey, series: Mapping[str, np.ndarray], title: str, *, log: bool, name: str, empty: str
) -> None:  # fmt: skip
    labels = [survey.modalities[one].label for one in series]
    figure = histogram_figure(series, title, log=log, colours=band_colours(labels), revision=name, empty=empty)
    pick_bars(
        figure, name=name, alt=f"Histogram: {title}", sources_of=lambda picked: within(survey, series, picked)
    )  # fmt: skip


def within(survey: Survey, series: Mapping[str, np.ndarray], picked: list[Any]) -> Iterable[str]:
    """Ids of the sources of the picked bars of a histogram."""
    chosen = np.zeros(len(survey), bool)
    highest = {name: np.nanmax(one) for name, one in series.items() if np.isfinite(one).any()}
    top = max(highest.values(), default=np.nan)
    for name, low, high in picked:
        values = series[name]
        chosen |= (values >= low) & ((values < high) | ((high >= top) & (values <= high)))
    return survey.source_ids[chosen]
