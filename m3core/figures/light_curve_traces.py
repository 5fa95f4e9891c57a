"""The traces of a light curve's figure: points with errors, seasons, limits, flags, fits and bins, and their legend."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from m3core.figures.palette import GREY
from m3core.figures.text import plain

__all__ = ["Curve", "Look", "Phases", "Trace", "data_of", "phases", "season_legend", "traces_of"]

Array = NDArray[np.float64]
Phases = Literal["0 to 2", "0 to 1", "-0.5 to 0.5", "-0.5 to 1.5"]

LIMIT_COLOUR = "#E0262B"
"""Upper limits are red triangles that point down (ASAS-SN Sky Patrol)."""

FAINT, CLEAR = 0.3, 0.85
"""Opacity of points under a binned or fitted curve, and else."""


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
class Trace:
    """What plotly draws as one: some points or a line of one curve, over all cycles shown.

    Attributes:
        row: of the figure's rows; season: whose, where seasons have colours; time: (n,) of the points of a fold.
        group: the trace whose entry in the legend speaks for this one as well, '' for its own.
    """

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
    group: str = ""


def phases(span: Phases) -> tuple[float, int]:
    """Where a folded figure begins, and how many cycles it shows."""
    low, high = map(float, span.split(" to "))
    return low, round(high - low)


def traces_of(
    curve: Curve, row: int, colour: str, look: Look, place: Any, start: float, *, folds: bool
) -> list[Trace]:  # fmt: skip
    """Everything of one curve; `place` gives the x of times, once for each cycle shown."""
    name, found = plain(curve.name), []
    opacity = FAINT if curve.binned is not None or curve.fitted is not None else CLEAR
    point = {"mode": "markers", "marker": {"color": colour, "size": 5, "opacity": opacity}}

    def add(name: str, time: Array, value: Array, error: Array | None, style: dict[str, Any], colour: str) -> None:
        xs = place(time)
        tiled = None if error is None else np.tile(error, len(xs))
        x, y = np.concatenate(xs), np.tile(value, len(xs))
        found.append(Trace(row, name, x, y, tiled, colour, style, time=np.tile(time, len(xs)) if folds else None))

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
        group = name if curve.season is None else ""
        found.append(Trace(row, f"{name} Fourier fit", phase, value, None, colour, line, group=group))
    if curve.binned is not None:
        phase, value, error = _shown(curve.binned, start, cycles)
        mark = {"color": colour, "size": 8, "symbol": "square", "line": {"color": GREY, "width": 1}}
        style = {"mode": "markers", "marker": mark}
        group = name if curve.season is None else "" if curve.fitted is None else f"{name} Fourier fit"
        found.append(Trace(row, f"{name} binned", phase, value, error, colour, style, 1.5, group=group))
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


def season_legend(data: Sequence[dict[str, Any]], traces: Sequence[Trace]) -> list[dict[str, Any]]:
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


def data_of(trace: Trace, kind: str, look: Look) -> dict[str, Any]:
    """What plotly is given: `kind` is scatter, or scattergl where there are many points."""
    bars = None
    if trace.error is not None:
        colour = GREY if trace.thickness < 1 else trace.colour
        bars = {"array": trace.error, "color": colour, "thickness": trace.thickness, "width": 0}
    axis = str(trace.row + 1) if look.apart and trace.row else ""
    when = "" if trace.time is None else "time %{customdata:.5f}<br>"
    return {
        "type": kind, "name": trace.name, "x": trace.x, "y": trace.y, "error_y": bars, **trace.style,
        "hovertemplate": f"{trace.name}<br>%{{x}}<br>{when}%{{y:.4f}}<extra></extra>", "customdata": trace.time,
        "xaxis": f"x{axis}", "yaxis": f"y{axis}", "legendgroup": trace.group or trace.name,
        "showlegend": not trace.group,
    }  # fmt: skip
