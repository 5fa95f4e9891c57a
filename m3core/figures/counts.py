"""Bars that stand for sources: classes by split, combinations of modalities, histograms. A bar carries in customdata
what its sources share, so that a click on it can select them.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from m3core.catalogue.table import histogram
from m3core.figures.blank import HEIGHT, axis, blank_figure, survey_layout
from m3core.figures.palette import OKABE_ITO, band_colours
from m3core.figures.points import log_ticks
from m3core.figures.text import plain, shortened
from m3core.manifest import SPLITS
from m3core.survey.overview import UNLABELLED

__all__ = ["MOST_COMBINATIONS", "class_figure", "combination_figure", "histogram_figure"]

MOST_COMBINATIONS = 24
"""Columns of dots beside one another; rarer combinations are counted in a sentence."""

SPLIT_COLOURS = dict(zip(SPLITS, (OKABE_ITO[0], OKABE_ITO[4], OKABE_ITO[2]), strict=True))
MOST_OVERLAID, ROW_HEIGHT = 2, 62
"""More histograms than these upon one another cannot be told apart: each has a row then, so many pixels high."""

UNSELECTED = {"marker": {"opacity": 0.25}}


def class_figure(table: pd.DataFrame, *, revision: str = "classes") -> go.Figure:
    """Stacked bars, a class each, parted by split; customdata (class, split), class '' for the unlabelled.

    Args:
        table: of `m3core.survey.overview.overview_table`; its last row is the total.
    """
    classes = table.iloc[:-1].sort_values("sources", kind="stable")
    if classes.empty:
        return blank_figure("The survey has no source.")
    names = [plain(shortened(name)) for name in classes["class"]]
    figure = go.Figure()
    for split in SPLITS:
        figure.add_trace(
            go.Bar(
                y=names, x=classes[split], orientation="h", name=f"{split} ({int(classes[split].sum()):,})",
                marker={"color": SPLIT_COLOURS[split]}, unselected=UNSELECTED,
                customdata=[["" if name == UNLABELLED else name, split] for name in classes["class"]],
                hovertemplate=f"%{{y}}, {split}: %{{x:,}} sources<extra></extra>",
            )
        )  # fmt: skip
    height = max(HEIGHT, 90 + 26 * len(classes))
    figure.update_layout(
        **survey_layout(height=height, revision=revision), barmode="stack", bargap=0.25,
        xaxis=axis("Sources", separatethousands=True), yaxis=axis("Class", type="category", showgrid=False),
    )  # fmt: skip
    return figure


def combination_figure(table: pd.DataFrame, labels: Mapping[str, str], *, revision: str = "combinations") -> go.Figure:
    """Which modalities occur together (an UpSet plot): bars of counts over a grid of dots; customdata the code.

    Args:
        table: of `m3core.survey.overview.combination_table`.
        labels: modality -> the name to show.
    """
    if table.empty:
        return blank_figure("The survey has no source.")
    total = int(table["sources"].sum())
    shown = table.iloc[:MOST_COMBINATIONS]
    column = np.arange(len(shown))
    told = [f"{count:,}<br>{count / total:.0%}" for count in shown["sources"]]
    bars = go.Bar(
        x=column, y=shown["sources"], customdata=shown["code"].tolist(), marker={"color": OKABE_ITO[0]},
        text=told if len(shown) <= 10 else [f"{count:,}" for count in shown["sources"]], textposition="outside",
        cliponaxis=False, hovertemplate="%{y:,} sources<extra></extra>", unselected=UNSELECTED, name="sources",
    )  # fmt: skip
    figure = go.Figure(bars)
    names = list(labels)[::-1]
    for row, name in enumerate(names):
        has = shown[name].to_numpy(bool)
        colour = [OKABE_ITO[0] if one else "rgba(138,143,152,0.3)" for one in has]
        dots = {"color": colour, "size": 13, "symbol": ["circle" if one else "circle-open" for one in has]}
        what = [f"{'with' if one else 'without'} {plain(labels[name])}" for one in has]
        figure.add_trace(
            go.Scatter(
                x=column, y=np.full(len(shown), row), yaxis="y2", mode="markers", marker=dots, hovertext=what,
                hoverinfo="text", customdata=shown["code"].tolist(), name=plain(labels[name]),
                unselected={"marker": {"opacity": 0.5}},
            )
        )  # fmt: skip
    ticks = [f"{plain(shortened(labels[name], 18))} ({int(table['sources'][table[name]].sum()):,})" for name in names]
    share = min(0.6, 0.12 + 0.07 * len(names))
    figure.update_layout(
        **survey_layout(height=HEIGHT, revision=revision, legend=False), bargap=0.5,
        xaxis=axis("Combination of modalities (filled: present)", showticklabels=False, showline=False,
                   showgrid=False, ticks="",
                   range=[-0.7, max(len(shown) - 0.3, 3.7)], anchor="y2"),
        yaxis=axis("Sources", domain=[share + 0.03, 1], separatethousands=True, rangemode="tozero"),
        yaxis2=axis("", domain=[0, share], tickvals=list(range(len(names))), ticktext=ticks, showgrid=False,
                    range=[-0.6, len(names) - 0.4], ticks="", showline=False),
    )  # fmt: skip
    figure.update_layout(margin={"t": 40})
    return figure


def histogram_figure(
    values: Mapping[str, NDArray[Any]],
    x_title: str,
    *,
    log: bool = False,
    colours: Sequence[str] | None = None,
    height: int = HEIGHT,
    revision: str = "histogram",
    empty: str = "",
) -> go.Figure:
    """Counts of sources over a quantity, a series each over the same bins; customdata (series, low, high).

    A bar's sources have low <= value < high, the last bar's low <= value <= high. The outer bars hold everything
    beyond the 1st and the 99th percentile (`m3core.catalogue.table.histogram`).

    Args:
        values: name of a series -> (N,) values, NaN where a source has none.
        log: bins that are equal in the logarithm; what is not positive is left out.
        empty: the sentence where there is no value at all.
    """
    every = np.concatenate([np.asarray(one, np.float64) for one in values.values()]) if values else np.zeros(0)
    counts, edges = histogram(every, log=log)
    if not len(counts):
        return blank_figure(empty or f"No source has a value of {x_title}.", height=height)
    if edges[0] == edges[-1]:
        edges = edges * np.array([0.8, 1.25]) if log else edges + np.array([-0.5, 0.5])
    # drawn with the outer bars as wide as their neighbours: a few extreme values would squeeze all others
    places = np.log10(edges) if log else edges.copy()
    if len(places) > 3:
        places[0] = max(places[0], 2 * places[1] - places[2])
        places[-1] = min(places[-1], 2 * places[-2] - places[-3])
    tints = list(colours or band_colours(list(values)))
    ranges = list(pairwise(edges.tolist()))
    apart = len(values) > MOST_OVERLAID
    figure = go.Figure()
    for number, ((name, series), colour) in enumerate(zip(values.items(), tints, strict=True)):
        known = np.asarray(series, np.float64)
        count = np.histogram(known[np.isfinite(known)], edges)[0]
        figure.add_trace(
            go.Bar(
                x=(places[:-1] + places[1:]) / 2, width=np.diff(places), y=count,
                name=f"{plain(name)} ({count.sum():,})", yaxis=f"y{number + 1}" if apart and number else "y",
                marker={"color": colour, "opacity": 0.6 if len(values) == 2 else 0.85, "line": {"width": 0}},
                customdata=[[name, low, high] for low, high in ranges],
                hovertext=[f"{low:.4g} to {high:.4g}" for low, high in ranges],
                hovertemplate="%{hovertext}: %{y:,} sources<extra></extra>", unselected=UNSELECTED,
            )
        )  # fmt: skip
    below = int((every <= 0).sum()) if log else 0
    more = f"; {below:,} not positive left out" if below else ""
    x_axis = axis(x_title + (f" (log scale{more})" if log else ""), separatethousands=True, showgrid=False)
    if log:
        ticks = log_ticks(places[0], places[-1])
        x_axis |= {"tickvals": np.log10(ticks).tolist(), "ticktext": [f"{tick:.3g}" for tick in ticks]}
    height = max(height, 110 + ROW_HEIGHT * len(values)) if apart else height
    figure.update_layout(
        **survey_layout(height=height, revision=revision, legend=len(values) > 1), barmode="overlay", bargap=0,
        xaxis={**x_axis, "anchor": f"y{len(values)}" if apart else "y"}, **_rows(len(values) if apart else 1),
    )  # fmt: skip
    return figure


def _rows(n: int) -> dict[str, Any]:
    """Axes of counts, a row each, the first series uppermost."""
    rows = {}
    for number in range(n):
        top = 1 - number / n
        title = "Sources" if number == (n - 1) // 2 else ""
        rows[f"yaxis{number + 1 if number else ''}"] = axis(
            title, domain=[top - 1 / n + (0.02 if n > 1 else 0), top], separatethousands=True, rangemode="tozero",
            nticks=6 if n == 1 else 3,
        )  # fmt: skip
    return rows
