"""What does this survey hold? And where there is none: welcome."""

import streamlit as st

from pages.components import resources, state
from pages.components.import_form import import_form
from pages.components.navigation import through_app
from pages.components.overview import overview

through_app()

if state.chosen().survey is None:
    st.title("Welcome to M3 Explorer")
    st.markdown(
        "Train a multimodal CLIP model on your own stars and walk through the map of its embeddings. "
        "It begins with two files: a **catalogue** (a row a star) and its **photometry** (a row an observation). "
        "They are read and shown to you first; nothing is written before you say so."
    )
    import_form()
else:
    survey = resources.survey(state.chosen().survey)
    overview(survey)
