"""Light curves in time and folded, as plotly figures.

A folded point carries its time in customdata, so that a browser can fold it anew (pages/components/assets/fold.js).

Figures are built from one dictionary: a click on the map waits for them, and changing a figure property by property
takes plotly five times as long.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from m3core.figures.light_curve_traces import Curve, Look, data_of, phases, season_legend, traces_of
from m3core.figures.palette import GREY, band_colours
from m3core.figures.text import plain
from m3core.kinds.base import Series
from m3core.light_curve.fold import phase_fold

__all__ = [
    "Curve",
    "Fold",
    "Look",
    "curves_of",
    "folded_figure",
    "less_offset",
    "offset_of",
    "points_figure",
]

Array = NDArray[np.float64]

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


def curves_of(series: Sequence[Series]) -> list[Curve]:
    """What is drawn of series as they stand."""
    return [
        Curve(
            name=one.name, time=np.asarray(one.x, np.float64), value=one.y, error=one.error, time_label=one.x_label,
            value_label=one.y_label, invert=one.invert_y,
        )
        for one in series
    ]  # fmt: skip


def offset_of(curves: Sequence[Curve]) -> float:
    """`JULIAN_OFFSET` where all times are full Julian dates, else 0."""
    known = [one.time for one in curves if len(one.time)]
    if not known:
        return 0.0
    low, high = min(float(np.min(one)) for one in known), max(float(np.max(one)) for one in known)
    return float(JULIAN_OFFSET) if low > 2_400_000 and high < 2_500_000 else 0.0


def less_offset(label: str, offset: float) -> str:
    """The title of an axis of times from which an offset is taken: 'HJD − 2450000 [d]'."""
    name, bracket, unit = label.partition(" [")
    return f"{name} − {offset:.12g}{bracket}{unit}" if offset else label


def points_figure(curves: Sequence[Curve], look: Look | None = None) -> go.Figure:
    """Light curves in time, of one time system and one quantity."""
    look = look or Look()
    offset = offset_of(curves) if look.offset is None else look.offset
    x_axis = {
        "title": _title(less_offset(curves[0].time_label, offset)),
        "tickformat": ".6~f",
        "nticks": 7,
        "hoverformat": ".5f",
    }
    moved = [
        replace(
            one, time=one.time - offset, binned=None, fitted=None,
            limit=_moved(one.limit, offset), flagged=_moved(one.flagged, offset),
        )
        for one in curves
    ]  # fmt: skip
    return _drawn(moved, x_axis, look, lambda time: (time,))


def folded_figure(curves: Sequence[Curve], fold: Fold, look: Look | None = None) -> go.Figure:
    """Light curves over phase, of one period and one zero of phase; over two cycles every point is drawn twice."""
    look = look or Look()
    start, cycles = phases(look.phases)
    label = "Phase (the second cycle repeats the first)" if cycles == 2 else "Phase"
    x_axis: dict[str, Any] = {
        "title": _title(label), "range": [start, start + cycles], "dtick": 0.25 * cycles, "tick0": start,
        "hoverformat": ".4f",
    }  # fmt: skip
    repeated = {
        "type": "rect", "xref": "x", "yref": "paper", "x0": start + 1, "x1": start + 2, "y0": 0, "y1": 1,
        "fillcolor": GREY, "opacity": 0.08, "line": {"width": 0}, "layer": "below",
    }  # fmt: skip

    def folded(time: Array) -> tuple[Array, ...]:
        phase = phase_fold(time, fold.period, fold.epoch_time)
        phase = np.where(phase >= start + 1, phase - 1, phase)
        return tuple(phase + turn for turn in range(cycles))

    return _drawn(curves, x_axis, look, folded, shapes=[repeated] if cycles == 2 else [], start=start, folds=True)


def _moved(points: Array | None, offset: float) -> Array | None:
    return None if points is None else points - np.array([[offset], [0.0]])


def _drawn(
    curves: Sequence[Curve], x_axis: dict[str, Any], look: Look, place: Any,
    *, shapes: Sequence[dict[str, Any]] = (), start: float = 0.0, folds: bool = False,
) -> go.Figure:  # fmt: skip
    n_rows = len(curves) if look.apart else 1
    layout = _layout(look.height if n_rows == 1 else 60 + n_rows * round(ROW_SHARE * look.height))
    colours = band_colours([curve.name for curve in curves])
    traces = [
        trace
        for number, (curve, colour) in enumerate(zip(curves, colours, strict=True))
        for trace in traces_of(curve, number, colour, look, place, start, folds=folds)
    ]
    if len(curves) == 1:  # room enough for an entry each
        traces = [replace(one, group="") for one in traces]
    named = sum(not one.group for one in traces)
    layout |= {"showlegend": look.legend and (not look.apart or named > len(curves)), "shapes": list(shapes)}
    if not layout["showlegend"]:
        layout["margin"]["t"] = 10
    kind = "scattergl" if sum(len(one.x) for one in traces) > MANY_POINTS else "scatter"
    for row in range(n_rows):
        suffix = "" if row == 0 else str(row + 1)
        one = curves[row]
        top = 1 - row / n_rows
        bottom = 1 - (row + 1) / n_rows + (ROW_GAP if row + 1 < n_rows else 0)
        is_last = row + 1 == n_rows
        layout[f"xaxis{suffix}"] = {
            **_axis(""), **x_axis, "anchor": f"y{suffix}", "showticklabels": is_last,
            "title": x_axis["title"] if is_last else None, "matches": "x" if row else None,
        }  # fmt: skip
        # a row is too low for a remark in parentheses, which the notes have as well
        label = f"{one.name}: {one.value_label.partition(' (')[0]}" if look.apart else one.value_label
        reversed_axis = {"autorange": "reversed" if one.invert else True}  # magnitudes go up when brighter
        layout[f"yaxis{suffix}"] = {
            **_axis(label), **reversed_axis, "domain": [bottom, top], "anchor": f"x{suffix}",
        }  # fmt: skip
    data = [data_of(one, kind, look) for one in traces]
    if len(curves) > 1:
        data += season_legend(data, traces)
    return go.Figure({"data": data, "layout": layout})


def _title(text: str) -> dict[str, Any]:
    return {"text": plain(text), "standoff": 6}


def _axis(label: str) -> dict[str, Any]:
    """Margins are fixed: plotly draws a figure twice to find them by itself."""
    line = {"showline": True, "linecolor": GREY, "linewidth": 1, "ticks": "outside", "zeroline": False}
    return {"title": _title(label), "automargin": False, **line}


def _layout(height: int) -> dict[str, Any]:
    return {
        "height": height,
        "margin": {"l": 66, "r": 8, "t": 34, "b": 44, "pad": 0},
        "legend": {
            "orientation": "h", "x": 0, "xref": "container", "y": 1, "yref": "container", "yanchor": "top",
            "itemsizing": "constant", "traceorder": "normal",
        },
        "hovermode": "closest",
        "dragmode": "zoom",
    }  # fmt: skip
