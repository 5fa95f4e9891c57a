"""The data page: every section on a full survey and on poor ones, the selection, exports, import forms."""

import json
import sys
import time
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from m3core.survey import ModalitySpec, SplitSpec, Survey, write_survey
from m3core.workspace.folder import Workspace
from tests.app.conftest import checked, open_page, said, wait
from tests.conftest import make_survey

SECTIONS = ("Contents", "Sky", "Diagrams", "Quality", "Columns", "Checks")


def charts(app) -> dict[str, dict]:
    return {chart.proto.alt: json.loads(chart.proto.spec) for chart in app.get("plotly_chart")}


def section(app, name: str):
    app.segmented_control(key="data_section").set_value(name).run()
    deadline = time.monotonic() + 120
    while app.main.get("progress") and time.monotonic() < deadline:
        time.sleep(0.1)
        app.run()
    return checked(app)


def told(app) -> str:
    """What stands in the place of figures that cannot be drawn."""
    notes = [note["text"] for spec in charts(app).values() for note in spec["layout"].get("annotations", [])]
    return " ".join(notes).replace("<br>", " ")


def poor_survey(path, *, n: int, columns: dict | None = None, **identity) -> Survey:
    """Metadata alone."""
    table = pd.DataFrame(
        {"source_id": [f"p{i}" for i in range(n)], "ra": np.nan, "dec": np.nan, "label": None, "split": "train"}
        | {"value": np.arange(n) * 1.0} | (columns or {}) | identity
    )  # fmt: skip
    names = ("value", *(columns or {}))
    spec = ModalitySpec(name="metadata", kind="metadata", label="metadata", columns=names)
    return write_survey(
        path, sources=table, modalities=[spec], arrays={}, split=SplitSpec(method="given"), provenance={}
    )


@pytest.mark.parametrize("name", SECTIONS)
def test_every_section_of_a_full_survey(full, name):
    app = section(open_page("home"), name)
    assert not app.error
    found = charts(app)
    wanted = {"Contents": 3, "Sky": 1, "Diagrams": 3, "Quality": 2, "Columns": 1, "Checks": 0}
    assert len(found) == wanted[name]
    for alt, spec in found.items():
        drawn = [axis for key, axis in spec["layout"].items() if key in ("xaxis", "yaxis")]
        assert all(axis.get("title", {}).get("text") or axis.get("visible") is False for axis in drawn), alt


@pytest.mark.parametrize("name", SECTIONS)
@pytest.mark.parametrize("n", [1, 4])
def test_every_section_of_a_survey_with_hardly_anything(tmp_path, monkeypatch, name, n):
    monkeypatch.setenv("M3_WORKSPACE", str(tmp_path))
    poor_survey(tmp_path / "surveys" / "poor", n=n, columns={"gone": np.full(n, np.nan)})
    app = section(open_page("home"), name)
    assert not app.error
    expected = {
        "Sky": "No source of this survey has a position",
        "Diagrams": "The catalogue has no column of periods",
        "Quality": "No modality of this survey has arrays",
    }
    assert expected.get(name, "") in told(app)
    if name == "Checks":
        assert f"{n} of {n} have no position" in said(app)


def test_a_column_without_any_value_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("M3_WORKSPACE", str(tmp_path))
    columns = {name: np.full(5, np.nan) for name in ("bp_rp", "phot_g_mean_mag", "parallax", "period", "amplitude")}
    poor_survey(tmp_path / "surveys" / "poor", n=5, columns=columns)
    text = told(section(open_page("home"), "Diagrams"))
    assert text.count("No source has both") == 3


def test_diagrams_of_a_survey_like_eros(tmp_path, monkeypatch):
    monkeypatch.setenv("M3_WORKSPACE", str(tmp_path))
    survey = make_survey(tmp_path / "surveys" / "like", n=30)
    app = section(open_page("home"), "Diagrams")
    found = charts(app)
    amplitude = found["Period-amplitude diagram"]
    assert amplitude["layout"]["xaxis"]["title"]["text"] == "Period, m3_period_fold [d]"
    assert amplitude["layout"]["yaxis"]["title"]["text"] == "Amplitude, amplitude (g) [mag]"
    ids = [one for trace in amplitude["data"] for one in trace["customdata"]]
    assert sorted(ids) == sorted(survey.source_ids[survey.present("g")])
    assert told(app).count("No magnitude was recognised") == 2
    app.selectbox(key=f"cmd_mag_{survey.hash[:8]}").set_value("m3_period_power").run()
    spec = charts(checked(app))["Colour-magnitude diagram"]["layout"]
    assert spec["yaxis"]["autorange"] == "reversed"
    assert spec["xaxis"]["title"]["text"] == "Colour [mag]"
    assert spec["yaxis"]["title"]["text"] == "Apparent magnitude, m3_period_power"


