"""What an encoder gets of one source, what stands for nothing drawn apart; and shares of classes by modality."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from m3core.figures.palette import BLUES, GREY, OKABE_ITO, inked
from m3core.figures.text import plain, shortened
from m3core.kinds import View

__all__ = ["class_share_figure", "views_figure"]

COLUMNS = 2
ROW, TABLE_ROW, BETWEEN = 210, 17, 78
"""Pixels: a view of a curve, a line of a table, what titles and ticks need between rows of views."""

LEAST_SHARE = 0.005
"""Smaller ones are an empty cell in a table of two decimals."""

NAMES, GAP = 0.2, 0.08
"""Shares of the width: names of columns beyond the margin, and the gap between two curves."""


def views_figure(views: Sequence[View]) -> go.Figure:
    """Two curves a row, tables below; grey crosses are padding, empty bins, masked pixels or missing values.

    Args:
        views: at least one.
    """
    curves, tables = ([one for one in views if (one.style == "table") is flag] for flag in (False, True))
    rows = [curves[start : start + COLUMNS] for start in range(0, len(curves), COLUMNS)]
    rows += [[one] for one in tables]  # beside a curve their names would lie upon it
    heights = [max(_height(view) for view in row) for row in rows]
    total = sum(heights) + BETWEEN * (len(rows) - 1)
    layout: dict[str, Any] = {
        "height": total + 90, "margin": {"l": 60, "r": 10, "t": 38, "b": 52}, "showlegend": False, "annotations": [],
    }  # fmt: skip
    traces: list[dict[str, Any]] = []
    top, number = 1.0, 0
    for row, height in zip(rows, heights, strict=True):
        bottom = top - height / total
        width = (1 - GAP * (len(row) - 1)) / len(row)
        for column, view in enumerate(row):
            suffix = "" if number == 0 else str(number + 1)
            is_table = view.style == "table"
            start = column * (width + GAP)
            end = min(start + width, 1.0)
            start += NAMES if is_table else 0.0
            traces += [{**one, "xaxis": f"x{suffix}", "yaxis": f"y{suffix}"} for one in _traces(view)]
            axes = {"showline": True, "linecolor": GREY, "ticks": "outside", "zeroline": is_table}
            layout[f"xaxis{suffix}"] = {
                **axes, "domain": [start, end], "anchor": f"y{suffix}",
                "title": _small(view.y_label if is_table else view.x_label),
            }  # fmt: skip
            layout[f"yaxis{suffix}"] = {
                **axes, "domain": [max(bottom, 0.0), top], "anchor": f"x{suffix}",
                "autorange": "reversed" if is_table or view.invert_y else True,
                "title": _small("" if is_table or (column and view.y_label == row[0].y_label) else view.y_label),
                **(_names(view.x, 22) | {"tickfont": {"size": 10}} if is_table else {}),
            }  # fmt: skip
            head = {"text": f"<b>{plain(view.title)}</b>", "x": start, "y": top, "xref": "paper", "yref": "paper"}
            layout["annotations"].append({**head, "xanchor": "left", "yanchor": "bottom", "showarrow": False})
            number += 1
        top = bottom - BETWEEN / total
    return go.Figure({"data": traces, "layout": layout})


def _height(view: View) -> int:
    return max(ROW, TABLE_ROW * len(view.x)) if view.style == "table" else ROW


def _names(texts: Iterable[object], length: int) -> dict[str, Any]:
    """An axis of names, shortened where they are written alone: two may differ in what is left out."""
    names = [str(one) for one in texts]
    return {
        "type": "category", "tickmode": "array", "tickvals": [plain(one) for one in names],
        "ticktext": [plain(shortened(one, length)) for one in names],
    }  # fmt: skip


def _small(text: str) -> dict[str, Any]:
    return {"text": plain(text), "standoff": 4, "font": {"size": 11}}


def _traces(view: View) -> list[dict[str, Any]]:
    seen, gone = view.is_observed, ~view.is_observed
    cross = {"color": GREY, "symbol": "x-thin", "size": 5, "line": {"color": GREY, "width": 1}}
    if view.style == "table":
        names = [plain(one) for one in view.x]
        bars = {"type": "bar", "orientation": "h", "marker": {"color": OKABE_ITO[0]}, "name": "value"}
        hover = "%{y}: %{x:.4g}<extra></extra>"
        x = np.where(seen, view.y.astype(np.float64), np.nan)
        traces: list[dict[str, Any]] = [{**bars, "x": x, "y": names, "hovertemplate": hover}]
        missing = [name for name, flag in zip(names, gone, strict=True) if flag]
        if missing:
            traces.append(
                {
                    "type": "scatter", "mode": "markers+text", "x": np.zeros(len(missing)), "y": missing,
                    "text": "missing", "textposition": "middle right", "textfont": {"size": 10, "color": GREY},
                    "name": "missing", "hoverinfo": "skip", "marker": cross,
                }
            )  # fmt: skip
        return traces
    if view.style == "line":
        y = np.where(seen, view.y, np.nan)
        line = {"type": "scatter", "mode": "lines", "x": view.x, "y": y, "name": plain(view.title)}
        traces = [{**line, "line": {"color": OKABE_ITO[0], "width": 1}}]
    else:
        dots = {"color": OKABE_ITO[0], "size": 5}
        traces = [{"type": "scatter", "mode": "markers", "x": view.x[seen], "y": view.y[seen], "marker": dots}]
    if gone.any():
        traces.append({"type": "scatter", "mode": "markers", "x": view.x[gone], "y": view.y[gone], "marker": cross})
        traces[-1]["name"] = "not observed"
    return traces


def class_share_figure(
    shares: np.ndarray, rows: Sequence[str], classes: Sequence[str], label: str | None, *, title: str, height: int = 0
) -> go.Figure:
    """Shares of classes by each modality, (R, C) in [0, 1], as numbers on a shade; a frame round the source's label.

    What would be written as 0.00 is an empty cell: of twenty classes few have a share.
    """
    x, y = [plain(one) for one in classes], [plain(one) for one in rows]
    seen = np.where(shares >= LEAST_SHARE, shares, np.nan)
    text = [[inked(f"{value:.2f}", value) if np.isfinite(value) else "" for value in row] for row in seen]
    heat = go.Heatmap(
        z=seen, x=x, y=y, text=text, texttemplate="%{text}", zmin=0, zmax=1, xgap=1, ygap=1, colorscale=BLUES,
        textfont={"size": 11},  # plotly's own goes by the length of the markup
        colorbar={"title": {"text": plain(title), "side": "right"}, "thickness": 12},
        hoverongaps=False, hovertemplate="%{y}: %{x} %{z:.3f}<extra></extra>",
    )  # fmt: skip
    figure = go.Figure(heat)
    figure.update_layout(
        height=height or 120 + 34 * len(rows), margin={"l": 8, "r": 10, "t": 12, "b": 50},
        xaxis={**_names(classes, 16), "title": {"text": "Class"}, "showgrid": False},
        yaxis={**_names(rows, 32), "autorange": "reversed", "automargin": True, "showgrid": False},
    )  # fmt: skip
    if label in classes:
        place = list(classes).index(str(label))
        figure.add_shape(
            type="rect", x0=place - 0.5, x1=place + 0.5, y0=-0.5, y1=len(rows) - 0.5,
            line={"color": OKABE_ITO[1], "width": 2}, fillcolor="rgba(0,0,0,0)",
        )  # fmt: skip
    return figure
