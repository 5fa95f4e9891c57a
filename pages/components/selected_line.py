"""One line on what is selected, above the figures of a page on which bars, points and cells select."""

import streamlit as st

from m3core.survey import Survey
from pages.components import links, pick, state
from pages.components.border import guarded
from pages.components.export_menu import export_menu
from pages.components.selection_panel import selection_counts, selection_table

__all__ = ["selected_line"]

HINT = "Click a bar or a point, or take the box or the lasso above a figure: every page keeps the selection."


@st.fragment(key=pick.SELECTED)
@guarded
def selected_line(survey: Survey, survey_name: str, hint: str = HINT) -> None:
    """How many sources, of which classes, their list and their export.

    Args:
        hint: what to say while none is selected.
    """
    selected = state.selection()
    if not selected:
        st.caption(hint)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{len(selected):,} of {len(survey):,} selected**")
        st.button("Clear", key="data_clear", on_click=_clear, icon=":material/close:")
        with st.popover("List", icon=":material/list:", key="data_list"):
            selection_table(survey, "label", _open)
        export_menu(survey, selected, key="selected_export")
        links.source_link(selected[0], "· first of them" if len(selected) > 1 else "· open")
        selection_counts(survey, survey_name, "label")


def _clear() -> None:
    state.select(())
    pick.forget()
    st.rerun([pick.SECTION, pick.SELECTED])


def _open(source: str) -> None:
    state.choose(source=source)
    st.rerun([pick.SELECTED])
