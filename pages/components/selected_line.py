"""One line on what is selected, above the figures of a page on which bars, points and cells select."""

import html

import streamlit as st

from m3core.survey import Survey
from pages.components import links, pick, state
from pages.components.border import guarded
from pages.components.export_menu import export_menu
from pages.components.kept_selections import kept_selections
from pages.components.selection_panel import selection_counts, selection_table
from pages.components.text import literal

__all__ = ["selected_line"]

HINT = "Click a bar or a point, or take the box or the lasso above a figure: every page keeps the selection."

ROW = "display:flex;align-items:center;min-height:2.5rem"
"""Style of the line without buttons: as high as with them, so that figures below keep their place under the pointer."""


@st.fragment(key=pick.SELECTED)
@guarded
def selected_line(survey: Survey, survey_name: str, hint: str = HINT, *, is_counted: bool = True) -> None:
    """How many sources, of which classes, their list, their export, and the way to them.

    Args:
        hint: what to say while none is selected.
        is_counted: whether to count them by class, in a line more.
    """
    selected = state.selection()
    if not selected:
        with st.container(horizontal=True, vertical_alignment="center"):
            kept_selections(survey, key="line_kept", taken=_redraw)
            st.html(f"<div style='{ROW};opacity:.6;font-size:.875rem'>{html.escape(hint)}</div>")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{len(selected):,} of {len(survey):,} selected**")
        st.button("Clear", key="data_clear", on_click=_clear, icon=":material/close:")
        with st.popover("List", icon=":material/list:", key="data_list"):
            selection_table(survey, "label", _open)
        export_menu(survey, selected, key="selected_export")
        kept_selections(survey, key="line_kept", taken=_redraw)
        links.source_link(selected[0], "· first of them" if len(selected) > 1 else "· open")
        mapped = state.mapped_run()
        if mapped is not None:
            st.page_link(
                links.MANIFOLD, label="On the map", icon=":material/scatter_plot:",
                query_params=state.link_parameters(run=mapped), help=f"Of run {literal(mapped)}, with these selected.",
            )  # fmt: skip
        if is_counted:
            selection_counts(survey, survey_name, "label")


def _clear() -> None:
    state.select(())
    _redraw()


def _redraw() -> None:
    pick.forget()
    st.rerun([pick.SECTION, pick.SELECTED])


def _open(source: str) -> None:
    state.choose(source=source)
    st.rerun([pick.SELECTED])
