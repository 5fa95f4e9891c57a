"""Periodograms and other searches as plotly figures: rows over one axis, peaks that can be clicked.

A peak carries its period (days) in customdata; a page folds on it.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from m3core.figures.palette import GREY, OKABE_ITO
from m3core.figures.text import plain
from m3core.periods.box import BoxSearch
from m3core.periods.dispersion import DispersionSearch
from m3core.periods.periodogram import Periodogram, highest, thinned
from m3core.periods.prewhitening import Prewhitening

__all__ = [
    "LEVELS",
    "MOST_DRAWN",
    "box_curve",
    "box_figure",
    "dispersion_figure",
    "periodogram_figure",
    "prewhitening_figure",
]

BLUE, ORANGE, GREEN = OKABE_ITO[:3]
MOST_DRAWN = 4000
"""Points of a curve; of each run of frequencies the highest is drawn, and the caption says so."""

LEVELS = (0.1, 0.01, 0.001)
SMALL_PEAKS = 150
LETTER, NARROW_LETTER = 0.0115, 0.018
"""Of the axes, what a letter of a mark's name takes: 526 pixels wide on paper, 290 beside a map."""

LINE, MOST_LINES, MARGIN_TOP = 13, 3, 46
"""Names of marks stand above the axes, where no curve runs: pixels of a line of them, how many, and the legend's."""

FREQUENCY, POWER = "Frequency [d⁻¹]", "Power (0 to 1)"


