"""An experiment's table as a figure: a score against the share of labels, a panel a modality, a line a method."""

from math import ceil, sqrt

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from m3core.experiment.folder import METHODS
from m3core.figures.palette import OKABE_ITO
from m3core.figures.text import plain

__all__ = ["experiment_figure"]

DASHES = ("solid", "solid", "dot", "dot", "dot", "dash", "dash")
SYMBOLS = ("circle-open", "circle", "diamond", "square", "triangle-up", "x", "cross")
"""Of the methods in their order: trained, frozen, features."""

COLOURS = (OKABE_ITO[1], OKABE_ITO[0], OKABE_ITO[5], OKABE_ITO[3], "#8C679E", OKABE_ITO[2], OKABE_ITO[4])

PANELS_A_ROW = 3


def experiment_figure(table: pd.DataFrame, metric: str = "accuracy", *, panel_height: int = 300) -> go.Figure:
    """Mean over the seeds with the 95 % bootstrap interval.

    Args:
        table: of m3core.experiment.table.score_table.
        metric: one of m3core.experiment.resampling.METRICS.
    """
    modalities = list(dict.fromkeys(table["modality"]))
    labels = sorted(set(table["labels"]))
    shares = [f"{100 * share:g}" for share in labels]
    columns = max(1, len(modalities) if len(modalities) <= PANELS_A_ROW else ceil(sqrt(len(modalities))))
    rows = max(1, -(-len(modalities) // columns))
    figure = make_subplots(
        rows, columns, subplot_titles=[plain(name) for name in modalities], shared_yaxes="all",
        horizontal_spacing=0.03, vertical_spacing=min(0.3, 100 / (rows * panel_height)),
    )  # fmt: skip
    drawn = set()
    for place, modality in enumerate(modalities):
        for number, title in enumerate(METHODS.values()):
            found = table[(table["modality"] == modality) & (table["method"] == title)].set_index("labels")
            if found.empty:
                continue
            found = found.loc[[share for share in labels if share in found.index]]
            value = found[f"{metric}_mean"]
            figure.add_trace(
                go.Scatter(
                    # side by side, so that one interval does not hide another
                    x=[labels.index(share) + 0.06 * (number - 3) for share in found.index],
                    y=value,
                    mode="lines+markers",
                    name=title,
                    legendgroup=title,
                    showlegend=title not in drawn,
                    line={"color": COLOURS[number], "dash": DASHES[number], "width": 2 if number < 2 else 1.2},
                    marker={"symbol": SYMBOLS[number], "size": 8},
                    error_y={
                        "array": found[f"{metric}_high"] - value, "arrayminus": value - found[f"{metric}_low"],
                        "thickness": 1, "width": 3,
                    },
                    customdata=found[[f"{metric}_low", f"{metric}_high", "seeds", "n_labels"]],
                    hovertemplate=f"{title}<br>%{{y:.1%}} (%{{customdata[0]:.1%}} to %{{customdata[1]:.1%}})"
                    "<br>%{customdata[2]} seeds, %{customdata[3]:.0f} labels<extra></extra>",
                ),
                place // columns + 1,
                place % columns + 1,
            )  # fmt: skip
            drawn.add(title)
    figure.update_xaxes(tickvals=list(range(len(labels))), ticktext=shares, range=[-0.45, len(labels) - 0.55])
    figure.update_xaxes(title_text="Labels used [%]")
    figure.update_yaxes(tickformat=".0%")
    figure.update_yaxes(title_text=metric.replace("_", " ").capitalize(), col=1)
    figure.update_layout(
        height=rows * panel_height + 110, margin={"l": 8, "r": 8, "t": 100, "b": 8}, hovermode="closest",
        legend={"orientation": "h", "x": 0, "y": 1 + 28 / (rows * panel_height), "yanchor": "bottom"},
    )  # fmt: skip
    return figure
