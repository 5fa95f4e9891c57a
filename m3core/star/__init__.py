"""What the page of a star shows, without Streamlit: the app, `python -m m3core show` and a booklet draw the same."""
