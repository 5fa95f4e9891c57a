"""The neighbourhood of a star as through a finder, and its light curve with the bad nights crossed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from m3core.figures.among_kind import LEGEND, STAR
from m3core.figures.blank import axis
from m3core.figures.light_curve import curves_of, less_offset, offset_of
from m3core.figures.palette import GREY, OKABE_ITO, band_colours, by_wavelength
from m3core.figures.text import plain
from m3core.kinds import Series

__all__ = ["CIRCLES", "finder_figure", "nights_figure"]

CIRCLES = (5.0, 15.0)
"""Arcsec, within the outermost."""


def finder_figure(near: pd.DataFrame, radius: float, *, height: int = 380) -> go.Figure:
    """Offsets on the sky, north up and east to the left; ids in customdata.

    Args:
        near: of `m3core.star.surroundings.neighbours_on_sky`; radius: of the outermost circle, arcsec.
    """
    turn = np.linspace(0, 2 * np.pi, 121)
    traces: list[Any] = [
        go.Scatter(
            x=one * np.cos(turn), y=one * np.sin(turn), mode="lines", line={"color": GREY, "width": 0.8},
            hoverinfo="skip", showlegend=False,
        )
        for one in sorted({*CIRCLES, radius})
        if one <= radius
    ]  # fmt: skip
    texts = [
        f"{plain(row['source_id'])}<br>{plain(row['label'])}<br>{row['separation [arcsec]']:.2f} arcsec<br>"
        f"{plain(row['note'])}"
        for _, row in near.iterrows()
    ]
    names = [plain(one) for one in near["source_id"]]
    traces.append(
        go.Scatter(
            x=near["east [arcsec]"], y=near["north [arcsec]"], mode="markers+text", customdata=near["source_id"],
            marker={"size": 10, "color": OKABE_ITO[1]}, text=names, textposition="top center", name="neighbours",
            hovertext=texts, hovertemplate="%{hovertext}<extra></extra>",
        )
    )  # fmt: skip
    traces.append(go.Scatter(x=[0], y=[0], mode="markers", marker=STAR, name="this source", hoverinfo="name"))
    edge = radius * 1.08
    figure = go.Figure(traces)
    figure.update_layout(
        height=height, showlegend=False, margin={"l": 8, "r": 8, "t": 12, "b": 8}, hovermode="closest",
        xaxis=axis("East [arcsec]", range=[edge, -edge], constrain="domain"),
        yaxis=axis("North [arcsec]", range=[-edge, edge], scaleanchor="x", constrain="domain"),
    )  # fmt: skip
    return figure


def nights_figure(series: Sequence[tuple[Series, NDArray[np.bool_]]], *, height: int = 300) -> go.Figure:
    """Light curves in time, observations on bad nights crossed; curves of one kind of axis share it."""
    series = [series[place] for place in by_wavelength([one.name for one, _ in series])]
    labels = list(dict.fromkeys((one.y_label, one.invert_y) for one, _ in series))
    colours = band_colours([one.name for one, _ in series])
    offset = offset_of(curves_of([one for one, _ in series]))
    traces = []
    for (one, bad), colour in zip(series, colours, strict=True):
        number = labels.index((one.y_label, one.invert_y))
        place: dict[str, Any] = {"yaxis": "y" if number == 0 else f"y{number + 1}"}
        dots = {"color": colour, "size": 5, "opacity": 0.7}
        common = {"mode": "markers", "hovertemplate": f"{plain(one.name)}<br>%{{x}}<br>%{{y:.4f}}<extra></extra>"}
        traces.append(go.Scattergl(x=one.x - offset, y=one.y, name=plain(one.name), marker=dots, **common, **place))
        if bad.any():
            cross = {"color": "#D62728", "symbol": "x", "size": 8}
            name = f"{plain(one.name)}, bad night ({int(bad.sum())})"
            traces.append(go.Scattergl(x=one.x[bad] - offset, y=one.y[bad], name=name, marker=cross, **common, **place))
    figure = go.Figure(traces)
    layout: dict[str, Any] = {
        "height": height, "margin": {"l": 8, "r": 8, "t": 32, "b": 8}, "hovermode": "closest",
        "legend": LEGEND,
        "xaxis": axis(less_offset(series[0][0].x_label, offset), tickformat=".6~f"),
    }  # fmt: skip
    for number, (label, invert) in enumerate(labels):
        side = {} if number == 0 else {"overlaying": "y", "side": "right"}
        layout["yaxis" if number == 0 else f"yaxis{number + 1}"] = axis(
            label, autorange="reversed" if invert else True, **side
        )
    figure.update_layout(layout)
    return figure
