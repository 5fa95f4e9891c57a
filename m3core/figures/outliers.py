"""Figures of the outliers: how far detectors agree, and which part of a curve or spectrum carries a surprise."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from m3core.figures.blank import axis, survey_layout
from m3core.figures.light_curve import Look, curves_of, points_figure
from m3core.figures.palette import BLUES, OKABE_ITO
from m3core.figures.spectrum import line_figure
from m3core.figures.text import plain
from m3core.kinds import Series
from m3core.outliers.reasons import Carried

__all__ = ["agreement", "agreement_figure", "carried_figure"]

TOP = 100
STRONGEST, FAINTEST_FULL = 0.5, 0.2
"""Opacity of the window that carries most, and the share of a surprise that it must carry to be drawn so."""

LEAST = 0.02


def agreement(scores: pd.DataFrame, top: int = TOP) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(K, K) Spearman's rank correlations of the detectors, -1 to 1, and how many of the top `top` of one are among
    those of the other; NaN scores are left out, pair by pair."""
    listed = {name: set(scores[name].dropna().nlargest(top).index) for name in scores}
    shared = [[len(listed[one] & listed[other]) for other in scores] for one in scores]
    return scores.corr(method="spearman"), pd.DataFrame(shared, scores.columns, scores.columns)


def agreement_figure(values: pd.DataFrame, *, title: str, largest: float, smallest: float) -> go.Figure:
    """A matrix as colours with its numbers."""
    names = [plain(name) for name in values.columns]
    colours = "RdBu" if smallest < 0 else BLUES
    figure = go.Figure(
        {
            "type": "heatmap", "z": values.to_numpy(np.float64), "x": names, "y": names, "zmin": smallest,
            "zmax": largest, "colorscale": colours, "colorbar": {"title": {"text": title}, "thickness": 12},
            "hovertemplate": "%{y}<br>%{x}<br>%{z:.2f}<extra></extra>",
        }
    )  # fmt: skip
    height = 140 + 22 * len(names)
    figure.update_layout(
        **survey_layout(height=height, revision="agreement"), xaxis=axis("") | {"tickangle": -45},
        yaxis=axis("") | {"autorange": "reversed"},
    )  # fmt: skip
    figure.update_layout(margin={"l": 190, "r": 10, "t": 10, "b": 150})
    return figure


def carried_figure(series: Series, found: Carried, *, height: int = 260) -> go.Figure:
    """The series in time or over wavelength, each window the darker the more of the surprise goes with it."""
    if series.style == "line":
        figure = line_figure(series, height=height)
    else:
        figure = points_figure(curves_of([series]), Look(height=height))
    shift, most = _shift(series, figure), max(float(found.parts.max()), FAINTEST_FULL)
    figure.update_layout(
        shapes=[
            {
                "type": "rect", "xref": "x", "yref": "paper", "x0": left - shift, "x1": right - shift, "y0": 0, "y1": 1,
                "fillcolor": OKABE_ITO[1], "opacity": STRONGEST * float(part) / most, "line": {"width": 0},
                "layer": "below",
            }
            for left, right, part in zip(found.edges[:-1], found.edges[1:], found.parts, strict=True)
            if part > LEAST
        ]
    )  # fmt: skip
    return figure


def _shift(series: Series, figure: go.Figure) -> float:
    """What the figure has taken off x."""
    drawn: NDArray = np.asarray(figure.data[-1].x, np.float64)
    known = drawn[np.isfinite(drawn)]
    return float(np.nanmin(series.x.astype(np.float64)) - known.min()) if len(known) else 0.0
