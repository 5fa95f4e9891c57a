"""Train, validation and test: by source, stratified by label, the same whatever the order of the rows."""

import hashlib
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from m3core.errors import ConfigError
from m3core.manifest import SPLITS

__all__ = ["METHOD", "parse_fractions", "split_sources"]

METHOD = (
    "by source, ranked inside each label by sha256 of seed and source_id; the unlabelled are a stratum of their own"
)

Fractions = tuple[float, float, float]


def parse_fractions(text: str) -> Fractions:
    """'0.8,0.1,0.1' -> shares of train, validation and test.

    Raises:
        ConfigError: not three numbers from 0 to 1 with the sum 1 and something to train on.
    """
    try:
        train, validation, test = (float(part) for part in text.split(","))
    except ValueError:
        raise ConfigError(
            f"--split {text}: write three numbers, such as 0.8,0.1,0.1 (train, validation, test)."
        ) from None
    return check_fractions((train, validation, test))


def check_fractions(fractions: Fractions) -> Fractions:
    """The fractions, where they are possible.

    Raises:
        ConfigError: one is not from 0 to 1, none is left to train on, or the sum is not 1.
    """
    possible = all(math.isfinite(part) and 0 <= part <= 1 for part in fractions) and fractions[0] > 0
    if not possible or abs(sum(fractions) - 1) > 1e-6:
        raise ConfigError(
            f"the split {','.join(f'{part:g}' for part in fractions)} is impossible: "
            "train, validation and test are from 0 to 1, train more than 0, and their sum is 1."
        )
    return fractions


def split_sources(
    source_ids: Sequence[str], labels: Sequence[str | None], *, fractions: Fractions, seed: int
) -> NDArray[np.object_]:
    """The split of each source.

    Inside each label the sources are ordered by sha256(seed, source_id), the first share is for training, the
    next for validation, the rest for testing; shares are rounded to whole sources, halves upwards, and a class
    keeps one source for training at least.

    Args:
        source_ids: (n,) unique ids.
        labels: (n,) None where unknown.

    Returns:
        (n,) 'train', 'validation' or 'test'.
    """
    check_fractions(fractions)
    rank = [hashlib.sha256(f"{seed}\0{source_id}".encode()).digest() for source_id in source_ids]
    strata: dict[str | None, list[int]] = {}
    for row, label in enumerate(labels):
        strata.setdefault(label, []).append(row)
    splits = np.empty(len(source_ids), object)
    for rows in strata.values():
        rows.sort(key=lambda row: rank[row])
        first = max(1, math.floor(len(rows) * fractions[0] + 0.5))
        second = max(first, math.floor(len(rows) * (fractions[0] + fractions[1]) + 0.5))
        for name, part in zip(SPLITS, (rows[:first], rows[first:second], rows[second:]), strict=True):
            splits[part] = name
    return splits
