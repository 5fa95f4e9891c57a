"""Wrong labels: planted ones come first, no model sees the label it judges, small and odd surveys, the command."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from m3core.embeddings.kept import Embeddings
from m3core.label_issues.readouts import Folds, centre_votes, neighbour_votes, out_of_sample
from m3core.label_issues.score import FEWEST, find_label_issues, label_score
from m3core.label_issues.table import CONTRACT, kept_suspects, suspects
from tests.app.conftest import make_run
from tests.conftest import ROOT, make_survey

D = 12


def clouds(rng, labels, names=("g", "r"), spread=0.15):
    """Embeddings around a centre a class, in each modality; every ninth source lacks one."""
    centres = np.eye(D)[: labels.max() + 1]
    found = {}
    for number, name in enumerate(names):
        vectors = np.roll(centres, number, axis=1)[labels] + spread * rng.standard_normal((len(labels), D))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors[number::9] = np.nan
        found[name] = vectors.astype(np.float32)
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """300 sources of two classes with embeddings, 12 labels exchanged in the survey: rows of these."""
    survey = make_survey(tmp_path_factory.mktemp("made") / "survey", n=300, missing=False)
    rng = np.random.default_rng(3)
    truth = survey.labels.copy()
    wrong = rng.choice(300, 12, replace=False)
    labels = truth.copy()
    labels[wrong] = 1 - labels[wrong]
    survey.__dict__["labels"] = labels
    return survey, Embeddings(survey.source_ids, clouds(rng, truth), "made"), wrong


@pytest.mark.parametrize("columns", [[], ["period", "colour"]])
def test_planted_labels_come_first(made, columns):
    survey, embeddings, wrong = made
    found = find_label_issues(embeddings, survey, survey.sources[columns])
    table = found.table
    assert list(table["rank"]) == list(range(1, 301))
    assert set(table["source_id"]) == set(survey.source_ids)
    assert set(table["source_id"][:12]) == set(survey.source_ids[wrong])
    assert table["score"].is_monotonic_decreasing
    assert table["score"].between(0, 1).all()
    assert table["is_issue"][:12].mean() > 0.7
    assert not table["is_issue"][12:].any()
    first = table.iloc[0]
    assert {first["label"], first["suggested"]} == set(survey.classes)
    assert first["margin"] == pytest.approx(first["p_suggested"] - first["p_label"])
    assert table["against"][:12].max() == 2
    lacks_g = ~np.isfinite(embeddings.embeddings["g"]).all(axis=1)
    place = table.set_index("source_id").loc[survey.source_ids[lacks_g]]
    assert (place["neighbours_g"] == "").all()
    assert place["distance_g"].isna().all()
    assert (place["of"] <= 1).all()
    assert table.equals(find_label_issues(embeddings, survey, survey.sources[columns]).table)


def test_no_model_sees_the_label_it_judges():
    """With labels that mean nothing, a model that had seen them would believe them."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 400)
    inputs = rng.standard_normal((400, 8))
    twice = np.concatenate([inputs, inputs]), np.concatenate([labels, labels])
    groups = np.tile(np.arange(400), 2)
    folds = Folds.drawn(twice[1], groups, 0)
    assert (folds.number[:400] == folds.number[400:]).all(), "the same star twice is left out together"
    found = out_of_sample(twice[0], twice[0], twice[1], 2, folds, lambda done: None)
    assert len(found) == 4
    for name, probabilities in found.items():
        own = probabilities[np.arange(800), twice[1]]
        assert probabilities.sum(axis=1) == pytest.approx(1.0)
        assert own.mean() < 0.55, name
    vectors = inputs.astype(np.float32) / np.linalg.norm(inputs, axis=1, keepdims=True).astype(np.float32)
    doubled = np.concatenate([vectors, vectors])
    assert (neighbour_votes(doubled, twice[1], groups, 2) == twice[1]).mean() < 0.58
    assert (centre_votes(vectors, labels, 2)[0] == labels).mean() < 0.58


def test_the_score():
    probabilities = np.array([[0.9, 0.1], [0.5, 0.5], [0.7, 0.3], [0.0, 1.0], [0.2, 0.8]])
    labels = np.array([0, 0, 0, 1, 1])
    usual = np.array([0.7, 0.7, 0.7, 0.9, 0.9])
    own = np.array([0.9, 0.5, 0.7, 1.0, 0.8])
    assert label_score(probabilities, labels) == pytest.approx(usual / (usual + own))


def test_small_classes_one_class_and_nothing_to_see(made, tmp_path):
    survey = make_survey(tmp_path / "survey", n=40)
    few = survey.labels.copy()
    few[few == 0] = np.where(np.arange((few == 0).sum()) < FEWEST - 1, 0, -1)
    survey.__dict__["labels"] = few
    embeddings = Embeddings(survey.source_ids, clouds(np.random.default_rng(1), np.maximum(few, 0)), "made")
    found = find_label_issues(embeddings, survey, survey.sources[[]])
    assert len(found.table) == (few >= 0).sum()
    assert found.table["score"].isna().all()
    assert "two are needed" in found.sentences[-1]
    assert any("have no label" in one for one in found.sentences)
    equal = Embeddings(survey.source_ids, {"g": np.ones((40, 4), np.float32) / 2}, "equal")
    survey.__dict__["labels"] = np.arange(40) % 2
    found = find_label_issues(equal, survey, survey.sources[[]])
    assert "no source has a score" in found.sentences[-1]
    assert len(found.table) == 40


def run(*words):
    return subprocess.run(
        [sys.executable, "-m", "m3core", *map(str, words)], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_command_and_what_it_keeps(tmp_path):
    survey = make_survey(tmp_path / "survey")
    made = make_run(tmp_path / "run", survey)
    given = ["label-issues", "--run", made.path, "--survey", survey.path, "--out"]
    done = run(*given, tmp_path / "a.csv")
    assert done.returncode == 0, done.stderr
    assert "60 sources" in done.stdout
    assert "score = t / (t + p)" in done.stdout
    table = pd.read_csv(tmp_path / "a.csv", keep_default_na=False)
    assert tuple(table.columns[:6]) == CONTRACT
    assert set(table["source_id"]) == set(survey.source_ids)
    embeddings = Embeddings.open(made, survey)
    kept = kept_suspects(made, survey, embeddings)
    assert kept.is_current
    assert list(kept.table["source_id"]) == list(table["source_id"])
    run(*given, tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    other = Embeddings(embeddings.source_ids, embeddings.embeddings, "of another checkpoint")
    assert not kept_suspects(made, survey, other).is_current
    (made.path / "label-issues" / survey.hash[:16] / "about.json").write_text("{")
    assert kept_suspects(made, survey, embeddings) is None
    again = suspects(made, survey, embeddings).table
    pd.testing.assert_frame_equal(again, kept.table)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"--run": "nowhere"}, "nowhere is not a run"),
        ({"--survey": "nowhere"}, "nowhere"),
        ({"--out": "."}, "is a folder: name a file"),
    ],
)
def test_bad_input_is_one_line(tmp_path, change, sentence):
    survey = make_survey(tmp_path / "survey", n=20)
    place = make_run(tmp_path / "run", survey).path
    given = {"--run": place, "--survey": survey.path, "--out": tmp_path / "out.csv"} | change
    done = run("label-issues", *(word for pair in given.items() for word in pair))
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out.csv").exists()
