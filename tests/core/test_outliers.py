"""Outliers: what is planted is found, what cannot be told is said, and the command keeps its contract."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from m3core.embeddings.kept import Embeddings
from m3core.errors import SurveyError
from m3core.outliers.cross_residuals import Ranked, cross_residuals, normal_deviates
from m3core.outliers.detectors import centre_distance, cosine_disagreement, isolation_forest, neighbour_distance
from m3core.outliers.learning import learned_score
from m3core.outliers.reasons import Reason, carried, others_of, reasons
from m3core.outliers.score import find_outliers, outlier_table
from m3core.outliers.store import have_outliers, is_current, outliers_folder
from tests.app.conftest import make_run
from tests.conftest import ROOT, light_curve, make_survey


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_residual_finds_what_is_ordinary_alone_and_odd_together():
    rng = np.random.default_rng(1)
    inputs = rng.standard_normal((500, 4))
    targets = np.stack([inputs[:, 0] ** 2 + inputs[:, 1], inputs[:, 2]], axis=1) + 0.1 * rng.standard_normal((500, 2))
    targets[:5] = targets[5:10]  # rows that belong to other sources: each value is an ordinary one
    found = cross_residuals(normal_deviates(targets), normal_deviates(inputs))
    surprise = found.surprise()
    assert set(np.argsort(-surprise)[:4]) <= set(range(5))
    assert np.isclose(found.shares(0).sum(), surprise[0])
    assert found.unexplained.max() < 0.5, "the others tell most of it"


def test_residual_is_of_a_fit_without_the_source():
    rng = np.random.default_rng(2)
    inputs, targets = rng.standard_normal((60, 30)), rng.standard_normal((60, 1))
    found = cross_residuals(targets, inputs)
    assert found.unexplained[0] > 0.6, "noise cannot be predicted, however many inputs there are"


def test_residuals_know_what_is_missing():
    rng = np.random.default_rng(3)
    inputs = rng.standard_normal((200, 3))
    targets = inputs[:, :2] + 0.1 * rng.standard_normal((200, 2))
    inputs[:10], targets[10:20], targets[20:30, 1] = np.nan, np.nan, np.nan
    found = cross_residuals(targets, inputs)
    assert np.isnan(found.surprise()[:20]).all()
    assert np.isfinite(found.surprise()[20:]).all()
    assert np.isnan(found.z[20:30, 1]).all()
    assert cross_residuals(targets[:15], inputs[:15]) is None


def test_normal_deviates_keep_order_and_place_new_values():
    ranked = Ranked.of(np.array([[1.0], [2.0], [2.0], [np.nan], [5.0]]))
    assert np.isnan(ranked(np.array([[np.nan]]))).all()
    low, middle, high = ranked(np.array([[-9.0], [2.0], [99.0]]))[:, 0]
    assert low < middle < high
    assert np.isclose(middle, 0)
    assert np.isclose(low, -high)


def test_detectors_point_upwards_and_skip_what_is_absent():
    rng = np.random.default_rng(4)
    vectors = unit(np.concatenate([[[-1.0] + [0] * 7], np.ones((199, 8)) + 0.3 * rng.standard_normal((199, 8))]))
    vectors[7] = np.nan
    labels = np.zeros(200, np.int64)
    labels[9] = -1
    for scores in (
        isolation_forest(vectors),
        neighbour_distance(vectors),
        centre_distance(vectors, labels, np.arange(100)),
    ):
        assert np.nanargmax(scores) == 0
        assert np.isnan(scores[7])
    assert np.isnan(centre_distance(vectors, labels, np.arange(100))[9])


def test_isolation_forest_agrees_with_scikit_learn():
    from scipy.stats import spearmanr
    from sklearn.ensemble import IsolationForest

    rng = np.random.default_rng(5)
    vectors = rng.standard_t(3, (600, 16))
    theirs = -IsolationForest(n_estimators=300, max_samples=256, random_state=0).fit(vectors).score_samples(vectors)
    assert spearmanr(isolation_forest(vectors), theirs).statistic > 0.9


def test_cosine_disagreement_of_exchanged_embeddings():
    rng = np.random.default_rng(6)
    first = unit(rng.standard_normal((300, 32)))
    second = unit(first + 0.1 * rng.standard_normal((300, 32)))
    second[[0, 1]] = second[[1, 0]]
    found = cosine_disagreement({"a": first, "b": second})
    assert set(np.argsort(-found)[:2]) == {0, 1}
    assert found.min() >= 0
    assert found.max() <= 1
    assert np.isclose(cosine_disagreement({"a": first, "b": np.tile(first[:1], (300, 1))}).mean(), 0.5, atol=0.05)
    assert np.isnan(cosine_disagreement({"a": first})).all()


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    """A survey and a run with embeddings of it."""
    folder = tmp_path_factory.mktemp("outliers")
    survey = make_survey(folder / "survey", n=150)
    return survey, make_run(folder / "run", survey)


def test_every_source_is_listed_oddest_first(embedded):
    survey, run = embedded
    found = find_outliers(Embeddings.open(run, survey), survey)
    table = outlier_table(found)
    assert sorted(table["source_id"]) == sorted(survey.source_ids)
    assert table["score"].is_monotonic_decreasing
    assert table["rank"].tolist() == list(range(1, 151))
    assert table["percentile"].is_monotonic_decreasing
    assert np.isfinite(table[["score", "disagreement"]]).all(axis=None)
    assert {"surprise_g", "surprise_metadata", "isolation_forest_mean", "cosine_disagreement"} <= set(table.columns)
    again = outlier_table(find_outliers(Embeddings.open(run, survey), survey))
    pd.testing.assert_frame_equal(table, again)


def test_kept_by_hash(embedded):
    survey, run = embedded
    embeddings = Embeddings.open(run, survey)
    first, is_new = have_outliers(run, survey, embeddings)
    again, is_new_again = have_outliers(run, survey, embeddings)
    assert (is_new, is_new_again) == (True, False)
    pd.testing.assert_frame_equal(first.scores, again.scores)
    for name, evidence in first.evidence.items():
        assert np.array_equal(evidence.residuals.z, again.evidence[name].residuals.z, equal_nan=True)
    other = Embeddings(embeddings.source_ids, embeddings.embeddings, "of another checkpoint")
    assert not is_current(run, survey, other)


@pytest.mark.parametrize("n", [1, 2, 9])
def test_few_sources(tmp_path, n):
    survey = make_survey(tmp_path / "survey", n=n, missing=False)
    vectors = {name: np.tile(unit(np.ones((1, 8))), (n, 1)) for name in survey.modalities}
    embeddings = Embeddings(survey.source_ids, vectors, "x")
    if n == 1:
        with pytest.raises(SurveyError, match="1 source"):
            find_outliers(embeddings, survey)
        return
    found = find_outliers(embeddings, survey)
    assert np.isfinite(found.scores["score"]).all()
    assert any("cannot be predicted" in sentence for sentence in found.sentences)
    assert outlier_table(found)["rank"].tolist() == list(range(1, n + 1))


def test_flare_is_found_and_its_epochs_are_shaded(tmp_path, monkeypatch):
    drawn = []

    def with_flare(rng, period, n, amplitude=0.5):
        curve = light_curve(rng, period, n, amplitude)
        drawn.append(curve)
        if len(drawn) == 41:  # of band g, which comes first
            curve["mag"] = curve["mag"] - 3.0 * ((curve["time"] > 100) & (curve["time"] < 180))
        return curve

    monkeypatch.setattr("tests.conftest.light_curve", with_flare)
    survey = make_survey(tmp_path / "survey", n=150, missing=False)
    vectors = {name: unit(np.random.default_rng(1).standard_normal((150, 8))) for name in survey.modalities}
    found = find_outliers(Embeddings(survey.source_ids, vectors, "x"), survey)
    for column in ("surprise_g", "events_g"):
        assert np.argmax(found.scores[column]) == 40
    assert (found.scores["score"] >= found.scores["score"].iloc[40]).sum() <= 5
    (first, *_) = reasons(found, 40)
    assert first.modality == "g"
    assert others_of(found, "g") in first.sentence(others_of(found, "g"))
    shading = carried(found, survey, "g", 40)
    assert shading.parts.min() >= 0
    assert shading.parts.max() <= 1
    middle = (shading.edges[1:] + shading.edges[:-1]) / 2
    inside = (middle > 90) & (middle < 190)
    assert shading.parts[inside].mean() > 1.5 * shading.parts[~inside].mean()
    assert carried(found, survey, "metadata", 40) is None, "columns have no epochs"


@pytest.mark.parametrize(
    ("value", "expected", "said"),
    [
        (19.8, 19.4312, ("19.80", "19.43")),
        (18.0, 19.1, ("18.00", "19.10")),
        (123.0, 118.0, ("123", "118")),
        (0.3532, -8.4061, ("0.353", "-8.406")),
        (1123.4, 407.3, ("1123", "407")),
        (2e-7, 3.5e-6, ("2e-07", "3.5e-06")),
        (0.0, 0.0, ("0", "0")),
    ],
)
def test_two_numbers_of_one_quantity_are_said_with_as_many_decimals(value, expected, said):
    sentence = Reason("metadata", "magnitude_b", value, expected, 3.0, 2.0, 0.5).sentence("b and r")
    assert f"is {said[0]}, where b and r lead to expect {said[1]}:" in sentence


def test_list_learns_what_is_wanted():
    rng = np.random.default_rng(8)
    columns = {name: rng.exponential(size=400) for name in ("score", "a", "b")}
    columns["a"][:20] += 6
    columns["b"][20:40] += 6
    columns["score"] = columns["a"] + columns["b"]
    scores = pd.DataFrame(columns, index=[f"s{i}" for i in range(400)])
    assert learned_score(scores, "score", {"s0": "unsure"}) is None
    answers = {f"s{i}": "yes" for i in range(4)} | {f"s{i}": "no" for i in range(20, 24)}
    learned = learned_score(scores, "score", answers)
    wanted, unwanted = np.arange(4, 20), np.arange(24, 40)
    better = (learned[wanted][:, None] > learned[unwanted][None]).mean()
    assert better > 0.75, "what resembles the yes stands above what resembles the no"


def test_command(embedded, tmp_path):
    survey, run = embedded

    def called(*arguments):
        command = [sys.executable, "-m", "m3core", "outliers", *map(str, arguments)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    out = tmp_path / "outliers.csv"
    done = called("--run", run.path, "--survey", survey.path, "--out", out)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(out, dtype={"source_id": str})
    assert len(table) == len(survey)
    assert list(table.columns[:4]) == ["source_id", "rank", "score", "disagreement"]
    assert outliers_folder(run, survey).is_dir()
    again = called("--run", run.path, "--survey", survey.path, "--out", tmp_path / "again.csv")
    assert "found before" in again.stdout
    assert (tmp_path / "again.csv").read_bytes() == out.read_bytes()
    failed = called("--run", tmp_path, "--survey", survey.path, "--out", out)
    assert failed.returncode == 2
    assert failed.stderr.startswith("error: ")
