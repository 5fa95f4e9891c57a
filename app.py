"""M3 Explorer: `streamlit run app.py`."""

from pages.components.navigation import run_app

run_app()
