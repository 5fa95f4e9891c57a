"""M3 Explorer: `streamlit run app.py`."""

if __name__ == "__main__":  # processes that read files import this file under another name
    from pages.components.navigation import declared_pages

    page = declared_pages()  # before the rest is loaded, which takes seconds on a fresh server
    from pages.components.frame import run_page

    run_page(page)
