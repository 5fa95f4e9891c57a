"""Sources in two quantities: colour-magnitude, period-luminosity, period-amplitude."""

from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from m3core.diagrams.colouring import Categories, Colouring
from m3core.diagrams.diagram import Points
from m3core.figures.blank import HEIGHT, axis, blank_figure, survey_layout
from m3core.figures.points import log_ticks, point_traces

__all__ = ["diagram_figure", "log_axis"]


def diagram_figure(
    points: Points,
    source_ids: NDArray[Any],
    colours: Colouring,
    *,
    invert_y: bool = False,
    log_x: bool = False,
    log_colour: bool = False,
    selected: NDArray[np.bool_] | None = None,
    height: int = HEIGHT + 90,
    revision: str = "diagram",
    empty: str = "",
) -> go.Figure:
    """A scatter plot with ids in customdata.

    Args:
        points: what to show, of `m3core.diagrams.diagram`.
        source_ids: (N,) of the whole survey.
        colours: (N,) of the whole survey.
        invert_y: True for magnitudes, which go up when brighter.
        log_x: for periods; where they span less than a factor of ten the axis stays linear.
        selected: (N,) which to show as selected at first; None: no selection is on.
        empty: the sentence where there is nothing to show.
    """
    if not len(points.rows):
        reason = " ".join(points.notes[1:])
        return blank_figure(
            empty or f"No source has both {points.x_title} and {points.y_title}. {reason}", height=height
        )
    rows = points.rows
    shown = (
        replace(colours, codes=colours.codes[rows])
        if isinstance(colours, Categories)
        else replace(colours, values=colours.values[rows])
    )
    figure = go.Figure(
        point_traces(
            np.column_stack([points.x, points.y]),
            source_ids[rows],
            shown,
            log=log_colour,
            selected=None if selected is None else selected[rows],
            details="%{x:.5g}, %{y:.5g}",
        )
    )
    figure.update_layout(
        **survey_layout(height=height, revision=revision, legend=isinstance(colours, Categories)),
        xaxis=axis(points.x_title, **(log_axis(points.x) if log_x else {})),
        yaxis=axis(points.y_title, autorange="reversed" if invert_y else True),
    )
    return figure


def log_axis(x: NDArray[np.float64]) -> dict[str, Any]:
    """A logarithmic axis whose ticks are named in full; none where there is less than a decade."""
    low, high = np.log10(x.min()), np.log10(x.max())
    if high - low < 1:
        return {}
    ticks = log_ticks(low - 0.2, high + 0.2)  # the axis goes a little beyond its points
    return {"type": "log", "tickvals": list(ticks), "ticktext": [f"{tick:g}" for tick in ticks]}
