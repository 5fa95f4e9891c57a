"""The data page: its head, its sections, and what is selected."""

import streamlit as st

from m3core.survey import Survey
from pages.components import links, pick, resources, state
from pages.components.border import guarded
from pages.components.data_page.checks import checks
from pages.components.data_page.columns import columns
from pages.components.data_page.contents import contents
from pages.components.data_page.diagrams import diagrams
from pages.components.data_page.quality import quality
from pages.components.data_page.sky import sky
from pages.components.export_menu import export_menu
from pages.components.selected_line import selected_line
from pages.components.text import literal
from pages.components.training_form import open_training_form

__all__ = ["data_page"]

SECTIONS = {
    "Contents": contents, "Sky": sky, "Diagrams": diagrams, "Quality": quality, "Columns": columns, "Checks": checks,
}  # fmt: skip


def data_page(survey_name: str) -> None:
    """Everything about a survey that is no single source."""
    survey = resources.survey(survey_name)
    _head(survey)
    name = st.segmented_control(
        "Section", list(SECTIONS), default="Contents", required=True, key="data_section",
        label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    if state.is_new_page() or st.session_state.get("data_shown") != (survey_name, name):
        pick.forget()
        st.session_state["data_shown"] = (survey_name, name)
    selected_line(survey, survey_name)
    _section(survey, survey_name, name)


def _head(survey: Survey) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(literal(survey.path.name), width="content")
        st.caption(
            f"{len(survey):,} sources · {len(survey.classes)} classes · {len(survey.modalities)} modalities",
            width="stretch",
        )
        export_menu(survey, None, key="export")
        if state.chosen().run is None:
            open_training_form()
        else:
            keep = state.link_parameters()
            st.page_link(links.MANIFOLD, label="Open the map", icon=":material/scatter_plot:", query_params=keep)


@st.fragment(key=pick.SECTION)
@guarded
def _section(survey: Survey, survey_name: str, name: str) -> None:
    SECTIONS[name](survey, survey_name)
