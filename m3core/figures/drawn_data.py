"""What a figure draws, as a table: for figures that no table was made for."""

import html
import re
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

__all__ = ["drawn_data"]

TRACE, SOURCE = "trace", "source_id"


def drawn_data(figure: go.Figure) -> pd.DataFrame:
    """A row a mark, trace by trace: scatter, bar and heat map.

    Returns:
        trace (its name), source_id (where its marks carry ids), then a column an axis, named by what the trace's `meta`
        says of 'x' and 'y', by the axis' title, or 'x' and 'y'; '<title> error' where error bars are drawn, 'value' or
        the title of the colour bar of what is told by colour. A column that no mark fills is left out, and so are marks
        without a place.
    """
    tables = [_of_trace(figure, trace) for trace in figure.data]
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    return table.dropna(axis="columns", how="all")


def _of_trace(figure: go.Figure, trace: Any) -> pd.DataFrame:
    x, y = _axis(figure, trace, "x"), _axis(figure, trace, "y")
    y = y if y != x else f"{y} (y)"
    name = _plain(trace.meta if isinstance(trace.meta, str) else trace.name)  # a name in the legend may be shortened
    across, up = _values(trace.x), _values(trace.y)
    if trace.type == "heatmap":
        grid = np.asarray(trace.z, np.float64)
        across = np.arange(grid.shape[1]) if across is None else across
        up = np.arange(grid.shape[0]) if up is None else up
        title = _plain(trace.colorbar.title.text) or "value"
        columns = {x: np.tile(across, len(up)), y: np.repeat(up, len(across)), title: grid.ravel()}
        return pd.DataFrame({TRACE: name, **columns})
    count = len(up if across is None else across) if across is not None or up is not None else 0
    columns = {x: np.arange(count) if across is None else across, y: np.arange(count) if up is None else up}
    for title, errors in ((x, trace.error_x), (y, trace.error_y)):
        if errors.array is not None and errors.visible is not False:
            columns[f"{title} error"] = _values(errors.array)
    marker = trace.marker if "marker" in trace else None
    if marker is not None and isinstance(marker.color, np.ndarray | list | tuple) and len(marker.color) == count:
        columns[_plain(marker.colorbar.title.text) or "value"] = _values(marker.color)
    ids = _ids(trace.customdata, count)
    table = pd.DataFrame({TRACE: name, **({} if ids is None else {SOURCE: ids}), **columns})
    return table.dropna(subset=[x, y], how="any")  # a gap in a line is no mark


def _axis(figure: go.Figure, trace: Any, letter: str) -> str:
    if isinstance(trace.meta, dict) and letter in trace.meta:
        return str(trace.meta[letter])
    number = (getattr(trace, f"{letter}axis") or letter).removeprefix(letter)
    return _plain(figure.layout[f"{letter}axis{number}"].title.text) or letter


def _values(values: Any) -> Any:
    return None if values is None else np.asarray(values) if isinstance(values, np.ndarray) else np.array(values)


def _ids(data: Any, count: int) -> Any:
    """(count,) ids of what the marks stand for: customdata, or its first column; None where they carry no text."""
    if data is None or len(data) != count:
        return None
    first = np.array(
        [one[0] if isinstance(one, np.ndarray | list | tuple) and len(one) else one for one in data], object
    )
    return first if all(isinstance(one, str) for one in first) else None


def _plain(text: str | None) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", re.sub(r"<br\s*/?>", " ", text or "")))
