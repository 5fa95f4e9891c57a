"""python -m m3core show: one self-contained file in every format, names escaped, the same bytes twice."""

import json
import re
import shutil
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from typer.testing import CliRunner

from m3core.__main__ import app
from m3core.star import picture
from m3core.star.html import html_page, with_errors
from m3core.star.panel import Panel
from m3core.survey import ModalitySpec, SplitSpec, Survey, write_survey
from tests.conftest import make_survey

needs_chromium = pytest.mark.skipif(
    not any(shutil.which(name) for name in picture.NAMES), reason="no chromium on the PATH: `make chromium` installs it"
)


def show(*arguments: object):
    return CliRunner().invoke(app, ["show", "--no-searches", *map(str, arguments)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("show") / "survey"
    make_survey(place)
    return place


@pytest.fixture(autouse=True)
def workspace(tmp_path, monkeypatch):
    monkeypatch.setenv("M3_WORKSPACE", str(tmp_path / "workspace"))


class Outside(HTMLParser):
    """What a page would load by itself, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.loads += [
            value for name, value in attrs if name in ("src", "srcset") or (tag == "link" and name == "href")
        ]


def test_html_is_one_file_that_loads_nothing_and_comes_out_the_same_twice(folder, tmp_path):
    for name in ("a.html", "b.html"):
        done = show("--survey", folder, "--source", "s004", "--out", tmp_path / name)
        assert done.exit_code == 0, done.output
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert text == (tmp_path / "b.html").read_text(encoding="utf-8")
    page = Outside()
    page.feed(text)
    assert page.loads == []
    assert text.count("plotly.js v") == 1
    for what in ("Light curve", "Colour and magnitude", "Possible blends", "Bad nights", "Catalogue", "SIMBAD"):
        assert what in text, what
    assert "s004" in text
    assert "content hash" in text


def test_json_has_every_figure_with_its_axes(folder, tmp_path):
    done = show("--survey", folder, "--source", "s004", "--out", tmp_path / "a.json", "--format", "json")
    assert done.exit_code == 0, done.output
    figures = json.loads((tmp_path / "a.json").read_text())
    raw, folded = figures["light_curve"], figures["folded"]
    assert {trace["name"][0] for trace in raw["data"] if trace.get("name")} == {"g", "r"}
    assert "Magnitude" in raw["layout"]["yaxis"]["title"]["text"]
    assert "Phase" in folded["layout"]["xaxis"]["title"]["text"]
    assert raw["layout"]["yaxis"]["autorange"] == "reversed"
    observed = Survey.open(folder).source("s004").observations["g"]
    drawn = next(trace for trace in raw["data"] if trace.get("name") == "g")
    assert drawn["y"] == pytest.approx(observed["mag"]), "numbers that any reader of JSON has"


def test_a_list_is_one_booklet(folder, tmp_path):
    (tmp_path / "ids.csv").write_text("rank,source_id\n1,s002\n2,s005\n3,s006\n")
    done = show("--survey", folder, "--list", tmp_path / "ids.csv", "--most", 2, "--out", tmp_path / "b.html")
    assert done.exit_code == 0, done.output
    text = (tmp_path / "b.html").read_text(encoding="utf-8")
    assert re.findall(r"<h1>(.*?)</h1>", text) == ["s002", "s005"]
    assert text.count("plotly.js v") == 1
    assert len(set(re.findall(r'id="(star\d-[\w-]+)"', text))) == len(re.findall(r'id="(star\d-[\w-]+)"', text))
    done = show("--survey", folder, "--source", "s002,s005", "--out", tmp_path / "c.json", "--format", "json")
    assert {name.split("/")[0] for name in json.loads((tmp_path / "c.json").read_text())} == {"s002", "s005"}


def test_faults_are_one_line(folder, tmp_path):
    out = tmp_path / "x.html"
    for arguments in (
        ("--source", "nobody"), ("--source", ""), ("--source", "s001", "--format", "gif"), (),
        ("--source", "s001", "--list", "ids"), ("--source", "s001", "--period", "0"),
        ("--source", "s001", "--out", tmp_path / "x.jpg"), ("--source", "s001,nobody,none"),
    ):  # fmt: skip
        done = show("--survey", folder, "--out", out, *arguments)
        assert done.exit_code == 2, arguments
        assert done.output.count("\n") == 1
        assert not list(tmp_path.iterdir())
    assert "2 of 3 ids are not in the survey survey ('nobody', 'none')" in done.output


def test_a_table_is_written_with_its_errors_and_a_wide_one_is_not_cut_off():
    table = pd.DataFrame(
        {"modality": ["g"], "A1 [mag]": [0.30812], "A1 error [mag]": [0.0041], "R21": [np.nan], "R21 error": [np.nan],
         "error": [2]}
    )  # fmt: skip
    shown = with_errors(table)
    assert shown.to_dict("records") == [{"modality": "g", "A1 [mag]": "0.308(4)", "R21": "", "error": 2}]
    short = table.assign(**{f"column {i}": i for i in range(5)})
    wide = pd.concat([short] * 9)
    panels = [Panel("one", "One", None, "", table, hint="Click on it."), Panel("two", "Two", None, "", wide)]
    text = html_page("title", [("s", "lead", panels)], {})
    assert text.count("<figure>") == text.count("<figure class='wide'>") == 1
    assert "Click" not in text
    turned = html_page("title", [("s", "lead", [Panel("short", "Short", None, "", short)])], {})
    assert "<tr><td>A1 [mag]</td><td>0.308(4)</td></tr>" in turned, "as few rows stand on their side"
    assert "<figure>" in turned


def hostile(path) -> Survey:
    """A survey whose every text is markup, and whose stars are the hard cases."""
    rng = np.random.default_rng(2)
    evil = "</script><img src=x onerror=alert(1)>"
    ids = [f"{evil}{i}" for i in range(6)]
    table = pd.DataFrame(
        {"source_id": ids, "ra": [10.0, np.nan, 12, 13, 14, 15], "dec": [-5.0, np.nan, 1, 2, 3, 4],
         "label": [evil, evil, None, evil, evil, evil], "split": "train", "period": [0.5, np.nan, 1.0, 2.0, 3.0, 0.7],
         evil: rng.normal(size=6), "remark": evil}
    )  # fmt: skip
    time = np.sort(rng.uniform(55000, 56000, 40))
    curves = {
        "one epoch": (time[:1], np.array([15.0]), np.array([0.02])),
        "absent": None,
        "no errors": (time, 15 + rng.normal(0, 0.1, 40), np.full(40, np.nan)),
        "constant": (time, np.full(40, 15.0), np.full(40, 0.02)),
        "plain": (time, 15 + rng.normal(0, 0.1, 40), np.full(40, 0.02)),
        "5,000 epochs": (np.sort(rng.uniform(55000, 56000, 5000)), 15 + rng.normal(0, 0.1, 5000), np.full(5000, 0.02)),
    }
    arrays = [None if one is None else dict(zip(("time", "mag", "error"), one, strict=True)) for one in curves.values()]
    wavelength = np.linspace(3800, 9000, 500)
    spectra = [
        {"wavelength": wavelength, "flux": np.ones(500), "ivar": np.zeros(500) if i == 0 else np.ones(500)}
        for i in range(6)
    ]
    specs = [
        ModalitySpec(name="v", kind="photometry", label="V", fields=("time", "mag", "error"), columns=("period",),
                     settings={"value": "mag", "period": "period", "time_label": "HJD"},
                     units={"time": "d", "mag": "mag", "error": "mag"}),
        ModalitySpec(name="lrs", kind="spectra", label="LRS", fields=("wavelength", "flux", "ivar")),
        ModalitySpec(name="metadata", kind="metadata", label="metadata", columns=("period", evil)),
    ]  # fmt: skip
    return write_survey(
        path, sources=table, modalities=specs, arrays={"v": arrays, "lrs": spectra}, split=SplitSpec(method="given"),
        provenance={},
    )  # fmt: skip


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_hard_cases_have_a_picture_or_a_sentence_and_names_are_text(tmp_path):
    survey = hostile(tmp_path / "survey")
    (tmp_path / "ids").write_text("\n".join(survey.source_ids))
    done = show("--survey", survey.path, "--list", tmp_path / "ids", "--out", tmp_path / "hard.html")
    assert done.exit_code == 0, done.output
    text = (tmp_path / "hard.html").read_text(encoding="utf-8")
    page = Outside()
    page.feed(text)
    assert page.loads == []
    assert "img" not in page.tags
    assert text.count("class='star'") == 6
    for panel in re.findall(r"<figure>.*?</figure>", text, flags=re.DOTALL):
        assert "plotly-graph-div" in panel or "class='sentence'" in panel or "<table>" in panel


@needs_chromium
def test_pictures_for_a_paper(folder, tmp_path):
    done = show("--survey", folder, "--source", "s004", "--out", tmp_path / "a.svg")
    assert done.exit_code == 0, done.output
    svg = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert svg.startswith("<svg")
    assert "Light curves folded on" in svg
    assert "phase 0" in svg
    ids = re.findall(r'\bid="([^"]+)"', svg)
    assert len(ids) == len(set(ids))
    figure = go.Figure(go.Scatter(x=[1, 2], y=[2, 1]), {"height": 200})
    stars = [("a <star>", "a & line", [Panel("one", "One", figure, "What <b>it</b> is.", pd.DataFrame())])]
    png = picture.png_bytes(stars, scale=1.0)
    assert png.startswith(b"\x89PNG")
    _, width, height = picture.svg_page(stars)
    assert np.frombuffer(png[16:24], ">u4").tolist() == [width, height]
    assert picture.pdf_bytes("title", stars).startswith(b"%PDF")


@needs_chromium
def test_pages_of_a_pdf_are_filled_and_nothing_of_a_star_is_lost():
    """Below a tall figure there is room for a short one: rows of two in their order would take four pages."""
    heights = [1100] * 6 + [500] * 6
    panels = [
        Panel(f"p{place}", "A figure", go.Figure(layout={"height": height}), "", pd.DataFrame())
        for place, height in enumerate(heights)
    ]
    assert len(re.findall(rb"/Type /Page\b", picture.pdf_bytes("title", [("a", "", panels)]))) == 3
    table = Panel("table", "A table", None, "", pd.DataFrame({"a": range(3)}))
    packed = [panel.key for panel in picture._packed([table, *panels])]
    assert sorted(packed) == sorted(["table", *(panel.key for panel in panels)])
    assert packed[:3] == ["p0", "p6", "p1"]


@needs_chromium
def test_a_live_figure_is_drawn_when_it_is_near_and_all_of_a_booklet_are_in_its_pictures(monkeypatch):
    tall = go.Figure(go.Scatter(x=[1, 2], y=[2, 1]), {"height": 3000})
    panels = [Panel(name, name, tall, "", pd.DataFrame()) for name in ("near", "far")]
    with picture._page(html_page("title", [("a", "", panels)])) as (place, command):
        text = picture._run([*command, "--dump-dom"], place)
    assert re.search(r'id="star0-near"[^>]*js-plotly-plot', text)
    assert not re.search(r'id="star0-far"[^>]*js-plotly-plot', text)
    monkeypatch.setattr(picture, "AT_ONCE", 1)
    assert list(picture._drawn({"a": tall, "b": tall})) == ["a", "b"]


@needs_chromium
def test_transparent_points_are_no_groups():
    """Each would be an object of its own in a PDF: 4,200 of them and 2 MB in a star's."""
    points = go.Scatter(x=[1, 2], y=[2, 1], mode="markers", marker={"opacity": 0.45, "color": "#123456"})
    svg, _, _ = picture.svg_page([("a", "", [Panel("one", "One", go.Figure(points), "", pd.DataFrame())])])
    styles = re.findall(r'<path class="point[^>]* style="([^"]*)"', svg)
    assert len(styles) == 2
    for style in styles:
        said = dict(part.strip().split(": ") for part in style.split(";") if part.strip())
        assert "opacity" not in said
        assert said["fill-opacity"] == said["stroke-opacity"] == "0.45"
        assert said["fill"] == "rgb(18, 52, 86)"


def test_no_browser_is_a_sentence_before_the_work(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(picture.shutil, "which", lambda name: None)
    monkeypatch.setattr(picture.Path, "is_file", lambda self: False)
    done = show("--survey", folder, "--source", "s004", "--out", tmp_path / "a.pdf")
    assert done.exit_code == 2
    assert "chromium" in done.output
    assert done.output.count("\n") == 1
