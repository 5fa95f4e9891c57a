"""Predictions by command: six modalities of which any may be missing, calibrated, the same bytes twice."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from m3core.classifier import prediction_table as prediction_table_module
from m3core.classifier.evaluation import calibration_of, evaluate, subset_table
from m3core.classifier.logits import Predictions, predict_survey, standard_subsets
from m3core.classifier.prediction_table import prediction_table
from m3core.classifier.scores import confusion
from m3core.errors import CheckpointError, ConfigError, RunError, SurveyError
from m3core.workspace.run import Run
from tests.conftest import make_survey
from tests.train.rewritten import rewritten
from tests.train.test_runs import command
from training.__main__ import app
from training.finetune import configure

BANDS = ("u", "g", "r", "i", "z")


def said(*arguments, status=0):
    """What a command that starts no training prints; of one that fails, its one line."""
    done = CliRunner().invoke(app, list(map(str, arguments)))
    assert done.exit_code == status, done.output
    if status:
        assert done.stderr.count("\n") == 1
    return done.stderr if status else done.stdout


def files(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    return make_survey(tmp_path_factory.mktemp("surveys") / "stars", n=130, bands=BANDS)


@pytest.fixture(scope="module")
def pretrained(survey, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "clip"
    given = [f"--set={one}" for one in ("epochs=1", "embedding_dim=8", "maps=false", "lists=false", "batch_size=64")]
    done = command("pretrain", "--survey", survey.path, "--out", out, *given)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def run(survey, pretrained, tmp_path_factory):
    """Six modalities, from the pre-trained run; the sources are told by their period, so a few epochs do."""
    out = tmp_path_factory.mktemp("runs") / "tuned"
    given = [f"--set={one}" for one in ("epochs=6", "batch_size=16", "encoder_rate=1", "modality_dropout=0.5")]
    done = command("finetune", "--survey", survey.path, "--from", pretrained, "--out", out, *given)
    assert done.returncode == 0, done.stderr
    return Run.open(out)


def test_every_source_of_every_split_has_a_row(survey, run, tmp_path):
    printed = said("predict", "--run", run.path, "--survey", survey.path, "--out", tmp_path / "a.csv")
    assert "calibrated: temperature" in printed
    table = pd.read_csv(tmp_path / "a.csv", dtype={"source_id": str}, keep_default_na=False)
    assert list(table.columns) == ["source_id", "predicted", "p_RRAB", "p_SR"]
    assert table["source_id"].tolist() == survey.source_ids.tolist()
    assert table[["p_RRAB", "p_SR"]].sum(axis=1).to_numpy() == pytest.approx(1, abs=2e-6)
    assert (table["predicted"] == np.where(table["p_RRAB"] > 0.5, "RRAB", "SR")).all()
    said("predict", "--run", run.path, "--survey", survey.path, "--out", tmp_path / "b.csv", "--show-modalities")
    shown = pd.read_csv(tmp_path / "b.csv", dtype={"source_id": str}, keep_default_na=False)
    assert shown["modalities"][0] == "g+r+i+z+metadata"  # the first source lacks the first band
    assert shown.drop(columns="modalities").equals(table)
    rows = survey.rows("test")
    assert (table["predicted"][rows].to_numpy() == survey.sources["label"].to_numpy()[rows]).mean() > 0.85


def test_the_same_bytes_again_and_afresh(survey, run, tmp_path):
    arguments = ["predict", "--run", run.path, "--survey", survey.path, "--out"]
    said(*arguments, tmp_path / "a.csv")
    for folder in (run.path / "predictions").iterdir():
        (folder / "predictions.json").unlink()
    assert command(*arguments, tmp_path / "b.csv").returncode == 0
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_without_labels_and_with_modalities_missing(survey, run, tmp_path):
    """A survey with one band and the catalogue, no label; one source has neither."""

    def change(table):
        table.loc[2, ["period", "colour"]] = np.nan
        return table.assign(label=None)

    assert survey.observation("r", 2) is None
    poor = rewritten(
        survey, tmp_path / "poor", sources=change, modalities=[survey.modalities[name] for name in ("r", "metadata")]
    )
    given = ["--survey", poor.path, "--out", tmp_path / "a.csv", "--show-modalities"]
    printed = said("predict", "--run", run.path, *given)
    assert "1 sources have none of the modalities" in printed
    table = pd.read_csv(tmp_path / "a.csv", keep_default_na=False)
    assert table.loc[2, ["predicted", "p_RRAB", "p_SR", "modalities"]].tolist() == ["", "", "", ""]
    assert set(table["modalities"]) == {"", "r+metadata", "metadata"}
    by_these = prediction_table(run, survey, names=["r", "metadata"])[0]
    others = np.arange(len(survey)) != 2
    assert table["p_SR"][others].astype(float).to_numpy() == pytest.approx(by_these["p_SR"][others], abs=2e-6)
    assert "no labelled source" in said("subsets", "--run", run.path, "--survey", poor.path, status=2)


def test_withheld_modalities_change_the_answer(survey, run, tmp_path):
    given = ["--run", run.path, "--survey", survey.path, "--out", tmp_path / "a.csv", "--show-modalities"]
    given.append("--modalities")
    said("predict", *given, "r, g")
    table = pd.read_csv(tmp_path / "a.csv", keep_default_na=False)
    assert set(table["modalities"]) == {"g+r", "g", "r"}
    whole = prediction_table(run, survey)[0]
    assert np.abs(whole["p_SR"] - table["p_SR"]).max() > 0.01
    assert "does not read 'x'; it reads u, g," in said("predict", *given, "g,x", status=2)


def test_unknown_under_a_threshold_and_what_it_costs(survey, run):
    found = calibration_of(run, ("RRAB", "SR"))
    threshold = float(np.quantile(found.confidence, 0.4))
    table, sentences = prediction_table(run, survey, unknown_below=threshold)
    low = table[["p_RRAB", "p_SR"]].max(axis=1) < threshold
    assert 0 < low.sum() < len(table)
    assert (table["predicted"] == "unknown").tolist() == low.tolist()
    n = sum(confidence >= threshold for confidence in found.confidence)
    right = sum(r for c, r in zip(found.confidence, found.right, strict=True) if c >= threshold)
    assert f"accuracy of the rest {right / n:.1%}" in " ".join(sentences)
    with pytest.raises(ConfigError, match="at most 1"):
        prediction_table(run, survey, unknown_below=1.5)


def test_prior_shift_follows_the_surveys_shares(survey, run):
    table, sentences = prediction_table(run, survey, prior_shift=True)
    plain = prediction_table(run, survey)[0]
    assert any("class shares by EM" in sentence for sentence in sentences)
    assert table["p_SR"].mean() != plain["p_SR"].mean()
    assert table[["p_RRAB", "p_SR"]].sum(axis=1).to_numpy() == pytest.approx(1)


def test_a_rare_class_that_the_shift_takes_away_is_doubted_in_numbers(survey, run, monkeypatch):
    """Two calibration sources in a hundred are no measure: EM from probabilities that never favour them says none."""
    fitted = replace(calibration_of(run, ("RRAB", "SR")), shares=(0.98, 0.02), n=100)
    logits = np.tile([4.0, -4.0], (len(survey), 1)).astype(np.float32)
    monkeypatch.setattr(prediction_table_module, "calibration_of", lambda *_: fitted)
    monkeypatch.setattr(
        prediction_table_module, "survey_logits", lambda *_: (("RRAB", "SR"), tuple(survey.modalities), logits)
    )
    _, sentences = prediction_table(run, survey, prior_shift=True)
    doubt = next(sentence for sentence in sentences if sentence.startswith("doubtful"))
    assert "SR (2.0% to 0.0%, about 2 sources) changed more than 3 times" in doubt
    fitted = replace(fitted, n=5000)  # a hundred of them
    _, sentences = prediction_table(run, survey, prior_shift=True)
    assert not any(sentence.startswith("doubtful") for sentence in sentences)


def test_calibration_is_of_the_validation_split(survey, run):
    content = json.loads((run.path / "calibration.json").read_text())
    labelled = survey.labels[survey.rows("validation")] >= 0
    assert content["n"] == labelled.sum() == len(content["right"])
    assert {"ece", "log_loss", "confidence", "accuracy", "n"} <= content["figures"]["before"].keys()


def test_every_mixture_has_its_score(survey, run, tmp_path):
    printed = said("subsets", "--run", run.path, "--survey", survey.path, "--out", tmp_path / "a.csv")
    table = pd.read_csv(tmp_path / "a.csv")
    assert len(table) == 2**6 - 1
    assert table["modalities"][0] == "u+g+r+i+z+metadata"
    assert "labelled sources of the test split" in printed
    single = table.set_index("modalities").loc["u"]
    n_with = survey.present("u")[survey.rows("test")].sum()
    assert (single["n"], single["n_without"]) == (n_with, len(survey.rows("test")) - n_with)
    assert single["accuracy_low"] < single["accuracy"] < single["accuracy_high"] or single["accuracy"] == 1
    found = evaluate(run, survey, ["u"])
    right = np.diag(confusion(found.truth, found.guess, 2)).sum()
    assert subset_table(run, survey).set_index("modalities").loc["u", "accuracy"] == right / n_with


def test_more_than_six_modalities_are_not_all_mixed():
    assert len(standard_subsets("abcdef")) == 63
    assert [len(subset) for subset in standard_subsets("abcdefgh")] == [8] + [7] * 8 + [1] * 8


def test_predictions_of_an_older_checkpoint_are_not_read(survey, run, tmp_path):
    predict_survey(run, survey)
    place = next((run.path / "predictions").glob("*/predictions.json"))
    content = place.read_text()
    place.write_text(json.dumps({**json.loads(content), "weights": "other"}))
    with pytest.raises(RunError, match="older checkpoint"):
        Predictions.open(run, survey)
    place.write_text(content)


def spec_with(survey, name, **changes):
    """The survey's modalities, one of them changed."""
    return [spec.model_copy(update=changes) if spec.name == name else spec for spec in survey.modalities.values()]


