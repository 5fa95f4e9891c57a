"""Figures whose bars and points stand for sources: a click, a box or a lasso selects them, for this and every page.

A chart stays as it was first drawn while its own marks are picked, or it would lose its zoom; the other charts of the
section are drawn anew with the selection.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from pages.components import resources, state
from pages.components.figure import configuration, files
from pages.components.map_panel import source_id

__all__ = ["SECTION", "forget", "pick_bars", "pick_points"]

SECTION, SELECTED = "section", "selected"
"""Keys of the fragments that answer a pick: the charts, and what is selected."""

DRAWN, REVISION = "data_drawn", "data_revision"


def pick_bars(
    figure: go.Figure, *, name: str, alt: str, sources_of: Callable[[list[Any]], Iterable[str]]
) -> None:  # fmt: skip
    """Draw bars.

    Args:
        name: key of the chart and name of the files that are saved of it.
        alt: what it shows, in words.
        sources_of: the customdata of the picked bars -> ids of their sources.
    """
    _chart(figure, name, alt, sources_of)


def pick_points(survey_name: str, draw: Callable[..., go.Figure], *, name: str, alt: str, **arguments: Any) -> None:
    """Draw points that are sources.

    Args:
        draw: (survey, selected, **arguments) -> figure with ids in customdata; `selected` are ids, () for no selection.
        name, alt: as in `pick_bars`.
    """
    what = (survey_name, tuple(sorted(arguments.items())))
    drawn = st.session_state.setdefault(DRAWN, {})
    if drawn.get(name, (None,))[0] != what:
        drawn[name] = (what, state.selection())
    figure = resources.derived(survey_name, draw, selected=drawn[name][1], **arguments)
    _chart(figure, name, alt, None)


def _chart(figure: go.Figure, name: str, alt: str, sources_of: Callable[[list[Any]], Iterable[str]] | None) -> None:
    key = f"{name}_{st.session_state.get(REVISION, 0)}"
    st.plotly_chart(
        figure, key=key, alt=alt, on_select=partial(_answer, key, name, sources_of),
        config={**configuration(name), "displayModeBar": True},
    )  # fmt: skip
    files(figure, key=key, name=name, title=alt)


def _answer(key: str, name: str, sources_of: Callable[[list[Any]], Iterable[str]] | None) -> None:
    event = st.session_state[key]["selection"]
    points = [point for point in event["points"] if point.get("customdata") is not None]
    if sources_of is None:
        ids = [source_id(point) for point in points]
        if len(ids) == 1:
            state.choose(source=ids[0])
    else:
        ids = list(sources_of([point["customdata"] for point in points]))
    state.select_in_order(ids)
    drawn = st.session_state.setdefault(DRAWN, {})
    for other in [one for one in drawn if one != name]:
        del drawn[other]
    st.rerun([SECTION, SELECTED])


def forget() -> None:
    """Draw every chart anew with the selection as it is now; what was picked on them is let go."""
    st.session_state[REVISION] = st.session_state.get(REVISION, 0) + 1
    st.session_state.pop(DRAWN, None)
