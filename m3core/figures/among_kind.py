"""One star among those of its class and all others of its survey: a density, and points that can be clicked."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from m3core.diagrams.diagram import Points
from m3core.figures.blank import axis, survey_layout
from m3core.figures.diagram import log_axis
from m3core.figures.palette import GREY, Mark
from m3core.figures.points import point_size
from m3core.figures.text import needs_escape, plain

__all__ = ["FEWEST_FOR_DENSITY", "LEGEND", "MOST_POINTS", "STAR", "among_kind_figure"]

MOST_POINTS = 30_000
"""Above this many sources those of other classes are shown by their density alone."""

STAR = {"symbol": "star", "size": 18, "color": "#E5007D", "line": {"color": "#FFFFFF", "width": 1.5}}
"""The marker of the star itself: a colour that no class has, seen on light and on dark, on grey and among points."""

LEGEND = {"orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom", "itemsizing": "constant"}
"""Above the figure, where it takes no width."""

BINS, WIDTH = 90, 0.7
"""Steps over the middle 99 % of the sources; the width of the smoothing, in Scott's (1992) for two dimensions."""

FAINTEST = 0.02
"""Share of the greatest density below which nothing is shaded."""

FEWEST_FOR_DENSITY = 200
"""Fewer sources are points and have no density."""

GREYS = [[0.0, "rgba(138,143,152,0.18)"], [1.0, "rgba(138,143,152,0.95)"]]


def among_kind_figure(
    points: Points,
    source_ids: NDArray[Any],
    is_kin: NDArray[np.bool_],
    row: int,
    *,
    kin: str,
    style: Mark,
    invert_y: bool = False,
    log_x: bool = False,
    y_error: float = float("nan"),
    with_others: bool = True,
    height: int = 380,
) -> go.Figure:
    """The density of the survey, its other sources, those of the class, and the star.

    Args:
        points: what to show, of `m3core.diagrams.diagram`; those of a poor parallax are hollow, and hidden at first.
        source_ids: (N,) of the whole survey; is_kin: (N,) which share the star's class.
        row: of the star.
        kin: what to call the class in the legend; style: how its points are drawn.
        invert_y: True for magnitudes, which go up when brighter.
        y_error: of the star, 1 sigma; NaN: none is drawn.
        with_others: whether to draw sources of other classes as points, on which one can click.
    """
    traces: list[go.Scattergl | go.Heatmap] = []
    if len(points.rows) > FEWEST_FOR_DENSITY:
        traces.append(_density(points.x, points.y, log_x))
    own = points.rows == row
    kin_here = is_kin[points.rows] & ~own
    others = ~kin_here & ~own
    few = len(points.rows) <= FEWEST_FOR_DENSITY
    if few or (with_others and len(points.rows) <= MOST_POINTS):
        size = point_size(len(points.rows)) / 2
        dim = {"color": GREY, "opacity": 0.6 if size > 2 else 0.25, "size": 6.0 if few else size}
        traces.append(_cloud(points, source_ids, others, "others", dim))
    marker = {"color": style.colour, "symbol": style.symbol, "opacity": 0.85}
    if kin_here.any():
        traces.append(_cloud(points, source_ids, kin_here, kin, marker))
    poor = Points(points.poor_rows, points.poor_x, points.poor_y, "", "")
    poor_kin = is_kin[poor.rows] & (poor.rows != row)
    hollow = {"color": style.colour, "symbol": "circle-open", "opacity": 0.8}
    if poor_kin.any():
        traces.append(_cloud(poor, source_ids, poor_kin, f"{kin}, poor parallax", hollow, visible="legendonly"))
    traces += _star(points, poor, row, y_error)
    figure = go.Figure(traces)
    layout = survey_layout(height=height, revision="among_kind")
    layout["legend"] = LEGEND
    ticks = log_axis(points.x) if log_x and len(points.rows) else {}
    figure.update_layout(
        **layout,
        xaxis=axis(points.x_title, **ticks),
        yaxis=axis(points.y_title, autorange="reversed" if invert_y else True),
    )
    return figure


def _density(x: NDArray[np.float64], y: NDArray[np.float64], log_x: bool) -> go.Heatmap:
    """Sources a cell, counted in a fine grid and smoothed, shaded by their logarithm."""
    place = np.log10(x) if log_x else x
    (first, wide), (second, high) = _edges(place), _edges(y)
    counts, _, _ = np.histogram2d(place, y, bins=[first, second])
    smooth = gaussian_filter(counts, (wide, high), mode="constant")
    shade = np.where(smooth > FAINTEST * smooth.max(), np.log10(np.maximum(smooth, 1e-9)), np.nan).T
    return go.Heatmap(
        x=10**first if log_x else first, y=second, z=shade.astype(np.float32), colorscale=GREYS,
        showscale=False, hoverinfo="skip", name="density of all", zsmooth=False,
    )  # fmt: skip


def _edges(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Ninety steps over the middle 99 % and as many more as reach the extremes; the width of the smoothing, in steps.

    That of the middle half is used for Scott's rule, sigma n^(-1/6): a tail makes no blur.
    """
    low, first, third, high = np.quantile(values, [0.005, 0.25, 0.75, 0.995])
    width = float(values.max() - values.min()) or 1.0
    step = max((high - low) / BINS, width / 300) or 1.0
    sigma = WIDTH * (third - first) / 1.349 * len(values) ** (-1 / 6)
    reach = 3 * max(sigma / step, 0.8) * step
    return np.arange(values.min() - reach, values.max() + reach + step, step), max(sigma / step, 0.8)


def _cloud(
    points: Points, source_ids: NDArray[Any], which: NDArray[np.bool_], name: str, marker: dict[str, Any],
    visible: bool | str = True,
) -> go.Scattergl:  # fmt: skip
    ids = source_ids[points.rows[which]]
    escaped = needs_escape(ids)
    return go.Scattergl(
        x=points.x[which], y=points.y[which], customdata=ids, mode="markers",
        marker={"size": min(point_size(len(points.rows)), 6.0), **marker}, visible=visible,
        name=f"{plain(name)} ({int(which.sum()):,})", text=[plain(one) for one in ids] if escaped else None,
        hovertemplate=f"%{{{'text' if escaped else 'customdata'}}}<br>%{{x:.5g}}, %{{y:.5g}}<extra></extra>",
    )  # fmt: skip


def _star(points: Points, poor: Points, row: int, y_error: float) -> list[go.Scattergl]:
    """The star, if it has a place; hollow where its parallax is poor. In WebGL, whose canvas lies over all else."""
    for where, is_poor in ((points, False), (poor, True)):
        at = np.flatnonzero(where.rows == row)
        if not len(at):
            continue
        marker = {**STAR, "symbol": "star-open", "line": {"color": STAR["color"], "width": 2}} if is_poor else STAR
        bars = {"array": [y_error], "color": GREY, "thickness": 1.2} if np.isfinite(y_error) else None
        return [
            go.Scattergl(
                x=where.x[at], y=where.y[at], mode="markers", marker=marker, error_y=bars,
                name="this source" + (" (poor parallax)" if is_poor else ""),
                hovertemplate="this source<br>%{x:.5g}, %{y:.5g}<extra></extra>",
            )
        ]  # fmt: skip
    return []
