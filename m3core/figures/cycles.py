"""What changes from cycle to cycle: the river plot, and O - C of the times of extremum."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from m3core.figures.light_curve_traces import Phases, phases
from m3core.figures.palette import GREY, OKABE_ITO
from m3core.figures.text import plain
from m3core.periods.phase_zero import Ephemeris, in_days
from m3core.periods.river import River
from m3core.periods.times_of_extremum import Extremum, Trend

__all__ = ["o_c_figure", "river_figure"]


def river_figure(found: River, *, value_label: str, invert: bool, span: Phases = "0 to 2") -> go.Figure:
    """Brightness less the median by phase and cycle; brighter is paler, and up on the bar; empty cells are blank."""
    start, cycles = phases(span)
    phase = np.where(found.phase >= start + 1, found.phase - 1, found.phase)
    order = np.argsort(phase, kind="stable")
    x = np.concatenate([phase[order] + turn for turn in range(cycles)])
    z = np.tile(found.value[:, order], (1, cycles))
    spread = np.nanquantile(np.abs(found.value), 0.98) or 1.0
    title = f"{plain(value_label)}<br>less the median"
    # a colour bar cannot be turned over: of magnitudes the negative is drawn, and their own numbers stand beside it
    sign = -1.0 if invert else 1.0
    ticks = _ticks(spread)
    rows = len(found.cycle)
    return go.Figure(
        {
            "data": [
                {
                    "type": "heatmap", "x": x, "y": found.cycle, "z": sign * z, "zmin": -spread, "zmax": spread,
                    "colorscale": "Viridis", "hoverongaps": False, "customdata": z,
                    "colorbar": {
                        "title": {"text": title, "side": "right"}, "thickness": 12,
                        "tickvals": sign * ticks, "ticktext": [f"{one:.4g}".replace("-", "−") for one in ticks],
                    },
                    "hovertemplate": "phase %{x:.3f}<br>cycle %{y:,}<br>%{customdata:.4f}<extra></extra>",
                }
            ],
            "layout": _layout(min(max(260, 110 + 8 * rows), 620))
            | {
                "xaxis": _axis("Phase") | {"range": [start, start + cycles]},
                "yaxis": _axis("Cycle") | {"autorange": "reversed", "tickformat": ","},
            },
        }
    )  # fmt: skip


def _ticks(spread: float) -> NDArray[np.float64]:
    """Round numbers from -spread to spread, 0 and two to four of each sign."""
    power = 10.0 ** np.floor(np.log10(spread))
    step = power * (0.5 if spread < 2 * power else 1.0 if spread < 5 * power else 2.0)
    n = np.floor(spread / step)
    return np.asarray(step * np.arange(-n, n + 1))


def o_c_figure(found: Sequence[Extremum], fitted: Trend | None, ephemeris: Ephemeris, *, curve: bool) -> go.Figure:
    """O - C in days against cycle, with the straight line, and the parabola where `curve`."""
    cycle = np.array([one.cycle for one in found], np.float64)
    difference = np.array([one.difference for one in found])
    data: list[dict[str, Any]] = [
        {
            "type": "scatter", "mode": "markers", "x": cycle, "y": difference, "name": "O − C",
            "error_y": {"array": [one.error for one in found], "color": GREY, "thickness": 1, "width": 0},
            "marker": {"color": OKABE_ITO[0], "size": 7}, "customdata": [one.time for one in found],
            "hovertemplate": "E = %{x:,}<br>O − C = %{y:.5f} d<br>%{customdata:.5f}<extra></extra>",
        }
    ]  # fmt: skip
    if fitted is not None:
        x = np.linspace(cycle.min(), cycle.max(), 100)
        line = fitted.shift + fitted.period_change * x
        data.append(_line(x, line, "straight line", OKABE_ITO[1]))
        if curve and np.isfinite(fitted.curvature):
            data.append(_line(x, np.polyval(fitted.parabola[::-1], x), "parabola", OKABE_ITO[2]))
    zero = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 0, "y1": 0, "line": {"color": GREY, "dash": "dot"}}
    layout = _layout(320) | {
        "shapes": [zero], "xaxis": _axis(f"Cycle E, P = {in_days(ephemeris.period)}") | {"tickformat": ","},
        "yaxis": _axis("O − C [d]"),
    }  # fmt: skip
    return go.Figure({"data": data, "layout": layout})


def _line(x: Any, y: Any, name: str, colour: str) -> dict[str, Any]:
    line = {"color": colour, "width": 1.5, "dash": "dash"}
    return {"type": "scatter", "mode": "lines", "x": x, "y": y, "name": name, "line": line, "hoverinfo": "skip"}


def _axis(title: str) -> dict[str, Any]:
    return {
        "title": {"text": plain(title), "standoff": 6}, "showline": True, "linecolor": GREY, "ticks": "outside",
        "zeroline": False, "automargin": True,
    }  # fmt: skip


def _layout(height: int) -> dict[str, Any]:
    return {
        "height": height, "margin": {"l": 66, "r": 12, "t": 36, "b": 46}, "hovermode": "closest", "dragmode": "zoom",
        "legend": {"orientation": "h", "x": 0, "xref": "container", "y": 1, "yref": "container", "yanchor": "top"},
    }  # fmt: skip
