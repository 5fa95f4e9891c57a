"""What does this survey hold? And where there is none: the demo, or welcome."""

from pages.components.navigation import through_app

through_app()

import streamlit as st

from pages.components import state
from pages.components.data_page.page import data_page
from pages.components.demo import first_start
from pages.components.import_form import import_form

if first_start():
    st.stop()
if state.chosen().survey is None:
    st.title("Welcome to M3 Explorer")
    st.markdown(
        "Train a multimodal CLIP model on your own stars and walk through the map of its embeddings. "
        "It begins with a **survey**: made of your own files, of public archives, or simulated. "
        "What is found is shown to you first; nothing is written before you say so."
    )
    import_form()
else:
    data_page(state.chosen().survey)
