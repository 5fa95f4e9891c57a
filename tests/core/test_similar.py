"""Similarity: exact cosine in every way to compare, what is left out, retrieval against plain loops, the commands."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics.pairwise import cosine_similarity
from typer.testing import CliRunner

from m3core.__main__ import app
from m3core.embeddings.kept import Embeddings, mean_embedding
from m3core.errors import ConfigError
from m3core.similarity.retrieval import class_precision, own_retrieval, rows_to_score
from m3core.similarity.search import (
    Filters,
    find_similar,
    query_of_rows,
    query_of_vectors,
    similar_table,
    similarities,
    weighted_similarities,
)
from m3core.survey.duplicates import rows_of_same_star
from tests.app.conftest import make_run
from tests.conftest import make_survey
from tests.train.rewritten import rewritten


@pytest.fixture(scope="module")
def vectors(survey):
    """Random embeddings of the small survey, NaN rows where a source lacks a modality."""
    rng = np.random.default_rng(3)
    tables = {}
    for name in survey.modalities:
        table = rng.standard_normal((len(survey), 8)).astype(np.float32)
        table /= np.linalg.norm(table, axis=1, keepdims=True)
        table[~survey.present(name)] = np.nan
        tables[name] = table
    return Embeddings(survey.source_ids, tables, "made up")


def without(vectors, row):
    return [i for i in range(len(vectors.source_ids)) if i != row]


@pytest.mark.parametrize(("by", "among"), [("g", None), ("g", "r"), ("r", "metadata"), ("mean", None), ("mean", "g")])
def test_exact_cosine_within_across_and_on_the_mean(survey, vectors, by, among):
    row = 5
    found = find_similar(query_of_rows(vectors, [row]), vectors, survey, by=by, among=among)
    every = {"mean": mean_embedding(vectors.embeddings), **vectors.embeddings}
    index = every[among or by]
    there = [i for i in without(vectors, row) if np.isfinite(index[i]).all()]
    expected = cosine_similarity(every[by][[row]], index[there])[0]
    assert len(found.rows) == len(there)
    np.testing.assert_allclose(found.similarity, np.sort(expected)[::-1], atol=1e-6)
    assert found.rows[0] == there[int(np.argmax(expected))]
    table = similar_table(survey, found, 3)
    assert list(table.columns) == ["source_id", "rank", "similarity"]
    assert table["rank"].tolist() == [1, 2, 3]
    assert table["source_id"].tolist() == [survey.source_ids[i] for i in found.rows[:3]]


def test_weights_count_what_both_have(survey, vectors):
    weights = {"g": 2.0, "r": 0.0, "metadata": 1.0}
    row, lacks_g = 5, 7
    assert not survey.present("g")[lacks_g]
    scores = weighted_similarities(query_of_rows(vectors, [row]), vectors, weights)
    g, metadata = (vectors.embeddings[name] for name in ("g", "metadata"))
    assert scores[6] == pytest.approx((2 * g[row] @ g[6] + metadata[row] @ metadata[6]) / 3, abs=1e-6)
    assert scores[lacks_g] == pytest.approx(metadata[row] @ metadata[lacks_g], abs=1e-6)
    for wrong in ({"x": 1.0}, {"g": -1.0}, {"g": 0.0}, {"g": float("nan")}):
        with pytest.raises(ConfigError):
            weighted_similarities(query_of_rows(vectors, [row]), vectors, wrong)


def test_several_sources_are_averaged_and_all_left_out(survey, vectors):
    query = query_of_rows(vectors, [9, 4, 9])
    assert query.rows.tolist() == [4, 9]
    total = vectors.embeddings["g"][4] + vectors.embeddings["g"][9]
    np.testing.assert_allclose(query.vectors["g"], total / np.linalg.norm(total), atol=1e-6)
    found = find_similar(query, vectors, survey, by="g")
    assert not {4, 9} & set(found.rows)
    assert any("the 2 of the query are left out" in one.lower() for one in found.sentences)


def test_a_query_from_outside_is_compared_with_everyone(survey, vectors):
    query = query_of_vectors({"g": vectors.embeddings["g"][5]}, "upload")
    found = find_similar(query, vectors, survey, by="g")
    assert found.rows[0] == 5
    assert found.similarity[0] == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_allclose(query.vectors["mean"], query.vectors["g"])
    with pytest.raises(ConfigError, match="no r embedding"):
        similarities(query, vectors, "r")


def test_a_missing_modality_says_which_there_are(survey, vectors):
    with pytest.raises(ConfigError, match="source s007 has no g embedding: look by one that it has"):
        find_similar(query_of_rows(vectors, [7]), vectors, survey, by="g")
    with pytest.raises(ConfigError, match="no modality 'x'"):
        find_similar(query_of_rows(vectors, [7]), vectors, survey, by="r", among="x")


def test_filters(survey, vectors):
    query = query_of_rows(vectors, [5])
    filters = Filters(labels=("RRAB",), splits=("train", "test"), ranges=(("period", 0.45, 0.6),))
    found = find_similar(query, vectors, survey, filters=filters)
    chosen = survey.sources.iloc[found.rows]
    assert set(chosen["label"]) == {"RRAB"}
    assert set(chosen["split"]) <= {"train", "test"}
    assert chosen["period"].between(0.45, 0.6).all()
    by_hand = survey.sources.assign(row=range(len(survey)))
    by_hand = by_hand[
        (by_hand["label"] == "RRAB") & (by_hand["split"] != "validation") & by_hand["period"].between(0.45, 0.6)
    ]
    assert set(found.rows) == set(by_hand["row"]) - {5}
    for wrong in (Filters(labels=("X",)), Filters(splits=("X",)), Filters(ranges=(("label", 0, 1),))):
        with pytest.raises(ConfigError):
            find_similar(query, vectors, survey, filters=wrong)


def test_the_same_star_again_is_left_out(survey, vectors, tmp_path):
    def twice(sources):
        sources = sources.copy()
        sources.loc[10, ["ra", "dec"]] = sources.loc[5, ["ra", "dec"]].to_numpy() + np.array([0.0, 1.5 / 3600])
        sources.loc[11, "source_id"] = "S005 "
        return sources

    doubled = rewritten(survey, tmp_path / "doubled", sources=twice)
    assert rows_of_same_star(doubled, np.array([5])).tolist() == [10, 11]
    query = query_of_rows(vectors, [5])
    found = find_similar(query, vectors, doubled)
    assert found.same_star.tolist() == [10, 11]
    assert not {5, 10, 11} & set(found.rows)
    kept = find_similar(query, vectors, doubled, filters=Filters(radius=0.0))
    assert {10, 11} <= set(kept.rows)
    assert 5 not in kept.rows


def test_equal_embeddings_say_that_the_order_means_nothing(survey):
    same = np.tile(np.array([[1.0, 0.0]], np.float32), (len(survey), 1))
    vectors = Embeddings(survey.source_ids, {"g": same, "r": same}, "equal")
    found = find_similar(query_of_rows(vectors, [3]), vectors, survey)
    assert found.rows.tolist() == without(vectors, 3)
    assert any("says nothing" in one for one in found.sentences)
    assert own_retrieval(vectors, np.arange(len(survey)))["recall@1"].tolist() == [0.0, 0.0]


def test_recall_and_median_rank_by_hand(survey, vectors):
    rows = np.arange(40)
    table = own_retrieval(vectors, rows).set_index(["query", "found"])
    for first, second in (("g", "r"), ("r", "g"), ("metadata", "g")):
        a, b = vectors.embeddings[first][rows], vectors.embeddings[second][rows]
        both = np.isfinite(a).all(axis=1) & np.isfinite(b).all(axis=1)
        cosine = cosine_similarity(a[both], b[both])
        ranks = np.array([1 + (one > one[i]).sum() for i, one in enumerate(cosine)])
        line = table.loc[(first, second)]
        assert line["n"] == both.sum()
        assert line["recall@5"] == pytest.approx(np.mean(ranks <= 5))
        assert line["recall@5_low"] < line["recall@5"] < line["recall@5_high"]
        assert line["median_rank"] == np.median(ranks)
        assert line["chance_rank"] == (both.sum() + 1) / 2
        assert line["chance@10"] == pytest.approx(10 / both.sum())


def test_precision_by_class_by_hand(survey, vectors):
    rows = survey.rows("test")
    table = class_precision(vectors, survey, rows).set_index(["class", "query", "found"])
    labels = survey.labels
    for first, second in (("g", "g"), ("g", "r")):
        a, b = vectors.embeddings[first], vectors.embeddings[second]
        shares = {0: [], 1: []}
        for row in rows:
            if not np.isfinite(a[row]).all():
                continue
            cosine = np.nan_to_num(b @ a[row], nan=-9)
            cosine[row] = -9
            shares[labels[row]].append(np.mean(labels[np.argsort(-cosine)[:10]] == labels[row]))
        for code, name in enumerate(survey.classes):
            line = table.loc[(name, first, second)]
            assert line["n"] == len(shares[code])
            assert line["precision"] == pytest.approx(np.mean(shares[code]))
            there = np.isfinite(b).all(axis=1)
            assert line["chance"] == pytest.approx(((labels[there] == code).sum() - 1) / (there.sum() - 1))


def test_figures_without_labels_or_with_one_modality(survey, vectors, tmp_path):
    bare = rewritten(survey, tmp_path / "bare", sources=lambda table: table.assign(label=pd.Series(dtype=object)))
    assert class_precision(vectors, bare, bare.rows("test")).empty
    alone = Embeddings(survey.source_ids, {"g": vectors.embeddings["g"]}, "alone")
    assert own_retrieval(alone, np.arange(10)).empty
    assert len(class_precision(alone, survey, survey.rows("test"))) == 4
    assert rows_to_score(survey)[0] == "test"
    assert len(rows_to_score(survey, "all")[1]) == len(survey)
    with pytest.raises(ConfigError, match="no split 'x'"):
        rows_to_score(survey, "x")


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    root = tmp_path_factory.mktemp("similar")
    survey = make_survey(root / "survey")
    return survey, make_run(root / "run", survey)


def command(*arguments):
    """In this process: starting Python a dozen times takes longer than all that is tested here."""
    return CliRunner().invoke(app, [*map(str, arguments)])


def test_commands(embedded, tmp_path):
    survey, run = embedded
    places = ("--run", run.path, "--survey", survey.path)
    done = command("similar", *places, "--source", "s005", "--by", "g", "--among", "r", "--out", tmp_path / "a.csv")
    assert done.exit_code == 0, done.stderr
    table = pd.read_csv(tmp_path / "a.csv")
    vectors = Embeddings.open(run, survey)
    expected = vectors.embeddings["r"] @ vectors.embeddings["g"][5]
    assert list(table.columns) == ["source_id", "rank", "similarity"]
    assert "s005" not in set(table["source_id"])
    for line in table.itertuples():
        assert line.similarity == pytest.approx(expected[survey.row(line.source_id)], abs=2e-6)
    assert len(table) == np.isfinite(expected).sum() - 1
    first = (tmp_path / "a.csv").read_bytes()
    command("similar", *places, "--source", "s005", "--by", "g", "--among", "r", "--out", tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == first

    done = command(
        "similar", *places, "--source", "s005,s007", "--weights", "g=1,metadata=0.5", "--label", "SR", "--range",
        "period=25:", "--most", 4, "--out", tmp_path / "b.csv",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    chosen = survey.sources.loc[pd.read_csv(tmp_path / "b.csv")["source_id"]]
    assert len(chosen) == 4
    assert (chosen["label"] == "SR").all()
    assert (chosen["period"] >= 25).all()

    done = command("retrieval", *places, "--out", tmp_path / "r.csv", "--by-class", tmp_path / "c.csv")
    assert done.exit_code == 0, done.stderr
    assert len(pd.read_csv(tmp_path / "r.csv")) == 6
    assert set(pd.read_csv(tmp_path / "c.csv")["class"]) == set(survey.classes)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--source", "nobody"), "'nobody' is not in the survey"),
        (("--source", "s007", "--by", "g"), "s007 has no g embedding"),
        (("--source", "s005", "--by", "x"), "no modality 'x'"),
        (("--source", "s005", "--weights", "g:1"), "write MODALITY=NUMBER"),
        (("--source", "s005", "--weights", "g=1", "--by", "g"), "leave out --by"),
        (("--source", "s005", "--range", "period"), "write COLUMN=LOW:HIGH"),
        (("--source", "s005", "--label", "X"), "no class 'X'"),
        (("--source", ","), "names no source"),
    ],
)
def test_a_fault_is_a_sentence(embedded, tmp_path, arguments, words):
    survey, run = embedded
    done = command("similar", "--run", run.path, "--survey", survey.path, *arguments, "--out", tmp_path / "a.csv")
    assert done.exit_code == 2
    assert done.stderr.startswith("error: ")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "a.csv").exists()
