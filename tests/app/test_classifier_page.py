"""The classifier page: its sections, a cell's sources, other runs and surveys, and the form that makes a classifier."""

import json
import re
import shutil
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from m3core.checkpoint.loading import save_checkpoint
from m3core.classifier.evaluation import evaluate
from m3core.classifier.prediction_table import csv_text, prediction_table
from m3core.files import write_json
from m3core.survey import Survey
from m3core.workspace.run import Run, State, Status
from pages.components.classifier_page import predictions, scores
from pages.components.training_form import CLASSIFIER
from tests.app.conftest import checked, make_run, open_page, said, settled
from tests.conftest import make_survey
from tests.train.rewritten import rewritten
from training.classifier_setup import build_classifier, prepare
from training.config import FinetuneConfig
from training.finetune import calibrate
from training.run_config import FINETUNE, RunConfig

SECTIONS = ("Scores", "Reliability", "Modalities", "Predictions")


def make_classifier(path, survey: Survey) -> Run:
    """A finished classifier with real, untrained weights, calibrated on the validation split."""
    settings = FinetuneConfig(epochs=2, batch_size=16, embedding_dim=8)
    run = Run(path)
    path.mkdir(parents=True)
    RunConfig(survey.path, survey.hash, settings, FINETUNE).write(path)
    prepared = prepare(survey, settings, None)
    save_checkpoint(build_classifier(survey, settings, prepared, None), run.checkpoint)
    write_json(path / "status.json", asdict(Status(state=State.FINISHED, message="accuracy 50 %", epoch=2, epochs=2)))
    calibrate(run, survey, prepared)
    return run


@pytest.fixture(scope="module")
def stocked(tmp_path_factory):
    """surveys/small with runs/done, pre-trained, and runs/tells, a classifier; read only."""
    root = tmp_path_factory.mktemp("classifiers")
    survey = make_survey(root / "surveys" / "small", n=120)
    make_run(root / "runs" / "done", survey, embedded=False)
    make_classifier(root / "runs" / "tells", survey)
    return root


@pytest.fixture
def workspace(stocked, monkeypatch):
    monkeypatch.setenv("M3_WORKSPACE", str(stocked))
    return stocked


def section(name, **query):
    """The page of the classifier, once its jobs are done."""
    app = open_page("classifier", **{"survey": "small", "run": "tells"} | query)
    return settled(app.segmented_control(key="classifier_section").set_value(name).run())


def charts(app):
    return {chart.proto.alt: json.loads(chart.proto.spec) for chart in app.get("plotly_chart")}


@pytest.mark.parametrize("name", SECTIONS)
def test_every_section(workspace, name):
    app = section(name)
    assert not app.error
    assert len(charts(app)) == {"Scores": 2, "Reliability": 1, "Modalities": 1, "Predictions": 0}[name]
    if name != "Predictions":
        assert "is better" in said(app)
    if name in ("Scores", "Modalities"):
        assert "24 labelled sources of the test split" in said(app)


def test_the_matrix_is_that_of_the_evaluation(workspace):
    matrix = next(spec for alt, spec in charts(section("Scores")).items() if alt.startswith("Confusion"))
    survey, run = Survey.open(workspace / "surveys" / "small"), Run.open(workspace / "runs" / "tells")
    found = evaluate(run, survey)
    cells = matrix["data"][1]["customdata"]
    texts = [re.sub("<[^>]*>", " ", text).split() for row in matrix["data"][0]["text"] for text in row]
    counts = [int(words[1]) if words else 0 for words in texts]
    assert sum(counts) == len(found.rows) == 24
    for (true, predicted), count in zip(cells, counts, strict=True):
        ids = list(scores._of_cells(survey, found, [[true, predicted]]))
        assert len(ids) == count
        assert {survey.source(one).label for one in ids} <= {true}
        assert {survey.source(one).split for one in ids} <= {"test"}


def test_a_withheld_modality_changes_the_scores(workspace):
    app = section("Scores")
    pills = next(group for group in app.button_group if group.label.startswith("Modalities shown"))
    pills.set_value(["g"])
    assert "more are not scored" in said(settled(app.run()))


def test_predictions_with_options(workspace):
    app = section("Predictions")
    survey, run = Survey.open(workspace / "surveys" / "small"), Run.open(workspace / "runs" / "tells")
    table = app.dataframe[0].value
    expected, _ = prediction_table(run, survey)
    assert table["predicted"].tolist() == expected["predicted"].tolist()
    assert table["label"].tolist() == survey.sources["label"].tolist()
    assert csv_text(expected).startswith("source_id,predicted,p_RRAB,p_SR,modalities\n")
    app.slider(key="predict_unknown").set_value(1.0)
    app = settled(app.run())
    assert set(app.dataframe[0].value["predicted"]) == {"unknown"}
    assert "120 of 120 sources are unknown" in said(app)
    assert "right ones rejected" in said(app)
    app.selectbox(key="predict_show").set_value(predictions.DIFFER)
    assert app.run().dataframe[0].value.empty


