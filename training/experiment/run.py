"""An experiment from where it stands to its end: step by step, with the time left; the tables after every seed."""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from m3core.durations import duration
from m3core.errors import RunError
from m3core.experiment.folder import FEATURES, Cell, Experiment
from m3core.files import replaced_file, write_json
from m3core.light_curve.features import feature_table
from m3core.survey import Survey
from m3core.workspace.run import Run, State
from training.experiment.bench import Bench, Between
from training.experiment.clock import Clock
from training.experiment.output import write_tables
from training.experiment.plan import untaught
from training.record import Record
from training.supervisor import Supervisor

__all__ = ["run_experiment"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Step:
    """Something to make once.

    Attributes:
        name: of its time (training.experiment.clock).
        is_last: of its seed: the tables are written behind it.
    """

    name: str
    title: str
    is_done: Callable[[], bool]
    make: Callable[[], object]
    is_last: bool = False


def run_experiment(path: Path, survey: Survey, record: Record, supervisor: Supervisor) -> list[str]:
    """Make every cell that is not there yet, then the tables and figures.

    Args:
        survey: as it was given, with all its labels.

    Returns:
        What to print at the end, a sentence each.

    Raises:
        M3Error: what a training would raise; finished cells stay.
    """
    experiment = Experiment.open(path)
    if survey.hash != experiment.asked["survey_hash"]:
        raise RunError(f"{survey.path} has other content than the survey of this experiment: go on with the same one.")
    known = untaught(survey, experiment.plan)
    supervisor.watch(Between())
    steps = list(_steps(experiment, survey, supervisor))
    clock = Clock(path / "timing.json", [step.name for step in steps])
    done = {step.name for step in steps if step.is_done()}
    for step in steps:
        if step.name not in done:
            left = clock.left(done)
            record.update(
                state=State.TRAINING, message=step.title, step=len(done), steps=len(steps),
                progress=len(done) / len(steps), seconds_left=left,
            )  # fmt: skip
            told = "time left not known yet" if left is None else f"about {duration(left)} left"
            log.info("[%d/%d] %s (%s)", len(done) + 1, len(steps), step.title, told)
            started = time.monotonic()
            step.make()
            clock.took(step.name, time.monotonic() - started)
            done.add(step.name)
            if step.is_last:
                write_tables(experiment, known)
    sentences = write_tables(experiment, known)
    message = f"{len(experiment.plan.cells)} cells done"
    record.update(
        state=State.FINISHED, message=message, step=len(steps), steps=len(steps), progress=1.0, seconds_left=0.0
    )
    return sentences


def _steps(experiment: Experiment, survey: Survey, supervisor: Supervisor) -> Iterator[Step]:
    place = experiment.path / "features.parquet"

    @cache
    def features() -> pd.DataFrame:
        return pq.read_table(place).to_pandas()

    @lru_cache(maxsize=1)  # a survey with its arrays at a time
    def bench(seed: int) -> Bench:
        return Bench(experiment, survey, seed, supervisor)

    def make(cell: Cell) -> None:
        table = features() if cell.row.method in FEATURES else None
        outcome = bench(cell.seed).outcome(cell, table)
        write_json(experiment.path / f"{cell.name}.json", outcome.content())

    if any(cell.row.method in FEATURES for cell in experiment.plan.cells):
        yield Step(
            "features", "hand-made features of every source", place.is_file, lambda: _write_features(place, survey)
        )
    for seed in experiment.plan.seeds:
        cells = [cell for cell in experiment.plan.cells if cell.seed == seed]
        quick = [cell for cell in cells if cell.row.method in FEATURES]
        for cell in quick:
            yield _cell_step(experiment, cell, make)
        yield Step(
            f"{seed}/pretrained", f"seed {seed}: pre-training", lambda seed=seed: _is_finished(experiment, seed),
            lambda seed=seed: bench(seed).pretrained(),
        )  # fmt: skip
        for cell in cells[len(quick) :]:
            yield _cell_step(experiment, cell, make, is_last=cell is cells[-1])


def _cell_step(experiment: Experiment, cell: Cell, make: Callable[[Cell], None], *, is_last: bool = False) -> Step:
    name = f"{cell.seed}/{cell.row.name}"
    return Step(
        name, f"seed {cell.seed}: {cell.row.title}", lambda: experiment.has(cell), lambda: make(cell), is_last=is_last
    )


def _is_finished(experiment: Experiment, seed: int) -> bool:
    run = Run(experiment.pretrained_of(seed))
    return (run.path / "status.json").is_file() and run.status().state is State.FINISHED


def _write_features(place: Path, survey: Survey) -> None:
    table = feature_table(survey)
    with replaced_file(place) as part:
        table.to_parquet(part)
