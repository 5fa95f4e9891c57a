"""Classes may be as frequent in another survey as they like: class shares estimated from its probabilities alone."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["estimate_shares", "with_shares"]

MAX_ITERATIONS = 10_000
TOLERANCE = 1e-9
"""Largest change of a share at which the iteration ends."""


def with_shares(
    probabilities: NDArray[np.float64], assumed: NDArray[np.float64], shares: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The probabilities under other class shares: p(c|x) * shares_c / assumed_c, normalised. (n, C); NaN rows stay."""
    ratio = np.divide(shares, assumed, out=np.zeros_like(shares), where=assumed > 0)
    scaled = probabilities * ratio
    total = scaled.sum(axis=1, keepdims=True)
    return np.divide(scaled, total, out=np.array(probabilities, np.float64), where=total > 0)


def estimate_shares(probabilities: NDArray[np.float64], assumed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Class shares of unlabelled sources, by expectation maximisation.

    Saerens, Latinne & Decaestecker 2002 (Neural Computation 14, 21): scale the probabilities to the shares so far, take
    their mean as the next shares, until they stay. It holds where the classes look as they did in training and only
    their shares differ, and needs calibrated probabilities.

    Args:
        probabilities: (n, C), calibrated; rows with NaN are left out.
        assumed: (C,) class shares that they assume.

    Returns:
        (C,) shares, sum 1; `assumed` where there is no source.
    """
    known = probabilities[np.isfinite(probabilities).all(axis=1)]
    shares = np.asarray(assumed, np.float64)
    for _ in range(MAX_ITERATIONS if len(known) else 0):
        following = with_shares(known, assumed, shares).mean(axis=0)
        if np.abs(following - shares).max() < TOLERANCE:
            return following
        shares = following
    return shares
