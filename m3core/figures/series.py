"""What a source looks like: light curves in time and folded, spectra. From `Series` to plotly figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from m3core.figures.palette import GREY, band_colours
from m3core.figures.text import plain
from m3core.kinds.base import Series
from m3core.light_curve import phase_fold

__all__ = ["Fold", "folded_figure", "line_figure", "points_figure"]

MANY_POINTS = 3000
"""Above this many points of a figure WebGL draws them."""

JULIAN_OFFSET = 2_450_000
"""Taken off full Julian dates, as Sky Patrol does: their last digits are the ones that differ."""


@dataclass(frozen=True)
class Fold:
    """One period and one time of phase zero for every band, in days."""

    period: float
    epoch_time: float


def points_figure(
    series: Sequence[Series], *, errors: bool = True, apart: bool = False, legend: bool = True, height: int = 260
) -> go.Figure:
    """Points over their own x: light curves in time. All series share x and y labels.

    Args:
        errors: draw 1-sigma bars.
        apart: a row a series instead of all in one.
        legend: whether to name the series.
        height: of one row, pixels.
    """
    offset = _offset(series)
    time_label = series[0].x_label
    if offset:
        name, bracket, unit = time_label.partition(" [")
        time_label = f"{name} − {offset}{bracket}{unit}"
    curves = [_Curve(one, one.x.astype(np.float64) - offset, one.y, one.error) for one in series]
    figure = _drawn(curves, errors=errors, apart=apart, height=height, x_name=time_label.partition(" [")[0])
    figure.update_xaxes(title_text=plain(time_label), row=_n_rows(series, apart), col=1)
    figure.update_xaxes(tickformat=".6~f", nticks=7, hoverformat=".5f")
    figure.update_layout(showlegend=legend and not apart)
    return figure


def folded_figure(
    series: Sequence[Series], fold: Fold, *, errors: bool = True, apart: bool = False, height: int = 260
) -> go.Figure:
    """Light curves over phase 0 to 2, every point drawn twice.

    Args:
        fold: one period and zero of phase for all series.
        errors, apart, height: as in `points_figure`.
    """
    curves = []
    for one in series:
        phase = phase_fold(one.x, fold.period, fold.epoch_time)
        twice = np.concatenate([phase, phase + 1.0])
        error = None if one.error is None else np.tile(one.error, 2)
        curves.append(_Curve(one, twice, np.tile(one.y, 2), error))
    figure = _drawn(curves, errors=errors, apart=apart, height=height, x_name="phase")
    figure.update_xaxes(title_text="Phase (the second cycle repeats the first)", row=_n_rows(series, apart), col=1)
    figure.update_xaxes(range=[0, 2], dtick=0.5, hoverformat=".4f")
    figure.add_vrect(x0=1, x1=2, fillcolor=GREY, opacity=0.08, line_width=0, layer="below")
    return figure


def line_figure(series: Series, *, errors: bool = True, height: int = 280) -> go.Figure:
    """A line over x, such as a spectrum, with its 1-sigma band; gaps where there is no value."""
    figure = go.Figure()
    if errors and series.error is not None:
        low, high = series.y - series.error, series.y + series.error
        bounds: dict[str, Any] = {"x": series.x, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
        figure.add_trace(go.Scatter(y=low, showlegend=False, name=f"{plain(series.name)} low", **bounds))
        figure.add_trace(
            go.Scatter(
                y=high, fill="tonexty", fillcolor="rgba(138,143,152,0.25)", name=f"{plain(series.name)} ± 1σ", **bounds
            )
        )
    hover = "%{x:.2f}: %{y:.4g}<extra></extra>"
    line = {"color": band_colours([""])[0], "width": 1.2}
    figure.add_trace(
        go.Scatter(x=series.x, y=series.y, mode="lines", name=plain(series.name), line=line, hovertemplate=hover)
    )
    figure.update_xaxes(title_text=plain(series.x_label), tickformat=".4~f")
    figure.update_yaxes(title_text=plain(series.y_label), autorange="reversed" if series.invert_y else True)
    return _laid_out(figure, height)


@dataclass(frozen=True)
class _Curve:
    series: Series
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    error: NDArray[np.float64] | None


def _offset(series: Sequence[Series]) -> int:
    finite = np.concatenate([one.x[np.isfinite(one.x)] for one in series])
    return JULIAN_OFFSET if len(finite) and finite.min() > 2_400_000 and finite.max() < 2_500_000 else 0


def _n_rows(series: Sequence[Series], apart: bool) -> int:
    return len(series) if apart else 1


def _drawn(curves: Sequence[_Curve], *, errors: bool, apart: bool, height: int, x_name: str) -> go.Figure:
    n_rows = len(curves) if apart else 1
    figure = make_subplots(rows=n_rows, cols=1, shared_xaxes=True, vertical_spacing=0.04 if n_rows > 1 else 0.0)
    colours = band_colours([curve.series.name for curve in curves])
    trace = go.Scattergl if sum(len(curve.x) for curve in curves) > MANY_POINTS else go.Scatter
    for number, (curve, colour) in enumerate(zip(curves, colours, strict=True)):
        bars = None
        if errors and curve.error is not None:
            bars = {"array": curve.error, "color": GREY, "thickness": 0.8, "width": 0}
        figure.add_trace(
            trace(
                x=curve.x,
                y=curve.y,
                error_y=bars,
                mode="markers",
                name=plain(curve.series.name),
                marker={"color": colour, "size": 5, "opacity": 0.85},
                hovertemplate=f"{plain(curve.series.name)}<br>{plain(x_name)} %{{x}}<br>%{{y:.4f}}<extra></extra>",
            ),
            row=number + 1 if apart else 1,
            col=1,
        )
        row = number + 1 if apart else 1
        title = f"{curve.series.name}: {curve.series.y_label}" if apart else curve.series.y_label
        figure.update_yaxes(
            title_text=plain(title), autorange="reversed" if curve.series.invert_y else True, row=row, col=1
        )
    figure.update_layout(showlegend=not apart)
    return _laid_out(figure, height if not apart else 60 + n_rows * round(0.62 * height))


def _laid_out(figure: go.Figure, height: int) -> go.Figure:
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8, "pad": 0},
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "itemsizing": "constant"},
        hovermode="closest",
        dragmode="zoom",
    )
    figure.update_xaxes(showline=True, linecolor=GREY, linewidth=1, ticks="outside", title_standoff=6)
    figure.update_yaxes(showline=True, linecolor=GREY, linewidth=1, ticks="outside", title_standoff=6)
    return figure
