"""How do my files get in?"""

import streamlit as st

from pages.components.import_form import import_form

st.title("Import your own files")
import_form()
