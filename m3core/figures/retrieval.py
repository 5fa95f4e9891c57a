"""How well embeddings retrieve, and how far two runs agree on neighbours."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from m3core.figures.blank import axis, blank_figure, survey_layout
from m3core.figures.palette import mark
from m3core.figures.text import plain
from m3core.similarity.changes import NeighbourChanges

__all__ = ["kept_figure", "precision_figure"]

HEIGHT = 340


def precision_figure(table: pd.DataFrame, *, height: int = HEIGHT) -> go.Figure:
    """Precision of the ten nearest by class: a bar for each embedding compared with itself, a diamond for chance.

    The diamond is white with a dark edge: it is seen on every bar, and in the legend of both themes.

    Args:
        table: of m3core.similarity.retrieval.class_precision.
    """
    own = table[table["query"] == table["found"]]
    if own["precision"].isna().all():
        return blank_figure("No source of this split has a label.", height=height)
    figure = go.Figure()
    for number, (name, part) in enumerate(own.groupby("query", sort=False)):
        figure.add_trace(
            go.Bar(
                x=part["class"], y=part["precision"], name=plain(name), marker={"color": mark(number).colour},
                customdata=part[["n"]], hovertemplate="%{x}: %{y:.1%} of %{customdata[0]} sources<extra></extra>",
            )
        )  # fmt: skip
    chance = own.groupby("class", sort=False)["chance"].first()
    figure.add_trace(
        go.Scatter(
            x=chance.index, y=chance, mode="markers", name="chance", hovertemplate="chance %{y:.1%}<extra></extra>",
            marker={"symbol": "diamond-wide", "size": 12, "color": "#FFFFFF", "line": {"color": "#20242A", "width": 2}},
        )
    )  # fmt: skip
    figure.update_layout(
        **survey_layout(height=height, revision="precision"), barmode="group", xaxis=axis("Class", type="category"),
        yaxis=axis("Precision of the ten nearest", tickformat=".0%", range=[0, 1.02]),
    )  # fmt: skip
    return figure


def kept_figure(changes: NeighbourChanges, *, height: int = 280) -> go.Figure:
    """How many sources keep 0, 1, ... k of their k nearest."""
    if not len(changes.rows) or not changes.k:
        return blank_figure("Too few sources are embedded by both runs.", height=height)
    counts = np.bincount(changes.kept, minlength=changes.k + 1)
    figure = go.Figure(
        go.Bar(
            x=np.arange(changes.k + 1), y=counts, marker={"color": mark(0).colour},
            hovertemplate="%{x} kept: %{y:,} sources<extra></extra>",
        )
    )  # fmt: skip
    figure.update_layout(
        **survey_layout(height=height, revision="kept", legend=False),
        xaxis=axis(f"Of the {changes.k} nearest, in both runs", dtick=1),
        yaxis=axis("Sources"),
    )
    return figure
