"""A series as a line, such as a spectrum, with its error band. From `Series` to a plotly figure.

Figures are built from one dictionary: a click on the map waits for them, and changing a figure property by property
takes plotly five times as long.
"""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from m3core.figures.palette import GREY, OKABE_ITO
from m3core.figures.text import plain
from m3core.kinds.base import Series

__all__ = ["line_figure"]


def line_figure(series: Series, *, errors: bool = True, height: int = 280) -> go.Figure:
    """A line over x, such as a spectrum, with its 1-sigma band; gaps where there is no value."""
    name = plain(series.name)
    data: list[dict[str, Any]] = []
    if errors and series.error is not None:
        x, y = _band(series.x, series.y, series.error)
        data.append(
            {
                "type": "scatter", "x": x, "y": y, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip",
                "fill": "toself", "fillcolor": "rgba(138,143,152,0.3)", "name": f"{name} ± 1σ",
            }
        )  # fmt: skip
    data.append(
        {
            "type": "scatter", "x": series.x, "y": series.y, "mode": "lines", "name": name,
            "line": {"color": OKABE_ITO[0], "width": 1.2}, "hovertemplate": "%{x:.2f}: %{y:.4g}<extra></extra>",
        }
    )  # fmt: skip
    layout = _layout(height) | {
        "xaxis": {**_axis(series.x_label), "tickformat": ".4~f"},
        "yaxis": _y_axis(series, series.y_label),
    }
    return go.Figure({"data": data, "layout": layout})


def _band(x: NDArray[Any], y: NDArray[np.float64], error: NDArray[np.float64]) -> tuple[NDArray, NDArray]:
    """The outline of y ± error, a closed piece for each run of pixels without a gap, parted by NaN.

    Filling between two lines instead would join the pieces across the gaps.
    """
    known = np.isfinite(y) & np.isfinite(error)
    starts = np.flatnonzero(known & ~np.concatenate([[False], known[:-1]]))
    ends = np.flatnonzero(known & ~np.concatenate([known[1:], [False]])) + 1
    outline: list[NDArray] = [np.zeros((0, 2))]
    for start, end in zip(starts, ends, strict=True):
        run = slice(start, end)
        upper = np.column_stack([x[run], y[run] + error[run]])
        lower = np.column_stack([x[run], y[run] - error[run]])
        outline += [upper, lower[::-1], np.full((1, 2), np.nan)]
    points = np.concatenate(outline)
    return points[:, 0], points[:, 1]


def _title(text: str) -> dict[str, Any]:
    return {"text": plain(text), "standoff": 6}


def _axis(label: str) -> dict[str, Any]:
    """Margins are fixed: plotly draws a figure twice to find them by itself."""
    line = {"showline": True, "linecolor": GREY, "linewidth": 1, "ticks": "outside"}
    return {"title": _title(label), "automargin": False, **line}


def _y_axis(series: Series, label: str) -> dict[str, Any]:
    """Magnitudes go up when brighter."""
    return {**_axis(label), "autorange": "reversed" if series.invert_y else True}


def _layout(height: int) -> dict[str, Any]:
    return {
        "height": height,
        "margin": {"l": 66, "r": 8, "t": 34, "b": 44, "pad": 0},
        "legend": {
            "orientation": "h", "x": 0, "xref": "container", "y": 1, "yref": "container", "yanchor": "top",
            "itemsizing": "constant",
        },
        "hovermode": "closest",
        "dragmode": "zoom",
    }  # fmt: skip
