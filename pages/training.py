"""How is the training going?"""

import streamlit as st

from pages.components.live import live_run
from pages.components.navigation import through_app
from pages.components.need import need_run, need_survey
from pages.components.text import literal

through_app()

need_survey()
name = need_run()
st.title(literal(name))
live_run(name)
