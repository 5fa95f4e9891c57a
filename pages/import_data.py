"""How do my stars get in?"""

from pages.components.navigation import through_app

through_app()

import streamlit as st

from pages.components.import_form import import_form

st.title("Import")
import_form()
