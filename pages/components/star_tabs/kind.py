"""The star among its kind: diagrams of the survey in which a click opens another star."""

from dataclasses import replace
from typing import Any

import streamlit as st

from m3core.diagrams.columns import amplitude_columns, distance_columns
from m3core.diagrams.extinction import extinction_column
from m3core.star.among_kind import KindSettings, best_distance, kind_panels
from m3core.survey import Source, Survey
from pages.components import state
from pages.components.data_page.measuring import measured
from pages.components.figure import show_panel
from pages.components.map_panel import source_id

__all__ = ["VIEWER", "among_kind", "open_point"]

VIEWER = "viewer"
"""Key of the fragment that shows a source."""

USES = {"auto": "as the survey needs it", "subtract": "taken off", "none": "left on"}
APPARENT = "none: apparent magnitudes"


def among_kind(survey: Survey, source: Source, page: str) -> None:
    """Six diagrams."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        distances = [*distance_columns(survey), ""]
        key = f"kind_distance_{survey.hash[:8]}"
        distance = st.selectbox(
            "Distance from", distances, index=distances.index(best_distance(survey)), key=key, width=220,
            persist_state="session", format_func=lambda name: name or APPARENT,
            help="A distance that was itself estimated from magnitudes shows what was assumed, and no more.",
        )  # fmt: skip
        use = "auto"
        if extinction_column(survey.sources) is not None:
            use = st.selectbox(
                "Extinction", list(USES), format_func=USES.get, key="kind_extinction", width=220,
                persist_state="session",
                help="As the survey needs it: taken off, unless its light curves show that its magnitudes are "
                "corrected already.",
            )  # fmt: skip
        others = st.toggle("Sources of other classes as points", value=True, key="kind_others", persist_state="session")
    measures = None if amplitude_columns(survey.sources) else measured(survey)
    settings = KindSettings(extinction=use, distance=distance, with_others=others, height=400)
    panels = kind_panels(survey, source, settings, measures)
    row = survey.row(source.source_id)
    with st.container(key="panels_kind"):
        for panel in panels:
            with st.container():
                # a key of its own for every star: a click on an earlier one's chart is no click on this
                keyed = replace(panel, key=f"{panel.key}_{row}")
                show_panel(keyed, file=source.source_id, on_select=open_point, selection_mode=("points",))
    st.caption("A click on a point opens its source. 'Survey' has these diagrams of all classes, with other columns.")


def open_point(chart: str) -> None:
    """Open the source whose point was clicked on a chart."""
    points: list[dict[str, Any]] = st.session_state[chart]["selection"]["points"]
    found = [source_id(point) for point in points if point.get("customdata") is not None]
    if len(found) == 1:
        state.choose(source=found[0])
        st.rerun([VIEWER])
