"""How good a classifier is: confusion matrix, reliability, precision and recall of each class, worth of modalities."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from m3core.figures.palette import BLUES, GREY, OKABE_ITO, inked
from m3core.figures.text import plain, shortened

__all__ = ["class_figure", "confusion_figure", "reliability_figure", "subset_figure"]

MARGIN = {"l": 8, "r": 8, "t": 8, "b": 8}

BUTTONS = 36
"""Margin in pixels that keeps the bar of buttons above a figure whose first row is full."""

MANY = 20
"""Subsets above which their bars are drawn closer."""

FEW = 6
"""Classes up to which a cell has room for a decimal of its share."""


def confusion_figure(
    table: NDArray[np.int64], classes: Sequence[str], *, rows: str = "true", height: int = 460
) -> go.Figure:
    """Rows the true class, columns the predicted; colour and text: share of the row, and the count; empty where 0.

    Args:
        table: (C, C) counts (m3core.classifier.scores.confusion).
        rows: what the class of a row is: 'true', or 'given' where it is doubted.

    Returns:
        A figure whose cells carry [true class, predicted class] as customdata. A click on a heatmap is no selection in
        every version of plotly, so the cells are also the points of an invisible scatter over it.
    """
    names = [plain(shortened(name)) for name in classes]
    totals = table.sum(axis=1, keepdims=True)
    share = np.divide(table, totals, out=np.zeros(table.shape), where=totals > 0)
    cells = [(i, j) for i in range(len(classes)) for j in range(len(classes))]
    digits = 1 if len(classes) <= FEW else 0
    text = [
        [inked(f"{part:.{digits}%}<br>{count:,}", part) if count else "" for part, count in zip(*row, strict=True)]
        for row in zip(share, table, strict=True)
    ]
    figure = go.Figure(
        go.Heatmap(
            z=np.where(table > 0, share, np.nan), x=names, y=names, zmin=0, zmax=1, xgap=1, ygap=1, hoverinfo="skip",
            colorscale=BLUES,
            text=text, texttemplate="%{text}", textfont={"size": 11}, showscale=False,
        )
    )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=[names[j] for _, j in cells],
            y=[names[i] for i, _ in cells],
            mode="markers",
            marker={"symbol": "square", "size": 32, "opacity": 0},
            selected={"marker": {"opacity": 0.35, "color": OKABE_ITO[4]}},
            unselected={"marker": {"opacity": 0}},
            customdata=[[classes[i], classes[j]] for i, j in cells],
            hovertext=[
                f"{rows} {names[i]}, predicted {names[j]}<br>{table[i, j]:,} of {int(totals[i, 0]):,} sources"
                for i, j in cells
            ],
            hoverinfo="text",
            showlegend=False,
        )
    )
    first, last = -0.5, len(classes) - 0.5  # else plotly leaves room for the points
    figure.update_xaxes(title_text="Predicted class", type="category", range=[first, last], showgrid=False)
    figure.update_yaxes(title_text=f"{rows.capitalize()} class", type="category", range=[last, first], showgrid=False)
    # no cut-off: a click anywhere in a cell is a click on its point, the nearest, however wide the cell
    figure.update_layout(height=height, margin={**MARGIN, "t": BUTTONS}, hoverdistance=-1)
    return figure


def reliability_figure(figures: Mapping[str, Mapping[str, Any]], *, height: int = 360) -> go.Figure:
    """Accuracy against confidence, bins of equal number of sources; on the dashed line probabilities are right.

    Args:
        figures: name ('before', 'after') -> 'confidence', 'accuracy', 'n' of each bin and 'ece', as
            m3core.classifier.calibration.Calibration.figures has them.
    """
    figure = go.Figure()
    line = {"color": GREY, "dash": "dash", "width": 1}
    figure.add_trace(go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line=line, name="calibrated", hoverinfo="skip"))
    for number, (name, found) in enumerate(figures.items()):
        figure.add_trace(
            go.Scatter(
                x=found["confidence"],
                y=found["accuracy"],
                mode="lines+markers",
                name=f"{plain(name)}, ECE {found['ece']:.3f}",
                line={"color": OKABE_ITO[1 - number % 2], "width": 1.5},
                marker={"size": 8, "symbol": ("circle-open", "circle")[number % 2]},
                customdata=found["n"],
                hovertemplate="confidence %{x:.1%}, right %{y:.1%}, %{customdata} sources<extra></extra>",
            )
        )
    lowest = min((min(found["confidence"], default=1.0) for found in figures.values()), default=0.0)
    figure.update_xaxes(title_text="Largest probability, mean of bin", tickformat=".0%", range=[lowest - 0.03, 1.02])
    figure.update_yaxes(title_text="Share of right guesses", tickformat=".0%", range=[-0.02, 1.04])
    legend = {"orientation": "v", "x": 1, "xanchor": "right", "y": 0.03, "yanchor": "bottom"}  # where no curve comes
    return _laid_out(figure, height).update_layout(legend=legend, margin_t=BUTTONS)


def class_figure(table: pd.DataFrame, *, height: int = 360) -> go.Figure:
    """Recall and precision of each class with 95 % Wilson intervals.

    Args:
        table: of m3core.classifier.scores.class_table. customdata of each bar is its class.
    """
    figure = go.Figure()
    names = [plain(shortened(name)) for name in table["class"]]
    for number, (what, below) in enumerate((("recall", "n"), ("precision", "n_predicted"))):
        figure.add_trace(
            go.Bar(
                x=names,
                y=table[what],
                name=what,
                marker={"color": OKABE_ITO[number]},
                error_y=_interval(table[what], table[f"{what}_low"], table[f"{what}_high"]),
                customdata=np.column_stack([table["class"], table[below]]),
                hovertemplate=f"%{{x}}: {what} %{{y:.1%}} of %{{customdata[1]}} sources<extra></extra>",
            )
        )
    figure.update_xaxes(title_text="Class", type="category")
    figure.update_yaxes(title_text="Share", tickformat=".0%", range=[0, 1.04])
    return _laid_out(figure, height)


def subset_figure(table: pd.DataFrame, *, what: str = "accuracy", height: int | None = None) -> go.Figure:
    """A score by the modalities that the classifier is shown, a row a subset, most modalities on top.

    Args:
        table: of m3core.classifier.evaluation.subset_table. customdata of each bar is its subset.
        what: 'accuracy' (with its interval), 'balanced_accuracy' or 'macro_recall'.
    """
    shown = table[table["n"] > 0]
    error = _interval(shown[what], shown[f"{what}_low"], shown[f"{what}_high"]) if what == "accuracy" else None
    figure = go.Figure(
        go.Bar(
            x=shown[what],
            y=[plain(name.replace("+", " + ")) for name in shown["modalities"]],
            orientation="h",
            marker={"color": OKABE_ITO[0]},
            error_x=error,
            text=[f"{value:.1%}" for value in shown[what]],
            textposition="inside",
            insidetextanchor="start",
            customdata=np.column_stack([shown["modalities"], shown["n"]]),
            hovertemplate="%{y}: %{x:.1%} of %{customdata[1]} sources<extra></extra>",
        )
    )
    figure.update_xaxes(title_text=what.replace("_", " ").capitalize(), tickformat=".0%", range=[0, 1.02])
    figure.update_yaxes(type="category", autorange="reversed")
    return _laid_out(figure, height or 150 + (26 if len(shown) <= MANY else 21) * len(shown)).update_layout(
        margin_t=BUTTONS
    )


def _interval(value: pd.Series, low: pd.Series, high: pd.Series) -> dict[str, Any]:
    return {"array": high - value, "arrayminus": value - low, "color": GREY, "thickness": 1.5, "width": 4}


def _laid_out(figure: go.Figure, height: int) -> go.Figure:
    figure.update_layout(
        height=height, margin=MARGIN, legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom"}
    )
    return figure
