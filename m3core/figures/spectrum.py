"""Spectra with their lines, from curves that are ready to draw to a plotly figure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from m3core.figures.palette import GREY, OKABE_ITO
from m3core.figures.text import plain, shortened
from m3core.kinds.base import Series
from m3core.spectrum.lines import Line

__all__ = ["HEIGHT", "Curve", "Marks", "Measured", "line_figure", "spectrum_figure"]

HEIGHT = 380

Array = NDArray[np.float64]

MASKED, LINE, TEMPLATE, MEASURED = "#CC79A7", "#A87B00", "#E69F00", "#009E73"
FAINT = "rgba(138,143,152,0.5)"
"""Grey that stays behind a curve on white and on black."""

MANY_PIXELS = 20_000
"""Longer spectra, as echelle spectrographs give them, are left to WebGL."""

MARGIN_TOP, MARGIN_BOTTOM = 34, 44

BELOW, ABOVE = -0.1, 1.1
"""Shares of the frame's height beyond it: where the stroke of one line goes over to the next unseen, and its end."""

FEW_PIXELS = 50
"""Of so few, single ones are drawn large enough to be found."""

LABEL_ROWS, LABEL_SHARE = 4, 0.028
"""Marks of lines that stand near one another take turns in so many rows; the room of one, a share of the width."""

LONGEST_NAME = 24
"""Letters of a name in the legend: four of them leave the room for the buttons beside it."""

MARK_HEIGHT, ROW_HEIGHT = 17, 15
"""Pixels: of the strip that one row of marks takes above the frame, and of each row more."""


@dataclass(frozen=True)
class Curve:
    """A line to draw.

    Attributes:
        y: (n,) NaN in gaps. error: (n,) 1 sigma or None. raw: (n,) what y was smoothed from, drawn in grey, or None.
        masked: (n,) bool, drawn as ticks along the wavelengths, or None.
        noisy: (n,) bool, pixels that the frame is not made for, or None.
    """

    name: str
    x: Array
    y: Array
    error: Array | None = None
    raw: Array | None = None
    masked: NDArray[np.bool_] | None = None
    noisy: NDArray[np.bool_] | None = None
    colour: str = OKABE_ITO[0]
    width: float = 1.2
    dash: str = "solid"


@dataclass(frozen=True)
class Marks:
    """Lines and bands: where they stand in this spectrum, Angstrom, and what to say of each."""

    lines: Sequence[Line]
    positions: Array
    details: Sequence[str]
    telluric: Sequence[tuple[str, float, float]] = ()


@dataclass(frozen=True)
class Measured:
    """A range whose equivalent width was measured. Attributes: as m3core.spectrum.equivalent_width; y of its line."""

    low: float
    high: float
    x: Array
    y: Array


def spectrum_figure(
    curves: Sequence[Curve], *, x_label: str, y_label: str, marks: Marks | None = None,
    measured: Measured | None = None, view: dict[str, list[float]] | None = None, revision: str = "",
    height: int = HEIGHT, drag: str = "zoom", compact: bool = False,
) -> go.Figure:  # fmt: skip
    """Draw spectra over one another.

    All line markers are one trace, over an axis of its own from 0 to 1, so that they keep their height in any zoom;
    their marks are another, in a strip above the frame, where no flux reaches them.

    Args:
        curves: the first is the one whose range is shown and whose masked pixels are marked.
        view: 'x' and 'y' -> first and last value to show; what it lacks is found from the curves.
        revision: as long as it stays, plotly keeps a zoom of its own.
        drag: what dragging does: 'zoom', or 'select' a range of wavelengths.
        compact: for a narrow place: a legend only where spectra are to be told apart, and short marks.
    """
    view = view or {}
    x_range = view.get("x") or _x_range(curves)
    first = [{**one, "legendrank": 1} for one in _curve(curves[0])]  # drawn over the others, named before them
    data: list[dict[str, Any]] = [one for curve in curves[1:] for one in _curve(curve)] + first
    if measured is not None:
        data.append(
            {
                "type": "scatter", "mode": "lines", "x": measured.x, "y": measured.y, "name": "continuum",
                "line": {"color": MEASURED, "width": 1.6, "dash": "dash"}, "hoverinfo": "skip",
            }
        )  # fmt: skip
    strip = 0
    if marks is not None and len(marks.positions):
        room = (2 if compact else 1) * LABEL_SHARE * (x_range[1] - x_range[0])
        markers, strip = _markers(marks, curves[0], room)
        data += markers
    frame = 1 - strip / (height - MARGIN_TOP - MARGIN_BOTTOM)
    shapes = [
        _shaded(low, high, GREY, 0.16, "⊕" if compact else f"⊕ {name}")
        for name, low, high in (marks.telluric if marks else ())
    ]
    if measured is not None:
        shapes.append(_shaded(measured.low, measured.high, MEASURED, 0.18, ""))
    line = {"showline": True, "linecolor": GREY, "linewidth": 1, "ticks": "outside", "automargin": False}
    layout = {
        "height": height,
        "margin": {"l": 66, "r": 8, "t": MARGIN_TOP, "b": MARGIN_BOTTOM, "pad": 0},
        "legend": {
            "orientation": "h", "x": 0, "xref": "container", "y": 1, "yref": "container", "yanchor": "top",
            "itemsizing": "constant",
        },
        "showlegend": not compact or len(curves) > 1,
        "hovermode": "closest", "dragmode": drag, "selectdirection": "h", "uirevision": revision, "shapes": shapes,
        "xaxis": {
            **line, "title": {"text": plain(x_label), "standoff": 6}, "tickformat": "~f", "range": x_range,
            "hoverformat": ".2f",
            # what a double click goes back to, once a kept zoom is the range that plotly starts with
            "autorangeoptions": dict(zip(("minallowed", "maxallowed"), _x_range(curves), strict=True)),
        },
        "yaxis": {
            **line, "title": {"text": plain(y_label), "standoff": 6}, "tickformat": "~g",
            "range": view.get("y") or _y_range(curves), "zeroline": False, "domain": [0, frame],
        },
        "yaxis2": {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True},
        "yaxis3": {"domain": [frame, 1], "range": [0, strip or 1], "visible": False, "fixedrange": True},
    }  # fmt: skip
    return go.Figure({"data": data, "layout": layout})


