"""Where do the sources lie in the space that the model learnt?"""

from pages.components.navigation import through_app

through_app()

import streamlit as st

from m3core.diagrams.colouring import columns_to_colour_by
from pages.components import links, map_panel, state
from pages.components.border import guarded
from pages.components.map_marker import map_marker
from pages.components.need import need_maps, need_survey
from pages.components.selection_panel import selection_panel
from pages.components.text import literal
from pages.components.viewer import empty_viewer, viewer

survey = need_survey()
maps = need_maps()
survey_name = state.chosen().survey


@st.fragment(key="selected")
@guarded
def show_selection(column: str) -> None:
    """What is selected, under the map."""
    selection_panel(survey, survey_name, column)


@st.fragment(key="viewer")
@guarded
def show_source(names: tuple[str, ...]) -> None:
    """The chosen source, beside the map and ringed on it."""
    source_id = state.chosen().source
    if source_id is None:
        empty_viewer(links.MANIFOLD)
        map_marker({})
        return
    selected = state.selection()
    around = selected if source_id in selected else list(survey.source_ids)
    viewer(survey, source_id, around=around, page=links.MANIFOLD, wide=False)
    row = survey.row(source_id)
    map_marker({map_panel.chart_key(name): maps.map_xy[name][row] for name in names})


view = map_panel.controls(survey_name, list(maps.map_xy), columns_to_colour_by(survey))
left, right = st.columns([11, 9], gap="medium")
with left:
    caption = map_panel.charts(view)
    show_selection(view.column)
    st.caption(literal(caption, 600))
with right:
    show_source(view.names)
