"""What the pages are made of: the viewer, the box to find a source, the form of a training, the import."""

import gc
import json
import sys
import time
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from m3core.survey import ModalitySpec, SplitSpec, write_survey
from m3core.workspace.folder import Workspace
from pages.components import garbage, jobs
from pages.components.border import guarded
from pages.components.text import literal
from tests.app.conftest import checked, make_run, open_page, said
from tests.conftest import light_curve, make_survey
from training.config import MAIN_FIELDS, TrainConfig


def figures(app) -> dict[str, dict]:
    """Alternative text -> specification of every chart of a page."""
    return {chart.proto.alt: json.loads(chart.proto.spec) for chart in app.get("plotly_chart")}


def folded(app) -> dict:
    return next(spec for alt, spec in figures(app).items() if "folded" in alt)


def test_the_viewer_shows_every_modality(full):
    app = open_page("source", source="s004")
    charts = figures(app)
    assert len(charts) == 2
    assert [trace["name"] for trace in folded(app)["data"]] == ["g", "r"]
    assert folded(app)["layout"]["xaxis"]["range"] == [0, 2]
    assert folded(app)["layout"]["yaxis"]["autorange"] == "reversed"
    table = app.dataframe[0].value
    assert list(table["column"]) == ["period", "colour", "m3_period_fold", "m3_period_power"]
    assert list(table["input_of"]) == ["metadata", "metadata", "g, r", "g, r"]


def test_a_missing_modality_is_said(full):
    assert "no g" in said(open_page("source", source="s007"))


def test_the_period_is_halved_doubled_and_typed(full):
    app = open_page("source", source="s005")
    before = app.number_input[0].value
    app.button(key="period_half").click().run()
    assert app.number_input[0].value == pytest.approx(before / 2)
    app.button(key="period_twice").click().run()
    app.button(key="period_twice").click().run()
    assert app.number_input[0].value == pytest.approx(before * 2)
    app.number_input[0].set_value(1.2345678).run()
    assert "P = 1.2345678 d" in said(checked(app))


def test_previous_and_next_follow_the_survey(full):
    app = open_page("source", source="s000")
    assert app.button(key="step_Previous").disabled
    app.button(key="step_Next").click().run()
    assert app.code[0].value == "s001"
    assert app.query_params["source"] == "s001"


def test_neighbours_are_links_that_keep_survey_and_run(full):
    app = open_page("source", source="s004")
    links = [link for link in app.main.get("page_link") if "·" in link.label]
    assert len(links) == 8
    assert "source=s0" in links[0].proto.query_string
    assert "run=done" in links[0].proto.query_string


def test_find_by_id_by_part_and_by_position(full):
    survey = Workspace(full).survey("small")
    app = open_page("home")
    app.sidebar.text_input(key="find_text").set_value("s01").run()
    assert "10 ids hold this" in said(app)
    ra, dec = survey.sources.loc["s020", ["ra", "dec"]]
    app.sidebar.text_input(key="find_text").set_value(f"{ra:.6f} {dec:+.6f}").run()
    assert [link.label.replace("\\", "") for link in app.sidebar.get("page_link")] == ["s020 · 0.00″"]
    app.sidebar.text_input(key="find_text").set_value("nonsense").run()
    assert "is not a position" in said(app)
    app.sidebar.text_input(key="find_text").set_value("s021").run()
    assert app.query_params["source"] == "s021"


def test_the_map_has_a_trace_a_class_with_ids(full):
    spec = next(iter(figures(open_page("manifold")).values()))
    assert {trace["type"] for trace in spec["data"]} == {"scattergl"}
    assert {trace["meta"] for trace in spec["data"]} == {"RRAB", "SR"}
    ids = [source for trace in spec["data"] for source in trace["customdata"]]
    assert len(ids) == len(set(ids)) == 60
    assert spec["layout"]["yaxis"]["scaleanchor"] == "x"


def test_the_map_is_coloured_and_shown_of_each_modality(full):
    app = open_page("manifold")
    app.selectbox(key="map_colour").set_value("period").run()
    assert "showscale" in json.dumps(figures(checked(app)))
    app.toggle(key="map_together").set_value(True).run()
    assert len([alt for alt in figures(checked(app)) if alt.startswith("Map of")]) == 4


