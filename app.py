"""M3 Explorer: `streamlit run app.py`."""

if __name__ == "__main__":  # processes that read files import this file under another name
    from pages.components.navigation import run_app

    run_app()
