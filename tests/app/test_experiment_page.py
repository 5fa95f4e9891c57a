"""The page Experiment: none yet, one at work, one finished; methods and runs compared."""

import json
import os
import socket
from dataclasses import asdict

import numpy as np
import psutil
import pytest

from m3core.classifier.prediction_table import csv_text
from m3core.experiment.folder import Experiment, Outcome
from m3core.experiment.table import score_table
from m3core.files import write_json
from m3core.workspace.run import State, Status
from tests.app.conftest import checked, make_run, open_page, said, settled
from tests.app.test_classifier_page import make_classifier
from tests.conftest import make_survey
from training.experiment.output import write_tables
from training.experiment.plan import Options, asked, seed_split


def make_experiment(path, survey, *, state=State.FINISHED, n_cells=None, **changes) -> Experiment:
    """An experiment whose methods guess right more often the further down their list they stand."""
    options = Options(seeds=2, labels=(1.0, 0.5), modalities=("metadata", "all"))
    path.mkdir(parents=True)
    write_json(path / "experiment.json", asked(survey, options) | changes)
    experiment = Experiment.open(path)
    for number, cell in enumerate(experiment.plan.cells[:n_cells]):
        rng = np.random.default_rng(number)
        rows = np.flatnonzero(seed_split(survey, cell.seed) == "test")
        truth = [survey.classes[index] for index in survey.labels[rows]]
        guess = [name if rng.random() < 0.8 else survey.classes[0] for name in truth]
        ids = tuple(map(str, survey.source_ids[rows]))
        write_json(path / f"{cell.name}.json", Outcome(cell, ids, tuple(truth), tuple(guess), 40, False).content())
    process = psutil.Process()
    status = Status(
        state=state, message="seed 42: all, from CLIP", step=20, steps=59, progress=20 / 59, seconds_left=600.0,
        pid=os.getpid(), started=process.create_time(), host=socket.gethostname(),
    )  # fmt: skip
    write_json(path / "status.json", asdict(status))
    if state is State.FINISHED:
        write_tables(experiment)
    return experiment


@pytest.fixture(scope="module")
def stocked(tmp_path_factory):
    """A survey, an experiment on it, a pre-trained run and two classifiers; read only."""
    root = tmp_path_factory.mktemp("experiments")
    survey = make_survey(root / "surveys" / "small", n=150)
    make_experiment(root / "experiments" / "first", survey)
    make_run(root / "runs" / "done", survey)
    make_classifier(root / "runs" / "tells", survey)
    return root, survey


@pytest.fixture
def workspace(stocked, monkeypatch):
    monkeypatch.setenv("M3_WORKSPACE", str(stocked[0]))
    return stocked


def section(name):
    app = open_page("experiment", survey="small")
    return settled(app.segmented_control(key="experiment_section").set_value(name).run())


def test_the_table_is_that_of_the_folder_and_every_column_is_explained(workspace):
    root, _ = workspace
    app = section("Table")
    assert not app.error
    shown = app.dataframe[0].value
    whole = score_table(Experiment.open(root / "experiments" / "first"))
    assert shown["accuracy_mean"].tolist() == pytest.approx((100 * whole["accuracy_mean"]).tolist())
    assert shown["accuracy_gain_p"].dropna().tolist() == whole["accuracy_gain_p"].dropna().tolist()
    assert csv_text(whole) == (root / "experiments" / "first" / "table.csv").read_text()
    config = json.loads(app.dataframe[0].proto.columns)
    assert all(config[name]["help"] for name in shown.columns)
    text = said(app)
    for word in ("right guesses / all test stars", "higher is better", "paired two-sided t-test", "lower is steadier"):
        assert word in text
    figure = json.loads(app.get("plotly_chart")[0].proto.spec)
    assert {trace["name"] for trace in figure["data"]} == set(whole["method"])
    app.segmented_control(key="experiment_metric").set_value("balanced_accuracy").run()
    assert "balanced_accuracy_gain_p" in checked(app).dataframe[0].value
    app.selectbox(key="experiment_modality").set_value("all").run()
    assert set(app.dataframe[0].value["modality"]) == {"all"}


