"""The map of embeddings: points that can be clicked, boxed and lassoed, each carrying its source id."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from m3core.diagrams.colouring import Categories, Colouring
from m3core.figures.points import point_traces

__all__ = ["map_figure"]


def map_figure(
    map_xy: NDArray[np.float32],
    source_ids: NDArray[Any],
    colours: Colouring,
    *,
    log: bool = False,
    selected: NDArray[np.bool_] | None = None,
    height: int = 560,
    legend: bool = True,
    revision: str = "map",
) -> go.Figure:
    """A WebGL scatter plot, one trace a category; a map's axes have no unit and show none.

    Args:
        map_xy: (N, 2), NaN where a source is not on the map: it is left out.
        source_ids: (N,) text, carried in `customdata`.
        colours: categories or values, (N,).
        log: colour by the logarithm of the values; those that are not positive count as missing.
        selected: (N,) which to show as selected at first; None: no selection is on.
        height: pixels.
        legend: whether to name the categories (or draw the colour bar) beside the points.
        revision: zoom and pan are kept while this stays.
    """
    figure = go.Figure(point_traces(map_xy, source_ids, colours, log=log, selected=selected, colour_bar=legend))
    figure.update_layout(
        height=height,
        margin={"l": 4, "r": 4, "t": 4, "b": 4},
        uirevision=revision,
        dragmode="pan",
        hovermode="closest",
        xaxis=_bare_axis(),
        yaxis={**_bare_axis(), "scaleanchor": "x", "scaleratio": 1},
        legend={
            "orientation": "h", "x": 0, "y": 0, "yanchor": "top", "itemsizing": "constant", "traceorder": "normal",
        },
        showlegend=legend and isinstance(colours, Categories),
    )  # fmt: skip
    return figure


def _bare_axis() -> dict[str, Any]:
    return {"visible": False, "showgrid": False, "zeroline": False}
