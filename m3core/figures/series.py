"""What a source looks like: light curves in time and folded. From `Series` to plotly figures.

Figures are built from one dictionary: a click on the map waits for them, and changing a figure property by property
takes plotly five times as long.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from m3core.figures.palette import GREY, band_colours
from m3core.figures.text import plain
from m3core.kinds.base import Series
from m3core.light_curve import phase_fold

__all__ = ["Fold", "folded_figure", "points_figure"]

MANY_POINTS = 3000
"""Above this many points of a figure WebGL draws them."""

JULIAN_OFFSET = 2_450_000
"""Taken off full Julian dates, as Sky Patrol does: their last digits are the ones that differ."""

ROW_SHARE, ROW_GAP = 0.62, 0.05
"""Bands apart: height of a row as a share of a single figure's, and the gap as a share of the whole."""


@dataclass(frozen=True)
class Fold:
    """One period and one time of phase zero for every band, in days."""

    period: float
    epoch_time: float


@dataclass(frozen=True)
class _Curve:
    series: Series
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    error: NDArray[np.float64] | None


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
    name, bracket, unit = series[0].x_label.partition(" [")
    label = f"{name} − {offset}{bracket}{unit}" if offset else series[0].x_label
    curves = [_Curve(one, one.x.astype(np.float64) - offset, one.y, one.error) for one in series]
    x_axis = {"title": _title(label), "tickformat": ".6~f", "nticks": 7, "hoverformat": ".5f"}
    return _drawn(curves, x_axis, errors=errors, apart=apart, legend=legend, height=height)


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
        error = None if one.error is None else np.tile(one.error, 2)
        curves.append(_Curve(one, np.concatenate([phase, phase + 1.0]), np.tile(one.y, 2), error))
    label = "Phase (the second cycle repeats the first)"
    x_axis = {"title": _title(label), "range": [0, 2], "dtick": 0.5, "hoverformat": ".4f"}
    repeated = {
        "type": "rect", "xref": "x", "yref": "paper", "x0": 1, "x1": 2, "y0": 0, "y1": 1,
        "fillcolor": GREY, "opacity": 0.08, "line": {"width": 0}, "layer": "below",
    }  # fmt: skip
    return _drawn(curves, x_axis, errors=errors, apart=apart, legend=True, height=height, shapes=[repeated])


def _offset(series: Sequence[Series]) -> int:
    low = min(float(np.min(one.x)) for one in series)
    high = max(float(np.max(one.x)) for one in series)
    return JULIAN_OFFSET if low > 2_400_000 and high < 2_500_000 else 0


def _drawn(
    curves: Sequence[_Curve], x_axis: dict[str, Any], *, errors: bool, apart: bool, legend: bool, height: int,
    shapes: Sequence[dict[str, Any]] = (),
) -> go.Figure:  # fmt: skip
    n_rows = len(curves) if apart else 1
    layout = _layout(height if n_rows == 1 else 60 + n_rows * round(ROW_SHARE * height))
    layout |= {"showlegend": legend and not apart, "shapes": list(shapes)}
    if not layout["showlegend"]:
        layout["margin"]["t"] = 10
    kind = "scattergl" if sum(len(curve.x) for curve in curves) > MANY_POINTS else "scatter"
    colours = band_colours([curve.series.name for curve in curves])
    data = [
        _points(curve, kind, colour, errors, "" if number == 0 or not apart else str(number + 1))
        for number, (curve, colour) in enumerate(zip(curves, colours, strict=True))
    ]
    for row in range(n_rows):
        suffix = "" if row == 0 else str(row + 1)
        one = curves[row].series
        top = 1 - row / n_rows
        bottom = 1 - (row + 1) / n_rows + (ROW_GAP if row + 1 < n_rows else 0)
        is_last = row + 1 == n_rows
        layout[f"xaxis{suffix}"] = {
            **_axis(""), **x_axis, "anchor": f"y{suffix}", "showticklabels": is_last,
            "title": x_axis["title"] if is_last else None, "matches": "x" if row else None,
        }  # fmt: skip
        label = f"{one.name}: {one.y_label}" if apart else one.y_label
        layout[f"yaxis{suffix}"] = {**_y_axis(one, label), "domain": [bottom, top], "anchor": f"x{suffix}"}
    return go.Figure({"data": data, "layout": layout})


def _points(curve: _Curve, kind: str, colour: str, errors: bool, axis: str) -> dict[str, Any]:
    bars = None
    if errors and curve.error is not None:
        bars = {"array": curve.error, "color": GREY, "thickness": 0.8, "width": 0}
    name = plain(curve.series.name)
    return {
        "type": kind, "mode": "markers", "name": name, "x": curve.x, "y": curve.y, "error_y": bars,
        "marker": {"color": colour, "size": 5, "opacity": 0.85},
        "hovertemplate": f"{name}<br>%{{x}}<br>%{{y:.4f}}<extra></extra>",
        "xaxis": f"x{axis}", "yaxis": f"y{axis}",
    }  # fmt: skip


def _title(text: str) -> dict[str, Any]:
    return {"text": plain(text), "standoff": 6}


def _axis(label: str) -> dict[str, Any]:
    """Margins are fixed: plotly draws a figure twice to find them by itself."""
    line = {"showline": True, "linecolor": GREY, "linewidth": 1, "ticks": "outside"}
    return {"title": _title(label), "automargin": False, **line}


def _y_axis(series: Series, label: str) -> dict[str, Any]:
    """Magnitudes go up when brighter."""
    return {**_axis(label), "autorange": "reversed" if series.invert_y else True}


def _layout(height: int) -> dict[str, Any]:
    return {
        "height": height,
        "margin": {"l": 66, "r": 8, "t": 34, "b": 44, "pad": 0},
        "legend": {
            "orientation": "h", "x": 0, "xref": "container", "y": 1, "yref": "container", "yanchor": "top",
            "itemsizing": "constant",
        },
        "hovermode": "closest",
        "dragmode": "zoom",
    }  # fmt: skip
