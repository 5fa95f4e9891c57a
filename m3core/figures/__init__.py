"""Figures: pure functions from data to plotly figures, for pages, notebooks and exported files alike."""
