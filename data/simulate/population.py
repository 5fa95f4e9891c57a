"""Who is what in a simulated survey: classes, splits, and which stars carry something to find. Arrays, no stars yet."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from m3core.manifest import SPLITS

__all__ = ["ALIASED_CLASSES", "ALIASES", "CLASSES", "MODALITIES", "ODDITIES", "Population", "draw_population"]

CLASSES = {
    "EW": 6168, "SR": 4590, "EA": 2916, "RRAB": 2351, "EB": 1976,
    "ROT": 1839, "RRC": 796, "HADS": 281, "M": 268, "DSCT": 255,
}  # fmt: skip
"""Sources of each class in the published set (AstroM3): the proportions that are drawn."""

MODALITIES = ("photometry", "spectra", "metadata")

ALIASES = ("", "P/2", "2P", "1d")
"""What the catalogue gives in place of the period: itself, half, double, or 1 / (1/P +- 1/d)."""

ALIASED_CLASSES = ("EA", "RRAB", "EB", "RRC", "HADS")
"""Where one period lasts and folds at its aliases can be told apart; EW minima are equal, DSCT have many periods."""

ODDITIES = {
    "flare": (("photometry",), ("EW", "EA", "EB", "ROT", "RRC", "DSCT", "SR")),
    "fading": (("photometry",), ("EW", "EA", "EB", "ROT", "RRC", "DSCT")),
    "emission lines": (("spectra",), ("EW", "EA", "EB", "RRAB", "RRC", "HADS", "DSCT")),
    "carbon star": (("photometry", "spectra"), ("SR",)),
    "spectrum of another star": (("spectra", "photometry", "metadata"), tuple(CLASSES)),
    "catalogue of another star": (("metadata", "photometry"), tuple(CLASSES)),
    "impossible": (("metadata",), ("EW", "EA", "EB", "RRAB", "RRC", "SR", "ROT")),
}
"""Kind -> the modalities it needs, and the classes in which it is one."""

ALIAS_SHARE = MISLABEL_SHARE = ODDITY_SHARE = 0.02


@dataclass(frozen=True)
class Population:
    """One entry a source, (n,) each.

    Attributes:
        kind, label: number of the true class and of the one that the catalogue gives, in `CLASSES`.
        alias: number in `ALIASES`; oddity: number in `ODDITIES` from 1 on, 0 for none.
        split: number in `SPLITS`; observed: (n, 3) bool, in the order of `MODALITIES`.
    """

    kind: NDArray[np.int8]
    label: NDArray[np.int8]
    alias: NDArray[np.int8]
    oddity: NDArray[np.int8]
    split: NDArray[np.int8]
    observed: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.kind)


def draw_population(n_sources: int, seed: int, missing: float) -> Population:
    """Classes in the published proportions, 80/10/10 splits inside each label, and 2 % each of the three plants.

    No star carries two plants. What a plant needs to be seen, its star has.

    Args:
        n_sources: one or more.
        missing: share of sources that lack a modality, for each of the three; every source keeps one at least.
    """
    rng = np.random.Generator(np.random.Philox(key=[seed, 2**63]))
    kind = rng.permutation(np.repeat(np.arange(len(CLASSES), dtype=np.int8), _quotas(n_sources)))
    observed = rng.random((n_sources, len(MODALITIES))) >= missing
    lonely = np.flatnonzero(~observed.any(axis=1))
    observed[lonely, rng.integers(0, len(MODALITIES), len(lonely))] = True
    free = np.ones(n_sources, bool)

    oddity = np.zeros(n_sources, np.int8)
    n_odd = round(ODDITY_SHARE * n_sources)
    for number, (needed, classes) in enumerate(ODDITIES.values(), start=1):
        share = n_odd * number // len(ODDITIES) - n_odd * (number - 1) // len(ODDITIES)
        seen = observed[:, [MODALITIES.index(name) for name in needed]].all(axis=1)
        _take(free & seen & _among(kind, classes), share, rng, free, oddity, number)
    alias = np.zeros(n_sources, np.int8)
    n_aliased = round(ALIAS_SHARE * n_sources)
    for number in range(1, len(ALIASES)):
        share = n_aliased * number // 3 - n_aliased * (number - 1) // 3
        _take(free & observed[:, 0] & _among(kind, ALIASED_CLASSES), share, rng, free, alias, number)
    label = kind.copy()
    wrong = rng.choice(np.flatnonzero(free), min(round(MISLABEL_SHARE * n_sources), int(free.sum())), replace=False)
    # one of the nine other classes, each as often as the next
    label[wrong] = (kind[wrong] + 1 + np.arange(len(wrong)) % (len(CLASSES) - 1)) % len(CLASSES)
    return Population(kind, label, alias, oddity, _splits(label, rng), observed)


def _quotas(n_sources: int) -> list[int]:
    """Sources of each class: the published proportions, the largest remainders rounded up."""
    wanted = np.array(list(CLASSES.values())) * n_sources / sum(CLASSES.values())
    counts = np.floor(wanted).astype(int)
    counts[np.argsort(counts - wanted, kind="stable")[: n_sources - counts.sum()]] += 1
    return [int(count) for count in counts]


def _among(kind: NDArray[np.int8], classes: tuple[str, ...]) -> NDArray[np.bool_]:
    return np.isin(kind, [list(CLASSES).index(name) for name in classes])


def _take(
    allowed: NDArray[np.bool_],
    share: int,
    rng: np.random.Generator,
    free: NDArray[np.bool_],
    plants: NDArray[np.int8],
    number: int,
) -> None:
    """Give `number` to `share` of the allowed sources, as far as there are so many."""
    rows = np.flatnonzero(allowed)
    chosen = rng.choice(rows, min(share, len(rows)), replace=False)
    plants[chosen] = number
    free[chosen] = False


def _splits(label: NDArray[np.int8], rng: np.random.Generator) -> NDArray[np.int8]:
    """80/10/10 inside each label, one source at least for training."""
    splits = np.zeros(len(label), np.int8)
    for number in range(len(CLASSES)):
        rows = rng.permutation(np.flatnonzero(label == number))
        first, second = max(1, round(0.8 * len(rows))), max(1, round(0.9 * len(rows)))
        splits[rows[first:second]] = SPLITS.index("validation")
        splits[rows[second:]] = SPLITS.index("test")
    return splits
