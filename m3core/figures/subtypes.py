"""Clusters of a class beside one another: the axis that parts them, columns, median spectra and folded curves."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from m3core.catalogue.table import histogram
from m3core.diagrams.colouring import Categories
from m3core.figures.blank import axis, blank_figure, survey_layout
from m3core.figures.palette import GREY, mark
from m3core.figures.text import plain
from m3core.subtypes.mixture_split import Split
from m3core.subtypes.profiles import Profile

__all__ = ["axis_figure", "cluster_colours", "column_figure", "profile_figure"]

HEIGHT = 300
BAND_OPACITY = "33"
"""Of a band between two percentiles, as the last two digits of a colour."""


def cluster_colours(label: str, n: int, rows: NDArray[np.int64], cluster: NDArray[np.int64]) -> Categories:
    """Colours of all n sources of a survey: the clusters of a class; all others have none."""
    codes = np.full(n, -1, np.int64)
    codes[rows] = cluster
    names = tuple(f"cluster {one}" for one in range(int(cluster.max()) + 1))
    return Categories(f"{label}", names, codes, "other sources")


def axis_figure(split: Split, cluster: NDArray[np.int64], *, height: int = HEIGHT) -> go.Figure:
    """Stars along the discriminant axis of the first cut, those of each cluster in its colour.

    Args:
        split: the first cut, accepted or not.
        cluster: (n,) of the stars that it was fitted to.
    """
    figure = go.Figure()
    low, high = (float(end) for end in np.quantile(split.axis, [0.002, 0.998]))
    edges = np.linspace(low, high, 49)
    for one in range(int(cluster.max()) + 1):
        places = np.clip(split.axis[cluster == one], edges[0], edges[-1])
        figure.add_trace(_bars(one, np.histogram(places, edges)[0], edges, int((cluster == one).sum())))
    figure.update_layout(
        **survey_layout(height=height, revision="subtype_axis"), barmode="stack", bargap=0,
        xaxis=axis("Discriminant axis, cross-fitted [σ within a side]"),
        yaxis=axis("Fitted stars"),
    )  # fmt: skip
    return figure


def _bars(cluster: int, counts: NDArray, edges: NDArray[np.float64], n: int, **more: Any) -> go.Bar:
    return go.Bar(
        x=(edges[1:] + edges[:-1]) / 2, y=counts, width=np.diff(edges), name=f"cluster {cluster} ({n:,})",
        marker={"color": mark(cluster).colour, "line": {"width": 0}},
        hovertemplate="%{x:.4g}: %{y:.3g}<extra></extra>", **more,
    )  # fmt: skip


def column_figure(
    title: str, values: NDArray[np.float64], cluster: NDArray[np.int64], *, height: int = 240
) -> go.Figure:
    """Distribution of a column in each cluster, each as shares of its own stars with a value.

    Args:
        title: of the column, with its unit.
        values: (n,) NaN where missing; cluster: (n,).
    """
    known = np.isfinite(values)
    positive = values[known & (values > 0)]
    log = len(positive) == known.sum() > 0 and np.quantile(positive, 0.99) > 30 * np.quantile(positive, 0.01)
    shown = np.log10(np.where(values > 0, values, np.nan)) if log else values
    _, edges = histogram(shown[known])
    if len(edges) < 3:
        return blank_figure(f"{title}: one value in all.", height=height)
    low, high = np.quantile(shown[known], [0.01, 0.99])
    edges = np.linspace(low, high, len(edges)) if high > low else edges
    figure = go.Figure()
    for one in range(int(cluster.max()) + 1):
        own = np.clip(shown[known & (cluster == one)], edges[0], edges[-1])
        counts = np.histogram(own, edges)[0]
        figure.add_trace(_bars(one, counts / max(len(own), 1), edges, len(own), opacity=0.6))
    figure.update_layout(
        **survey_layout(height=height, revision="subtype_column", legend=False), barmode="overlay", bargap=0,
        xaxis=axis(f"log10 {title}" if log else title), yaxis=axis("Share of cluster", tickformat=".0%"),
    )  # fmt: skip
    return figure


def profile_figure(profiles: Sequence[Profile], *, height: int = HEIGHT + 40) -> go.Figure:
    """Median of each cluster with a band from the 16th to the 84th percentile of its stars; one series."""
    figure = go.Figure()
    for one in profiles:
        colour = mark(one.cluster).colour
        known = np.isfinite(one.median)
        x, low, high = one.x[known], one.low[known], one.high[known]
        figure.add_trace(
            go.Scatter(
                x=np.concatenate([x, x[::-1]]), y=np.concatenate([high, low[::-1]]), fill="toself", mode="lines",
                fillcolor=colour + BAND_OPACITY, line={"width": 0}, hoverinfo="skip", showlegend=False,
                legendgroup=str(one.cluster),
            )
        )  # fmt: skip
        figure.add_trace(
            go.Scatter(
                x=one.x, y=one.median, mode="lines", line={"color": colour, "width": 1.6},
                name=f"cluster {one.cluster} ({one.n_stars:,} stars)", legendgroup=str(one.cluster),
                hovertemplate="%{x:.5g}: %{y:.4g}<extra></extra>",
            )
        )  # fmt: skip
    first = profiles[0]
    folded: dict[str, Any] = {"range": [0, 2], "dtick": 0.5} if first.is_folded else {}
    figure.update_layout(
        **survey_layout(height=height, revision=f"profile {plain(first.name)}"),
        xaxis=axis(first.x_label, **folded),
        yaxis=axis(first.y_label, autorange="reversed" if first.invert_y else True),
    )
    if first.is_folded:
        figure.add_vrect(x0=1, x1=2, fillcolor=GREY, opacity=0.08, line_width=0, layer="below")
    return figure
