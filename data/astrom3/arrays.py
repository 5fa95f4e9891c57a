"""The light curves and spectra of all files, in the published order, a few at a time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.astrom3.clean import Cleaned, clean_curve, clean_spectrum
from data.astrom3.faults import Faults
from data.astrom3.features import PREPROCESSED_SENTENCE
from data.astrom3.identity import digest
from data.astrom3.nested import MISSHAPEN, PREPROCESSED, tables
from m3core.errors import SurveyError
from m3core.manifest import SPLITS
from m3core.progress import Progress

__all__ = ["Arrays", "Scan"]

CLEAN: Mapping[str, Callable[[Any], Cleaned]] = {"photometry": clean_curve, "spectra": clean_spectrum}

MERGED_AFTER = 500
"""Curves whose times are kept before the distinct ones are sought: 0.1 million of them."""


@dataclass
class Scan:
    """What a feature's arrays look like.

    Attributes:
        prints: (n,) fingerprint of each source's array as published, b'' where absent.
        lengths: (n,) points that the survey will have.
        times: all distinct times of the light curves, ascending.
    """

    prints: list[bytes]
    lengths: NDArray[np.int64]
    times: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))


class Arrays:
    """One configuration's arrays."""

    def __init__(self, folder: Path, splits: Mapping[str, Sequence[str]], features: Mapping[str, str]) -> None:
        self._folder, self._features = folder, features
        self._names = [name for split in SPLITS for name in splits[split]]

    def cleaned(self, feature: str, progress: Progress) -> Iterator[dict[str, NDArray[Any]] | None]:
        """What the survey stores of each source, None where it has nothing usable."""
        for table in self._rows(feature, progress):
            yield CLEAN[feature](table)[0]

    def scan(self, feature: str, n_sources: int, faults: Faults, progress: Progress) -> Scan:
        """Read a feature through and note what is wrong with it.

        Raises:
            SurveyError: a damaged file, text where a number belongs, or the inputs of the published network.
        """
        if feature not in self._features:
            return Scan([b""] * n_sources, np.zeros(n_sources, np.int64))
        prints, lengths = [], []
        times: list[NDArray[np.float64]] = []
        for row, table in enumerate(self._rows(feature, progress)):
            prints.append(digest(table))
            kept, found = CLEAN[feature](table)
            for kind, detail in found:
                faults.add(kind, [row], detail)
            lengths.append(0 if kept is None else len(kept["flux"]))
            if kept is not None and feature == "photometry":
                times.append(kept["time"])
            if len(times) > MERGED_AFTER:
                times = [np.unique(np.concatenate(times))]
        distinct = np.unique(np.concatenate(times)) if times else np.empty(0)
        return Scan(prints, np.array(lengths, np.int64), distinct)

    def _rows(self, feature: str, progress: Progress) -> Iterator[Any]:
        """Each source's (n, 3) array, `MISSHAPEN`, or None."""
        for number, name in enumerate(self._names):
            for row, table in enumerate(tables(self._folder / name, name, self._features[feature])):
                if row % 256 == 0:
                    progress(number / len(self._names), f"Reading {feature}: {name}, row {row + 1}.")
                width = table.shape[1] if isinstance(table, np.ndarray) else 3
                if width == PREPROCESSED and feature == "photometry":
                    raise SurveyError(f"{name}: {PREPROCESSED_SENTENCE}.")
                yield table if width == 3 else MISSHAPEN