def periodogram_figure(
    found: Periodogram, period: float | None, *, height: int = 420, narrow: bool = False
) -> go.Figure:  # fmt: skip
    """Power above, window function below; the folding frequency and its aliases marked, false-alarm levels dashed.

    Args:
        narrow: for a place narrower than half a page, where fewer names have room.
    """
    x, y, _ = thinned(found.frequency, found.power, MOST_DRAWN)
    # the legend has what is not said by title and axes: in a narrow place it has room for two lines
    power = [_line(x, y, BLUE, "Lomb-Scargle", 1) | {"showlegend": False}]
    places = highest(found.power, SMALL_PEAKS, apart=2)
    power.append(_peaks(found.frequency[places], found.power[places], "peaks", GREY, 1, size=4) | {"showlegend": False})
    levels = [at for level in LEVELS if (at := found.false_alarm_level(level)) < 1]
    shapes = [_level(at, "y") for at in levels]
    # beside the axes, where no curve runs; the levels are too near to one another for a text each
    text = "FAP<br>0.1 %"
    notes = [_note(1.005, at, text, x_reference="paper", anchor="left", colour=ORANGE) for at in levels[-1:]]
    names: list[dict[str, Any]] = []
    if period is not None and found.frequency[0] <= 1 / period <= found.frequency[-1]:
        f = 1 / period
        power.append(_marks([(f, f"f {f:.6f} d⁻¹")], found, "folded here", GREEN, "triangle-down"))
        aliases = [(a.frequency, a.name) for a in found.aliases(f)]
        others = [(f / 2, "f / 2"), (2 * f, "2 f"), (3 * f, "3 f")]
        inside = [(at, name) for at, name in others if found.frequency[0] <= at <= found.frequency[-1]]
        for group, name, colour, symbol in (
            (inside, "harmonics", OKABE_ITO[4], "triangle-up"), (aliases, "aliases", OKABE_ITO[3], "x"),
        ):  # fmt: skip
            power.append(_marks(group, found, name, colour, symbol))
        aliases.sort(key=lambda one: -_power_at(found, one[0]))
        names, strokes = _names([(f, f"f {f:.4g}"), *inside, *aliases], found, NARROW_LETTER if narrow else LETTER)
        notes += names
        shapes += strokes
    # last and not by WebGL, which lies below: a click takes the peak itself, not the sign of an alias beside it
    tops, top_power = np.array([p.frequency for p in found.peaks]), np.array([p.power for p in found.peaks])
    power.append(_peaks(tops, top_power, "highest peaks", ORANGE, 1) | {"type": "scatter"})
    wx, wy, _ = thinned(found.frequency, found.window, MOST_DRAWN)
    window = [_line(wx, wy, GREY, "window function", 2) | {"showlegend": False}]
    figure = _rows(
        [power, window], [(0.36, 1.0), (0.0, 0.24)], FREQUENCY, [POWER, "Window"], height=height, shapes=shapes,
        notes=notes,
    )  # fmt: skip
    lines = max((one["yshift"] // LINE + 1 for one in names), default=0)
    figure.update_xaxes(range=[0, float(found.frequency[-1])])
    return figure.update_layout(margin_r=48, margin_t=MARGIN_TOP + LINE * lines, height=height + LINE * lines)


def box_figure(found: BoxSearch, period: float | None, *, height: int = 320) -> go.Figure:
    """Log likelihood of the best box against period, on a logarithmic axis."""
    x, y = box_curve(found)
    peaks = found.peaks
    row = [_line(x, y, BLUE, "box least squares", 1, hover="P %{x:.6f} d<br>%{y:.4g}")]
    mark = _peaks(1 / np.array([p.period for p in peaks]), np.array([p.power for p in peaks]), "best boxes", ORANGE, 1)
    row.append(mark | {"x": [p.period for p in peaks]})
    shapes = [_here(period)] if period is not None and x.min() <= period <= x.max() else []
    figure = _rows([row], [(0.0, 1.0)], "Period [d]", ["Log likelihood"], height=height, shapes=shapes, notes=[])
    figure.update_xaxes(type="log")
    return figure


def box_curve(found: BoxSearch) -> tuple[np.ndarray, np.ndarray]:
    """Period and power as drawn: of each of `MOST_DRAWN` equal parts of the logarithmic axis the highest."""
    part = np.log(found.period / found.period[0]) / np.log(found.period[-1] / found.period[0])
    index = np.minimum((part * MOST_DRAWN).astype(np.int64), MOST_DRAWN - 1)
    order = np.lexsort((found.power, index))
    last = np.flatnonzero(np.diff(index[order], append=MOST_DRAWN))
    places = order[last]
    return found.period[places], found.power[places]


def dispersion_figure(found: DispersionSearch, period: float | None, *, height: int = 420) -> go.Figure:
    """Phase dispersion above, string length below; minima, which count here, are marked."""
    rows = []
    for number, (name, curve, colour) in enumerate(
        (("phase dispersion", found.theta, BLUE), ("string length", found.string, OKABE_ITO[5])), start=1
    ):
        x, y, _ = thinned(found.frequency, curve, MOST_DRAWN, lowest=True)
        minima = found.minima["phase dispersion" if number == 1 else "string length"]
        at, value = np.array([1 / one.period for one in minima]), np.array([one.value for one in minima])
        rows.append([_line(x, y, colour, name, number), _peaks(at, value, f"lowest: {name}", ORANGE, number)])
    shapes = []
    if period is not None and found.frequency[0] <= 1 / period <= found.frequency[-1]:
        shapes = [_here(1 / period)]
    titles = ["Theta", "String length"]
    return _rows(rows, [(0.56, 1.0), (0.0, 0.44)], FREQUENCY, titles, height=height, shapes=shapes, notes=[])


def prewhitening_figure(found: Prewhitening, *, row_height: int = 105) -> go.Figure:
    """The periodogram before each step, one below the other, the frequency that was taken out marked."""
    n = len(found.steps)
    rows: list[list[dict[str, Any]]] = []
    notes = []
    for number, step in enumerate(found.steps, start=1):
        x, y, _ = thinned(step.frequency, step.power, MOST_DRAWN // 2)
        row = [_line(x, y, BLUE if number < n else GREY, f"before step {number}" if number < n else "left", number)]
        if number <= len(found.components):
            one = found.components[number - 1]
            row.append(_peaks(np.array([one.frequency]), np.array([one.power]), "taken out", ORANGE, number))
            text = f"{one.name} = {one.frequency:.5f} d⁻¹"
        else:
            text = "left over"
        notes.append(_note(1.0, 1.0, text, x_reference="paper", anchor="right", axis=number))
        rows.append(row)
    gap = 0.22 / n  # the names stand in it
    domains = [(1 - (k + 1) / n + gap, 1 - k / n) for k in range(n)]
    domains[-1] = (0.0, domains[-1][1])
    figure = _rows(rows, domains, FREQUENCY, ["Power"] * n, height=90 + row_height * n, shapes=[], notes=notes)
    return figure.update_layout(showlegend=False, margin_t=22)


def _line(x: Any, y: Any, colour: str, name: str, row: int, *, hover: str = "") -> dict[str, Any]:
    return {
        "type": "scattergl", "mode": "lines", "x": x, "y": y, "name": name, "line": {"color": colour, "width": 1},
        "hovertemplate": (hover or "%{x:.6f} d⁻¹<br>%{y:.4f}") + "<extra></extra>", **_axes(row),
    }  # fmt: skip


def _peaks(frequency: Any, power: Any, name: str, colour: str, row: int, *, size: int = 9) -> dict[str, Any]:
    period = 1.0 / np.asarray(frequency, np.float64)
    return {
        "type": "scattergl", "mode": "markers", "x": frequency, "y": power, "name": name, "customdata": period,
        "marker": {"color": colour, "size": size, "opacity": 0.9},
        "hovertemplate": "P = %{customdata:.7~f} d<br>%{x:.6f}<br>%{y:.4f}<br>click to fold<extra></extra>",
        **_axes(row),
    }  # fmt: skip


def _marks(
    marks: Sequence[tuple[float, str]], found: Periodogram, name: str, colour: str, symbol: str
) -> dict[str, Any]:  # fmt: skip
    """Signs at frequencies, at the power that stands there."""
    at = np.array([one for one, _ in marks])
    return {
        "type": "scatter", "mode": "markers", "x": at, "y": [_power_at(found, one) for one in at], "name": name,
        "customdata": 1 / at, "hovertext": [plain(one) for _, one in marks],
        "marker": {"color": colour, "size": 9, "symbol": symbol},
        "hovertemplate": "%{hovertext}<br>P = %{customdata:.7~f} d<br>%{y:.4f}<br>click to fold<extra></extra>",
        **_axes(1),
    }  # fmt: skip


def _power_at(found: Periodogram, frequency: float) -> float:
    """The highest sample within a peak's width, so that a sign stands on its peak."""
    near = int(np.argmin(np.abs(found.frequency - frequency)))
    return float(found.power[max(0, near - 3) : near + 4].max())


def _names(
    marks: Sequence[tuple[float, str]], found: Periodogram, letter: float
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:  # fmt: skip
    """The names of marks in lines above the axes, the first first, as long as none lies on another; strokes to them.

    Returns:
        annotations and shapes.
    """
    last = float(found.frequency[-1])
    taken: list[tuple[float, float, int]] = []
    names, strokes = [], []
    for at, name in marks:
        text = plain(name.replace(" d⁻¹", ""))  # as the axis says
        width = letter * (len(text) + 1) * last
        for line, (anchor, left) in itertools.product(
            range(MOST_LINES), (("center", at - width / 2), ("left", at), ("right", at - width))
        ):
            inside = left >= 0 and left + width <= last
            if inside and all(left + width <= low or left >= high for low, high, row in taken if row == line):
                taken.append((left, left + width, line))
                note = _note(at, 1.0, text, x_reference="x", anchor=anchor, axis=1)
                names.append({**note, "yshift": LINE * line, "font": {"size": 10, "color": GREY}})
                strokes.append(_stroke(at))
                break
    return names, strokes


def _axes(row: int) -> dict[str, str]:
    return {"xaxis": "x", "yaxis": "y" if row == 1 else f"y{row}"}


def _level(at: float, axis: str) -> dict[str, Any]:
    line = {"color": ORANGE, "width": 1, "dash": "dash"}
    return {"type": "line", "xref": "paper", "yref": axis, "x0": 0, "x1": 1, "y0": at, "y1": at, "line": line}


def _here(x: float) -> dict[str, Any]:
    line = {"color": GREEN, "width": 1.5, "dash": "dot"}
    return {"type": "line", "xref": "x", "yref": "paper", "x0": x, "x1": x, "y0": 0, "y1": 1, "line": line}


def _stroke(x: float) -> dict[str, Any]:
    line = {"color": GREY, "width": 0.7, "dash": "dot"}
    return {
        "type": "line", "xref": "x", "yref": "y domain", "x0": x, "x1": x, "y0": 0, "y1": 1, "line": line,
        "opacity": 0.7, "layer": "below",
    }  # fmt: skip


def _note(
    x: float, y: float, text: str, *, x_reference: str, anchor: str, axis: int = 0, colour: str = GREY
) -> dict[str, Any]:  # fmt: skip
    """A text right of a level (`axis` 0), or over the top of the axes of that number."""
    y_reference = "y" if axis == 0 else (f"y{axis} domain" if axis > 1 else "y domain")
    return {
        "x": x, "y": y, "xref": x_reference, "yref": y_reference, "text": text, "showarrow": False, "align": "left",
        "xanchor": anchor, "yanchor": "middle" if axis == 0 else "bottom", "font": {"size": 11, "color": colour},
    }  # fmt: skip


def _rows(
    rows: Sequence[Sequence[dict[str, Any]]], domains: Sequence[tuple[float, float]], x_title: str,
    y_titles: Sequence[str], *, height: int, shapes: Sequence[dict[str, Any]], notes: Sequence[dict[str, Any]],
) -> go.Figure:  # fmt: skip
    last = len(rows)
    line = {"showline": True, "linecolor": GREY, "ticks": "outside", "zeroline": False, "automargin": False}
    layout: dict[str, Any] = {
        "height": height, "margin": {"l": 66, "r": 12, "t": 40, "b": 46}, "hovermode": "closest", "dragmode": "zoom",
        "shapes": list(shapes), "annotations": list(notes),
        "xaxis": {
            **line, "title": {"text": x_title, "standoff": 6}, "anchor": "y" if last == 1 else f"y{last}",
        },
        "legend": {
            "orientation": "h", "x": 0, "xref": "container", "y": 1, "yref": "container", "yanchor": "top",
            "itemsizing": "constant",
        },
    }  # fmt: skip
    for number, (domain, title) in enumerate(zip(domains, y_titles, strict=True), start=1):
        layout["yaxis" if number == 1 else f"yaxis{number}"] = {
            **line, "domain": list(domain), "anchor": "x", "title": {"text": title, "standoff": 9}, "nticks": 5,
        }  # fmt: skip
    return go.Figure({"data": [trace for row in rows for trace in row], "layout": layout})