def test_select_what_differs_from_its_label(workspace):
    app = section("Predictions")
    app.selectbox(key="predict_show").set_value(predictions.DIFFER)
    app.run()
    wanted = app.dataframe[0].value
    assert (wanted["label"] != wanted["predicted"]).all()
    app.button(key="predict_select").click()
    app.run()
    assert app.session_state["selection"] == tuple(wanted["source_id"])


def test_any_survey_of_the_workspace(tmp_path, monkeypatch):
    """Without a label, without the first band, with a source that has nothing the classifier reads."""
    monkeypatch.setenv("M3_WORKSPACE", str(tmp_path))
    survey = make_survey(tmp_path / "surveys" / "small", n=120)
    make_classifier(tmp_path / "runs" / "tells", survey)

    def change(table: pd.DataFrame) -> pd.DataFrame:
        table.loc[1, ["period", "colour"]] = np.nan  # and it has no r
        return table.assign(label=None)

    specs = [survey.modalities[name] for name in ("r", "metadata")]
    rewritten(survey, tmp_path / "surveys" / "other", sources=change, modalities=specs)
    app = section("Predictions")
    app.selectbox(key="predict_survey_small").set_value("other")
    app = settled(app.run())
    assert "1 sources have none of the modalities" in said(app)
    assert app.dataframe[0].value["label"].isna().all()
    app = section("Scores", survey="other")
    assert "no labelled source" in said(app)
    assert "trained on another survey" in said(app)


def test_an_empty_test_split_is_scored_on_the_validation_split(tmp_path, monkeypatch):
    monkeypatch.setenv("M3_WORKSPACE", str(tmp_path))
    survey = make_survey(tmp_path / "all", n=120)
    kept = rewritten(
        survey, tmp_path / "surveys" / "small",
        sources=lambda table: table.assign(split=table["split"].replace("test", "train")),
    )  # fmt: skip
    make_classifier(tmp_path / "runs" / "tells", kept)
    assert "24 labelled sources of the validation split" in said(section("Scores"))


def test_a_run_that_is_no_classifier_leads_to_the_form(workspace):
    app = open_page("classifier", survey="small", run="done")
    assert "done is a pre-trained model and tells no classes" in said(app)
    app.main.button(key="open_training_form").click()
    checked(app.run())
    assert app.segmented_control(key="train_kind").value == CLASSIFIER
    assert any(box.label == "Start from" and box.value == "done" for box in app.selectbox)
    labels = {box.label for box in [*app.selectbox, *app.number_input]}
    assert {"Modality", "Labels", "Epochs", "Fusion", "Label smoothing"} <= labels
    assert "Embedding dim" not in labels, "that is the pre-trained run's"

    def asked():
        return {box.label for box in [*app.selectbox, *app.toggle]}

    assert "Cap" not in asked()
    next(box for box in app.selectbox if box.label == "Labels").set_value(0.5)
    next(box for box in app.selectbox if box.label == "Modality").set_value("g")
    checked(app.run())
    assert "Cap" in asked()
    assert "Fusion" not in asked(), "there is nothing to join"


def test_a_run_of_another_survey_can_be_started_from(stocked, tmp_path, monkeypatch):
    """It is offered behind those of the survey, and what would leak is said before anything starts."""
    shutil.copytree(stocked / "runs" / "done", tmp_path / "runs" / "done")
    survey = Survey.open(stocked / "surveys" / "small")
    turned = {"train": "test", "test": "train", "validation": "validation"}
    rewritten(
        survey, tmp_path / "surveys" / "other",
        sources=lambda table: table.assign(split=table["split"].map(turned)),
    )  # fmt: skip
    monkeypatch.setenv("M3_WORKSPACE", str(tmp_path))
    app = open_page("classifier", survey="other", run="done")
    app.main.button(key="open_training_form").click()
    checked(app.run())
    start = next(box for box in app.selectbox if box.label == "Start from")
    assert start.value == "done"
    assert start.options == ["scratch, no pre-training", "done, of another survey"]
    assert "was pre-trained on another split of sources of other" in said(settled(app))


def test_the_map_of_selected_sources_is_that_of_a_run_with_one(tmp_path, monkeypatch):
    monkeypatch.setenv("M3_WORKSPACE", str(tmp_path))
    survey = make_survey(tmp_path / "surveys" / "small", n=120)
    make_run(tmp_path / "runs" / "mapped", survey)
    make_classifier(tmp_path / "runs" / "tells", survey)
    app = section("Scores")
    app.session_state["selection"] = ("s000",)
    links = checked(app.run()).get("page_link")
    on_map = next(link for link in links if link.proto.label == "On the map")
    assert "run=mapped" in on_map.proto.query_string
    links = open_page("manifold", survey="small", run="tells").get("page_link")
    assert "Open the map of mapped" in [link.proto.label for link in links]


def test_without_a_checkpoint_it_says_to_wait(tmp_path, monkeypatch):
    monkeypatch.setenv("M3_WORKSPACE", str(tmp_path))
    survey = make_survey(tmp_path / "surveys" / "small")
    run = make_classifier(tmp_path / "runs" / "tells", survey)
    (run.checkpoint / "model.safetensors").unlink()
    assert "no checkpoint yet" in said(open_page("classifier"))
