"""What is trained: from a batch to a loss, and from a split to figures. The loop knows no more than this."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from m3core.embeddings.neighbors import recall_at_k
from m3core.model.batch import Batch
from m3core.model.clip import Model, MultimodalCLIP
from m3core.model.config import pair_key
from m3core.model.loss import contrastive_loss
from m3core.survey import Survey
from training.batches import epoch_batches, n_steps
from training.modality_dropout import withhold

__all__ = ["Contrastive", "Judgement", "Objective"]


@dataclass(frozen=True)
class Judgement:
    """Figures of a split.

    Attributes:
        loss: mean over its sources.
        losses: the same by pair.
        recall: pair -> {'recall@k', 'chance@k', 'n'} (m3core.embeddings.neighbors.recall_at_k).
        scores: of a classifier, fractions, higher is better (m3core.classifier.scores.summary).
    """

    loss: float
    losses: dict[str, float] = field(default_factory=dict)
    recall: dict[str, dict[str, float]] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)

    def monitor(self, name: str) -> float:
        """The monitored value, lower is better: the loss, minus a score, or minus the mean recall over the pairs."""
        if name == "validation_loss":
            return self.loss
        if name in self.scores:
            return -self.scores[name]
        return -float(np.mean([scores.get(name, 0.0) for scores in self.recall.values()]))


class Objective(Protocol):
    """What the loop needs to know of what it trains.

    Attributes:
        fewest_judged: sources that a validation split needs to judge epochs.
        trusts_training_loss: without such a split the training loss judges epochs; where it may not, since it would
            choose the most over-fitted one, every epoch is trained and the last is kept.
    """

    fewest_judged: int
    trusts_training_loss: bool

    def backward(self, model: Model, batch: Batch, *, micro_batch: int, seed: int) -> tuple[float, dict[str, float]]:
        """Add a batch's gradients in the memory of `micro_batch` sources; its loss, and the parts of it by name."""

    def judge(
        self, model: Model, survey: Survey, rows: NDArray[np.int64], batch_size: int, device: torch.device
    ) -> Judgement:
        """Figures of a split, without augmentation or dropout; the model is left as it was found."""


class Contrastive:
    """CLIP over every pair of modalities, the pair losses summed."""

    fewest_judged = 2
    trusts_training_loss = True

    def __init__(self, modality_dropout: float = 0.0) -> None:
        self.modality_dropout = modality_dropout

    def loss(
        self, model: MultimodalCLIP, embeddings: Mapping[str, Tensor], batch: Batch
    ) -> tuple[Tensor, dict[str, float]]:
        """Total loss of a batch, and each pair's."""
        total, losses = contrastive_loss(embeddings, batch.present, model.scales())
        return total, {pair_key(*pair): float(loss.detach()) for pair, loss in losses.items()}

    def backward(
        self, model: MultimodalCLIP, batch: Batch, *, micro_batch: int, seed: int
    ) -> tuple[float, dict[str, float]]:
        """Gradients of a batch's loss, in the memory of `micro_batch` sources.

        The loss needs every embedding of the batch at once, its gradient with respect to the weights does not:
        embed all without keeping anything, differentiate the loss by the embeddings, then embed part by part again
        and pass that gradient on (Gao et al. 2021, arXiv 2101.06983). Seeding each part makes its dropout the same
        both times. A batch of one part is differentiated as it is.
        """
        batch = withhold(batch, self.modality_dropout, keep=2, seed=seed)
        parts = batch.parts(micro_batch)
        if len(parts) == 1:
            torch.manual_seed(seed)
            total, losses = self.loss(model, model.embed(batch.inputs), batch)
            total.backward()
            return float(total.detach()), losses
        with torch.no_grad():
            embedded = []
            for number, part in enumerate(parts):
                torch.manual_seed(seed + number)
                embedded.append(model.embed(part.inputs))
        whole = {name: torch.cat([one[name] for one in embedded]).requires_grad_() for name in embedded[0]}
        total, losses = self.loss(model, whole, batch)
        total.backward()
        start = 0
        for number, part in enumerate(parts):
            torch.manual_seed(seed + number)
            vectors = model.embed(part.inputs)
            end = start + len(part.rows)
            asked = {name: whole[name].grad for name in vectors if whole[name].grad is not None}
            torch.autograd.backward([vectors[name] for name in asked], [asked[name][start:end] for name in asked])
            start = end
        return float(total.detach()), losses

    def judge(
        self, model: MultimodalCLIP, survey: Survey, rows: NDArray[np.int64], batch_size: int, device: torch.device
    ) -> Judgement:
        """Loss and retrieval on a split, without augmentation or dropout; the model is left as it was found."""
        was_training = model.training
        model.eval()
        vectors = {
            name: np.full((len(rows), model.config.embedding_dim), np.nan, np.float32) for name in model.config.names
        }
        totals: list[tuple[int, float, dict[str, float]]] = []
        parts: Sequence[NDArray[np.int64]] = np.array_split(rows, n_steps(len(rows), batch_size))
        start = 0
        with torch.no_grad():
            for batch in epoch_batches(survey, model.config.modalities, parts, seed=None, epoch=0):
                batch = batch.to(device)
                embeddings = model.embed(batch.inputs)
                if len(batch.rows) > 1:
                    total, losses = contrastive_loss(embeddings, batch.present, model.scales())
                    by_pair = {pair_key(*pair): float(loss) for pair, loss in losses.items()}
                    totals.append((len(batch.rows), float(total), by_pair))
                for name, found in embeddings.items():
                    present = batch.present[name].cpu().numpy()
                    vectors[name][start + np.flatnonzero(present)] = found.cpu().numpy()[present]
                start += len(batch.rows)
        model.train(was_training)
        weight = sum(n for n, _, _ in totals)
        by_pair = {
            pair: sum(n * losses.get(pair, 0.0) for n, _, losses in totals) / weight
            for pair in (pair_key(*names) for names in model.config.pairs)
            if weight
        }
        recall = {
            pair_key(first, second): recall_at_k(vectors[first], vectors[second])
            for first, second in model.config.pairs
        }
        loss = sum(n * total for n, total, _ in totals) / weight if weight else float("nan")
        return Judgement(loss, by_pair, recall)
