"""Faults by row of the published set, listed when the sources have got their ids."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from data.report import Report

__all__ = ["Faults"]


class Faults:
    """What is wrong with which row, counted from 0 over all files."""

    def __init__(self) -> None:
        self._found: dict[str, list[tuple[int, str]]] = {}

    def add(self, kind: str, rows: Iterable[int], detail: str = "") -> None:
        """Note a fault of some rows, of a kind that `data.report` knows."""
        self._found.setdefault(kind, []).extend((int(row), detail) for row in rows)

    def add_mask(self, kind: str, wrong: NDArray[np.bool_], detail: str = "") -> None:
        """Note a fault of the rows where `wrong` is true."""
        self.add(kind, np.flatnonzero(wrong), detail)

    def report(self, ids: Sequence[str], files: NDArray[np.object_], rows: NDArray[np.int64]) -> Report:
        """The report.

        Args:
            ids, files, rows: (n,) id, file and row in it (from 1) of every source.
        """
        report = Report()
        for kind, found in self._found.items():
            if found:
                at = np.array([row for row, _ in found])
                report.add(
                    kind,
                    files[at],
                    [ids[row] for row in at],
                    rows=rows[at].tolist(),
                    detail=[detail for _, detail in found],
                )
        return report