def test_a_selection_is_counted_listed_and_stepped_through(full):
    app = open_page("manifold", source="s003")
    app.session_state["selection"] = ("s001", "s003", "s004")
    checked(app.run())
    assert "3 of 60 selected" in said(app)
    assert "2 of 3 selected" in said(app)
    counts = "".join(html.proto.body for html in app.main.get("html"))
    assert "RRAB 2 / 30" in counts
    assert "SR 1 / 30" in counts
    assert list(app.dataframe[0].value["source_id"]) == ["s001", "s003", "s004"]
    app.switch_page("pages/source.py").run()
    app.switch_page("pages/manifold.py").run()
    spec = next(spec for alt, spec in figures(checked(app)).items() if alt.startswith("Map of"))
    assert sorted(len(trace["selectedpoints"]) for trace in spec["data"]) == [1, 2]
    app.button(key="selection_clear").click().run()
    assert "selected" not in said(checked(app))


def test_the_form_has_every_field_of_the_schema(full):
    app = open_page("home")
    kinds = (app.number_input, app.selectbox, app.toggle, app.multiselect, app.text_area, app.text_input)
    labels = {widget.label for kind in kinds for widget in kind}
    assert {field.replace("_", " ").capitalize() for field in TrainConfig.model_fields} <= labels
    assert set(MAIN_FIELDS) <= set(TrainConfig.model_fields)


def test_another_preset_brings_its_own_defaults(full):
    app = open_page("home")
    value = {box.label: box.value for box in app.number_input}
    app.selectbox(key="train_preset").set_value("paper").run()
    other = {box.label: box.value for box in checked(app).number_input}
    assert (value["Epochs"], other["Epochs"]) == (60, 100)
    assert other["Learning rate"] == pytest.approx(3.92e-3)


def test_an_impossible_setting_is_a_sentence(full):
    app = open_page("home")
    box = next(box for box in app.number_input if box.label == "Learning rate")
    box.set_value(0.0).run()
    assert "learning_rate" in said(checked(app))
    app.button(key="train_start").click().run()
    assert "mend it first" in said(checked(app))


def test_names_from_files_are_text(tmp_path, monkeypatch):
    monkeypatch.setenv("M3_WORKSPACE", str(tmp_path))
    survey = make_survey(tmp_path / "surveys" / "a *b* :red[c] <i>", n=20)
    make_run(tmp_path / "runs" / "r_$x$_[y](z)", survey)
    for page in ("home", "manifold", "source", "training", "runs"):
        app = open_page(page)
        assert not app.error
    assert "r_$x$_[y](z)" in said(app)
    assert ":red[" not in "".join(title.value for title in open_page("home").title)


def test_literal_leaves_nothing_to_read():
    assert literal("*a* :red[b] $c$ <d> `e` https://f.g") == (r"\*a\* \:red\[b\] \$c\$ \<d\> \`e\` https\:\/\/f\.g")
    assert literal("x" * 300, 10) == "x" * 9 + "…"
    assert literal("two\n# lines") == r"two \# lines"


@pytest.fixture
def odd(tmp_path, monkeypatch):
    """Spectra, fluxes without errors, text and missing values; no label, no position, no period."""
    monkeypatch.setenv("M3_WORKSPACE", str(tmp_path))
    n = 4
    table = pd.DataFrame(
        {"source_id": [f"o{i}" for i in range(n)], "ra": np.nan, "dec": np.nan, "label": [None] * n,
         "split": "train", "teff": [5000.0, np.nan, 6000.0, 7000.0], "remark": ["a", None, "<b>c</b>", "d"]}
    )  # fmt: skip
    grid = np.linspace(4000, 5000, 50)
    spectrum = {"wavelength": grid, "flux": np.sin(grid), "ivar": np.where(grid > 4900, 0.0, 4.0)}
    curve = {"time": np.arange(5.0), "flux": np.ones(5), "error": np.full(5, np.nan)}
    specs = [
        ModalitySpec(name="spectra", kind="spectra", label="spectra", fields=("wavelength", "flux", "ivar")),
        ModalitySpec(
            name="V", kind="photometry", label="V", fields=("time", "flux", "error"), settings={"value": "flux"}
        ),
        ModalitySpec(name="metadata", kind="metadata", label="metadata", columns=("teff",)),
    ]
    write_survey(
        tmp_path / "surveys" / "odd", sources=table, modalities=specs, split=SplitSpec(method="given"), provenance={},
        arrays={"spectra": [spectrum, None, spectrum, None], "V": [curve, curve, None, curve]},
    )  # fmt: skip