def line_figure(series: Series, *, errors: bool = True, height: int = 280) -> go.Figure:
    """A line over x with its 1-sigma band and nothing else, gaps where there is no value: small pictures of spectra."""
    curve = Curve(series.name, series.x, series.y, series.error if errors else None)
    return spectrum_figure([curve], x_label=series.x_label, y_label=series.y_label, height=height)


def _curve(curve: Curve) -> list[dict[str, Any]]:
    name = plain(shortened(curve.name, LONGEST_NAME))
    data: list[dict[str, Any]] = []
    if curve.error is not None:
        x, y = _band(curve.x, curve.y if curve.raw is None else curve.raw, curve.error)
        data.append(
            {
                "type": "scatter", "x": x, "y": y, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip",
                "fill": "toself", "fillcolor": "rgba(138,143,152,0.32)", "name": f"{name} ± 1σ",
            }
        )  # fmt: skip
    if curve.raw is not None:
        data.append(_drawn(f"{name}, not smoothed", curve.x, curve.raw, FAINT, 0.8))
    shown = name if curve.raw is None else f"{name}, smoothed"
    data.append(_drawn(shown, curve.x, curve.y, curve.colour, curve.width, curve.dash))
    if curve.masked is not None and curve.masked.any():
        wavelength = curve.x[curve.masked]
        data.append(
            {
                "type": "scatter", "mode": "markers", "x": wavelength, "y": np.full(len(wavelength), 0.015),
                "yaxis": "y2", "name": f"{name}, masked ({len(wavelength):,} of {len(curve.x):,})",
                "marker": {"symbol": "line-ns-open", "size": 9, "color": MASKED, "line": {"width": 1.2}},
                "hovertemplate": "masked pixel at %{x:.2f} Å<extra></extra>",
            }
        )  # fmt: skip
    return data


def _drawn(name: str, x: Array, y: Array, colour: str, width: float, dash: str = "solid") -> dict[str, Any]:
    """A line; where a pixel has no neighbour that is observed, points, since a line would not show it."""
    known = np.isfinite(y)
    padded = np.concatenate([[False], known, [False]])
    alone = bool((known & ~padded[:-2] & ~padded[2:]).any())
    size = 7 if known.sum() <= FEW_PIXELS else 3
    return {
        "type": "scattergl" if len(x) > MANY_PIXELS else "scatter", "x": x, "y": y,
        "mode": "lines+markers" if alone else "lines", "name": name,
        "line": {"color": colour, "width": width, "dash": dash}, "marker": {"size": size, "color": colour},
        "hovertemplate": "%{x:.2f} Å: %{y:.4g}<extra></extra>",
    }  # fmt: skip


