"""How do my stars get in?"""

import streamlit as st

from pages.components.import_form import import_form
from pages.components.navigation import through_app

through_app()

st.title("Import")
import_form()
