"""Many sources beside one another, each in a cell of its own: folded light curves above, spectra below.

Axes are the same in every cell but for the brightness, which is each star's own. Phase 0 is the maximum of a Fourier
series of three harmonics, so that curves of one shape look alike whatever their ephemeris.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from m3core.figures.palette import GREY, OKABE_ITO, band_colours
from m3core.figures.text import plain, shortened
from m3core.kinds import Series, kind_of
from m3core.light_curve.fold import phase_fold
from m3core.periods.ephemeris import epoch_of_maximum, known_periods
from m3core.survey import Source, Survey

__all__ = ["Cell", "cell_of", "multiples_figure"]

TITLE, PANEL, GAP = 34, 112, 38
"""Pixels of height: a cell's two lines of title, a panel, and what its tick labels need."""

COLUMN_GAP = 0.05
"""Of the width: tick labels such as 17.5 stand in it."""


@dataclass(frozen=True)
class Panel:
    """Curves that share axes.

    Attributes:
        curves: name, x, y of each.
        x_range: None where it is the star's own.
        x_label, y_label: of the axes.
    """

    curves: list[tuple[str, NDArray[Any], NDArray[Any]]]
    is_line: bool
    invert_y: bool
    x_range: tuple[float, float] | None
    x_label: str
    y_label: str


@dataclass(frozen=True)
class Cell:
    """One source.

    Attributes:
        source_id: carried by every point; '' for one that cannot be opened.
        head, line: of its title, the second line smaller.
        panels: what it shows by name; one that the source lacks is not there.
    """

    source_id: str
    head: str
    line: str
    panels: dict[str, Panel]


def cell_of(survey: Survey, source: Source, head: str, line: str, *, in_survey: bool = True) -> Cell:
    """The cell of a source.

    Args:
        head, line: of its title.
        in_survey: whether it can be opened.
    """
    panels: dict[str, Panel] = {}
    groups: dict[str, list[Series]] = {}
    for spec in survey.modalities.values():
        for one in kind_of(spec).series(spec, source):
            if one.foldable:
                groups.setdefault(one.y_label, []).append(one)
            elif one.style == "line":
                panels[one.name] = _line(one)
    periods = known_periods(survey, source)
    period = periods[0].days if periods else None
    folded = {label: _curves(group, period) for label, group in groups.items()}
    if period is not None:
        line = f"{line} · P {period:.5g} d"
    return Cell(source.source_id if in_survey else "", head, line, folded | panels)


def _curves(group: list[Series], period: float | None) -> Panel:
    """Folded with one epoch for all bands, that of the one with the most points; without a period in time."""
    invert = group[0].invert_y
    epoch = None
    if period is not None:
        epoch = epoch_of_maximum(max(group, key=lambda one: len(one.x)), period)
        epoch = min(float(np.min(one.x)) for one in group) if epoch is None else epoch
    curves = []
    for one in group:
        if period is None or epoch is None:
            curves.append((one.name, np.asarray(one.x, np.float64), one.y))
        else:
            phase = phase_fold(np.asarray(one.x, np.float64), period, epoch)
            curves.append((one.name, np.concatenate([phase, phase + 1]), np.tile(one.y, 2)))
    x_range, x_label = ((0.0, 2.0), "Phase") if period is not None else (None, group[0].x_label)
    return Panel(curves, False, invert, x_range, x_label, group[0].y_label)


def _line(one: Series) -> Panel:
    """Relative to its own median: the level of a spectrum is that of its star's distance."""
    known = np.isfinite(one.y)
    level = float(np.median(one.y[known])) if known.any() else 1.0
    x = np.asarray(one.x, np.float64)
    y = one.y / level if level > 0 else one.y
    label = f"{one.y_label.partition(' [')[0].partition(' (')[0]} / median" if level > 0 else one.y_label
    return Panel([(one.name, x, y)], True, one.invert_y, (float(x.min()), float(x.max())), one.x_label, label)


