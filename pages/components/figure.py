"""One way to put a figure on a page: a tidy bar of buttons, its files by one click, a name for screen readers."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from m3core.figures.drawn_data import drawn_data
from m3core.star.html import FORMATS, html_page, turned, with_errors
from m3core.star.panel import Panel
from pages.components.tables import dataframe
from pages.components.text import component_key, literal

__all__ = ["configuration", "csv_bytes", "files", "html_bytes", "show", "show_panel", "show_table"]

MOST_COLUMNS = 11
"""Of a table beside the sidebar of a laptop."""

_SAVE = st.components.v2.component(
    "m3_save", js=(Path(__file__).parent / "assets" / "save.js").read_text(encoding="utf-8")
)


def configuration(file_name: str, *, scroll_zoom: bool = False) -> dict[str, Any]:
    """Plotly's options: which buttons, and what the camera saves."""
    return {
        "displaylogo": False,
        "scrollZoom": scroll_zoom,
        "modeBarButtonsToRemove": ["autoScale2d", "zoomIn2d", "zoomOut2d", "toggleSpikelines"],
        "toImageButtonOptions": {"format": "svg", "filename": file_name},
    }


def show(figure: go.Figure, *, name: str, alt: str) -> None:
    """Draw a figure that is only looked at.

    Args:
        name: key of the chart and name of the files that are saved of it.
        alt: what it shows, in words.
    """
    st.plotly_chart(figure, key=name, config=configuration(name), alt=alt)
    files(figure, key=name, name=name, title=alt)


def show_panel(
    panel: Panel, *, file: str = "", on_select: Callable[[str], None] | None = None, titled: bool = True,
    selection_mode: tuple[Literal["points", "box", "lasso"], ...] = ("points",), caption: bool = True,
) -> None:  # fmt: skip
    """Draw a panel of a star: its figure, table or sentence, its caption, and its files by one click.

    Args:
        panel: its key becomes the key of the chart, and has to be unique on the page.
        file: what the names of saved files begin with, such as the star's id; unsafe marks are replaced.
        on_select: called with the key of the chart, whose state then stands in st.session_state, after a click or a
            drag on the figure; None: the figure is only looked at.
        titled: whether to write the title above it.
        selection_mode: what `on_select` answers to.
        caption: whether to write the caption below it.
    """
    if titled:
        st.markdown(f"**{literal(panel.title)}**")
    if panel.sentence:
        st.info(literal(panel.sentence, 600), icon=":material/visibility_off:")
    name = _safe(f"{file}_{panel.key}".strip("_"))
    if panel.figure is not None:
        more: dict[str, Any] = {}
        if on_select is not None:
            more = {"on_select": partial(on_select, panel.key), "selection_mode": selection_mode}
        st.plotly_chart(panel.figure, key=panel.key, config=configuration(name), alt=panel.title, **more)
    elif not panel.sentence:
        show_table(panel.data, key=panel.key, alt=panel.title)
    if caption and (panel.caption or panel.hint):
        st.caption(literal(f"{panel.caption} {panel.hint}".strip(), 1200))
    if panel.figure is not None or not panel.data.empty:
        _files(panel, name)


def show_table(data: pd.DataFrame, *, key: str, alt: str) -> None:
    """Numbers to the digits that their errors allow, those without one to five; the file below has all of them.

    A table that is wider than the page and short stands on its side: nothing of it has to be scrolled to.
    """
    shown = turned(with_errors(data).infer_objects(), MOST_COLUMNS)
    columns: dict[Any, Any] = {
        name: st.column_config.NumberColumn(format=FORMATS.get(str(name), "%.5g"))
        for name in shown.select_dtypes("floating")
    }
    if list(shown) == ["what", "value"]:  # one value may be a sentence; what room there is left both share
        columns = {"what": st.column_config.Column(width=130), "value": st.column_config.Column(width=720)}
    dataframe(shown, key=key, alt=alt, column_config=columns, height="content")


def _safe(name: str) -> str:
    """A name of a file in which what could be a path or an order to a shell is replaced."""
    return "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in name)


def files(figure: go.Figure, *, key: str, name: str, title: str, caption: str = "") -> None:
    """The files of a figure that no table was made for, below it.

    Args:
        key: of its chart.
        name: of the files.
        title, caption: of the HTML file, plain text.
    """
    _files(Panel(key, title, figure, caption, pd.DataFrame()), _safe(name))


def _files(panel: Panel, name: str) -> None:
    """PNG and SVG are made by the browser, from what is seen; HTML and data by the server, when they are asked for."""
    with st.container(key=f"files_{panel.key}", horizontal=True, vertical_alignment="center", gap="small"):
        if panel.figure is not None:
            key = component_key(f"save_{panel.key}")
            _SAVE(data={"chart": panel.key, "file": name}, key=key, height="content", width="content")
            st.download_button(
                "HTML", partial(html_bytes, panel), file_name=f"{name}.html", mime="text/html", key=f"html_{panel.key}",
                type="tertiary", on_click="ignore", help="The figure with its caption, alive, in one file.",
            )  # fmt: skip
        st.download_button(
            "CSV", partial(csv_bytes, panel), file_name=f"{name}.csv", mime="text/csv", key=f"csv_{panel.key}",
            type="tertiary", on_click="ignore", help="What is drawn, as a table.",
        )  # fmt: skip


def html_bytes(panel: Panel) -> bytes:
    """The figure with its caption, alive, in one file."""
    return html_page(panel.title, [("", "", [panel])]).encode()


def csv_bytes(panel: Panel) -> bytes:
    """What is drawn, as a table."""
    data = drawn_data(panel.figure) if panel.data.empty and panel.figure is not None else panel.data
    return data.to_csv(index=False, lineterminator="\n").encode()
