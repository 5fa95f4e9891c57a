"""What stands in the place of a figure that cannot be drawn, and the axes that all figures of a survey share."""

from typing import Any

import plotly.graph_objects as go

from m3core.figures.palette import GREY
from m3core.figures.text import plain

__all__ = ["HEIGHT", "axis", "blank_figure", "survey_layout"]

HEIGHT = 380
"""Pixels of a figure of the data page, two of which stand side by side."""


def blank_figure(sentence: str, *, height: int = HEIGHT) -> go.Figure:
    """No axes, one sentence: what there is not, and why."""
    figure = go.Figure()
    figure.update_layout(
        height=height, margin={"l": 8, "r": 8, "t": 8, "b": 8}, xaxis={"visible": False}, yaxis={"visible": False}
    )
    # a sentence wider than half a page is cut off by plotly: it is broken here
    words, lines = plain(sentence).split(), [""]
    for word in words:
        if len(lines[-1]) + len(word) > 52:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    text = {"text": "<br>".join(lines), "showarrow": False, "xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5}
    figure.add_annotation(**text, font={"color": GREY, "size": 14})
    return figure


def axis(title: str, **more: Any) -> dict[str, Any]:
    """An axis with its title in the place of every figure here."""
    return {
        "title": {"text": plain(title), "standoff": 14}, "showline": True, "linecolor": GREY, "ticks": "outside",
        "zeroline": False, "automargin": True, **more,
    }  # fmt: skip


def survey_layout(*, height: int, revision: str, legend: bool = True) -> dict[str, Any]:
    """What the figures of a survey share.

    Dragging moves: while it selects, Streamlit 1.67 takes no click (its PlotlyChart sets clickmode to 'event' then).
    """
    return {
        "height": height,
        # plotly's buttons lie over the uppermost 30 pixels
        "margin": {"l": 8, "r": 8, "t": 32, "b": 8},
        "uirevision": revision,
        "dragmode": "pan",
        "hovermode": "closest",
        "showlegend": legend,
        "legend": {
            "orientation": "h", "x": 0, "y": -72 / (height - 110), "yanchor": "top", "itemsizing": "constant",
            "traceorder": "normal",
        },
    }  # fmt: skip
