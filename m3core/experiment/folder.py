"""An experiment's folder, read: the paper's table on a survey, cell by cell. `python -m training experiment` writes it.

experiment.json   what was asked for (Plan and settings)        status.json, log.txt   how far it is, as a run's
features.parquet  hand-made features of every source            timing.json            seconds of each finished step
seed-<s>/survey/  the survey under this seed's split; test stars have no label in it
seed-<s>/pretrained/, seed-<s>/<method>-<modality>-<labels>/    runs
seed-<s>/cells/<method>-<modality>-<labels>.json                what a method says of the test stars
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from m3core.errors import RunError
from m3core.experiment.resampling import Repeat
from m3core.files import read_json
from m3core.workspace.run import Run

__all__ = ["ALL", "FEATURES", "FROZEN", "METHODS", "TRAINED", "Cell", "Experiment", "Outcome", "Plan", "Row"]

ALL = "all"
"""The row of all modalities together."""

TRAINED = ("scratch", "clip")
FROZEN = ("centre", "neighbour", "regression")
FEATURES = ("lightgbm", "forest")

METHODS = {
    "scratch": "fine-tuned from scratch",
    "clip": "fine-tuned from CLIP",
    "centre": "frozen CLIP, class centre",
    "neighbour": "frozen CLIP, nearest neighbour",
    "regression": "frozen CLIP, logistic regression",
    "lightgbm": "features, LightGBM",
    "forest": "features, random forest",
}
"""Method -> what to call it, in the order of every table."""


@dataclass(frozen=True)
class Row:
    """What is compared within a seed: a method on a modality (or ALL) with a share of the labels."""

    modality: str
    labels: float
    method: str

    @property
    def name(self) -> str:
        """Of its file and its run's folder."""
        return f"{self.method}-{self.modality}-{self.labels:g}"

    @property
    def title(self) -> str:
        """In words."""
        return f"{self.modality}, {100 * self.labels:g} % of the labels, {METHODS[self.method]}"


@dataclass(frozen=True)
class Cell:
    """One row in one repeat."""

    seed: int
    row: Row

    @property
    def name(self) -> str:
        """Its place below the experiment's folder, without an ending."""
        return f"seed-{self.seed}/cells/{self.row.name}"


@dataclass(frozen=True)
class Plan:
    """Every cell of a table.

    Attributes:
        methods: modality (or ALL) -> the methods that make sense for it.
    """

    seeds: tuple[int, ...]
    labels: tuple[float, ...]
    methods: dict[str, tuple[str, ...]]

    @property
    def rows(self) -> list[Row]:
        """In the order of the table."""
        return [
            Row(modality, labels, method)
            for modality, methods in self.methods.items()
            for labels in self.labels
            for method in methods
        ]

    @property
    def cells(self) -> list[Cell]:
        """Seed after seed, of a seed the quick ones first: a table with something in it soon."""
        order = [*FEATURES, *FROZEN, *TRAINED]
        rows = sorted(self.rows, key=lambda row: order.index(row.method))  # stable: else as in the table
        return [Cell(seed, row) for seed in self.seeds for row in rows]


@dataclass(frozen=True)
class Outcome:
    """What a method says of the test stars of one repeat.

    Attributes:
        source_ids: (n,) labelled test stars that have the modality.
        truth, guess: (n,) class names; guess '' for none.
        n_labels: labels it was trained on.
        is_cut: whether its training was ended by the cap of minutes.
    """

    cell: Cell
    source_ids: tuple[str, ...]
    truth: tuple[str, ...]
    guess: tuple[str, ...]
    n_labels: int
    is_cut: bool

    def content(self) -> dict[str, Any]:
        """For its file."""
        return {
            "source_ids": list(self.source_ids), "truth": list(self.truth), "guess": list(self.guess),
            "n_labels": self.n_labels, "is_cut": self.is_cut,
        }  # fmt: skip

    def repeat(self, classes: tuple[str, ...], keep: frozenset[str] | None = None) -> Repeat:
        """As class indices; `keep`: these stars alone. Stars in the order of their ids."""
        place = {name: index for index, name in enumerate(classes)}
        found = sorted(zip(self.source_ids, self.truth, self.guess, strict=True))
        pairs = [(place[true], place.get(said, -1)) for one, true, said in found if keep is None or one in keep]
        array = np.array(pairs, np.int64).reshape(-1, 2)
        return Repeat(array[:, 0], array[:, 1], len(classes))


class Experiment:
    """An experiment's folder."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)

    @classmethod
    def open(cls, path: str | Path) -> "Experiment":
        """Open an experiment.

        Raises:
            RunError: there is none, or its experiment.json is malformed.
        """
        found = cls(Path(path))
        if not (found.path / "experiment.json").is_file():
            raise RunError(f"{path} is not an experiment: make one with `python -m training experiment`.")
        try:
            assert found.plan.seeds
        except (KeyError, TypeError, ValueError) as fault:
            raise RunError(f"{found.path / 'experiment.json'} is malformed ({fault}): make it anew.") from None
        return found

    @cached_property
    def asked(self) -> dict[str, Any]:
        """experiment.json."""
        content = read_json(self.path / "experiment.json", RunError)
        assert isinstance(content, dict)
        return content

    @cached_property
    def plan(self) -> Plan:
        """Every cell of the table."""
        methods = {name: tuple(names) for name, names in self.asked["methods"].items()}
        order = {name: methods[name] for name in self.asked["modalities"]}  # JSON of ours is sorted
        return Plan(tuple(self.asked["seeds"]), tuple(self.asked["labels"]), order)

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names of the survey, sorted."""
        return tuple(self.asked["classes"])

    @property
    def run(self) -> Run:
        """For its status and its log, which are written as a run's."""
        return Run(self.path)

    def run_of(self, cell: Cell) -> Path:
        """Folder of the run that was trained for a cell of `TRAINED`."""
        return self.path / f"seed-{cell.seed}" / cell.row.name

    def pretrained_of(self, seed: int) -> Path:
        """Folder of the pre-trained run of a seed."""
        return self.path / f"seed-{seed}" / "pretrained"

    def has(self, cell: Cell) -> bool:
        """Whether a cell is done."""
        return (self.path / f"{cell.name}.json").is_file()

    @property
    def n_further(self) -> int:
        """Cells in the folder that are not of the plan: done when more was asked for."""
        known = {f"{cell.name}.json" for cell in self.plan.cells}
        found = (place.relative_to(self.path).as_posix() for place in self.path.glob("seed-*/cells/*.json"))
        return sum(name not in known for name in found)

    def outcome(self, cell: Cell) -> Outcome:
        """What a cell says.

        Raises:
            RunError: not done yet, or malformed.
        """
        place = self.path / f"{cell.name}.json"
        content = read_json(place, RunError)
        try:
            source_ids, truth, guess = (tuple(content[name]) for name in ("source_ids", "truth", "guess"))
            return Outcome(cell, source_ids, truth, guess, int(content["n_labels"]), bool(content["is_cut"]))
        except (KeyError, TypeError) as fault:
            raise RunError(f"{place} is malformed ({fault}): delete it and go on with the experiment.") from None

    def outcomes(self, row: Row) -> Iterator[Outcome]:
        """Of every seed in which the row is done."""
        for seed in self.plan.seeds:
            if self.has(cell := Cell(seed, row)):
                yield self.outcome(cell)
