"""One way to put a figure on a page: a tidy bar of buttons, vector graphics on export, a name for screen readers."""

from typing import Any

import plotly.graph_objects as go
import streamlit as st

__all__ = ["configuration", "show"]


def configuration(file_name: str, *, scroll_zoom: bool = False) -> dict[str, Any]:
    """Plotly's options: which buttons, and what the camera saves."""
    return {
        "displaylogo": False,
        "scrollZoom": scroll_zoom,
        "modeBarButtonsToRemove": ["autoScale2d", "zoomIn2d", "zoomOut2d", "toggleSpikelines"],
        "toImageButtonOptions": {"format": "svg", "filename": file_name},
    }


def show(figure: go.Figure, *, name: str, alt: str) -> None:
    """Draw a figure that is only looked at.

    Args:
        name: key of the chart and name of the file that its camera saves.
        alt: what it shows, in words.
    """
    st.plotly_chart(figure, key=name, config=configuration(name), alt=alt)
