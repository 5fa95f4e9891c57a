"""Neighbours and retrieval, by hand and against scikit-learn."""

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from m3core.embeddings.manifold import MapSettings, fit_map
from m3core.embeddings.neighbors import nearest, nearest_neighbour_score, recall_at_k


def unit(rng, n, d=8):
    vectors = rng.standard_normal((n, d)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_against_scikit_learn():
    rng = np.random.default_rng(0)
    index, queries = unit(rng, 3000), unit(rng, 1500)
    found, similarity = nearest(queries, index, 5)
    distance, expected = (
        NearestNeighbors(n_neighbors=5, metric="cosine", algorithm="brute").fit(index).kneighbors(queries)
    )
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_allclose(similarity, 1 - distance, atol=1e-5)


def test_absent_rows_find_nothing_and_are_never_found():
    rng = np.random.default_rng(0)
    index = unit(rng, 6)
    index[2] = np.nan
    found, similarity = nearest(index, index, 10)
    assert (found[2] == -1).all()
    assert np.isnan(similarity[2]).all()
    assert 2 not in found
    assert found[0, 0] == 0
    assert found[0, 5:].tolist() == [-1] * 5


def test_equal_similarities_are_listed_by_row():
    index = np.tile(np.array([[1.0, 0.0]], np.float32), (4, 1))
    assert nearest(index[:1], index, 4)[0].tolist() == [[0, 1, 2, 3]]


def test_recall_by_hand():
    first = np.eye(4, dtype=np.float32)
    second = np.eye(4, dtype=np.float32)[[0, 1, 3, 2]]  # the last two are exchanged
    scores = recall_at_k(first, second, (1, 5))
    assert scores["n"] == 4
    assert scores["recall@1"] == 0.5
    assert scores["recall@5"] == 1.0
    assert scores["chance@1"] == 0.25
    assert scores["chance@5"] == 1.0
    second[0] = np.nan
    assert recall_at_k(first, second)["n"] == 3


def test_collapsed_embeddings_are_at_chance_not_perfect():
    same = np.tile(np.array([[1.0, 0.0]], np.float32), (50, 1))
    assert recall_at_k(same, same)["recall@1"] == 0.0


def test_nearest_neighbour_score():
    rng = np.random.default_rng(1)
    vectors, labels = unit(rng, 200), rng.integers(0, 3, 200)
    labels[:20] = -1
    vectors[30] = np.nan
    train, test = np.arange(0, 150), np.arange(150, 200)
    score = nearest_neighbour_score(vectors, labels, train, test)
    usable = np.array([i for i in train if labels[i] >= 0 and i != 30])
    guess = (
        KNeighborsClassifier(1, metric="cosine", algorithm="brute")
        .fit(vectors[usable], labels[usable])
        .predict(vectors[test])
    )
    assert score.accuracy == pytest.approx(np.mean(guess == labels[test]))
    assert score.balanced == pytest.approx(np.mean([np.mean(guess[labels[test] == c] == c) for c in range(3)]))
    assert score.n == 50
    assert nearest_neighbour_score(vectors, np.full(200, -1), train, test) is None


@pytest.mark.parametrize("n", [0, 1, 2, 9])
def test_too_few_for_a_neighbour_graph(n):
    vectors = unit(np.random.default_rng(0), n + 1)
    vectors[-1] = np.nan
    map_xy, how = fit_map(vectors, MapSettings())
    assert map_xy.shape == (n + 1, 2)
    assert np.isfinite(map_xy[:n]).all()
    assert np.isnan(map_xy[-1]).all()
    assert "too few" in how


def test_a_seed_gives_the_same_map():
    vectors = unit(np.random.default_rng(0), 60)
    first, how = fit_map(vectors, MapSettings(n_neighbors=10))
    assert np.array_equal(first, fit_map(vectors, MapSettings(n_neighbors=10))[0])
    assert "10 neighbours" in how
