"""M3 Explorer: `streamlit run app.py`. The frame around every page."""

from pathlib import Path

import streamlit as st

from pages.components import sidebar, state
from pages.components.border import sentences
from pages.components.navigation import frame, navigation
from pages.components.notices import show_notices

ASSETS = Path(__file__).resolve().parent / "pages" / "components" / "assets"

st.set_page_config(page_title="M3 Explorer", page_icon=str(ASSETS / "icon.svg"), layout="wide")
st.logo(str(ASSETS / "logo.svg"), icon_image=str(ASSETS / "icon.svg"))
st.html(ASSETS / "style.css")
page = navigation()
with sentences(), frame():
    state.resolve(page.title)
    with st.sidebar:
        sidebar.show(page.title)
    show_notices()
    page.run()