def test_bad_input_to_predict_is_one_sentence_and_nothing_is_written(survey, run, pretrained, tmp_path):
    before = files(run.path)
    out = tmp_path / "a.csv"

    def refused(survey_path, *more, of=run.path):
        return said("predict", "--run", of, "--survey", survey_path, "--out", out, *more, status=2)

    other = rewritten(survey, tmp_path / "units", modalities=spec_with(survey, "g", units={"mag": "Jy"}))
    assert "modality 'g' of survey units has units" in refused(other.path)
    other = rewritten(survey, tmp_path / "columns", modalities=spec_with(survey, "metadata", columns=("colour",)))
    assert "modality 'metadata' of survey columns has columns without period: import" in refused(other.path)
    other = rewritten(
        survey, tmp_path / "order", modalities=spec_with(survey, "metadata", columns=("colour", "period"))
    )
    order = "has columns in another order, 'colour' at place 1 where the model read 'period'"
    assert order in refused(other.path)
    renamed = survey.modalities["metadata"].model_copy(update={"name": "table"})
    alone = rewritten(survey, tmp_path / "none", modalities=[renamed])
    assert "no modality in common" in refused(alone.path)
    assert "is no classifier: make one of it" in refused(survey.path, of=pretrained)
    assert "above 0 and at most 1" in refused(survey.path, "--unknown-below", "0")
    assert "is not a survey" in refused(tmp_path)
    refused(survey.path, of=tmp_path)
    assert not out.exists()
    assert "is a folder" in said("predict", "--run", run.path, "--survey", survey.path, "--out", tmp_path, status=2)
    assert files(run.path) == before


