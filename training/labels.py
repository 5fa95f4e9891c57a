"""Which labels a classifier may see: a share of the training split, drawn from a seed, nested in every larger share."""

import hashlib
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from m3core.errors import ConfigError

__all__ = ["PUBLISHED_CAPS", "PUBLISHED_COUNTS", "cap_of", "draw"]

PUBLISHED_COUNTS = (6168, 4590, 2916, 2351, 1976, 1839, 796, 281, 268, 255)
"""Sources of each class of the published set, 21,440 in all (arXiv 2411.08842)."""

PUBLISHED_CAPS = {0.5: 1518, 0.25: 649, 0.1: 209}
"""Share of labels -> at most so many of a class, in the published subsets of that set."""


def cap_of(counts: Sequence[int], share: float) -> int:
    """At most how many labels of a class to keep for a share of all of them.

    The published caps leave 10,708, 5,347 and 2,090 of the 21,440 sources: nearly the half, the quarter and the tenth
    that the subsets are named after, all taken from the commonest classes. So the cap here is the largest that leaves
    no more than that share of all labels; on the published counts it is the published cap. A share that the paper
    does not have is taken as it is.

    Args:
        counts: labels of each class.
        share: above 0, at most 1.

    Returns:
        The cap, at least 1.
    """
    kept, of = share, 1.0
    if share in PUBLISHED_CAPS:
        kept, of = sum(min(n, PUBLISHED_CAPS[share]) for n in PUBLISHED_COUNTS), sum(PUBLISHED_COUNTS)
    total = sum(counts)
    caps = range(1, max(counts) + 1)
    allowed = [cap for cap in caps if sum(min(n, cap) for n in counts) * of <= kept * total]
    return max(allowed, default=1)


def draw(
    source_ids: Sequence[str], classes: NDArray[np.int64], *, share: float, seed: int, cap: bool
) -> NDArray[np.bool_]:
    """Which of the labelled sources keep their label.

    Inside each class the sources are ordered by sha256(seed, source_id), whatever the order of the rows, and the
    first are kept: the share of the class, halves upwards and at least one (`cap`: at most `cap_of` of a class). So
    a tenth is inside a quarter of the same seed, and every classifier of that seed sees the same.

    Args:
        source_ids: (n,) ids. classes: (n,) class indices, none missing.

    Returns:
        (n,) bool.

    Raises:
        ConfigError: the share is fewer labels than there are classes.
    """
    names, counts = np.unique(classes, return_counts=True)
    asked = math.floor(share * len(classes) + 0.5)
    if asked < len(names):
        enough = math.ceil(100 * len(names) / len(classes)) / 100
        raise ConfigError(
            f"labels = {share:g}: of {len(classes)} labelled training sources these are {asked}, fewer than the "
            f"{len(names)} classes: ask for a larger share, {enough:g} or more."
        )
    limit = cap_of(counts.tolist(), share) if cap else len(classes)
    rank = [hashlib.sha256(f"{seed}\0{source_id}".encode()).digest() for source_id in source_ids]
    keep = np.zeros(len(classes), bool)
    for name, count in zip(names, counts, strict=True):
        wanted = min(int(count), limit) if cap else max(1, math.floor(share * count + 0.5))
        rows = sorted(np.flatnonzero(classes == name), key=lambda row: rank[row])
        keep[rows[:wanted]] = True
    return keep
