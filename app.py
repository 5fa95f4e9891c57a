"""M3 Explorer: `streamlit run app.py`. Declares the pages; each is a question an astronomer asks."""

import streamlit as st

from pages.components import sidebar, state
from pages.components.border import sentences
from pages.components.notices import show_notices

PAGES = [
    st.Page("pages/home.py", title="Survey", icon=":material/dataset:", default=True),
    st.Page("pages/manifold.py", title="Manifold", icon=":material/scatter_plot:"),
    st.Page("pages/source.py", title="Source", icon=":material/star:"),
    st.Page("pages/training.py", title="Training", icon=":material/trending_down:"),
    st.Page("pages/runs.py", title="Runs", icon=":material/list:"),
    st.Page("pages/import_data.py", title="Import", icon=":material/upload_file:", url_path="import"),
]

st.set_page_config(page_title="M3 Explorer", page_icon=":material/scatter_plot:", layout="wide")
page = st.navigation(PAGES)
with sentences():
    state.resolve(page.title)
    with st.sidebar:
        sidebar.show(page.title)
    show_notices()
    page.run()
