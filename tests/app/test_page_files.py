"""Below every figure of a star's page: its HTML and its CSV; the browser makes the other two files."""

import io
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from m3core.star.page import backdrop_of, star_panels
from pages.components.figure import csv_bytes, html_bytes
from tests.app.simulated_star import star_with_everything

UNITLESS = re.compile(
    r"phase|cycle|power|statistic|log likelihood|S/N|FAP|explained|value$|x$|cosine|share_|Flux \(relative\)"
)
"""Columns of floats without a unit in square brackets: shares, ratios, what is standardised, and a relative flux."""

ADDED = re.compile(r"± 1σ|masked|lines|straight line|folded here|harmonics|aliases|peaks|best boxes|lowest: ")
"""Traces that are marks, fits or errors of what a table holds."""

OTHERWISE = {"sky", "prewhitening"}
"""Their tables hold right ascension and declination, which the figure projects; the frequencies that were found."""


@pytest.fixture(scope="module")
def panels(tmp_path_factory):
    """Every panel of a star with everything."""
    survey, run, star = star_with_everything(tmp_path_factory.mktemp("files"))
    return star_panels(backdrop_of(survey, run), survey.source(star))


class Tags(HTMLParser):
    """What stands in a page, and what it would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append({"tag": tag, **dict(attrs)})


def test_the_page_has_every_figure(panels):
    figures = {panel.key for panel in panels if panel.figure is not None}
    assert figures >= {
        "light_curve", "folded", "periodogram", "box", "dispersion", "prewhitening", "river", "o_c", "spectrum-spectra",
        "colour_magnitude", "period_luminosity", "period_wesenheit", "period_amplitude", "colour_colour", "sky",
        "nights", "seen_photometry", "seen_spectra", "seen_metadata", "embedding_says",
    }  # fmt: skip


def test_every_html_holds_its_figure_and_loads_nothing(panels):
    for panel in panels:
        if panel.figure is None:
            continue
        text = html_bytes(panel).decode()
        tags = Tags(re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)).found
        assert [one["id"] for one in tags if "plotly-graph-div" in (one.get("class") or "")] == [f"star0-{panel.key}"]
        assert not [one for one in tags if one.get("src") or one["tag"] == "link"], panel.key
        assert text.count("class='later'") == 1
        assert f"<figcaption>{panel.caption[:20]}" in text.replace("&#x27;", "'"), panel.key


def numbers(values: object) -> np.ndarray:
    """The finite numbers among them, to the digits that figures and tables share."""
    found = pd.to_numeric(pd.Series(np.ravel(np.asarray(values, object))), errors="coerce").to_numpy(np.float64)
    return found[np.isfinite(found)].astype(np.float32)


def test_every_csv_has_what_is_drawn_with_units(panels):
    for panel in panels:
        if panel.figure is None:
            continue
        table = pd.read_csv(io.BytesIO(csv_bytes(panel)))
        assert len(table) == len(panel.data) > 0, panel.key
        told = table.dropna(axis="columns", how="all")  # a column of empty texts would be read as floats
        floats = told.select_dtypes("floating").columns
        assert [name for name in floats if "[" not in name and not UNITLESS.search(name)] == [], panel.key
        known = np.concatenate([numbers(table[name]) for name in table])
        for trace in panel.figure.data:
            if panel.key not in OTHERWISE and not ADDED.search(trace.name or ""):
                drawn = numbers(trace[{"heatmap": "z", "bar": "x"}.get(trace.type, "y")])
                assert np.isin(drawn, known).all(), (panel.key, trace.name)
