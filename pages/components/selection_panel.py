"""The selected sources: how many of each class, a table, and the way out of the app."""

import html
from collections.abc import Callable

import numpy as np
import streamlit as st

from m3core.diagrams.colouring import Categories
from m3core.figures.palette import mark
from m3core.survey import Survey
from pages.components import map_panel, resources, state
from pages.components.export_menu import export_menu
from pages.components.kept_selections import kept_selections
from pages.components.tables import dataframe

__all__ = ["selection_counts", "selection_panel", "selection_table"]

SIGNS = {"circle": "●", "diamond": "◆", "square": "■", "triangle-up": "▲"}


def selection_panel(survey: Survey, survey_name: str, column: str) -> None:
    """What is selected, under the map.

    Args:
        column: that the map is coloured by; it is counted and shown in the table.
    """
    selected = state.selection()
    if not selected:
        st.caption(
            "Click a point to open its source. Select many with the box or the lasso above the map, or with "
            "Shift and clicks; a double click on the map clears."
        )
        kept_selections(survey, key="panel_kept", taken=map_panel.redraw)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{len(selected):,} of {len(survey):,} selected**")
        st.button("Clear", key="selection_clear", on_click=_clear, icon=":material/close:")
        if map_panel.shows_click():
            st.button("Show on the map", key="selection_show", on_click=map_panel.redraw, icon=":material/visibility:")
        export_menu(survey, selected, key="selection_export")
        kept_selections(survey, key="panel_kept", taken=map_panel.redraw)
    selection_counts(survey, survey_name, column)

    def opened(source: str) -> None:
        state.choose(source=source)
        st.rerun("viewer")

    selection_table(survey, column, opened)


def _clear() -> None:
    state.select(())
    map_panel.redraw()


def selection_counts(survey: Survey, survey_name: str, column: str) -> None:
    """The legend while a selection is on: '47 / 412' for each category."""
    colours = resources.colours(survey_name, column)
    if not isinstance(colours, Categories):
        return
    rows = np.array([survey.row(one) for one in state.selection()], np.int64)
    parts = []
    for code in (*range(len(colours.names)), -1):
        total = int((colours.codes == code).sum())
        if total:
            name = html.escape(colours.names[code] if code >= 0 else colours.missing)
            style = mark(code)
            sign = f"<span style='color:{style.colour}'>{SIGNS[style.symbol]}</span>"
            parts.append(f"<span>{sign} {name} {int((colours.codes[rows] == code).sum()):,} / {total:,}</span>")
    st.html(f"<div style='display:flex;flex-wrap:wrap;gap:.2rem 1rem;font-size:.875rem'>{''.join(parts)}</div>")


def selection_table(survey: Survey, column: str, opened: Callable[[str], None]) -> None:
    """The selected sources, a row each.

    Args:
        column: shown beside identity and position.
        opened: called with the id of a row that is clicked.
    """
    selected = state.selection()
    columns = list(dict.fromkeys(["label", "split", "ra", "dec", column]))
    shown = survey.sources.loc[list(selected), columns].reset_index()

    def clicked() -> None:
        cells = st.session_state["selection_table"]["selection"]["cells"]
        if cells:
            opened(selected[cells[0][0]])

    dataframe(
        shown, key="selection_table",
        on_select=clicked, selection_mode="single-cell",
        column_config={
            "source_id": st.column_config.TextColumn("id", width="medium"),
            "ra": st.column_config.NumberColumn("RA [deg]", format="%.5f"),
            "dec": st.column_config.NumberColumn("Dec [deg]", format="%.5f"),
        },
        alt="Selected sources; choosing a row opens the source",
    )  # fmt: skip
