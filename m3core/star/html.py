"""Panels as one HTML file that needs no network: plotly.js stands in it once, and every text from a file is escaped."""

import html
import math
import re
from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from m3core.periods.phase_zero import value_and_error
from m3core.star.panel import Panel

__all__ = ["FORMATS", "MOST_COLUMNS", "html_page", "paper", "place_of", "turned", "with_errors"]

MOST_VECTORS = 20_000
"""Points of a figure that a browser still draws as vectors without a pause."""

MOST_COLUMNS = 7
"""Of a table half as wide as the page: one of more is cut off on paper."""

FORMATS = {"FAP": "%.1e", "S/N": "%.3g"}
"""Of columns of numbers that no error stands beside; else five digits."""

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #1c1f24; background: #fff; margin: 0 auto; padding: 1.5rem;
  max-width: 1500px; }
h1 { font-size: 1.6rem; margin: 0 0 .3rem; } h2 { font-size: 1.15rem; margin: 1.6rem 0 .2rem; }
h3 { font-size: 1rem; margin: 1rem 0 .2rem; }
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(560px, 100%), 1fr)); gap: 1rem 1.5rem; }
figure.wide { grid-column: 1 / -1; }
figure { margin: 0; min-width: 0; break-inside: avoid; } figure svg { max-width: 100%; height: auto; }
figcaption, .lead { color: #555b66; font-size: .86rem; }
.sentence { color: #555b66; border-left: 3px solid #c9cdd4; padding: .2rem .7rem; }
.table { overflow: auto; max-height: 520px; } table { border-collapse: collapse; font-size: .84rem;
  margin-bottom: .3rem; }
td a { word-break: break-all; color: #0b5394; }
td, th { text-align: left; padding: .15rem .7rem .15rem 0; border-bottom: 1px solid #e4e6ea; }
.star + .star { break-before: page; border-top: 1px solid #c9cdd4; margin-top: 2rem; padding-top: 1rem; }
@media print { .table { max-height: none; overflow: visible; } body { padding: 0; } }
"""

LATER = "<script type='text/plain' class='later'>"
"""A figure's script, not run until the figure is near the window."""

DRAW = """<script>
const draw = (later) => {
  const script = document.createElement("script");
  script.textContent = later.textContent;
  later.replaceWith(script);
};
const drawAll = (place) => place.querySelectorAll("script.later").forEach(draw);
const near = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) drawAll(entry.target);
}, { rootMargin: "1000px" });
document.querySelectorAll("figure").forEach((figure) => near.observe(figure));
addEventListener("beforeprint", () => drawAll(document));
</script>"""
"""Figures are drawn as the reader comes to them, and all for print: a booklet has hundreds, of 0.1 s each."""


def paper(figure: go.Figure) -> go.Figure:
    """The figure on white with plain axes, as journals print it; the app's own theme is the app's.

    Points are drawn as vectors: a browser has sixteen WebGL contexts, and a page of a star has more figures. Only a map
    of very many keeps its context.
    """
    parts, ending = figure.to_dict(), "gl"
    if sum(len(one.x) for one in figure.data if one.type == "scattergl") > MOST_VECTORS:
        ending = ""
    traces = [{**one, "type": one["type"].removesuffix(ending)} for one in parts["data"]]
    layout = {**parts["layout"], "template": "simple_white", "paper_bgcolor": "white", "plot_bgcolor": "white"}
    return go.Figure({"data": traces, "layout": layout})


def place_of(number: int, panel: Panel) -> str:
    """The id of a panel's figure on the page: of star `number` from 0."""
    return f"star{number}-{panel.key}"


def html_page(
    title: str, stars: Sequence[tuple[str, str, Sequence[Panel]]], drawn: Mapping[str, str] | None = None
) -> str:
    """A page of stars.

    Args:
        title: of the document, plain text.
        stars: heading, line below it, panels; a star each.
        drawn: pictures to stand in the place of live figures, by `place_of`: markup of ours. With it the page has no
            script.
    """
    script, draw = (f"<script>{get_plotlyjs()}</script>", DRAW) if drawn is None else ("", "")
    parts = [
        f"<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'><title>{html.escape(title)}</title>",
        f"<meta name='viewport' content='width=device-width, initial-scale=1'><style>{STYLE}</style>",
        f"{script}</head><body>",
    ]
    for number, (heading, lead, panels) in enumerate(stars):
        shown = [_panel(panel, place_of(number, panel), drawn or {}) for panel in panels]
        parts += [
            f"<section class='star'><h1>{html.escape(heading)}</h1><p class='lead'>{html.escape(lead)}</p>",
            "<div class='panels'>", *shown, "</div></section>",
        ]  # fmt: skip
    return "\n".join([*parts, f"{draw}</body></html>"]) + "\n"


def _panel(panel: Panel, place: str, drawn: Mapping[str, str]) -> str:
    body, wide = f"<p class='sentence'>{html.escape(panel.sentence)}</p>" if panel.sentence else "", ""
    if place in drawn:
        body += drawn[place]
    elif panel.figure is not None:
        options = {"displaylogo": False, "responsive": True, "toImageButtonOptions": {"format": "svg"}}
        live = paper(panel.figure).to_html(full_html=False, include_plotlyjs=False, div_id=place, config=options)
        body += re.sub(r"<script[^>]*>", LATER, live, count=1)
    elif not panel.sentence:
        table = turned(with_errors(panel.data), MOST_COLUMNS)
        body += f"<div class='table'>{_table(table)}</div>"
        wide = " class='wide'" if table.shape[1] > MOST_COLUMNS else ""
    caption = f"<figcaption>{html.escape(panel.caption)}</figcaption>" if panel.caption else ""
    return f"<figure{wide}><h2>{html.escape(panel.title)}</h2>{body}{caption}</figure>"


def with_errors(data: pd.DataFrame) -> pd.DataFrame:
    """Columns 'x [unit]' and 'x error [unit]' as one, the error in units of the last digit: '0.516(5)'."""
    shown = {}
    for name in data.columns:
        head, bracket, unit = str(name).partition(" [")
        error = f"{head} error{bracket}{unit}"
        if error in data.columns:
            pairs = zip(data[name], data[error], strict=True)
            shown[name] = [value_and_error(*pair) if math.isfinite(pair[0]) else "" for pair in pairs]
        elif " error" not in head or str(name).replace(" error", "", 1) not in data.columns:
            shown[name] = list(data[name])
    return pd.DataFrame(shown, dtype=object)


def turned(table: pd.DataFrame, most: int) -> pd.DataFrame:
    """A table of more columns than `most` and fewer rows on its side, its cells as texts; any other as it is."""
    if not len(table) < most < table.shape[1]:
        return table
    first = str(table.columns[0])
    text = {
        name: [FORMATS.get(str(name), "%.5g") % one if isinstance(one, float) else str(one) for one in table[name]]
        for name in table
    }
    return pd.DataFrame(text).set_index(first).T.reset_index(names=first)


def _table(data: pd.DataFrame) -> str:
    head = "".join(f"<th>{html.escape(str(name))}</th>" for name in data.columns)
    rows = ["".join(f"<td>{_cell(value)}</td>" for value in row) for row in data.to_numpy(object)]
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    text = html.escape(f"{value:.7g}" if isinstance(value, float) else str(value))
    if text.startswith(("https://", "http://")):  # an address: fetched by a click alone, and it is not told from where
        return f"<a href='{text}' target='_blank' rel='noopener noreferrer'>{text}</a>"
    return text
