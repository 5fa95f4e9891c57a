"""Possible blends, distances of matches, and nights on which many stars deviate."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from m3core.light_curve.features import is_light_curve
from m3core.light_curve.nights import Nights, find_nights
from m3core.star.surroundings import surroundings_panels
from m3core.survey import Source, Survey
from pages.components import jobs, state
from pages.components.figure import show_panel
from pages.components.star_tabs.kind import VIEWER, open_point
from pages.components.tables import dataframe

__all__ = ["nights_of", "surroundings"]


OFFSETS = ("east [arcsec]", "north [arcsec]")
"""What the finder shows."""


def surroundings(survey: Survey, source: Source, page: str) -> None:
    """The finder beside the distances of matches, and the nights, as wide as the page, below."""
    nights = nights_of(survey)
    panels = surroundings_panels(survey, source, nights)
    row = survey.row(source.source_id)
    left, right = st.columns([3, 2], gap="medium")
    for place, panel in zip((left, right, st.container()), panels, strict=False):
        if panel.key == "nights" and nights is None:
            continue  # the bar shows how far it is
        with place:
            # keys of their own for every star: a click on an earlier one's finder or list is no click on this
            keyed = replace(panel, key=f"{panel.key}_{row}")
            show_panel(keyed, file=source.source_id, on_select=open_point if panel.key == "blends" else None)
            if panel.key == "blends" and not panel.data.empty:
                _list(panel.data, f"blends_list_{row}")


def _list(data: pd.DataFrame, key: str) -> None:
    def follow() -> None:
        rows = st.session_state[key]["selection"]["rows"]
        if rows:
            state.choose(source=str(data.iloc[rows[0]]["source_id"]))
            st.rerun([VIEWER])

    bare = () if data["note"].any() else ("note",)
    shown = [name for name in data if name not in (*OFFSETS, *bare)]
    dataframe(
        data, key=key, alt="Nearest sources of the survey on the sky", on_select=follow,
        selection_mode="single-row", column_order=shown,
        column_config={
            "label": st.column_config.TextColumn("label", width=65),
            "separation [arcsec]": st.column_config.NumberColumn(
                "arcsec", format="%.2f", width=65, help="Separation."
            ),
            "position_angle [deg]": st.column_config.NumberColumn(
                "PA [deg]", format="%.1f", width=65, help="North over east."
            ),
            "period [d]": st.column_config.NumberColumn("period [d]", format="%.6g", width=75),
        },
    )  # fmt: skip
    st.caption("The nearest sources of this survey within a degree; a click on a row opens it.")


def nights_of(survey: Survey) -> dict[str, Nights] | None:
    """The nights of a survey; while they are being compared None, with a bar in their place."""
    if not any(is_light_curve(spec) for spec in survey.modalities.values()):
        return {}
    return jobs.awaited(
        f"nights {survey.hash}", "Comparing nights",
        lambda report: find_nights(survey, lambda done: report(done, "Comparing the nights of all light curves.")),
        again="Compare again", note="Every light curve is being read, once: the page can be used meanwhile.",
    )  # fmt: skip
