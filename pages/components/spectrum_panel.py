"""The spectra of a source: figure, controls, and what was measured."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

import streamlit as st

from m3core.embeddings.manifold import MEAN
from m3core.errors import M3Error
from m3core.spectrum.spectrum import Spectrum, spectra_of, spectra_specs
from m3core.spectrum.template import class_template, known_velocity, redshift_column, velocity_of
from m3core.star.panel import Panel
from m3core.star.spectra import (
    SpectrumSettings,
    laid_over,
    panel_key,
    plus_minus,
    spectrum_panel,
    spectrum_panels,
    width_panel,
)
from m3core.survey import Source, Survey
from pages.components import resources, state
from pages.components.border import guarded
from pages.components.figure import show_panel
from pages.components.kept_view import keep_view, kept_view
from pages.components.neighbours_panel import N_NEIGHBOURS
from pages.components.spectrum_controls import OWN, controls, measuring, take_drag
from pages.components.text import component_key, literal

__all__ = ["file_spectra", "source_spectra"]

_LINES = st.components.v2.component(
    "m3_moving_lines", js=(Path(__file__).parent / "assets" / "moving_lines.js").read_text(encoding="utf-8")
)

MOST_SUGGESTED = 50

MOST_SEARCHED = 50_000
"""Sources: among more of them, looking for neighbours to suggest would be felt at every click."""


def source_spectra(survey: Survey, source: Source, *, wide: bool) -> None:
    """Every spectrum of a source, in a fragment: a changed setting draws nothing but these."""

    @st.fragment
    @guarded
    def draw() -> None:
        owner = f"{survey.hash[:8]}_{source.source_id}"
        st.markdown("**Spectrum**")
        settings, measures = controls(
            owner, "spectrum", first_velocity=known_velocity(survey, source), origin="Redshift of the catalogue, c z",
            classes=[OWN, *survey.classes], candidates=_suggested(source.source_id), wide=wide,
        )  # fmt: skip
        spectra = spectra_of(survey, source)
        for spectrum in spectra:
            chart = panel_key(spectrum)
            settled = _settled(settings, owner, chart, measures)
            with _reading(settled):
                panels = spectrum_panels(survey, source, settled, only=spectrum.name)
            _show(panels, owner, "spectrum", chart, settled, file=source.source_id, several=len(spectra) > 1)

    draw()


def file_spectra(spectra: Sequence[Spectrum], redshifts: Sequence[float | None], survey: Survey | None) -> None:
    """Spectra from files: one of them, with the others laid over it.

    Args:
        redshifts: as the files have them; None where one has none.
        survey: whose sources and classes may be laid over them.
    """
    names = [spectrum.name for spectrum in spectra]
    chosen = names[0]
    if len(names) > 1:
        chosen = st.selectbox(
            "Lines, error band and measurements are those of", names, key="file_chosen", persist_state="session",
            width=420,
        )  # fmt: skip
    first, redshift = next(pair for pair in zip(spectra, redshifts, strict=True) if pair[0].name == chosen)
    specs = [] if survey is None else spectra_specs(survey)
    owner = f"file_{first.name}"
    now = state.chosen().source
    settings, measures = controls(
        owner, "file", first_velocity=velocity_of(redshift),
        origin="Redshift of the file, c z", classes=survey.classes if survey is not None and specs else (),
        candidates=_suggested(now, itself=True) if specs else (), wide=True,
    )  # fmt: skip
    chart = panel_key(first)
    settled = _settled(settings, owner, chart, measures)
    others, template = [one for one in spectra if one is not first], None
    if survey is not None and specs:
        found = laid_over(survey, settled.others, specs[0].name)
        if lacking := len(settled.others) - len(found):
            st.caption(literal(f"{lacking} of the sources to lay over it have no {specs[0].name}."))
        others += found
        if settled.template_of is not None:
            with _reading(settled):
                template = class_template(survey, specs[0].name, settled.template_of)
    panel = spectrum_panel(
        first, settled, title=first.name, others=others, template=template,
        template_moves=survey is not None and redshift_column(survey) is not None,
    )  # fmt: skip
    _show([panel, *width_panel(first, settled)], owner, "file", chart, settled, file=first.name)


def _reading(settings: SpectrumSettings) -> AbstractContextManager[None]:
    """What to show while the spectra of a class are read, which takes a second the first time."""
    return st.spinner("Reading the spectra of the class") if settings.template else nullcontext()


def _settled(settings: SpectrumSettings, owner: str, chart: str, measures: bool) -> SpectrumSettings:
    """The settings with what belongs to one chart: the range to measure and the kept zoom."""
    found = measuring(owner, chart, measures)
    meaning = f"{settings.continuum} {settings.template} {bool(settings.others)}"
    view = kept_view(f"{owner}_{chart}", meaning)
    return replace(settings, width_range=found.range, view=view)


def _show(
    panels: Sequence[Panel],
    owner: str,
    place: str,
    chart: str,
    settings: SpectrumSettings,
    *,
    file: str,
    several: bool = False,
) -> None:
    for panel in panels:
        if "W [Å]" in panel.data:  # beside the boxes of the range; how it was measured stands below the figure
            row = panel.data.iloc[0]
            between = literal(f"{row['from [Å]']:.1f}-{row['to [Å]']:.1f}")
            seen, rest = (plus_minus(row[f"W{of} [Å]"], row[f"error{of} [Å]"]) for of in ("", " at rest"))
            st.markdown(f"**W = {seen} Å** as observed in {between} Å, {rest} Å at rest")
    for panel in panels:
        if panel.key == chart and panel.figure is not None:
            drag = partial(take_drag, owner) if settings.drag == "select" else None
            show_panel(panel, file=file, on_select=drag, selection_mode=("box",), titled=several)
            keep_view(f"{owner}_{chart}", chart, settings.view)
            moved = {"chart": chart, "row": f"{place}_velocity_row", "velocity": settings.velocity}
            _LINES(data=moved, key=component_key(f"lines_{place}_{chart}"), height=1)
        else:
            show_panel(panel, file=file)


def _suggested(source_id: str | None, *, itself: bool = False) -> list[str]:
    """Ids to lay over: those that are selected, and the nearest neighbours where the run has embedded the survey."""
    now = state.chosen()
    found = list(state.selection())[:MOST_SUGGESTED]
    if source_id is not None and now.run is not None and now.survey is not None:
        try:
            small = len(resources.survey(now.survey)) <= MOST_SEARCHED
            near = resources.neighbours(now.run, now.survey, source_id, MEAN, N_NEIGHBOURS) if small else []
        except M3Error:
            near = []
        found += [one for one, _ in near]
    first = [source_id] if itself and source_id is not None else []
    return [*first, *(one for one in dict.fromkeys(found) if one != source_id)]