@pytest.mark.parametrize(
    ("labels", "changes", "fault", "sentence"),
    [
        (lambda table: None, {}, SurveyError, "a classifier needs labels; import the survey with its label column"),
        (lambda table: "SR", {}, SurveyError, "is 'SR': a classifier needs two classes or more"),
        (lambda table: table["label"], {"labels": 0.01}, ConfigError, "fewer than the 2 classes"),
        (lambda table: table["label"], {"modality": "x"}, ConfigError, "has no modality 'x'; it has u, g, r"),
        (lambda table: table["label"], {"labels": 0.0}, ConfigError, "labels = 0.0"),
        (lambda table: table["label"], {"labels": 1.5}, ConfigError, "labels = 1.5"),
        (lambda table: table["label"], {"epoch": 3}, ConfigError, "unknown setting 'epoch'"),
    ],
)
def test_what_no_classifier_is_made_of(survey, pretrained, tmp_path, labels, changes, fault, sentence):
    other = rewritten(survey, tmp_path / "other", sources=lambda table: table.assign(label=labels(table)))
    for origin in (None, Run.open(pretrained)):
        with pytest.raises(fault) as caught:
            configure(other, "fast", changes, origin)
        assert sentence in str(caught.value)


def test_a_start_that_does_not_fit(survey, run, pretrained, tmp_path):
    other = rewritten(survey, tmp_path / "units", modalities=spec_with(survey, "g", units={"mag": "Jy"}))
    with pytest.raises(CheckpointError, match="import it with the same columns and units"):
        configure(other, "fast", {}, Run.open(pretrained))
    with pytest.raises(ConfigError, match="embedding_dim comes from the pre-trained run"):
        configure(survey, "fast", {"embedding_dim": 99}, Run.open(pretrained))
    out = tmp_path / "run"
    for origin, sentence in ((run.path, "is a classifier itself"), (tmp_path, "is not a run")):
        done = command("finetune", "--survey", survey.path, "--from", origin, "--out", out)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
        assert sentence in done.stderr
        assert not out.exists()