def multiples_figure(cells: Sequence[Cell], *, n_columns: int = 4, n_marked: int = 1) -> go.Figure:
    """Cells side by side, row by row.

    Args:
        cells: at least one.
        n_columns: cells in a row.
        n_marked: so many of the first are shaded: the query.
    """
    names = list(dict.fromkeys(name for cell in cells for name in cell.panels)) or [""]
    bands = list(dict.fromkeys(c[0] for cell in cells for p in cell.panels.values() if not p.is_line for c in p.curves))
    colours = dict(zip(bands, band_colours(bands), strict=True))
    ranges = _line_ranges(cells, names)
    n_rows = -(-len(cells) // n_columns)
    cell_height = TITLE + len(names) * (PANEL + GAP)
    height = n_rows * cell_height + 56
    layout: dict[str, Any] = {
        "height": height, "margin": {"l": 52, "r": 6, "t": 34, "b": 22}, "hovermode": "closest", "dragmode": "pan",
        "showlegend": len(bands) > 1, "annotations": [], "shapes": [], "clickmode": "event+select",
        "legend": {
            "orientation": "h", "x": 0, "y": 1, "xref": "container", "yref": "container", "yanchor": "top",
            "itemsizing": "constant",
        },
    }  # fmt: skip
    data: list[dict[str, Any]] = []
    total, number = n_rows * cell_height, 0
    width = (1 - COLUMN_GAP * (n_columns - 1)) / n_columns
    for place, cell in enumerate(cells):
        row, column = divmod(place, n_columns)
        left = column * (width + COLUMN_GAP)
        top = row * cell_height
        title = f"<b>{plain(shortened(cell.head, 34))}</b><br>{plain(cell.line)}"
        layout["annotations"].append(_text(title, left, 1 - top / total, "top", "left"))
        if place < n_marked:
            layout["shapes"].append(_shade(left, left + width, 1 - (top + cell_height - 4) / total, 1 - top / total))
        for order, name in enumerate(names):
            number += 1
            start = top + TITLE + order * (PANEL + GAP)
            middle = 1 - (start + PANEL / 2) / total
            panel = cell.panels.get(name)
            if panel is None:
                layout["annotations"].append(_text(f"no {plain(name)}", left + width / 2, middle, "middle", "center"))
                continue
            suffix = "" if number == 1 else str(number)
            domain = [1 - (start + PANEL) / total, 1 - start / total]
            titles = (panel.x_label if place + n_columns >= len(cells) else "", panel.y_label if column == 0 else "")
            layout |= _axes(panel, suffix, [left, left + width], domain, ranges.get(name), titles)
            first = not any(trace.get("showlegend") for trace in data)
            for curve, x, y in panel.curves:
                colour = OKABE_ITO[0] if panel.is_line else colours[curve]
                legend = first and not panel.is_line
                data.append(_trace(cell, panel, curve, x, y, colour, suffix, legend=legend))
    return go.Figure({"data": data, "layout": layout})


def _line_ranges(cells: Sequence[Cell], names: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Of every line the x that all cells share."""
    found = {}
    for name in names:
        ends = [p.x_range for cell in cells if (p := cell.panels.get(name)) and p.is_line and p.x_range]
        if ends:
            found[name] = (min(low for low, _ in ends), max(high for _, high in ends))
    return found


def _trace(
    cell: Cell, panel: Panel, curve: str, x: NDArray[Any], y: NDArray[Any], colour: str, suffix: str, *, legend: bool
) -> dict[str, Any]:
    is_line = panel.is_line
    style = {"line": {"color": colour, "width": 1}} if is_line else {"marker": {"color": colour, "size": 3}}
    return {
        "type": "scatter", "mode": "lines" if is_line else "markers", "name": plain(curve), "x": x, "y": y,
        "customdata": np.full(len(x), cell.source_id, object), "showlegend": legend, "legendgroup": plain(curve),
        "hovertemplate": f"{plain(cell.head)}<br>{plain(curve)} %{{x:.4f}}: %{{y:.4f}}<extra></extra>",
        "meta": {"x": panel.x_label, "y": panel.y_label},  # for drawn_data: few cells say it on their axes
        "xaxis": f"x{suffix}", "yaxis": f"y{suffix}", "unselected": {"marker": {"opacity": 1}}, **style,
    }  # fmt: skip


def _axes(
    panel: Panel, suffix: str, across: list[float], up: list[float], shared: tuple[float, float] | None,
    titles: tuple[str, str],
) -> dict[str, Any]:  # fmt: skip
    """Both axes of a panel; a title is said where it does not repeat that of the cell beside or above."""
    line = {"showline": True, "linecolor": GREY, "ticks": "outside", "ticklen": 3, "tickfont": {"size": 10}}
    x_title, y_title = ({"text": plain(title), "font": {"size": 10}, "standoff": 11} for title in titles)
    x_range = panel.x_range if shared is None else shared
    x_axis = {
        **line, "domain": across, "anchor": f"y{suffix}", "nticks": 5, "zeroline": False, "tickformat": ".6~g",
        "title": x_title,
    }  # fmt: skip
    if x_range is not None:
        x_axis["range"] = list(x_range)
    y_axis = {
        **line, "domain": up, "anchor": f"x{suffix}", "nticks": 4, "zeroline": False, "automargin": False,
        "autorange": "reversed" if panel.invert_y else True, "tickformat": ".4~g", "title": y_title,
    }  # fmt: skip
    return {f"xaxis{suffix}": x_axis, f"yaxis{suffix}": y_axis}


def _text(text: str, x: float, y: float, up: str, across: str) -> dict[str, Any]:
    return {
        "text": text, "x": x, "y": y, "xref": "paper", "yref": "paper", "xanchor": across, "yanchor": up,
        "showarrow": False, "align": "left", "font": {"size": 11},
    }  # fmt: skip


def _shade(left: float, right: float, bottom: float, top: float) -> dict[str, Any]:
    return {
        "type": "rect", "xref": "paper", "yref": "paper", "x0": left - 0.02, "x1": right + 0.005, "y0": bottom,
        "y1": top, "fillcolor": GREY, "opacity": 0.12, "line": {"width": 0}, "layer": "below",
    }  # fmt: skip
