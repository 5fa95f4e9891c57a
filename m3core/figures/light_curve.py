"""Light curves in time and folded, as plotly figures.

A folded point carries its time in customdata, so that a browser can fold it anew (pages/components/assets/fold.js).

Figures are built from one dictionary: a click on the map waits for them, and changing a figure property by property
takes plotly five times as long.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from m3core.figures.palette import GREY, band_colours
from m3core.figures.text import plain
from m3core.kinds.base import Series
from m3core.light_curve.fold import phase_fold

__all__ = [
    "Curve",
    "Fold",
    "Look",
    "Phases",
    "curves_of",
    "folded_figure",
    "less_offset",
    "offset_of",
    "phases",
    "points_figure",
]

Array = NDArray[np.float64]
Phases = Literal["0 to 2", "0 to 1", "-0.5 to 0.5", "-0.5 to 1.5"]

MANY_POINTS = 3000
"""Above this many points of a figure WebGL draws them."""

JULIAN_OFFSET = 2_450_000
"""Taken off full Julian dates, as Sky Patrol does: their last digits are the ones that differ."""

ROW_SHARE, ROW_GAP = 0.62, 0.05
"""Bands apart: height of a row as a share of a single figure's, and the gap as a share of the whole."""

LIMIT_COLOUR = "#E0262B"
"""Upper limits are red triangles that point down (ASAS-SN Sky Patrol)."""

FAINT, CLEAR = 0.3, 0.85
"""Opacity of points under a binned or fitted curve, and else."""


