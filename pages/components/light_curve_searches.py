"""Searches in a source's light curves: computed when they are asked for, with progress, and kept."""

from dataclasses import replace

import streamlit as st

from m3core.star.folding import LightCurveSettings
from m3core.star.light_curves import light_curve_panels
from m3core.star.panel import Panel
from m3core.survey import Source, Survey
from pages.components import jobs
from pages.components.figure import show_panel, show_table
from pages.components.light_curve_period import put_period

__all__ = ["searches"]

TOOLS = {
    "Periodogram": ("periodogram",), "Boxes": ("box",), "Dispersion": ("dispersion",),
    "Prewhitening": ("prewhitening",), "Fourier": ("ephemeris", "fourier"), "Cycles": ("o_c", "river"),
}  # fmt: skip
FOLDABLE = ("periodogram", "box", "dispersion")
KEPT = 60


def searches(survey: Survey, source: Source, settings: LightCurveSettings, key: str) -> None:
    """One tool at a time, none at first.

    Args:
        key: of the period in the session, which a click on a peak changes.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        tool = st.segmented_control(
            "Look closer", list(TOOLS), key="curve_tool", persist_state="session",
            help="Searches for periods, and what follows from the one chosen.",
        )  # fmt: skip
        shortest = st.number_input(
            "Shortest period [d]", min_value=0.0, max_value=1e3, value=None, key="curve_shortest", format="%.4f",
            placeholder="by period", width=150, persist_state="session",
            help="Of the searches. Without one: 0.1, or 0.02 where the period is under 0.2 d; boxes from 0.3 d.",
        ) if tool in ("Periodogram", "Boxes", "Dispersion", "Prewhitening") else None  # fmt: skip
    if tool is None:
        return
    # what only the light curves above show changes nothing here
    asked = replace(
        settings, panels=TOOLS[tool], errors=True, apart=False, colour="band", offset=None, limits=True, flagged=False,
        n_bins=0, fitted=False, height=320, shortest_period=shortest or None,
    )  # fmt: skip
    told = f"star curve {survey.hash} {source.source_id} {asked}"
    jobs.keep("star curve ", KEPT)
    panels = jobs.awaited(
        told, tool, lambda report: light_curve_panels(survey, source, asked, report), again="Search again",
        note="The light curves are being searched: the page can be used meanwhile.",
    )  # fmt: skip
    for panel in panels or []:
        _show(panel, source, key)


def _show(panel: Panel, source: Source, key: str) -> None:
    def fold(chart: str) -> None:
        points = st.session_state[chart].selection.points
        period = next((one.get("customdata") for one in points if one.get("customdata")), None)
        if isinstance(period, (list, tuple)):
            period = period[0] if period else None
        if period:
            put_period(key, float(period))

    show_panel(panel, file=source.source_id, on_select=fold if panel.key in FOLDABLE else None)
    if panel.key == "prewhitening" and not panel.data.empty:
        show_table(panel.data, key="prewhitening_table", alt="Frequencies that were taken out")
    if panel.key == "o_c" and not panel.data.empty:
        with st.expander("Times"):
            show_table(panel.data, key="o_c_table", alt="Times of extremum")
