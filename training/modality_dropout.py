"""Modality drop-out: training withholds modalities at random, so that one model answers with any mixture of them."""

from dataclasses import replace

import torch

from m3core.model.batch import Batch

__all__ = ["withhold"]


def withhold(batch: Batch, probability: float, *, keep: int, seed: int) -> Batch:
    """The batch with some of what is present marked as absent.

    Each modality of each source goes with the same probability; where fewer than `keep` would stay, those that were
    drawn to stay longest do.

    Args:
        probability: 0: the batch as it is.
        keep: at least this many modalities of a source stay, where it has as many: 1 to classify, 2 to contrast.
        seed: of the draw, which depends on nothing else.
    """
    if not probability:
        return batch
    names = list(batch.present)
    present_MB = torch.stack([batch.present[name] for name in names])
    generator = torch.Generator().manual_seed(seed)
    drawn_MB = torch.rand(present_MB.shape, generator=generator).to(present_MB.device).masked_fill(~present_MB, -1.0)
    rank_MB = drawn_MB.argsort(dim=0, descending=True, stable=True).argsort(dim=0)
    stays_MB = present_MB & ((drawn_MB >= probability) | (rank_MB < keep))
    return replace(batch, present=dict(zip(names, stays_MB, strict=True)))