def test_a_spectrum_and_a_flux_without_period_or_errors(odd):
    app = open_page("source", source="o0")
    text = said(app)
    assert "unlabelled" in text
    assert "no position" in text
    assert "No period is known" in text
    assert "5 of 50 pixels are masked" in text
    charts = figures(app)
    assert "spectra" in [trace.get("name") for trace in charts["Spectrum (spectra)"]["data"]]
    raw = next(spec for alt, spec in charts.items() if "over time" in alt)
    assert "error_y" not in raw["data"][0]
    assert raw["layout"]["yaxis"]["autorange"] is True


def test_missing_values_are_said_to_be_missing(odd):
    app = open_page("source", source="o1")
    table = app.dataframe[0].value.set_index("column")
    assert list(table["value"]) == ["missing", "missing"]
    assert table.loc["remark", "input_of"] == "not an input"
    assert "no spectra, metadata" in said(app)
    assert not open_page("home").error


def _write_files(folder: Path) -> tuple[Path, Path]:
    rng = np.random.default_rng(3)
    n = 24
    pd.DataFrame(
        {"source_id": [f"v{i}" for i in range(n)], "ra": 10.0, "dec": -5.0, "label": ["A", "B"] * (n // 2),
         "brightness": rng.normal(size=n), "quality": 1.0}
    ).to_csv(folder / "catalogue.csv", index=False)  # fmt: skip
    rows = [
        pd.DataFrame({"source_id": f"v{i}", "band": band, **light_curve(rng, 1.5, 20)})
        for i in range(n)
        for band in ("g", "r")
    ]
    pd.concat(rows).to_csv(folder / "photometry.csv", index=False)
    return folder / "catalogue.csv", folder / "photometry.csv"


def _wait(app, key: str) -> None:
    deadline = time.monotonic() + 60
    while (found := jobs.job(key)) is not None and found.is_alive():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    checked(app.run())


def test_import_previews_and_then_writes(tmp_path, empty):
    catalogue, photometry = _write_files(tmp_path)
    app = open_page("home")
    assert "Welcome" in said(app)
    app.text_input(key="import_catalogue").set_value(str(catalogue))
    app.text_input(key="import_photometry").set_value(str(photometry)).run()
    app.toggle(key="import_periods").set_value(False).run()
    app.button(key="import_read").click().run()
    _wait(app, "read files")
    assert [metric.value for metric in app.metric] == ["24", "3", "2", "0"]
    assert not empty.exists(), "a preview must not write"
    next(box for box in app.multiselect if box.label.startswith("Catalogue columns")).set_value(["brightness"])
    next(box for box in app.text_input if box.label == "Name of the survey").set_value("mine")
    app.button(key="import_write").click().run()
    _wait(app, "write survey")
    survey = Workspace(empty).survey("mine")
    assert survey.modalities["metadata"].columns == ("brightness",)
    assert app.query_params["survey"] == "mine"
    assert app.title[0].value == "mine"


def test_an_import_that_cannot_be_read_is_a_sentence(tmp_path, empty):
    catalogue, photometry = _write_files(tmp_path)
    catalogue.write_text("a,b\n1,2\n")
    app = open_page("import_data")
    app.text_input(key="import_catalogue").set_value(str(catalogue))
    app.text_input(key="import_photometry").set_value(str(photometry)).run()
    app.button(key="import_read").click().run()
    _wait(app, "read files")
    assert "no column for source_id" in said(app)
    assert not empty.exists()
    jobs.forget("read files")


def test_what_stays_is_out_of_the_collectors_sight(monkeypatch):
    """After a fragment the modules are frozen, and anew only where others have come."""
    monkeypatch.setattr(garbage, "_seen", 0)
    gc.unfreeze()
    try:
        guarded(lambda: None)()
        frozen = gc.get_freeze_count()
        assert frozen > 10_000
        kept = [[number] for number in range(1000)]
        guarded(lambda: None)()
        assert gc.get_freeze_count() <= frozen
        monkeypatch.setitem(sys.modules, "m3_test_newcomer", ModuleType("m3_test_newcomer"))
        guarded(lambda: None)()
        assert gc.get_freeze_count() > frozen + len(kept) // 2
    finally:
        gc.unfreeze()