@dataclass(frozen=True)
class Fold:
    """One period and one time of phase zero for every band, in days."""

    period: float
    epoch_time: float


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A light curve as it is drawn.

    Attributes:
        name: begins with the modality's name.
        time, value: (n,); error: (n,) 1 sigma, or None.
        time_label, value_label: axis titles with units in brackets; invert: True for magnitudes.
        season: (n,) number of the season, -1 for none, or None to colour by band.
        limit, flagged: (2, k) time and value of upper limits and of observations with a quality flag.
        binned: (3, k) phase 0 to 1, mean and its error; fitted: (2, k) phase 0 to 1 and value; or None.
    """

    name: str
    time: Array
    value: Array
    error: Array | None
    time_label: str
    value_label: str
    invert: bool
    season: NDArray[np.int64] | None = None
    limit: Array | None = None
    flagged: Array | None = None
    binned: Array | None = None
    fitted: Array | None = None


@dataclass(frozen=True, kw_only=True)
class Look:
    """How light curves are drawn.

    Attributes:
        errors: draw 1-sigma bars; apart: a row a curve instead of all in one; legend: whether to name the curves.
        height: of one row, pixels.
        phases: what a folded figure spans.
        offset: days taken off the times; None takes `JULIAN_OFFSET` off full Julian dates.
    """

    errors: bool = True
    apart: bool = False
    legend: bool = True
    height: int = 260
    phases: Phases = "0 to 2"
    offset: float | None = None


@dataclass(frozen=True)
class _Trace:
    row: int
    name: str
    x: Array
    y: Array
    error: Array | None
    colour: str
    style: dict[str, Any]
    thickness: float = 0.8
    time: Array | None = None
    season: int | None = None


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


def phases(span: Phases) -> tuple[float, int]:
    """Where a folded figure begins, and how many cycles it shows."""
    low, high = map(float, span.split(" to "))
    return low, round(high - low)


def _moved(points: Array | None, offset: float) -> Array | None:
    return None if points is None else points - np.array([[offset], [0.0]])


def _traces(
    curve: Curve, row: int, colour: str, look: Look, place: Any, start: float, *, folds: bool
) -> list[_Trace]:  # fmt: skip
    """Everything of one curve; `place` gives the x of times, once for each cycle shown."""
    name, found = plain(curve.name), []
    opacity = FAINT if curve.binned is not None or curve.fitted is not None else CLEAR
    point = {"mode": "markers", "marker": {"color": colour, "size": 5, "opacity": opacity}}

    def add(name: str, time: Array, value: Array, error: Array | None, style: dict[str, Any], colour: str) -> None:
        xs = place(time)
        tiled = None if error is None else np.tile(error, len(xs))
        x, y = np.concatenate(xs), np.tile(value, len(xs))
        found.append(_Trace(row, name, x, y, tiled, colour, style, time=np.tile(time, len(xs)) if folds else None))

    error = curve.error if look.errors else None
    if curve.season is None:
        add(name, curve.time, curve.value, error, point, colour)
    else:
        seasons = np.unique(curve.season)
        symbol = ("circle", "diamond", "square", "triangle-up", "x", "star")[row % 6]
        for season in seasons:
            part = curve.season == season
            tint = _season_colour(int(season), int(seasons.max()))
            style = {"mode": "markers", "marker": {"color": tint, "size": 5, "opacity": opacity, "symbol": symbol}}
            part_error = None if error is None else error[part]
            add(f"{name} season {season + 1}", curve.time[part], curve.value[part], part_error, style, tint)
            found[-1] = replace(found[-1], season=int(season))
    for points, words, symbol, tint in (
        (curve.limit, "upper limits", "triangle-down", LIMIT_COLOUR), (curve.flagged, "flagged", "x-thin", GREY),
    ):  # fmt: skip
        if points is not None and points.shape[1]:
            mark = {"color": tint, "size": 8, "symbol": symbol, "line": {"color": tint, "width": 1.2}}
            add(f"{name} {words}", points[0], points[1], None, {"mode": "markers", "marker": mark}, tint)
    _, cycles = phases(look.phases)
    if curve.fitted is not None:
        phase, value = _shown(curve.fitted[:2], start, cycles)
        line = {"mode": "lines", "line": {"color": colour, "width": 2}}
        found.append(_Trace(row, f"{name} Fourier fit", phase, value, None, colour, line))
    if curve.binned is not None:
        phase, value, error = _shown(curve.binned, start, cycles)
        mark = {"color": colour, "size": 8, "symbol": "square", "line": {"color": GREY, "width": 1}}
        found.append(
            _Trace(row, f"{name} binned", phase, value, error, colour, {"mode": "markers", "marker": mark}, 1.5)
        )
    return found


def _shown(points: Array, start: float, cycles: int) -> Array:
    """Points over phase 0 to 1 in ascending order, as often as there are cycles."""
    phase = np.where(points[0] >= start + 1, points[0] - 1, points[0])
    ordered = np.concatenate([phase[None], points[1:]])[:, np.argsort(phase, kind="stable")]
    turns = [np.concatenate([ordered[:1] + turn, ordered[1:]]) for turn in range(cycles)]
    return np.concatenate(turns, axis=1)


def _season_colour(season: int, last: int) -> str:
    """Along viridis, without its darkest and palest ends, which dark and light pages swallow."""
    from plotly.colors import sample_colorscale

    return str(sample_colorscale("Viridis", [0.15 + 0.75 * season / max(last, 1)])[0])


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
        for trace in _traces(curve, number, colour, look, place, start, folds=folds)
    ]
    layout |= {"showlegend": look.legend and (not look.apart or len(traces) > len(curves)), "shapes": list(shapes)}
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
        label = f"{one.name}: {one.value_label}" if look.apart else one.value_label
        reversed_axis = {"autorange": "reversed" if one.invert else True}  # magnitudes go up when brighter
        layout[f"yaxis{suffix}"] = {
            **_axis(label), **reversed_axis, "domain": [bottom, top], "anchor": f"x{suffix}",
        }  # fmt: skip
    data = [_data(one, kind, look) for one in traces]
    if len(curves) > 1:
        data += _season_legend(data, traces)
    return go.Figure({"data": data, "layout": layout})


def _season_legend(data: Sequence[dict[str, Any]], traces: Sequence[_Trace]) -> list[dict[str, Any]]:
    """One entry a season (its colour) and one a band (its symbol), not one of each pair: 40 would fill the figure.

    Returns:
        traces that are only names.
    """
    bands: dict[str, dict[str, Any]] = {}
    seasons: dict[str, dict[str, Any]] = {}
    for drawn, trace in zip(data, traces, strict=True):
        if trace.season is None:
            continue
        name, symbol = f"season {trace.season + 1}", drawn["marker"]["symbol"]
        drawn |= {"legendgroup": name, "showlegend": False}
        bands.setdefault(trace.name.removesuffix(f" {name}"), {"symbol": symbol, "color": GREY})
        seasons.setdefault(name, {"symbol": "circle", "color": trace.colour})
    common = {"type": "scatter", "x": [None], "y": [None], "mode": "markers", "hoverinfo": "skip"}
    named = [common | {"name": name, "marker": mark, "legendrank": 800} for name, mark in bands.items()]
    return named + [
        common | {"name": name, "marker": mark, "legendrank": 900, "legendgroup": name}
        for name, mark in sorted(seasons.items(), key=lambda one: int(one[0].split()[-1]))
    ]


def _data(trace: _Trace, kind: str, look: Look) -> dict[str, Any]:
    bars = None
    if trace.error is not None:
        colour = GREY if trace.thickness < 1 else trace.colour
        bars = {"array": trace.error, "color": colour, "thickness": trace.thickness, "width": 0}
    axis = str(trace.row + 1) if look.apart and trace.row else ""
    when = "" if trace.time is None else "time %{customdata:.5f}<br>"
    return {
        "type": kind, "name": trace.name, "x": trace.x, "y": trace.y, "error_y": bars, **trace.style,
        "hovertemplate": f"{trace.name}<br>%{{x}}<br>{when}%{{y:.4f}}<extra></extra>", "customdata": trace.time,
        "xaxis": f"x{axis}", "yaxis": f"y{axis}",
    }  # fmt: skip


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
            "itemsizing": "constant",
        },
        "hovermode": "closest",
        "dragmode": "zoom",
    }  # fmt: skip