def _band(x: Array, y: Array, error: Array) -> tuple[Array, Array]:
    """The outline of y ± error, a closed piece for each run of pixels without a gap, parted by NaN.

    Filling between two lines instead would join the pieces across the gaps.
    """
    known = np.isfinite(y) & np.isfinite(error)
    starts = np.flatnonzero(known & ~np.concatenate([[False], known[:-1]]))
    ends = np.flatnonzero(known & ~np.concatenate([known[1:], [False]])) + 1
    outline: list[Array] = [np.zeros((0, 2))]
    for start, end in zip(starts, ends, strict=True):
        run = slice(start, end)
        upper = np.column_stack([x[run], y[run] + error[run]])
        lower = np.column_stack([x[run], y[run] - error[run]])
        outline += [upper, lower[::-1], np.full((1, 2), np.nan)]
    points = np.concatenate(outline)
    return points[:, 0], points[:, 1]


def _markers(marks: Marks, curve: Curve, room: float) -> tuple[list[dict[str, Any]], int]:
    """Every line as a stroke of one trace, its mark at the end of it in the strip above, and the strip's height.

    Near marks take turns in rows, the first of them on top.
    """
    inside = (marks.positions >= curve.x[0]) & (marks.positions <= curve.x[-1])
    order = np.flatnonzero(inside)[np.argsort(marks.positions[inside], kind="stable")]
    ends = [-np.inf] * LABEL_ROWS
    rows: list[int] = []
    for place in order:
        at = float(marks.positions[place])
        free = [row for row in range(LABEL_ROWS) if ends[row] <= at]
        rows.append(free[0] if free else int(np.argmin(ends)))
        if marks.lines[place].mark:
            ends[rows[-1]] = at + room
    strip = MARK_HEIGHT + ROW_HEIGHT * max(rows, default=0)
    shared: dict[str, Any] = {
        "type": "scatter", "x": np.repeat(marks.positions[order], 3).tolist(), "legendgroup": "lines",
        "hovertext": [plain(marks.details[place]) for place in order for _ in range(3)], "hoverinfo": "text",
        "line": {"color": "rgba(168,123,0,0.55)", "width": 1},  # the cores of lines show through
    }  # fmt: skip
    strokes = {**shared, "name": "lines", "mode": "lines", "yaxis": "y2", "y": [BELOW, ABOVE, BELOW] * len(order)}
    heights = [strip - MARK_HEIGHT - ROW_HEIGHT * row for row in rows]
    names = {
        **shared, "name": "names of lines", "mode": "lines+text", "yaxis": "y3", "showlegend": False,
        "y": [y for height in heights for y in (-ROW_HEIGHT, height, -ROW_HEIGHT)],  # the mark stands above
        # plotly drops the place of an empty text, and then mixes up the others when it draws again
        "text": [text for place in order for text in (" ", marks.lines[place].mark or " ", " ")],
        "textposition": "top center", "textfont": {"size": 11, "color": LINE},
    }  # fmt: skip
    return [strokes, names], strip


def _shaded(low: float, high: float, colour: str, opacity: float, text: str) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "type": "rect", "xref": "x", "yref": "y domain", "x0": low, "x1": high, "y0": 0, "y1": 1, "fillcolor": colour,
        "opacity": opacity, "line": {"width": 0}, "layer": "below",
    }  # fmt: skip
    if text:
        shape["label"] = {"text": text, "textposition": "bottom center", "font": {"size": 10}, "padding": 12}
    return shape


def _x_range(curves: Sequence[Curve]) -> list[float]:
    x = curves[0].x
    low, high = (float(x[0]), float(x[-1])) if len(x) else (0.0, 1.0)
    pad = 0.005 * (high - low) if high > low else 5.0
    return [low - pad, high + pad]


def _y_range(curves: Sequence[Curve]) -> list[float]:
    """All of the curves but not of their error bands.

    At least as high as four median errors of the first: the noise of a constant spectrum is no structure.
    """
    values = [
        one[np.isfinite(one) & (True if curve.noisy is None else ~curve.noisy)]
        for curve in curves
        for one in (curve.y, curve.raw)
        if one is not None
    ]
    known = np.concatenate([*values, np.empty(0)])
    if not len(known):
        return [0.0, 1.0]
    low, high = float(known.min()), float(known.max())
    error = curves[0].error
    errors = np.empty(0) if error is None else error[np.isfinite(error)]
    if (lacking := 4 * float(np.median(errors)) - (high - low) if len(errors) else 0.0) > 0:
        low, high = low - lacking / 2, high + lacking / 2
    size = high - low if high > low else abs(high) or 1.0
    return [low - 0.06 * size, high + 0.06 * size]
