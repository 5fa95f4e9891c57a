"""Panels as one HTML file that needs no network: plotly.js stands in it once, and every text from a file is escaped."""

import html
from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from m3core.star.panel import Panel

__all__ = ["html_page", "paper"]

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #1c1f24; background: #fff; margin: 0 auto; padding: 1.5rem;
  max-width: 1500px; }
h1 { font-size: 1.6rem; margin: 0 0 .3rem; } h2 { font-size: 1.15rem; margin: 1.6rem 0 .2rem; }
h3 { font-size: 1rem; margin: 1rem 0 .2rem; }
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(560px, 100%), 1fr)); gap: 1rem 1.5rem; }
figure { margin: 0; min-width: 0; break-inside: avoid; } figcaption, .lead { color: #555b66; font-size: .86rem; }
.sentence { color: #555b66; border-left: 3px solid #c9cdd4; padding: .2rem .7rem; }
.table { overflow: auto; max-height: 520px; } table { border-collapse: collapse; font-size: .84rem; }
td, th { text-align: left; padding: .15rem .7rem .15rem 0; border-bottom: 1px solid #e4e6ea; }
.star + .star { break-before: page; border-top: 1px solid #c9cdd4; margin-top: 2rem; padding-top: 1rem; }
@media print { .table { max-height: none; overflow: visible; } body { padding: 0; } }
"""


def paper(figure: go.Figure) -> go.Figure:
    """The figure on white with plain axes, as journals print it; the app's own theme is the app's.

    Points are drawn as vectors: a browser has sixteen WebGL contexts, and a page of a star has more figures.
    """
    parts = figure.to_dict()
    traces = [{**one, "type": one["type"].removesuffix("gl")} for one in parts["data"]]
    layout = {**parts["layout"], "template": "simple_white", "paper_bgcolor": "white", "plot_bgcolor": "white"}
    return go.Figure({"data": traces, "layout": layout})


def html_page(title: str, stars: Sequence[tuple[str, str, Sequence[Panel]]]) -> str:
    """A page of stars.

    Args:
        title: of the document, plain text.
        stars: heading, line below it, panels; a star each.
    """
    parts = [
        f"<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'><title>{html.escape(title)}</title>",
        f"<meta name='viewport' content='width=device-width, initial-scale=1'><style>{STYLE}</style>",
        f"<script>{get_plotlyjs()}</script></head><body>",
    ]
    for number, (heading, lead, panels) in enumerate(stars):
        drawn = [_panel(panel, f"star{number}-{panel.key}") for panel in panels]
        parts += [
            f"<section class='star'><h1>{html.escape(heading)}</h1><p class='lead'>{html.escape(lead)}</p>",
            "<div class='panels'>", *drawn, "</div></section>",
        ]  # fmt: skip
    return "\n".join([*parts, "</body></html>"]) + "\n"


def _panel(panel: Panel, place: str) -> str:
    body = f"<p class='sentence'>{html.escape(panel.sentence)}</p>" if panel.sentence else ""
    if panel.figure is not None:
        options = {"displaylogo": False, "responsive": True, "toImageButtonOptions": {"format": "svg"}}
        body += paper(panel.figure).to_html(full_html=False, include_plotlyjs=False, div_id=place, config=options)
    elif not panel.sentence:
        table = panel.data.to_html(index=False, escape=True, border=0, na_rep="", float_format="{:.7g}".format)
        body += f"<div class='table'>{table}</div>"
    caption = f"<figcaption>{html.escape(panel.caption)}</figcaption>" if panel.caption else ""
    return f"<figure><h2>{html.escape(panel.title)}</h2>{body}{caption}</figure>"
