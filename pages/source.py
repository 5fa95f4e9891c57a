"""What is this source?"""

from pages.components.navigation import through_app

through_app()

import streamlit as st

from pages.components import links, state
from pages.components.border import guarded
from pages.components.need import need_survey
from pages.components.spectrum_file import dropped_spectra
from pages.components.viewer import viewer

above, below = st.container(), st.container()
with above:
    if state.chosen().survey is None:
        dropped_spectra(None)
    survey = need_survey()


@st.fragment(key="viewer")
@guarded
def show_source() -> None:
    """A fragment: folding and stepping redraw the source alone."""
    source_id = state.chosen().source
    if source_id is None:
        st.info("No source is chosen: click a point on the map, or type an id or a position in the sidebar.")
        with st.container(horizontal=True):
            st.page_link(
                links.MANIFOLD,
                label="Open the map",
                icon=":material/scatter_plot:",
                query_params=state.link_parameters(),
            )
            first = str(survey.source_ids[0])
            st.button("Open the first source", on_click=state.choose, kwargs={"source": first})
        return
    selected = state.selection()
    around = selected if source_id in selected else list(survey.source_ids)
    viewer(survey, source_id, around=around, page=links.SOURCE, wide=True)


with above:
    show_source()
with below:
    dropped_spectra(survey)
