"""The contrastive loss against plain loops over hand-written pairs."""

import math

import numpy as np
import pytest
import torch

from m3core.model.loss import contrastive_loss, pair_loss


def unit(rng, n, d):
    vectors = rng.standard_normal((n, d))
    return torch.from_numpy(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def looped_pair_loss(first, second, scale):
    """CE + CE of the transpose, one dot product at a time."""
    n, total = len(first), 0.0
    for a, b in ((first, second), (second, first)):
        for i in range(n):
            logits = [scale * sum(float(x) * float(y) for x, y in zip(a[i], b[j], strict=True)) for j in range(n)]
            total += (math.log(sum(math.exp(v) for v in logits)) - logits[i]) / n
    return total


def test_pair_loss_by_hand():
    """Two orthogonal sources at scale 1: each direction is ln(1 + 1/e)."""
    eye = torch.eye(2, dtype=torch.float64)
    assert float(pair_loss(eye, eye, torch.tensor(1.0))) == pytest.approx(2 * math.log(1 + math.exp(-1)), rel=1e-12)


def test_four_modalities_equal_loops_over_hand_written_pairs():
    rng = np.random.default_rng(0)
    embeddings = {name: unit(rng, 6, 5) for name in "abcd"}
    present = {name: torch.ones(6, dtype=torch.bool) for name in "abcd"}
    present["b"][[1, 4]] = False
    present["d"][0] = False
    scales = {
        pair: torch.tensor(2.0 + i)
        for i, pair in enumerate([("a", "b"), ("a", "c"), ("a", "d"), ("b", "c"), ("b", "d"), ("c", "d")])
    }
    total, losses = contrastive_loss(embeddings, present, scales)
    rows = {
        ("a", "b"): [0, 2, 3, 5],
        ("a", "c"): [0, 1, 2, 3, 4, 5],
        ("a", "d"): [1, 2, 3, 4, 5],
        ("b", "c"): [0, 2, 3, 5],
        ("b", "d"): [2, 3, 5],
        ("c", "d"): [1, 2, 3, 4, 5],
    }
    expected = {
        p: looped_pair_loss(embeddings[p[0]][r], embeddings[p[1]][r], float(scales[p])) for p, r in rows.items()
    }
    assert losses.keys() == expected.keys()
    for pair, value in expected.items():
        assert float(losses[pair]) == pytest.approx(value, rel=1e-9)
    assert float(total) == pytest.approx(sum(expected.values()), rel=1e-9)


def test_a_pair_with_one_common_source_has_no_loss():
    rng = np.random.default_rng(0)
    embeddings = {name: unit(rng, 3, 4) for name in "abc"}
    present = {
        "a": torch.tensor([True, True, True]),
        "b": torch.tensor([True, True, True]),
        "c": torch.tensor([True, False, False]),
    }
    scales = {("a", "b"): torch.tensor(1.0), ("a", "c"): torch.tensor(1.0), ("b", "c"): torch.tensor(1.0)}
    _, losses = contrastive_loss(embeddings, present, scales)
    assert list(losses) == [("a", "b")]
    with pytest.raises(ValueError, match="no pair"):
        contrastive_loss({"a": embeddings["a"]}, present, scales)
