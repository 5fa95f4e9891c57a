"""Every page, with a full and with an empty workspace, and what is chosen across them."""

import json

import pytest

from data.report import Report
from m3core.survey.faults import faults_by_source
from tests.app.conftest import PAGES, checked, make_run, open_page, said
from tests.conftest import make_survey


@pytest.mark.parametrize("page", PAGES)
def test_a_full_workspace(full, page):
    app = open_page(page)
    assert not app.error
    assert app.sidebar.selectbox[0].value == "small"
    assert app.sidebar.selectbox[1].value == "done"


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_workspace_is_no_fault(empty, page):
    app = open_page(page)
    assert not app.error
    assert not empty.exists(), "looking must not write"
    if page in ("home", "import_data"):
        assert any(box.label == "Catalogue file" for box in app.text_input)
    else:
        assert "no survey yet" in said(app)


def test_what_is_chosen_stays_across_pages_and_in_the_url(full):
    app = open_page("source", survey="small", run="done", source="s004")
    assert app.code[0].value == "s004"
    app.switch_page("pages/manifold.py").run()
    app.switch_page("pages/source.py").run()
    assert app.code[0].value == "s004"
    assert [app.query_params[name] for name in ("survey", "run", "source")] == ["small", "done", "s004"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("survey", "nope"), ("run", "../runs/done"), ("source", "../../etc/passwd"), ("source", "<b>x</b>:red[y]$z$")],
)
def test_a_bad_value_in_the_url_is_a_sentence(full, name, value):
    app = open_page("home", **{name: value})
    assert value in said(app)
    assert len(app.warning) == 1
    assert app.query_params["survey"] == "small"


def test_a_survey_without_a_run(tmp_path, monkeypatch):
    monkeypatch.setenv("M3_WORKSPACE", str(tmp_path))
    make_survey(tmp_path / "surveys" / "alone", n=20)
    for page in ("manifold", "training", "runs"):
        app = open_page(page)
        assert "No model has been trained" in said(app)
        assert any(button.label == "Train a model" for button in app.button)
    assert not open_page("source", source="s003").error


def test_a_run_without_embeddings_offers_to_embed(tmp_path, monkeypatch):
    monkeypatch.setenv("M3_WORKSPACE", str(tmp_path))
    make_run(tmp_path / "runs" / "bare", make_survey(tmp_path / "surveys" / "alone", n=20), embedded=False)
    app = open_page("manifold")
    assert "Run bare has no embeddings" in said(app)
    assert any(button.label.startswith("Embed ") for button in app.main.button)


def test_a_damaged_survey_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("M3_WORKSPACE", str(tmp_path))
    survey = make_survey(tmp_path / "surveys" / "hurt", n=20)
    (survey.path / "g.arrow").unlink()
    for page in PAGES:
        app = open_page(page)
        assert page == "import_data" or "g.arrow is missing" in said(app)


def test_a_damaged_run_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("M3_WORKSPACE", str(tmp_path))
    run = make_run(tmp_path / "runs" / "hurt", make_survey(tmp_path / "surveys" / "small", n=20))
    (run.path / "status.json").write_text("{")
    assert "not readable JSON" in said(open_page("training"))
    assert not open_page("runs").exception


def test_a_simulated_survey_says_so_on_every_page(tmp_path, monkeypatch):
    monkeypatch.setenv("M3_WORKSPACE", str(tmp_path))
    survey = make_survey(tmp_path / "surveys" / "sky", n=20)
    place = survey.path / "survey.json"
    place.write_text(json.dumps(json.loads(place.read_text()) | {"simulated": True}))
    for page in PAGES:
        assert any("Simulated" in text.value for text in open_page(page).markdown)


def test_what_the_import_met_is_said_beside_its_source(tmp_path, monkeypatch):
    survey = make_survey(tmp_path / "surveys" / "small", n=12)
    report = Report()
    report.add("constant brightness", "curves.csv", ["s003"], bands="g", rows=[None])
    report.add("error not finite", "curves.csv", ["s003", "s003", "s004"], bands="r", rows=[7, 8, 9])
    (survey.path / "report.csv").write_text(report.csv())
    monkeypatch.setenv("M3_WORKSPACE", str(tmp_path))
    text = said(open_page("source", survey="small", source="s003"))
    assert "constant brightness (in curves.csv, band g): curve kept as absent" in text
    assert "error not finite (2 times, first in curves.csv, band r, row 7): error kept as absent" in text
    assert "Met at the import" not in said(open_page("source", survey="small", source="s005"))
    (survey.path / "report.csv").write_text("not,a,report\n1,2\n")
    assert faults_by_source(survey) == {}


def test_delete_asks_twice(tmp_path, monkeypatch):
    monkeypatch.setenv("M3_WORKSPACE", str(tmp_path))
    run = make_run(tmp_path / "runs" / "old", make_survey(tmp_path / "surveys" / "small", n=20), embedded=False)
    app = open_page("runs")
    app.button(key="run_delete").click()
    checked(app.run())
    assert run.path.exists()
    assert "cannot be undone" in said(app)
    assert app.button(key="delete_yes").label == "Delete for good"


def test_the_survey_page_counts(full):
    table = open_page("home").dataframe[0].value
    assert list(table["class"]) == ["RRAB", "SR", "all sources"]
    assert list(table["sources"]) == [30, 30, 60]
    assert table["in g"].iloc[-1] == 51