def test_a_selection_shows_on_every_page_and_can_be_cleared(full):
    app = section(open_page("home"), "Sky")
    app.session_state["selection"] = ("s001", "s003", "s004")
    app.session_state["data_drawn"] = {}
    checked(app.run())
    assert "3 of 60 selected" in said(app)
    spec = charts(app)["Sources on the sky, equatorial, coloured by label"]
    assert sorted(len(trace.get("selectedpoints", [])) for trace in spec["data"] if "customdata" in trace) == [1, 2]
    app.switch_page("pages/manifold.py").run()
    assert "3 of 60 selected" in said(checked(app))
    app.switch_page("pages/home.py").run()
    app.button(key="data_clear").click().run()
    assert "selected" not in said(checked(app)).replace("selection", "")


def test_missing_values_and_leaking_pairs_are_selected(tmp_path, monkeypatch):
    monkeypatch.setenv("M3_WORKSPACE", str(tmp_path))
    split = ["train", "test", "train", "train"]
    place = {"ra": [1.0, 1.0, 50.0, 80.0], "dec": [0.0, 0.0, 0.0, np.nan], "split": split}
    poor_survey(tmp_path / "surveys" / "poor", n=4, columns={"half": [1.0, np.nan, 2.0, np.nan]}, **place)
    app = section(open_page("home"), "Checks")
    assert "1 pair of sources within 2 arcsec of one another, 1 across splits" in said(app)
    app.button(key="leaks_position").click().run()
    assert app.session_state["selection"] == ("p0", "p1")
    app.button(key="verify").click().run()
    assert "files are those that were written" in said(checked(app))


def test_show_me_another(full):
    app = open_page("home")
    first = app.session_state["card_source"][1]
    app.button(key="card_another").click().run()
    assert checked(app).session_state["card_source"][1] != first
    app.session_state["selection"] = ("s002",)
    app.run()
    assert app.session_state["card_source"][1] == "s002"


def test_a_simulated_survey_has_the_way_to_real_stars(tmp_path, monkeypatch):
    monkeypatch.setenv("M3_WORKSPACE", str(tmp_path))
    place = make_survey(tmp_path / "surveys" / "sky", n=20).path / "survey.json"
    place.write_text(json.dumps(json.loads(place.read_text()) | {"simulated": True}))
    for page in ("home", "manifold", "source", "training", "runs"):
        links = [link.label for link in open_page(page).main.get("page_link")]
        assert "Your own data" in links, page


@pytest.mark.parametrize(
    ("way", "key"), [("AstroM3", "astrom3_size"), ("Archives", "archives_format"), ("Simulated", "simulate_sources")]
)
def test_every_way_has_its_form(empty, way, key):
    app = open_page("import_data")
    app.segmented_control(key="import_way").set_value(way).run()
    assert not checked(app).error
    assert key in [box.key for box in (*app.selectbox, *app.number_input)]
    assert app.button(key="import_read").disabled == (way == "Archives")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the form of a simulation gives: the contract of data.simulate."""

    sources: int
    seed: int = 42
    missing: float = 0.0
    light: bool = False


@dataclass(frozen=True)
class Plan:
    """A plan that says what it would do."""

    options: Options

    def summary(self) -> list[str]:
        return [f"{self.options.sources} stars, seed {self.options.seed}", "note: none is *real*.", "fault: one: 3"]


def test_the_steps_are_the_same_for_every_way(empty, monkeypatch):
    """With a stand-in for the simulation, whose real one takes longer than a test of the form should."""
    package = ModuleType("data.simulate")
    package.Options = Options
    package.plan = lambda options, progress: Plan(options)
    package.write = lambda plan, out, progress: make_survey(out, n=plan.options.sources, seed=plan.options.seed)
    monkeypatch.setitem(sys.modules, "data.simulate", package)
    app = open_page("import_data")
    app.segmented_control(key="import_way").set_value("Simulated").run()
    app.number_input(key="simulate_sources").set_value(12)
    app.number_input(key="simulate_seed").set_value(7).run()
    app.button(key="import_read").click().run()
    wait(app, "read files")
    assert "12 stars, seed 7" in said(app)
    assert "None is *real*." in said(app)
    assert not empty.exists(), "a dry run must not write"
    app.segmented_control(key="import_way").set_value("Your tables").run()
    assert "12 stars" not in said(checked(app)), "what was read in one way is not offered in another"
    app.segmented_control(key="import_way").set_value("Simulated").run()
    next(box for box in app.text_input if box.label == "Name of the survey").set_value("made")
    app.button(key="import_write").click().run()
    wait(app, "write survey")
    assert len(Workspace(empty).survey("made")) == 12
    assert app.query_params["survey"] == "made"
