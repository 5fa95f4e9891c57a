"""One source with everything the survey holds of it: beside the map and on its own page."""

from collections.abc import Sequence

import streamlit as st

from m3core.figures.light_curve import curves_of, points_figure
from m3core.figures.spectrum import line_figure
from m3core.kinds import Series, kind_of
from m3core.sky.positions import sexagesimal
from m3core.spectrum.spectrum import spectra_specs
from m3core.survey import Source, Survey
from m3core.survey.faults import faults_by_source
from pages.components import resources, state
from pages.components.catalogue_panel import catalogue_panel
from pages.components.figure import show
from pages.components.light_curve_panel import light_curve_panel
from pages.components.neighbours_panel import neighbours_panel
from pages.components.spectrum_panel import source_spectra
from pages.components.star_tabs.tabs import star_tabs
from pages.components.text import literal

__all__ = ["empty_viewer", "viewer"]


def viewer(survey: Survey, source_id: str, *, around: Sequence[str], page: str, wide: bool) -> None:
    """Draw a source.

    Args:
        around: ids in which to step back and forth.
        page: this page's file, where links to neighbours lead.
        wide: panels side by side.
    """
    with st.container(key="viewer_wide" if wide else "viewer", gap="xsmall"):
        _panels(survey, survey.source(source_id), around=around, page=page, wide=wide)


def empty_viewer(page: str) -> None:
    """The place of a source that is yet to be chosen.

    It holds one of each element of the viewer out of sight: the browser loads their code now, and the first click
    waits for none of it (0.9 s else, against 0.4 s of the clicks that follow).
    """
    st.info("Click a point of the map to open its source here.", icon=":material/ads_click:")
    with st.container(key="out_of_sight"):
        st.code("", language=None)
        st.dataframe({"column": []})
        st.page_link(page, label="none")


def _panels(survey: Survey, source: Source, *, around: Sequence[str], page: str, wide: bool) -> None:
    _header(source, around)
    series = {name: kind_of(spec).series(spec, source) for name, spec in survey.modalities.items()}
    every = [one for found in series.values() for one in found]
    if any(one.foldable for one in every):
        light_curve_panel(survey, source, wide=wide)
    spectra = {spec.name for spec in spectra_specs(survey)} & set(source.observations)
    if spectra:
        source_spectra(survey, source, wide=wide)
    for one in every:
        if one.style != "table" and not one.foldable and one.name not in spectra:
            _other_series(source, one)
    absent = [name for name, found in series.items() if not found]
    if absent:
        st.info(f"This source has no {literal(', '.join(absent))}.", icon=":material/visibility_off:")
    survey_name = state.chosen().survey
    assert survey_name is not None
    faults = resources.derived(survey_name, faults_by_source).get(source.source_id, [])
    if faults:
        st.caption(literal(f"Met at the import: {'; '.join(faults)}.", 1200))
    if wide:
        star_tabs(survey, source, page)
    else:
        st.markdown("**Nearest neighbours**")
        neighbours_panel(source.source_id, page)
        st.markdown("**Catalogue**")
        catalogue_panel(survey, source, height=420)


def _header(source: Source, around: Sequence[str]) -> None:
    where = sexagesimal(source.ra, source.dec)
    position = f"{source.ra:.5f} {source.dec:+.5f} deg ({where})" if where else "no position"
    label = "unlabelled" if source.label is None else f"**{literal(source.label)}**"
    with st.container(key="viewer_head", horizontal=True, vertical_alignment="center", gap="small"):
        st.code(source.source_id, language=None, width="content")
        _steps(source.source_id, around)
    st.markdown(f"{label} · {literal(source.split)} · {literal(position)}")


def _steps(source_id: str, around: Sequence[str]) -> None:
    place = around.index(source_id) if source_id in around else None
    before = around[place - 1] if place else None
    after = around[place + 1] if place is not None and place + 1 < len(around) else None
    for text, other, key in (("Previous", before, "K"), ("Next", after, "J")):
        st.button(
            text, key=f"step_{text}", disabled=other is None, shortcut=key,
            on_click=state.choose, kwargs={"source": other},
        )  # fmt: skip
    if place is not None:
        st.caption(f"{place + 1:,} of {len(around):,}" + (" selected" if around is state.selection() else ""))


def _other_series(source: Source, one: Series) -> None:
    st.markdown(f"**{literal(one.name)}**")
    figure = line_figure(one) if one.style == "line" else points_figure(curves_of([one]))
    show(figure, name=f"series_{one.name}", alt=f"{one.name} of {source.source_id}")
    for note in one.notes:
        st.caption(literal(note, 300))
