"""What the pair losses cost: a batch's loss and its gradient for 2 to 8 modalities, which have 1 to 28 pairs."""

import statistics
import time
from itertools import combinations
from typing import Any

import torch
from torch.nn import functional as F

from m3core.model.loss import contrastive_loss

__all__ = ["measure"]

BATCH_SIZE = 256
DIM = 256
ROUNDS = 15
COUNTS = range(2, 9)


def _seconds(n_modalities: int) -> float:
    """One loss with its gradient by the embeddings, every tenth source without a modality."""
    names = [f"modality_{i}" for i in range(n_modalities)]
    leaves = [torch.randn(BATCH_SIZE, DIM, requires_grad=True) for _ in names]
    present = {name: torch.arange(BATCH_SIZE) % 10 != i for i, name in enumerate(names)}
    scales = {pair: torch.tensor(14.3) for pair in combinations(names, 2)}
    started = time.perf_counter()
    embeddings = {name: F.normalize(leaf, dim=-1) for name, leaf in zip(names, leaves, strict=True)}
    contrastive_loss(embeddings, present, scales)[0].backward()
    return time.perf_counter() - started


def measure() -> dict[str, Any]:
    """Milliseconds of loss and gradient by number of modalities, medians of rounds that alternate between them."""
    torch.manual_seed(0)
    _seconds(max(COUNTS))  # the first pays for lazy initialisation
    rounds = [{n: _seconds(n) for n in COUNTS} for _ in range(ROUNDS)]
    milliseconds = {n: 1000 * statistics.median(one[n] for one in rounds) for n in COUNTS}
    return {
        "batch_size": BATCH_SIZE,
        "embedding_dim": DIM,
        "milliseconds": {str(n): round(found, 2) for n, found in milliseconds.items()},
        "milliseconds_per_pair": {str(n): round(found / (n * (n - 1) / 2), 2) for n, found in milliseconds.items()},
    }
