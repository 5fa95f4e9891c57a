"""Sources as points, each carrying its id: shared by the map, the sky and the diagrams."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from m3core.diagrams.colouring import Categories, Colouring, Values
from m3core.figures.palette import GREY, MISSING, Mark, mark, tinted_grey
from m3core.figures.text import needs_escape, plain, shortened

__all__ = ["log_ticks", "point_size", "point_traces"]


def point_traces(
    xy: NDArray[np.floating],
    source_ids: NDArray[Any],
    colours: Colouring,
    *,
    log: bool = False,
    selected: NDArray[np.bool_] | None = None,
    colour_bar: bool = True,
    details: NDArray[Any] | str = "",
) -> list[go.Scattergl]:
    """WebGL traces, one a category; large categories below small ones, where those are not buried.

    Args:
        xy: (N, 2), NaN where a source has no place: it is left out.
        source_ids: (N,) text, carried in `customdata`.
        colours: categories or values, (N,).
        log: colour by the logarithm of the values; those that are not positive count as missing.
        selected: (N,) which to show as selected at first; None: no selection is on.
        colour_bar: whether values bring theirs.
        details: a further line of the hover text: plotly's template for all, or (N,) texts, one a source.
    """
    drawn: NDArray[np.bool_] = np.asarray(np.isfinite(xy).all(axis=1))
    parts = (
        _category_parts(colours, drawn)
        if isinstance(colours, Categories)
        else _value_parts(colours, drawn, log, colour_bar)
    )
    template, hovertext = _hover(source_ids, details)
    size = point_size(int(drawn.sum()))
    return [
        go.Scattergl(
            x=xy[rows, 0],
            y=xy[rows, 1],
            customdata=source_ids[rows],
            hovertext=None if hovertext is None else hovertext[rows],
            hovertemplate=template.format(hover=hover),
            mode="markers",
            marker={"size": size, "opacity": 0.85, **marker},
            selectedpoints=None if selected is None else np.flatnonzero(selected[rows]).tolist(),
            selected={"marker": {"opacity": 1.0, "size": size + 2}},
            **keywords,
        )
        for rows, keywords, marker, hover in parts
    ]


def _hover(source_ids: NDArray[Any], details: NDArray[Any] | str) -> tuple[str, NDArray[Any] | None]:
    """The template of a hover text with a place for {hover}, and the (N,) texts that it names, if it needs any."""
    if not isinstance(details, str):
        texts = [f"{plain(source)}<br>{plain(line)}" for source, line in zip(source_ids, details, strict=True)]
        return "%{{hovertext}}<br>{hover}<extra></extra>", np.array(texts, object)
    more = f"<br>{details}".replace("{", "{{").replace("}", "}}") if details else ""
    if needs_escape(source_ids):
        texts = [plain(source) for source in source_ids]
        return f"%{{{{hovertext}}}}<br>{{hover}}{more}<extra></extra>", np.array(texts, object)
    return f"%{{{{customdata}}}}<br>{{hover}}{more}<extra></extra>", None


def point_size(n: int) -> float:
    """Pixels across a point: few points are easy to hit, many leave room for one another."""
    return 8.0 if n < 500 else 6.0 if n < 5_000 else 4.0 if n < 50_000 else 2.5


_Part = tuple[NDArray[np.int64], dict[str, Any], dict[str, Any], str]
"""Row numbers, keywords of the trace, of its marker, and the second line of its hover text."""


def _category_parts(colours: Categories, drawn: NDArray[np.bool_]) -> list[_Part]:
    """Large categories below, small ones above, where they are not buried; those without any at the very bottom."""
    parts = []
    for code in (-1, *range(len(colours.names))):
        rows = np.flatnonzero(drawn & (colours.codes == code))
        if not len(rows):
            continue
        name = colours.missing if code < 0 else colours.names[code]
        style = mark(code)
        keywords = {
            "name": f"{plain(shortened(name))} ({len(rows):,})",
            "meta": plain(name),
            "legendrank": 1000 + code if code >= 0 else 2000,
            "unselected": {"marker": {"color": tinted_grey(style.colour), "opacity": 0.35}},
        }
        parts.append((code, (rows, keywords, _marker(style), f"{plain(colours.title)}: {plain(name)}")))
    return [part for _, part in sorted(parts, key=lambda item: (item[0] >= 0, -len(item[1][0])))]


def _marker(style: Mark) -> dict[str, Any]:
    return {"color": style.colour, "symbol": style.symbol}


def _value_parts(colours: Values, drawn: NDArray[np.bool_], log: bool, bar: bool) -> list[_Part]:
    values = np.where(colours.values > 0, colours.values, np.nan) if log else colours.values
    known = drawn & np.isfinite(values)
    unselected = {"marker": {"color": GREY, "opacity": 0.3}}
    parts: list[_Part] = []
    if (rows := np.flatnonzero(drawn & ~known)).size:
        why = "no positive value" if log else "no value"
        keywords = {"name": f"{why} ({len(rows):,})", "meta": why, "unselected": unselected}
        parts.append((rows, keywords, _marker(MISSING), f"{plain(colours.title)}: {why}"))
    if (rows := np.flatnonzero(known)).size:
        shown = np.log10(values[rows]) if log else values[rows]
        # a few extreme values would leave all others in one colour
        low, high = (float(value) for value in np.quantile(shown, [0.01, 0.99]))
        marker = {
            "color": shown.astype(np.float32), "colorscale": "Viridis",
            "cmin": low, "cmax": high if high > low else low + 1,
            "showscale": bar, "colorbar": _colour_bar(colours.title, low, high, log) if bar else None,
        }  # fmt: skip
        keywords = {
            "name": plain(colours.title), "meta": plain(colours.title), "unselected": unselected,
            "text": [f"{value:.5g}" for value in values[rows]],
        }  # fmt: skip
        parts.append((rows, keywords, marker, f"{plain(colours.title)}: %{{text}}"))
    return parts


def _colour_bar(title: str, low: float, high: float, log: bool) -> dict[str, Any]:
    scale = ", log" if log else ""
    bar: dict[str, Any] = {
        "title": {"text": f"{plain(shortened(title, 40))} (1st to 99th percentile{scale})", "side": "right"},
        "thickness": 12, "len": 0.9, "xpad": 4,
    }  # fmt: skip
    if log:
        ticks = log_ticks(low, high)
        bar |= {"tickvals": [float(np.log10(tick)) for tick in ticks], "ticktext": [f"{tick:.3g}" for tick in ticks]}
    return bar


def log_ticks(low: float, high: float) -> Sequence[float]:
    """1, 2 and 5 times powers of ten within 10^low to 10^high; whole powers alone where there are many."""
    powers = range(int(np.floor(low)), int(np.ceil(high)) + 1)
    steps = (1, 2, 5) if high - low < 3 else (1,)
    ticks = [step * 10.0**power for power in powers for step in steps if low <= np.log10(step * 10.0**power) <= high]
    return ticks if len(ticks) > 1 else [10.0**low, 10.0**high]
