"""The map: one chart or several, and what a click, a box or a lasso on them means.

A chart is sent to the browser once and keeps its zoom as long as its figure stays the same to the byte. So a click
never rebuilds it: the browser greys what is not selected, and only the fragments beside the chart run again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from m3core.diagrams.colouring import Values
from m3core.embeddings.manifold import MEAN
from pages.components import resources, state
from pages.components.figure import configuration, files
from pages.components.text import literal

__all__ = [
    "ANSWERS",
    "MapView",
    "chart_key",
    "charts",
    "controls",
    "forget_drawn",
    "redraw",
    "shows_click",
    "source_id",
]

ANSWERS = ["viewer", "selected"]
"""Keys of the fragments that answer a click: the source, and what is selected."""

CHARTS = "charts"
"""Key of the charts' own fragment. A click runs only what answers it in any case; but one on a chart outside a fragment
would stop the clocks of all others, those of the bars in the sidebar (Streamlit 1.67)."""

REVISION, DRAWN, POINTS, SHOWS_CLICK = "map_revision", "map_drawn", "map_points", "map_shows_click"


@dataclass(frozen=True)
class MapView:
    """What the map shows.

    Attributes:
        names: of the maps: one, or all side by side.
        column: to colour by.
        log: of a numeric column's scale.
    """

    names: tuple[str, ...]
    column: str
    log: bool


def controls(survey_name: str, names: Sequence[str], columns: Sequence[str]) -> MapView:
    """Which map, and its colours."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        together = st.session_state.get("map_together", False)
        name = st.segmented_control(
            "Map of", names, default=MEAN if MEAN in names else names[0], required=True, key="map_of",
            disabled=together, persist_state="session", help="The mean embedding, or one modality's.",
        )  # fmt: skip
        column = st.selectbox("Colour by", columns, key="map_colour", width=220, persist_state="session")
        colours = resources.colours(survey_name, column)
        log = False
        if isinstance(colours, Values) and (colours.values > 0).any():
            log = st.toggle("Log scale", value=colours.wants_log, key=f"map_log_{column}", persist_state="session")
        st.toggle(
            "All maps", key="map_together", persist_state="session", help="Side by side; a selection shows in all."
        )
    return MapView(tuple(names) if together else (name,), column, log)


@st.fragment(key=CHARTS)
def charts(view: MapView) -> str:
    """Draw the maps of a view, two to a row.

    Returns:
        The caption of them all.
    """
    if state.is_new_page():
        forget_drawn()
    if len(view.names) == 1:
        with st.container(key="map"):
            shown, made = _chart(view, view.names[0], height=500)
        return f"{shown} {made}"
    for start in range(0, len(view.names), 2):
        with st.container(key=f"maps_{start}"):
            places = st.columns(2)
        for name, place in zip(view.names[start : start + 2], places, strict=False):
            with place:
                st.markdown(f"**{literal(name)}**")
                shown, made = _chart(view, name, height=320)
                st.caption(literal(shown, 300))
    return made


def chart_key(name: str) -> str:
    """Key of the chart of a map."""
    return f"map_{name}_{st.session_state.get(REVISION, 0)}"


def redraw() -> None:
    """Draw all charts anew with the selection as it is now; their zoom starts over."""
    st.session_state[REVISION] = st.session_state.get(REVISION, 0) + 1
    forget_drawn()


def forget_drawn() -> None:
    """The next charts begin with the selection of that time: a page that is entered anew has new charts."""
    for name in (DRAWN, POINTS, SHOWS_CLICK):
        st.session_state.pop(name, None)


def shows_click() -> bool:
    """Whether a click has put itself in the place of a selection on the chart."""
    return bool(st.session_state.get(SHOWS_CLICK)) and bool(state.selection())


def _chart(view: MapView, name: str, height: int) -> tuple[str, str]:
    """Draw a map; what it shows, and how it was made."""
    now = state.chosen()
    assert now.run is not None
    assert now.survey is not None
    figure, shown, made = resources.drawn_map(
        now.run, now.survey, name, view.column, log=view.log, selected=_drawn_selection(view, name), height=height
    )
    key, file = chart_key(name), f"map_{name}"
    title = f"Map of the {name} embeddings, coloured by {view.column}"
    st.plotly_chart(
        figure,
        key=key,
        on_select=partial(_answer, key, view, name),
        config={**configuration(file, scroll_zoom=True), "displayModeBar": True},
        alt=title,
    )
    files(figure, key=key, name=file, title=title, caption=f"{shown} {made}")
    return shown, made


def _drawn_selection(view: MapView, name: str) -> tuple[str, ...]:
    """The selection that a chart was first drawn with: it must not change while the chart stands."""
    drawn = st.session_state.setdefault(DRAWN, {})
    what = (state.chosen().survey, state.chosen().run, view)
    if drawn.get(name, (None,))[0] != what:
        drawn[name] = (what, state.selection())
    return drawn[name][1]


def _answer(key: str, view: MapView, name: str) -> None:
    """What the user did on a chart: a click opens a source, a box, a lasso or a second click selects."""
    event = st.session_state[key]["selection"]
    ids = [source_id(point) for point in event["points"]]
    before = st.session_state.get(POINTS, ())
    is_area = bool(event["box"] or event["lasso"])
    st.session_state[POINTS] = () if is_area else ids
    st.session_state[SHOWS_CLICK] = len(ids) == 1 and not is_area
    if len(ids) == 1 and not is_area:
        state.choose(source=ids[0])
        if not state.selection():
            st.rerun(ANSWERS[:1])
    else:
        if ids and not is_area:
            state.choose(source=next((one for one in ids if one not in before), ids[-1]))
        state.select_in_order(ids)
        if len(view.names) > 1:
            _draw_others_anew(view, name)
            st.rerun()
    st.rerun(ANSWERS)


def _draw_others_anew(view: MapView, name: str) -> None:
    drawn = st.session_state[DRAWN]
    for other in view.names:
        if other != name:
            drawn.pop(other, None)


def source_id(point: dict[str, Any]) -> str:
    """Whose point of a chart it is."""
    data = point["customdata"]
    return str(data[0] if isinstance(data, list) else data)
