"""Batches that depend on the seed, the epoch and the step alone, so that a resumed run meets the same ones."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from m3core.model.batch import Batch, make_batch
from m3core.model.config import ModalityConfig
from m3core.survey import Survey

__all__ = ["epoch_batches", "epoch_rows", "n_steps", "step_seed"]


def n_steps(n_rows: int, batch_size: int) -> int:
    """Steps of an epoch; no source is dropped."""
    return max(1, -(-n_rows // batch_size))


def step_seed(*, seed: int, step: int) -> int:
    """Seed of torch's generator for a step: dropout and drawn keys depend on the two numbers alone.

    Below 2**31: torch's generator on a CPU reads 32 bits of a seed, and the parts of a step count up from it.
    """
    return int(np.random.SeedSequence([seed, step]).generate_state(1)[0] >> 1)


def epoch_rows(rows: NDArray[np.int64], batch_size: int, *, seed: int, epoch: int) -> list[NDArray[np.int64]]:
    """Rows of each step of an epoch, shuffled; the steps differ by one source at most, so that none is tiny."""
    order = np.random.default_rng([seed, epoch]).permutation(rows)
    return np.array_split(order, n_steps(len(rows), batch_size))


def epoch_batches(
    survey: Survey,
    modalities: Sequence[ModalityConfig],
    parts: Sequence[NDArray[np.int64]],
    *,
    seed: int | None,
    epoch: int,
) -> Iterator[Batch]:
    """Prepare the batches of `parts`, the next one while the present one is used.

    Args:
        seed: augmentation of a source is drawn from (seed, epoch, row); None: no augmentation.
    """

    def generator(row: int) -> np.random.Generator | None:
        return None if seed is None else np.random.default_rng([seed, epoch, row, 1])

    with ThreadPoolExecutor(max_workers=1) as worker:
        upcoming = None
        for part in parts:
            following = worker.submit(make_batch, survey, part, modalities, generator)
            if upcoming is not None:
                yield upcoming.result()
            upcoming = following
        if upcoming is not None:
            yield upcoming.result()
