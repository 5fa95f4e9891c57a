"""Predictions by command: every source, any mixture of modalities, the same bytes; and what is refused."""

import numpy as np
import pandas as pd
import pytest

from m3core.classifier.logits import Predictions
from m3core.workspace.run import Run
from tests.conftest import make_survey
from tests.train.conftest import SMALL
from tests.train.rewritten import rewritten
from tests.train.test_runs import command


def test_every_source_the_same_bytes_twice(stars, tuned, tmp_path):
    outs = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for out in outs:
        done = command("predict", "--run", tuned[0], "--survey", stars.path, "--out", out)
        assert done.returncode == 0, done.stderr
    assert outs[0].read_bytes() == outs[1].read_bytes()
    table = pd.read_csv(outs[0], dtype={"source_id": str})
    assert list(table.columns) == ["source_id", "predicted", "p_RRAB", "p_SR"]
    assert list(table["source_id"]) == list(stars.source_ids)
    assert table[["p_RRAB", "p_SR"]].sum(axis=1).to_numpy() == pytest.approx(1, abs=2e-6)
    n_partly = sum(not all(stars.present(name)[row] for name in stars.modalities) for row in range(len(stars)))
    assert f"{n_partly} of 150 predictions rest on some of g, r, metadata alone" in done.stdout
    assert "calibrated: temperature" in done.stdout
    Predictions.open(Run(tuned[0]), stars)
    (tuned[0] / "predictions" / stars.hash[:16] / "predictions.json").unlink()
    assert command("predict", "--run", tuned[0], "--survey", stars.path, "--out", outs[1]).returncode == 0
    assert outs[0].read_bytes() == outs[1].read_bytes()


def test_a_survey_without_labels_with_one_band_and_stars_without_any(stars, tuned, tmp_path):
    other = rewritten(
        stars, tmp_path / "other",
        sources=lambda sources: sources.assign(label=None), modalities=[stars.modalities["g"]],
    )  # fmt: skip
    out = tmp_path / "p.csv"
    done = command(
        "predict", "--run", tuned[0], "--survey", other.path, "--out", out, "--prior-shift", "--show-modalities"
    )
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(out, keep_default_na=False)
    absent = ~stars.present("g")
    assert (table.loc[absent, ["predicted", "p_RRAB", "modalities"]] == "").all(axis=None)
    assert set(table.loc[~absent, "modalities"]) == {"g"}
    assert f"{absent.sum()} sources have none of the modalities" in done.stdout
    assert "class shares by EM (in brackets what was assumed): RRAB" in done.stdout


def test_unknown_and_withheld(stars, tuned, tmp_path):
    out = tmp_path / "p.csv"
    arguments = ["predict", "--run", tuned[0], "--survey", stars.path, "--out", out]
    done = command(*arguments, "--modalities", "metadata", "--unknown-below", "1", "--show-modalities")
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(out)
    assert set(table["modalities"]) == {"metadata"}
    sure = table[["p_RRAB", "p_SR"]].max(axis=1) > 0.999999
    assert (table.loc[~sure, "predicted"] == "unknown").all()
    assert "on the validation split, with every modality shown, " in done.stdout
    assert "accuracy of the rest" in done.stdout


def test_every_subset_is_answered(stars, tuned, tmp_path):
    out = tmp_path / "subsets.csv"
    done = command("subsets", "--run", tuned[0], "--survey", stars.path, "--out", out)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(out)
    assert list(table["modalities"]) == ["g+r+metadata", "g+r", "g+metadata", "r+metadata", "g", "r", "metadata"]
    assert np.isfinite(table.drop(columns="modalities").to_numpy()).all()
    n_test = len(stars.rows("test"))
    assert (table["n"] + table["n_without"] == n_test).all()
    assert table["n"][4] == stars.present("g")[stars.rows("test")].sum()
    assert "labelled sources of the test split" in done.stdout


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        (["--modalities", "u"], "does not read 'u'; it reads g, r, metadata"),
        (["--unknown-below", "1.5"], "a probability is above 0 and at most 1"),
        (["--survey", "nowhere"], "nowhere is not a survey"),
        (["--out", f"{__file__}/p.csv"], "test_predict.py is a file, no folder: choose another place for p.csv"),
    ],
)
def test_bad_predictions_are_a_sentence_and_no_file(stars, tuned, tmp_path, extra, says):
    done = command("predict", "--run", tuned[0], "--survey", stars.path, "--out", tmp_path / "p.csv", *extra)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert says in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_run_that_is_no_classifier_and_a_survey_that_does_not_fit(stars, pretrained, tuned, tmp_path):
    done = command("predict", "--run", pretrained, "--survey", stars.path, "--out", tmp_path / "p.csv")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "is no classifier: make one of it" in done.stderr
    for number, (what, value) in enumerate({"columns": ("colour",), "units": {"time": "h"}}.items()):
        spec = stars.modalities["metadata" if what == "columns" else "g"].model_copy(update={what: value})
        other = rewritten(stars, tmp_path / f"other{number}", modalities=[spec])
        for arguments in (
            ["predict", "--run", tuned[0], "--out", tmp_path / "p.csv"],
            ["finetune", "--from", pretrained, "--out", tmp_path / "r"],
        ):
            done = command(*arguments, "--survey", other.path)
            assert (done.returncode, done.stderr.count("\n")) == (2, 1)
            assert f"has {what}" in done.stderr
    assert not (tmp_path / "p.csv").exists()
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    ("label", "arguments", "says"),
    [
        (None, [], "has a label and g or r or metadata: a classifier needs labels"),
        ("SR", [], "every labelled source of the training split is 'SR'"),
        ("each", ["--labels", "0.1"], "fewer than the 12 classes: ask for a larger share, 0.14 or more"),
        ("kept", ["--labels", "0"], "labels = 0"),
        ("kept", ["--labels", "1.5"], "labels = 1.5"),
        ("kept", ["--modality", "u"], "has no modality 'u'; it has g, r, metadata"),
        ("kept", ["--from", "nowhere"], "nowhere is not a run"),
        ("kept", ["--from", "tuned"], "is a classifier itself"),
        ("kept", ["--from", "empty"], "has no checkpoint yet"),
        ("kept", ["--set", "photons=1"], "unknown setting 'photons'"),
    ],
)
def test_bad_fine_tuning_is_a_sentence_and_no_folder(stars, tuned, tmp_path, label, arguments, says):
    labels = {None: None, "SR": "SR", "each": [f"c{i // 5 % 12}" for i in range(len(stars))]}
    if label in labels:
        stars = rewritten(stars, tmp_path / "survey", sources=lambda sources: sources.assign(label=labels[label]))
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "status.json").write_text('{"state": "stopped"}')
    places = {"tuned": tuned[0], "empty": tmp_path / "empty"}
    arguments = [places.get(word, word) for word in arguments]
    start = [] if "--from" in arguments else ["--from", "scratch"]
    out = tmp_path / "run"
    done = command("finetune", "--survey", stars.path, "--out", out, *start, *SMALL, *arguments)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert says in done.stderr
    assert not out.exists()


def test_a_classifier_of_one_modality_needs_that_one(tmp_path):
    survey = make_survey(tmp_path / "stars", n=60)
    run = tmp_path / "run"
    start = ["finetune", "--survey", survey.path, "--from", "scratch", "--modality", "metadata", "--out", run, *SMALL]
    assert command(*start).returncode == 0
    bands = rewritten(survey, tmp_path / "bands", modalities=[survey.modalities["g"]])
    done = command("predict", "--run", run, "--survey", bands.path, "--out", tmp_path / "p.csv")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "no modality in common" in done.stderr
