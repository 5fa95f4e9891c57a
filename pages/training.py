"""How is the training going?"""

from pages.components.navigation import through_app

through_app()

import streamlit as st

from pages.components.live import live_run
from pages.components.need import need_run, need_survey
from pages.components.text import literal

need_survey()
name = need_run()
st.title(literal(name))
live_run(name)
