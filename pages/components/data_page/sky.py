"""Where the sources lie on the sky."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from m3core.diagrams.colouring import columns_to_colour_by
from m3core.figures.sky import sky_figure
from m3core.sky.projection import FIELD_RADIUS, field_of
from m3core.survey import Survey
from pages.components import resources
from pages.components.data_page.colour import chosen_mask, colour_by, colours_of
from pages.components.pick import pick_points

__all__ = ["sky"]

WHOLE, FIELD = "Whole sky", "Field"


def sky(survey: Survey, survey_name: str) -> None:
    """The map of the sky with its controls."""
    known, radius = resources.derived(survey_name, _extent)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        frame = st.segmented_control(
            "Coordinates", ["equatorial", "galactic"], default="equatorial", required=True, key="sky_frame",
            format_func=str.capitalize, persist_state="session", help="ICRS right ascension and declination, or l, b.",
        )  # fmt: skip
        extent = st.segmented_control(
            "Extent", [WHOLE, FIELD], default=FIELD if radius <= FIELD_RADIUS else WHOLE, required=True,
            key=f"sky_extent_{survey.hash[:8]}", persist_state="session",
        )  # fmt: skip
        column, log = colour_by(survey_name, columns_to_colour_by(survey), key="sky")
    pick_points(
        survey_name, _draw, name="sky", alt=f"Sources on the sky, {frame}, coloured by {column}", frame=frame,
        whole=extent == WHOLE, column=column, log=log,
    )  # fmt: skip
    said = f"{known:,} of {len(survey):,} sources shown"
    st.caption(f"{said}; {len(survey) - known:,} have no position." if known < len(survey) else f"{said}.")


def _extent(survey: Survey) -> tuple[int, float]:
    """How many sources have a position, and how far they reach from their middle, degrees."""
    ra, dec = _positions(survey)
    known = np.isfinite(ra) & np.isfinite(dec)
    return int(known.sum()), field_of(ra[known], dec[known]).radius if known.any() else 180.0


def _positions(survey: Survey) -> tuple[np.ndarray, np.ndarray]:
    return tuple(survey.sources[name].to_numpy(np.float64, na_value=np.nan) for name in ("ra", "dec"))


def _draw(
    survey: Survey, selected: tuple[str, ...], frame: str, whole: bool, column: str, log: bool
) -> go.Figure:  # fmt: skip
    return sky_figure(
        *_positions(survey), survey.source_ids, colours_of(survey, column), frame=frame, whole=whole, log=log,
        selected=chosen_mask(survey, selected),
    )  # fmt: skip
