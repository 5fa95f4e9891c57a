"""What several classifiers say of a source, made one.

A logarithmic opinion pool (Genest & Zidek 1986, Statistical Science 1, 114) with a bias for each class:

    log p = sum over k of w_k log p_k + b - log Z,    w_k >= 0

Weights and biases are fitted to what each classifier says of labelled sources that it has not seen (stacking: Wolpert
1992, Neural Networks 5, 241), by maximum a posteriori: log loss, a normal prior of width 1 around 1 / K for the weights
and around 0 for the biases. The problem is convex, so the answer does not hang on where the search begins.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, softmax

__all__ = ["OpinionPool", "fit_pool"]

LEAST = 1e-4
"""A probability is taken to be this at least: one classifier that knows nothing of a class must not rule it out."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class OpinionPool:
    """K classifiers of C classes, pooled.

    Attributes:
        weights: (K,) 0 or more. biases: (C,).
    """

    weights: Array
    biases: Array

    def probabilities(self, said: Array) -> Array:
        """(K, n, C) probabilities -> (n, C)."""
        return softmax(np.tensordot(self.weights, _logs(said), 1) + self.biases, axis=1)


def fit_pool(said: Array, truth: NDArray[np.int64]) -> OpinionPool:
    """Fit weights and biases.

    Args:
        said: (K, n, C) probabilities, each from a classifier that has not seen the source.
        truth: (n,) class indices.
    """
    from scipy.optimize import minimize

    n_experts, n, n_classes = said.shape
    logs = _logs(said)
    own = np.arange(n), truth
    even = 1.0 / n_experts

    def loss(values: Array) -> tuple[float, Array]:
        weights, biases = values[:n_experts], values[n_experts:]
        found = log_softmax(np.tensordot(weights, logs, 1) + biases, axis=1)
        error = np.exp(found)
        error[own] -= 1.0
        gradient = np.concatenate([np.tensordot(logs, error, 2) + weights - even, error.sum(axis=0) + biases])
        return float(-found[own].sum() + ((weights - even) ** 2).sum() / 2 + (biases**2).sum() / 2), gradient

    start = np.concatenate([np.full(n_experts, even), np.zeros(n_classes)])
    bounds = [(0.0, None)] * n_experts + [(None, None)] * n_classes
    best = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return OpinionPool(best[:n_experts], best[n_experts:])


def _logs(said: Array) -> Array:
    return np.log(np.maximum(said, LEAST))