def test_two_methods_are_compared_on_the_same_stars(workspace):
    app = section("Compare methods")
    assert app.selectbox(key="experiment_methods_first").value == "all, 50 % of the labels, fine-tuned from CLIP"
    table = app.dataframe[0].value
    assert table["difference"].tolist() == pytest.approx((table["first"] - table["second"]).tolist())
    assert (table["low"] <= table["difference"]).all()
    assert "28 test stars of 2 seeds" in said(app)
    app.selectbox(key="experiment_methods_second").set_value("all, 50 % of the labels, fine-tuned from CLIP").run()
    same = checked(app).dataframe[0].value
    assert same["difference"].tolist() == [0.0, 0.0, 0.0]


def test_any_two_runs_are_compared(workspace):
    app = section("Compare runs")
    assert not app.error
    assert len(app.dataframe[0].value) == 3
    text = said(app)
    assert "30 labelled stars of the test split of small" in text
    assert "nearest training star" in text
    assert "its classes" in text
    differing = next(table.value for table in app.dataframe if "setting" in table.value)
    assert "embedding_dim" in set(differing["setting"])


def test_files_can_be_taken(workspace):
    app = section("Files")
    labels = [button.proto.label for button in app.get("download_button")]
    assert labels == ["Table, CSV", "Every cell, CSV", "Table, LaTeX"]
    assert "no method is given a label of a test star" in said(app)


def test_none_yet_shows_the_way(full):
    app = open_page("experiment")
    assert not app.error
    assert "No experiment has been made yet" in said(app)
    assert "python -m training experiment --survey" in app.code[0].value
    assert app.button(key="experiment_start").label == "Start the experiment"
    assert "165 trainings" in said(app)


def test_one_at_work_shows_its_progress_and_what_is_done(tmp_path, monkeypatch):
    monkeypatch.setenv("M3_WORKSPACE", str(tmp_path))
    survey = make_survey(tmp_path / "surveys" / "small", n=150)
    make_experiment(tmp_path / "experiments" / "going", survey, state=State.TRAINING, n_cells=9)
    app = open_page("experiment", survey="small")
    assert "20 of 59 steps done" in app.main.get("progress")[0].proto.text.replace("\\", "")
    assert "about 10 min left" in app.main.get("progress")[0].proto.text.replace("\\", "")
    assert app.button(key="experiment_stop").label == "Stop"
    assert len(app.dataframe[0].value) == 9  # one seed of each
    (tmp_path / "experiments" / "going" / "status.json").unlink()
    app = open_page("experiment", survey="small")
    assert "has not begun" in said(app)
    assert app.button(key="experiment_go_on").label == "Go on"


def test_the_published_scores_stand_beside(tmp_path, monkeypatch):
    monkeypatch.setenv("M3_WORKSPACE", str(tmp_path))
    survey = make_survey(tmp_path / "surveys" / "small", n=150)
    experiment = make_experiment(tmp_path / "experiments" / "theirs", survey, is_published=True)
    app = open_page("experiment", survey="small")
    found = app.dataframe[0].value
    row = found[(found["modality"] == "all") & (found["labels"] == 100) & (found["method"] == "fine-tuned from CLIP")]
    assert row["published"].item() == pytest.approx(93.5)
    tex = (experiment.path / "table.tex").read_text()
    assert "AJ 2025" in tex
    assert r"$93.50 \pm 0.74$" in tex


def test_an_experiment_is_no_run(workspace):
    from m3core.workspace.folder import Workspace

    root, _ = workspace
    assert set(Workspace(root).run_folders()) == {"done", "tells"}
    assert set(Workspace(root / "experiments").run_folders()) == set()
    assert set(Workspace(root / "experiments").experiment_folders()) == {"first"}
