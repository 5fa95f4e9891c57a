"""A ring round the open source on the maps, drawn over the charts so that none of them is redrawn for it."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

__all__ = ["map_marker"]

_MARKER = st.components.v2.component(
    "m3_map_marker", js=(Path(__file__).parent / "assets" / "marker.js").read_text(encoding="utf-8")
)


def map_marker(places: Mapping[str, NDArray[np.float32]]) -> None:
    """Ring one point a chart.

    Args:
        places: key of a chart -> (2,) coordinates on its map; a point with NaN gets no ring.
    """
    entries = [
        {"chart": chart, "x": float(xy[0]), "y": float(xy[1])} for chart, xy in places.items() if np.isfinite(xy).all()
    ]
    _MARKER(data={"entries": entries}, key="map_marker", height=1)
